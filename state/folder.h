/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a state folder and what they are called. A generation is a number that a
 * snapshot and the journal that begins with it share.
 */
#ifndef BANISH_STATE_FOLDER_H
#define BANISH_STATE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum file_kind {
	FILE_JOURNAL,
	FILE_SNAPSHOT,
	FILE_SUM, /* the snapshot's checksum */
	FILE_NEW, /* a snapshot that is being written */
};

#define FOLDER_NAME_MAX 40

struct folder {
	int fd;
	uint32_t *journals, *snapshots; /* ascending */
	size_t journal_count, snapshot_count;
	uint32_t last; /* the highest of both, what was set aside included; 0: none */
};

/* 0 or -errno. List it once nobody else changes it any more. */
int folder_open(struct folder *out, const char *dir);
int folder_list(struct folder *folder);
/* Takes what folder_open() has not opened, all zero but for fd -1. */
void folder_close(struct folder *folder);

/* The name of a file; returns `out`, which has room for FOLDER_NAME_MAX. */
const char *folder_name(char *out, enum file_kind kind, uint32_t generation);
/* Open for reading what is there (for reading and writing: `write`). Refuses with -EINVAL what
 * is not a regular file: opening a FIFO would wait for ever. fd or -errno. */
int folder_open_file(int dir, enum file_kind kind, uint32_t generation, bool write);
void folder_remove(int dir, enum file_kind kind, uint32_t generation);
/* Rename to the same name with ".damaged" behind it. 0 or -errno. */
int folder_set_aside(int dir, enum file_kind kind, uint32_t generation);
/* Delete journals and snapshots below generation `keep`, and every unfinished snapshot but
 * that of generation `unfinished` (0: none). What was set aside is kept for a person, of the
 * newest two generations that have any. */
void folder_tidy(int dir, uint32_t keep, uint32_t unfinished);

#endif
