/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading a state folder: which files count, and what becomes of the damaged ones. */
#ifndef BANISH_STATE_LOAD_H
#define BANISH_STATE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "state/folder.h"
#include "state/journal.h"
#include "state/store.h"

struct load {
	/* From the caller: */
	const struct store_load *to;
	void *arg;
	const struct folder *folder;
	bool write; /* set damaged files aside, make a journal ready */
	/* Found: */
	uint32_t snapshot; /* generation; 0: none was loaded */
	uint64_t snapshot_bytes, journal_bytes;
	uint64_t damaged;
	bool lost;		/* something of the last journal */
	struct journal journal; /* to go on with: open, or (fd -1) to be created */
};

/* 0; or -errno when nothing can be said about the state: -EACCES, -ENOMEM ... */
int load_folder(struct load *load);

#endif
