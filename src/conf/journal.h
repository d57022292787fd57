/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of journalmatch, checked where it was written. */
#ifndef BANISH_CONF_JOURNAL_H
#define BANISH_CONF_JOURNAL_H

#include <stdbool.h>

#include "base/text.h"

/*
 * FIELD=VALUE words, with "+" between alternatives, quoted as for a shell. Where `folder`, the
 * first word may be the absolute path of a folder that holds a journal.
 */
bool journal_is_match(struct text line, bool folder);

#endif
