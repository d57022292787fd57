/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place in the systemd journal as a struct position:
 *
 *	inode, head		the halves of the id of a series of sequence numbers
 *	offset			the sequence number
 *	tail			the entry's time, in us since 1970
 *	head_len, tail_len	14 bits of a hash of the entry
 *
 * Without the id it is a time alone: all entries from then on.
 */
#ifndef BANISH_SOURCE_CURSOR_H
#define BANISH_SOURCE_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/position.h"

#define CURSOR_TEXT_MAX 96

/* Does it name an entry, not a time alone? */
bool cursor_names_entry(const struct position *position);
/* From a cursor of sd_journal_get_cursor(). False: its form is unknown. */
bool cursor_parse(struct position *out, const char *text);
/* For sd_journal_seek_cursor() and sd_journal_test_cursor(), which take a cursor in part. */
const char *cursor_print(const struct position *position, char *out);
/* Is it the same entry, in another file or with another number? journald copies entries from
 * /run to /var so. */
bool cursor_alike(const struct position *a, const struct position *b);

#endif
