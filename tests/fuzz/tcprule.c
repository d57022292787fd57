/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules for tcpserver, one a line. A line makes at most 256 records, none longer than the line
 * and three digits; the same in both builds of tcprules where it has one colon; and a line that
 * is taken for a ban prints as it stood, and makes the records of nothing but what it bans.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/tcprule.h"

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

struct seen {
	struct text line;
	unsigned records;
	uint64_t sum; /* of all bytes */
};

static int each(void *arg, struct text key, struct text data)
{
	struct seen *seen = arg;

	CLAIM(++seen->records <= 256);
	CLAIM(key.len <= seen->line.len + 3 && data.len <= seen->line.len);
	for (size_t i = 0; i < key.len; i++)
		seen->sum = seen->sum * 31 + (unsigned char)key.at[i];
	for (size_t i = 0; i < data.len; i++)
		seen->sum = seen->sum * 37 + (unsigned char)data.at[i];
	return 0;
}

static bool has_one_colon(struct text line)
{
	const char *first = memchr(line.at, ':', line.len);

	return first && !memchr(first + 1, ':', (size_t)(line.at + line.len - first - 1));
}

static void check_line(struct text line)
{
	struct seen old = {line, 0, 0}, six = {line, 0, 0};
	int error = tcprule_read(line, false, each, &old);
	int error6 = tcprule_read(line, true, each, &six);
	struct prefix prefix;
	char again[TCPRULE_MAX];

	CLAIM(!error || !old.records);
	if (has_one_colon(line))
		CLAIM(error == error6 && old.records == six.records && old.sum == six.sum);
	if (!tcprule_parse(&prefix, line))
		return;
	CLAIM(prefix_valid(&prefix) && prefix.len > 0);
	CLAIM(tcprule_print(&prefix, again) && text_equal(line, again));
	CLAIM(!error6 && six.records == 1u << (prefix.family == 4 ? -prefix.len & 7 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = {(const char *)data, size}, line;

	while (text_line(&rest, &line))
		check_line(line);
	return 0;
}
