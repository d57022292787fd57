/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which entries of the systemd journal are read, in the words of a journalmatch:
 * FIELD=VALUE words, of which those of one field are alternatives and those of several must all
 * hold, and "+" between alternatives of them. Quotes and backslashes are a shell's. A first
 * word that is an absolute path names the folder of the journal.
 */
#ifndef BANISH_SOURCE_JOURNALMATCH_H
#define BANISH_SOURCE_JOURNALMATCH_H

#include <stddef.h>

#include <systemd/sd-journal.h>

struct journalmatch {
	char *words; /* each ended by NUL */
	size_t len;
	const char *folder; /* in `words`, or NULL: this host's */
};

/* 0, -ENOMEM, or -EINVAL: a quote is not closed, or a word is no FIELD=VALUE. */
int journalmatch_parse(struct journalmatch *out, const char *text);
void journalmatch_free(struct journalmatch *match);
/* 0 or -errno. */
int journalmatch_apply(const struct journalmatch *match, sd_journal *reader);

#endif
