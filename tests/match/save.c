/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a filter remembers goes over a restart: with one after any line nothing is found that
 * would not be found without, and all that would. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "match/connections.h"
#include "match/recent.h"
#include "tests/match/room.h"

#define PIECES 4096

/* What was told, as a disk would have it. */
static struct told {
	size_t index;
	uint32_t number;
	char *bytes;
	size_t len;
} told[PIECES];
static size_t told_count;

static void tell(void *arg, size_t index, uint32_t number, struct text bytes)
{
	size_t i = 0;

	(void)arg;
	while (i < told_count && (told[i].index != index || told[i].number != number))
		i++;
	cr_assert_lt(i, (size_t)PIECES);
	cr_assert_leq(bytes.len, (size_t)MATCH_PIECE_MAX);
	if (i == told_count)
		told[told_count++] = (struct told){.index = index, .number = number};
	free(told[i].bytes);
	told[i].bytes = bytes.len ? malloc(bytes.len) : NULL;
	told[i].len = bytes.len;
	if (bytes.len)
		memcpy(told[i].bytes, bytes.at, bytes.len);
}

static void forget(void)
{
	for (size_t i = 0; i < told_count; i++)
		free(told[i].bytes);
	told_count = 0;
	memset(told, 0, sizeof(told));
}

static int compare(const void *left, const void *right)
{
	const struct told *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

static struct match_memory *restart(struct match *match, struct match_memory *memory,
				    int64_t now)
{
	match_memory_free(memory);
	memory = match_memory_new(match);
	cr_assert_not_null(memory);
	qsort(told, told_count, sizeof(*told), compare);
	for (size_t i = 0; i < told_count; i++)
		if (told[i].len)
			match_memory_restore(match, memory, told[i].index, told[i].number,
					     (struct text){told[i].bytes, told[i].len}, now);
	return memory;
}

static char result[1 << 20];
static size_t used;

static void found(void *arg, size_t index, const struct finding *finding)
{
	char host[PREFIX_TEXT_MAX];

	(void)arg;
	used += (size_t)snprintf(result + used, sizeof(result) - used, "%zu %s %" PRId64, index,
				 finding->prefix.family ? prefix_print(&finding->prefix, host)
							: "-",
				 finding->time == TIME_NONE ? 0 : finding->time);
	for (size_t i = 0; i < finding->extras; i++)
		used += (size_t)snprintf(result + used, sizeof(result) - used, " %s=%.*s",
					 finding->extra[i].name,
					 (int)finding->extra[i].value.len,
					 finding->extra[i].value.at);
	used += (size_t)snprintf(result + used, sizeof(result) - used, ";");
}

static int add(struct match *match, const char *pref, const char *const *fail, size_t fails,
	       unsigned maxlines)
{
	struct rule list[8];
	struct rules rules = {.name = "x", .fail = list, .fails = fails, .maxlines = maxlines};
	struct diag diag = {.say = diag_stderr};

	rules.prefregex.regex = (char *)pref;
	for (size_t i = 0; i < fails; i++)
		list[i] = (struct rule){(char *)fail[i], {"x.conf", 1}};
	return match_add(match, &rules, &diag);
}

static struct match *filters(void)
{
	static const char *const session[] = {
		"^<F-NOFAIL>Connection from</F-NOFAIL> <ADDR>$",
		"^failed(?: for <F-USER>\\w+</F-USER>)?(?: from <ADDR>)?$",
		"^<F-NOFAIL>pam</F-NOFAIL>(?: for <F-USER>\\w+</F-USER>)?$",
		"^<F-MLFFORGET>closed</F-MLFFORGET>$",
		"^<F-MLFFORGET><F-MLFGAINED>login</F-MLFGAINED></F-MLFFORGET>$",
	};
	static const char *const together[] = {
		"^\\s*(?P<c>\\d+) failed<SKIPLINES>\\s*(?P=c) pam for \\w+ from <ADDR>$"};
	static const char *const plain[] = {"^\\s*\\d+ failed for \\w+ from <ADDR>$"};
	struct match *match = match_new();

	cr_assert_not_null(match);
	cr_assert_eq(add(match, "^\\s*<F-MLFID>\\d+</F-MLFID> <F-CONTENT>.+</F-CONTENT>$",
			 session, 5, 0),
		     0);
	cr_assert_eq(add(match, NULL, together, 1, 7), 1);
	cr_assert_eq(add(match, NULL, plain, 1, 0), 2);
	return match;
}

static unsigned state;

static unsigned dice(unsigned sides)
{
	state = state * 1103515245 + 12345;
	return (state >> 16) % sides;
}

static size_t line(char *out, size_t room, int64_t now)
{
	static const char *const words[] = {"Connection from", "failed",  "pam",    "closed",
					    "login",	       "nothing", "failed", "failed"};
	const char *word = words[dice(8)];
	size_t n = 0;

	if (dice(3))
		n += (size_t)snprintf(out, room, "%" PRId64 " ", now / 1000);
	n += (size_t)snprintf(out + n, room - n, "%u %s", dice(20), word);
	if ((*word == 'f' || *word == 'p') && dice(3))
		n += (size_t)snprintf(out + n, room - n, " for u%u", dice(3));
	if (*word == 'C' || ((*word == 'f' || *word == 'p') && !dice(3)))
		n += (size_t)snprintf(out + n, room - n, "%s192.0.2.%u",
				      *word == 'C' ? " " : " from ", dice(9));
	return n + (size_t)snprintf(out + n, room - n, "\n");
}

/* `restarts` in a hundred lines; 0: none. */
static void run(unsigned seed, unsigned restarts)
{
	struct match *match = filters();
	struct match_memory *memory = match_memory_new(match);
	unsigned moment = seed; /* does not change what the dice say of lines */
	int64_t now = NOW;
	char text[256];

	used = 0;
	forget();
	state = seed;
	for (int i = 0; i < 3000; i++, now += 1000 + dice(5000)) {
		struct lines lines = {{text, line(text, sizeof(text), now)}, TIME_NONE, true, false};

		match_scan(match, memory, &lines, now, found, NULL);
		moment = moment * 69069 + 1;
		if ((moment >> 16) % 100 >= restarts)
			continue;
		if ((moment >> 8) % 4 == 0)
			forget();
		match_memory_save(match, memory, told_count == 0, now, tell, NULL);
		memory = restart(match, memory, now);
	}
	match_memory_free(memory);
	match_free(match);
}

Test(save, a_restart_after_any_line_changes_nothing)
{
	static char expected[sizeof(result)];
	size_t all = 0;

	for (unsigned seed = 1; seed <= 5; seed++) {
		run(seed, 0);
		memcpy(expected, result, used + 1);
		all += used;
		for (unsigned restarts = 1; restarts <= 100; restarts += 33) {
			run(seed, restarts);
			cr_assert_str_eq(result, expected, "seed %u, %u", seed, restarts);
		}
	}
	cr_expect_gt(all, (size_t)5 * 10000);
	forget();
}

Test(save, what_did_not_change_is_not_told_again)
{
	struct match *match = filters();
	struct match_memory *memory = match_memory_new(match);
	struct lines lines = {text_of("7 Connection from 192.0.2.1\n"), NOW, true, false};
	size_t count;

	forget();
	match_scan(match, memory, &lines, NOW, found, NULL);
	match_memory_save(match, memory, false, NOW, tell, NULL);
	count = told_count;
	cr_expect_gt(count, 1u);
	forget();
	match_memory_save(match, memory, false, NOW, tell, NULL);
	cr_expect_eq(told_count, 0u);
	match_memory_save(match, memory, true, NOW, tell, NULL);
	cr_expect_gt(told_count, 1u);
	cr_expect_leq(told_count, count);
	match_memory_free(memory);
	match_free(match);
	forget();
}

Test(save, a_session_that_is_too_old_is_left_out)
{
	struct match *match = filters();
	struct match_memory *memory = match_memory_new(match);
	struct lines before = {text_of("7 Connection from 192.0.2.1\n"), NOW, true, false};
	struct lines after = {text_of("7 failed\n"), NOW, true, false};

	for (int late = 0; late < 2; late++) {
		int64_t then = NOW + (late ? CONNECTION_AGE : CONNECTION_AGE - 1);

		used = 0;
		forget();
		memory = restart(match, memory, NOW);
		match_scan(match, memory, &before, NOW, found, NULL);
		match_memory_save(match, memory, false, NOW, tell, NULL);
		memory = restart(match, memory, then);
		match_scan(match, memory, &after, then, found, NULL);
		cr_expect_eq(used == 0, late == 1);
	}
	match_memory_free(memory);
	match_free(match);
	forget();
}

/* Damaged in any byte, cut anywhere, under any number: left out, or something that a filter can
 * live with. */
Test(save, no_piece_does_harm)
{
	struct match *match = filters();
	struct match_memory *memory = match_memory_new(match), *other;
	struct lines lines = {
		text_of("7 Connection from 192.0.2.1\n7 failed for joe\n7 failed\n"), NOW,
		true, false};

	forget();
	match_scan(match, memory, &lines, NOW, found, NULL);
	match_memory_save(match, memory, false, NOW, tell, NULL);
	for (size_t i = 0; i < told_count; i++)
		for (size_t at = 0; at < told[i].len * 8; at++) {
			other = match_memory_new(match);
			told[i].bytes[at / 8] ^= (char)(1 << at % 8);
			other = restart(match, other, NOW);
			match_scan(match, other, &lines, NOW, found, NULL);
			used = 0;
			for (uint32_t number = 0x0fff; number < 0x2fff; number += 0x3ff)
				match_memory_restore(match, other, 0, number,
						     (struct text){told[i].bytes, at / 8}, NOW);
			match_scan(match, other, &lines, NOW, found, NULL);
			used = 0;
			told[i].bytes[at / 8] ^= (char)(1 << at % 8);
			match_memory_free(other);
		}
	match_memory_free(memory);
	match_free(match);
	forget();
}

Test(save, the_longest_line_fits)
{
	static char text[LINE_MAX_BYTES + 1], bytes[RECENT_PACKED_MAX];
	struct recent *one = recent_new(2), *other = recent_new(2);
	size_t len;

	memset(text, 'x', LINE_MAX_BYTES);
	text[LINE_MAX_BYTES] = '\n';
	recent_add(one, (struct text){"\n", 1});
	recent_add(one, (struct text){text, sizeof(text)});
	for (unsigned place = 2; place-- > 0;) {
		len = recent_pack(one, place, bytes);
		cr_assert_gt(len, 0u);
		cr_expect(recent_unpack(other, place, (struct text){bytes, len}));
		cr_expect_not(recent_unpack(other, place, (struct text){bytes, len}));
	}
	cr_expect_eq(recent_text(other).len, recent_text(one).len);
	cr_expect_eq(memcmp(recent_text(other).at, recent_text(one).at, recent_text(one).len),
		     0);
	recent_free(one);
	recent_free(other);
}
