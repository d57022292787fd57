/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/bytes.h"
#include "state/crc.h"
#include "state/journal.h"
#include "state/record.h"
#include "tests/state/fixture.h"

#define JOURNAL "journal.00000001"

static char *dir;
static struct heard heard;
static uint8_t *bytes;
static size_t len;

/* Positions and offences between the bans, as a daemon writes them. */
static void setup(void)
{
	struct store *store;
	struct record records[] = {
		name_of(1, "sshd"),
		ban_of("192.0.2.1", 1),
		evidence_of("192.0.2.2", "Failed password for root from 192.0.2.2"),
		offence_of("192.0.2.3", 1),
		position_of(2, 100),
		ban_of("192.0.2.4", 1),
		position_of(2, 200),
		ban_of("192.0.2.5", 1),
	};

	dir = folder_make();
	store = store_at(dir, &heard);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		put_and_wait(store, &records[i]);
	store_close(store);
	bytes = file_get(&len, dir, JOURNAL);
	load_at(dir, STORE_READ, &heard);
}

static void teardown(void)
{
	folder_drop(dir);
	free(bytes);
	free(heard.records);
	free(heard.notes);
}

TestSuite(journal, .init = setup, .fini = teardown);

/* Where record `n` begins. */
static size_t frame_at(size_t n)
{
	size_t at = JOURNAL_HEAD;

	while (n--)
		at += record_length(bytes + at) + FRAME_TAIL;
	return at;
}

static bool is_prefix(const char *part, const char *of)
{
	return !strncmp(part, of, strlen(part));
}

/* Every line of `part` is one of `of`, in its order. */
static bool is_subsequence(const char *part, const char *of)
{
	while (*part) {
		size_t line = strcspn(part, "\n") + 1;

		while (*of && strncmp(of, part, line))
			of += strcspn(of, "\n") + 1;
		if (!*of)
			return false;
		of += line;
		part += line;
	}
	return true;
}

Test(journal, loses_only_the_torn_record_wherever_it_is_cut)
{
	struct heard cut = {0};
	size_t whole = 0;

	for (size_t end = 0; end < len; end++) {
		if (end >= JOURNAL_HEAD && end == frame_at(whole + 1))
			whole++;
		file_put(dir, JOURNAL, bytes, end);
		load_at(dir, STORE_READ, &cut);
		cr_expect_eq(cut.count, whole, "cut at %zu", end);
		cr_expect(is_prefix(cut.records, heard.records));
		cr_expect_eq(!*cut.notes, end < JOURNAL_HEAD || end == frame_at(whole));
	}
	heard_clear(&cut);
	free(cut.records);
	free(cut.notes);
}

/* A position says that the lines before it were counted: without it they will be once more. */
Test(journal, has_of_a_group_that_was_cut_nothing)
{
	struct heard cut = {0};
	struct store *store = store_at(dir, &heard);
	struct record group[] = {evidence_of("192.0.2.6", "a line"), offence_of("192.0.2.6", 1),
				 position_of(2, 300)};

	for (size_t i = 0; i < 3; i++)
		store_put(store, &group[i]);
	wait_durable(store, store_commit(store, true));
	store_close(store);
	free(bytes);
	bytes = file_get(&len, dir, JOURNAL);
	for (size_t end = frame_at(8) + 1; end < len; end++) {
		file_put(dir, JOURNAL, bytes, end);
		load_at(dir, STORE_READ, &cut);
		cr_expect_str_eq(cut.records, heard.records, "cut at %zu", end);
		cr_expect(strstr(cut.notes, "dropped an unfinished write"));
	}
	file_put(dir, JOURNAL, bytes, len);
	load_at(dir, STORE_READ, &cut);
	cr_expect_eq(cut.count, heard.count + 3);
	cr_expect_str_eq(cut.notes, "");
	heard_clear(&cut);
	free(cut.records);
	free(cut.notes);
}

/* More than is read at a time. */
Test(journal, takes_a_group_of_any_length_whole)
{
	struct store *store = store_at(dir, &heard);
	struct record record = evidence_of("192.0.2.6", "a line that is not short");
	struct heard all = {0};

	for (size_t i = 0; i < 20000; i++)
		store_put(store, &record);
	record = ban_of("192.0.2.7", 1);
	store_put(store, &record);
	wait_durable(store, store_commit(store, true));
	store_close(store);
	load_at(dir, STORE_READ, &all);
	cr_expect_eq(all.count, heard.count + 20001);
	cr_expect(strstr(all.records, "ban 192.0.2.7"));
	free(bytes);
	bytes = file_get(&len, dir, JOURNAL);
	file_put(dir, JOURNAL, bytes, len - 1);
	load_at(dir, STORE_READ, &all);
	cr_expect_str_eq(all.records, heard.records);
	bytes[frame_at(10000)] ^= 1;
	file_put(dir, JOURNAL, bytes, len);
	load_at(dir, STORE_READ, &all);
	cr_expect_eq(all.count, heard.count + 20000, "all but what is damaged");
	free(all.records);
	free(all.notes);
}

Test(journal, is_continued_where_it_was_torn)
{
	struct record more = ban_of("192.0.2.99", 1);

	for (size_t end = frame_at(6); end < len; end++) {
		struct heard cut = {0};
		struct store *store;
		size_t count;

		file_put(dir, JOURNAL, bytes, end);
		store = store_at(dir, &cut);
		count = cut.count;
		put_and_wait(store, &more);
		store_close(store);
		load_at(dir, STORE_READ, &cut);
		cr_expect_eq(cut.count, count + 1, "cut at %zu", end);
		cr_expect_str_eq(cut.notes, "");
		cr_expect(strstr(cut.records, "ban 192.0.2.99 "));
		free(cut.records);
		free(cut.notes);
	}
}

Test(journal, never_invents_a_record_whatever_byte_is_flipped)
{
	struct heard flipped = {0};

	for (size_t at = 0; at < len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			file_flip(dir, JOURNAL, at, (uint8_t)(1u << bit));
			load_at(dir, STORE_READ, &flipped);
			file_flip(dir, JOURNAL, at, (uint8_t)(1u << bit));
			cr_expect(is_subsequence(flipped.records, heard.records), "byte %zu",
				  at);
			if (at < JOURNAL_HEAD)
				cr_expect_str_eq(flipped.records, heard.records);
			else
				cr_expect_neq(*flipped.notes, 0, "silent about byte %zu", at);
		}
	}
	heard_clear(&flipped);
	free(flipped.records);
	free(flipped.notes);
}

Test(journal, keeps_what_follows_damage_but_positions_and_offences)
{
	struct heard rest = {0};
	char expected[80];

	bytes[frame_at(1) + 10] ^= 1;
	file_put(dir, JOURNAL, bytes, len);
	load_at(dir, STORE_READ, &rest);
	cr_expect_str_eq(rest.records,
			 "name 1 sshd\n"
			 "evidence 192.0.2.2 1 1000 Failed password for root from 192.0.2.2\n"
			 "ban 192.0.2.4 1 0 5 1000 601000\n"
			 "ban 192.0.2.5 1 0 5 1000 601000\n");
	snprintf(expected, sizeof(expected), JOURNAL ": 55 bytes at offset %zu are damaged",
		 frame_at(1));
	cr_expect(is_prefix(expected, rest.notes), "%s", rest.notes);
	free(rest.records);
	free(rest.notes);
}

Test(journal, is_not_continued_when_it_is_damaged_in_the_middle)
{
	struct heard rest = {0};
	struct record position = position_of(2, 300);
	struct store *store;
	size_t after;
	uint8_t *same;

	bytes[frame_at(1) + 10] ^= 1;
	file_put(dir, JOURNAL, bytes, len);
	store = store_at(dir, &rest);
	cr_expect_eq(store_counts(store).damaged, 1);
	cr_expect(store_wants_snapshot(store));
	put_and_wait(store, &position);
	store_close(store);
	same = file_get(&after, dir, JOURNAL);
	cr_expect(after == len && !memcmp(same, bytes, len));
	cr_expect(file_exists(dir, "journal.00000002"));
	load_at(dir, STORE_READ, &rest);
	cr_expect(strstr(rest.records, "position 2 1 300 "), "what came later is sound");
	free(same);
	free(rest.records);
	free(rest.notes);
}

/* A snapshot was begun, with it the next journal, and was never ended. */
Test(journal, that_goes_on_in_the_next_takes_the_damage_along)
{
	struct heard rest = {0};
	struct record next[] = {position_of(2, 300), ban_of("192.0.2.6", 1)};
	struct record position = position_of(2, 250);
	struct store *store = store_at(dir, &rest);

	cr_assert_eq(store_snapshot_begin(store), 0);
	put_and_wait(store, &next[0]);
	put_and_wait(store, &next[1]);
	store_close(store);
	cr_assert(file_exists(dir, "journal.00000002"));
	load_at(dir, STORE_READ, &rest);
	cr_expect(strstr(rest.records, "position 2 1 300 "), "all is sound");

	file_flip(dir, JOURNAL, frame_at(1) + 10, 1);
	store = store_at(dir, &rest);
	cr_expect_not(strstr(rest.records, "position "), "%s", rest.records);
	cr_expect(strstr(rest.records, "ban 192.0.2.6 "), "a ban is kept");
	put_and_wait(store, &position);
	store_close(store);
	load_at(dir, STORE_READ, &rest);
	cr_expect_not(strstr(rest.records, "position 2 1 300 "));
	cr_expect(strstr(rest.records, "position 2 1 250 "), "of who knew of the damage");
	free(rest.records);
	free(rest.notes);
}

/* As an attacker would who knows the format: a frame inside a log line, which a search for the
 * next valid frame comes across when the frame around it is damaged. */
Test(journal, does_not_take_a_frame_out_of_a_log_line)
{
	uint8_t line[512];
	struct record unban = {.kind = RECORD_UNBAN, .unban = {prefix_of("192.0.2.5"), 1}};
	size_t forged = record_pack(line, &unban), all = forged + FRAME_TAIL;
	struct record evidence = evidence_of("192.0.2.2", "");
	struct store *store = store_at(dir, &heard);
	struct heard rest = {0};

	put_u32(line + forged, crc32c(0, line, forged));
	evidence.evidence.line = (struct text){(char *)line, all};
	store_put(store, &evidence);
	evidence.evidence.line.len = 0;
	put_and_wait(store, &evidence);
	store_close(store);
	free(bytes);
	bytes = file_get(&len, dir, JOURNAL);
	bytes[frame_at(8)] ^= 1;
	file_put(dir, JOURNAL, bytes, len);
	load_at(dir, STORE_READ, &rest);
	cr_expect_eq(rest.count, 9, "all but the damaged one");
	cr_expect_not(strstr(rest.records, "unban"));
	free(rest.records);
	free(rest.notes);
}

/* The same bytes are valid at their offset and in their journal only. */
Test(journal, takes_a_frame_at_its_own_place_only)
{
	size_t one = frame_at(2) - frame_at(1);
	uint8_t *twice = malloc(len + one);
	struct heard rest = {0};

	memcpy(twice, bytes, len);
	memcpy(twice + len, bytes + frame_at(1), one);
	file_put(dir, JOURNAL, twice, len + one);
	load_at(dir, STORE_READ, &rest);
	cr_expect_str_eq(rest.records, heard.records);
	file_put(dir, "journal.00000002", bytes, len);
	load_at(dir, STORE_READ, &rest);
	cr_expect_str_eq(rest.records, heard.records);
	cr_expect(strstr(rest.notes, "journal.00000002"));
	free(twice);
	free(rest.records);
	free(rest.notes);
}

Test(journal, of_another_format_is_set_aside_with_its_name)
{
	struct heard rest = {0};
	struct record ban = ban_of("192.0.2.7", 1);
	struct store *store;

	for (size_t copy = 0; copy < JOURNAL_HEAD; copy += JOURNAL_HEAD / 2) {
		bytes[copy + 8] = 3;
		put_u32(bytes + copy + 28, crc32c(0, bytes + copy, 28));
	}
	file_put(dir, JOURNAL, bytes, len);
	store = store_at(dir, &rest);
	cr_expect_str_eq(rest.notes,
			 JOURNAL " is of another format, set aside as " JOURNAL ".damaged\n");
	cr_expect_eq(rest.count, 0);
	put_and_wait(store, &ban);
	store_close(store);
	cr_expect(file_exists(dir, JOURNAL ".damaged"));
	cr_expect(file_exists(dir, "journal.00000002"));
	free(rest.records);
	free(rest.notes);
}

Test(journal, leaves_out_what_a_later_version_wrote)
{
	struct heard rest = {0};
	struct journal head = {.generation = 1};
	size_t at = frame_at(1), length = record_length(bytes + at);
	char *path = path_in(dir, JOURNAL);
	FILE *f = fopen(path, "r");

	cr_assert_eq(journal_read_head(&head, fileno(f)), 0);
	bytes[at + 3] = 2;
	put_u32(bytes + at + length + 1, journal_frame_sum(head.seed, at, bytes + at, length));
	file_put(dir, JOURNAL, bytes, len);
	load_at(dir, STORE_READ, &rest);
	cr_expect_eq(rest.count, heard.count - 1);
	cr_expect(strstr(rest.notes, "(kind 3, version 2) is of another version of banish"));
	fclose(f);
	free(path);
	free(rest.records);
	free(rest.notes);
}

/* Damage that goes on and on is told in a few lines, and costs bounded time. */
Test(journal, tells_of_much_damage_in_few_lines)
{
	struct store *store = store_at(dir, &heard);
	struct heard rest = {0};
	struct record ban = ban_of("192.0.2.1", 1);
	unsigned lines = 0;

	for (int i = 0; i < 1000; i++)
		store_put(store, &ban);
	wait_durable(store, store_commit(store, true));
	store_close(store);
	free(bytes);
	bytes = file_get(&len, dir, JOURNAL);
	for (size_t at = frame_at(10); at < len; at += 540)
		bytes[at] ^= 0x40;
	file_put(dir, JOURNAL, bytes, len);
	load_at(dir, STORE_READ, &rest);
	for (const char *c = rest.notes; *c; c++)
		lines += *c == '\n';
	cr_expect_eq(lines, 9);
	cr_expect(strstr(rest.notes, "more damaged places"));
	cr_expect_gt(rest.count, 880);
	free(rest.records);
	free(rest.notes);
}
