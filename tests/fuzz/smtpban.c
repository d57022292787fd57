/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry of smtpban's database: the key up to the first newline, and the value. What is taken
 * is a single address, and its time, written as smtpban writes it, is read as the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "smtpban_db.h"

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = {(const char *)data, size}, key;
	struct prefix prefix, again;
	char value[64], address[PREFIX_TEXT_MAX];
	int64_t since, same;
	struct tm tm;
	time_t at;

	setenv("TZ", "UTC", 1);
	if (!text_line(&rest, &key) || !smtpban_entry(&prefix, &since, key, rest))
		return 0;
	CLAIM(prefix_valid(&prefix) && prefix_is_single(&prefix));
	CLAIM(since >= 0 && since % 1000 == 0);
	at = (time_t)(since / 1000);
	strftime(value, sizeof value, "%Y %b %d %H:%M:%S", gmtime_r(&at, &tm));
	CLAIM(smtpban_entry(&again, &same, text_of(prefix_print(&prefix, address)),
			    text_of(value)));
	CLAIM(same == since && prefix_equal(&again, &prefix));
	return 0;
}
