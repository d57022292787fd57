/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reads a systemd journal, and where in it: libsystemd's object and a struct position. */
#ifndef BANISH_SOURCE_READER_H
#define BANISH_SOURCE_READER_H

#include <systemd/sd-journal.h>

#include "base/position.h"
#include "source/journalmatch.h"

/*
 * With inotify where there is some: sd_journal_get_fd(). 0; -ENOENT: there is no journal;
 * -EACCES: it may not be read; -EBADMSG: it is none that this libsystemd knows; or -errno. The
 * caller closes it with sd_journal_close().
 */
int reader_open(sd_journal **out, const struct journalmatch *match);
/* After files came or went: 0, or why nothing, or not all, can be read any more. */
int reader_check(sd_journal *reader, const struct journalmatch *match);
/* The place of the entry that it stands on. 0 or -errno. */
int reader_position(sd_journal *reader, struct position *out);
/* sd_journal_next() gives the first entry behind `place`, whether that one is still there or
 * not. 0 or -errno. */
int reader_seek(sd_journal *reader, const struct position *place);

#endif
