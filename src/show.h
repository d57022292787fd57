/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How bans, times and texts look to a person and to a script: the same in every command. */
#ifndef BANISH_SHOW_H
#define BANISH_SHOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/ban.h"
#include "base/credit.h"
#include "base/names.h"
#include "base/text.h"
#include "enforce.h"

#define SHOW_TIME_MAX 32
#define SHOW_LEFT_MAX 48
#define SHOW_CREDIT_MAX 160
#define SHOW_REASON_MAX 512 /* bytes of a reason */

/* "2026-11-21 01:02:03" in local time; "never" for TIME_FOREVER, "-" for TIME_NONE. */
const char *show_time(int64_t at, char *out);
/* "59m 12s", "6d 23h", "for ever": the two largest units. */
const char *show_left(int64_t ms, char *out);
/* A string in JSON, quotes included; the caller frees it. NULL: out of memory. Invalid UTF-8
 * and control characters become \u escapes or U+FFFD. */
char *show_json_text(struct text t);
/* One ban as a JSON object or a line of text; the caller frees it. NULL: out of memory. */
char *show_ban_json(const struct ban *ban, const struct names *names,
		    const struct enforce *enforce);
/* "192.0.2.0/24  3 messages, first 2026-11-21 01:02:03, last 2026-11-22 04:05:06" */
const char *show_credit(const struct credit *credit, char *out);
char *show_ban(const struct ban *ban, const struct names *names, int64_t now);

#endif
