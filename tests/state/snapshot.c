/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <gdbm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/bytes.h"
#include "state/crc.h"
#include "tests/state/fixture.h"

#define BANS 3000 /* three values */

static char *dir;
static struct heard heard;

static void setup(void)
{
	dir = folder_make();
	heard_clear(&heard);
}

static void teardown(void)
{
	folder_drop(dir);
	free(heard.records);
	free(heard.notes);
}

TestSuite(snapshot, .init = setup, .fini = teardown);

static struct record numbered_ban(uint32_t n)
{
	struct record ban = {.kind = RECORD_BAN, .ban = {.jail = 1, .since = 1, .until = 2}};

	ban.ban.prefix =
		(struct prefix){4, 32, {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
	return ban;
}

/* Two generations of snapshots, each with one ban, and a ban in each journal:
 * 1: journal; 2: snapshot and journal; 3: snapshot and journal. */
static void make_pair(void)
{
	struct store *store = store_at(dir, &heard);
	struct record first = ban_of("192.0.2.1", 1), second = ban_of("192.0.2.2", 1),
		      third = ban_of("192.0.2.3", 1), both[] = {first, second};

	put_and_wait(store, &first);
	snapshot_of(store, &first, 1);
	cr_assert(file_exists(dir, "journal.00000001"), "the pair before: no snapshot, this");
	put_and_wait(store, &second);
	snapshot_of(store, both, 2);
	put_and_wait(store, &third);
	store_close(store);
}

#define BAN(n) "ban 192.0.2." #n " 1 0 5 1000 601000\n"

Test(snapshot, is_what_is_loaded_and_the_journal_after_it)
{
	make_pair();
	load_at(dir, STORE_READ, &heard);
	cr_expect_str_eq(heard.records, BAN(1) BAN(2) BAN(3));
	cr_expect_str_eq(heard.notes, "");
}

Test(snapshot, keeps_the_pair_before_it_and_nothing_older)
{
	struct store *store;
	struct record ban = ban_of("192.0.2.1", 1);

	make_pair();
	store = store_at(dir, &heard);
	snapshot_of(store, &ban, 1);
	cr_expect_eq(store_counts(store).snapshots, 1);
	store_close(store);
	cr_expect_not(file_exists(dir, "journal.00000001"));
	cr_expect_not(file_exists(dir, "journal.00000002"));
	cr_expect_not(file_exists(dir, "snapshot.00000002.gdbm"));
	cr_expect_not(file_exists(dir, "snapshot.00000002.sum"));
	cr_expect(file_exists(dir, "snapshot.00000003.gdbm"));
	cr_expect(file_exists(dir, "journal.00000003"));
	cr_expect(file_exists(dir, "snapshot.00000004.gdbm"));
	cr_expect(file_exists(dir, "journal.00000004"));
}

static const struct damage {
	const char *what, *file;
	const char *content; /* NULL: cut in half; "": empty */
	const char *note;
} damages[] = {
	{"empty", "snapshot.00000003.gdbm", "", "is empty"},
	{"cut", "snapshot.00000003.gdbm", NULL, "is cut short"},
	{"not GDBM", "snapshot.00000003.gdbm", "This is not a database.", "is cut short"},
	{"no sum", "snapshot.00000003.sum", "", "has a damaged checksum file"},
	{"half a sum", "snapshot.00000003.sum", NULL, "has a damaged checksum file"},
};

Test(snapshot, that_is_damaged_is_set_aside_and_the_one_before_used)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const struct damage *d = &damages[i];
		uint8_t *bytes;
		size_t len;

		make_pair();
		bytes = file_get(&len, dir, d->file);
		file_put(dir, d->file, d->content ? d->content : (char *)bytes,
			 d->content ? strlen(d->content) : len / 2);
		free(bytes);
		load_at(dir, STORE_WRITE, &heard);
		cr_expect_str_eq(heard.records, BAN(1) BAN(2) BAN(3), "%s", d->what);
		cr_expect(strstr(heard.notes, d->note), "%s: %s", d->what, heard.notes);
		cr_expect(strstr(heard.notes, "set aside as snapshot.00000003.gdbm.damaged\n"));
		cr_expect(file_exists(dir, "snapshot.00000003.gdbm.damaged"), "%s", d->what);
		load_at(dir, STORE_READ, &heard);
		cr_expect_str_eq(heard.records, BAN(1) BAN(2) BAN(3), "%s", d->what);
		cr_expect_str_eq(heard.notes, "", "%s", d->what);
		folder_drop(dir);
		dir = folder_make();
	}
}

Test(snapshot, all_damaged_leaves_what_the_journals_have)
{
	make_pair();
	file_put(dir, "snapshot.00000002.gdbm", "", 0);
	file_put(dir, "snapshot.00000003.gdbm", "", 0);
	load_at(dir, STORE_WRITE, &heard);
	cr_expect_str_eq(heard.records, BAN(2) BAN(3));
	cr_expect(strstr(heard.notes, "what was before journal.00000002 is lost"));
}

Test(snapshot, of_what_was_set_aside_the_newest_two_are_kept)
{
	static const struct {
		const char *name;
		bool kept;
	} files[] = {
		{"snapshot.00000003.gdbm.damaged", false},
		{"snapshot.00000003.sum.damaged", false},
		{"journal.00000004.damaged", false},
		{"journal.00000007.damaged", true},
		{"snapshot.00000007.gdbm.damaged", true},
		{"snapshot.00000009.gdbm.damaged", true},
		{"snapshot.00000009.sum.damaged", true},
		{"notes.damaged", true},
	};
	const size_t count = sizeof(files) / sizeof(files[0]);

	for (size_t i = 0; i < count; i++)
		file_put(dir, files[i].name, "x", 1);
	load_at(dir, STORE_READ, &heard);
	for (size_t i = 0; i < count; i++)
		cr_expect(file_exists(dir, files[i].name), "reading deletes nothing");
	load_at(dir, STORE_WRITE, &heard);
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(file_exists(dir, files[i].name), files[i].kept, "%s",
			     files[i].name);
}

static void put_sum(const char *name, uint32_t format, uint32_t generation,
		    const uint8_t *bytes, size_t len)
{
	uint8_t sum[32], *at = put_bytes(sum, "banish-c", 8);

	at = put_u32(at, format);
	at = put_u32(at, generation);
	at = put_u64(at, len);
	at = put_u32(at, crc32c(0, bytes, len));
	put_u32(at, crc32c(0, sum, 28));
	file_put(dir, name, sum, sizeof(sum));
}

Test(snapshot, of_another_format_is_refused_by_name)
{
	uint8_t *bytes;
	size_t len;

	make_pair();
	bytes = file_get(&len, dir, "snapshot.00000003.gdbm");
	put_sum("snapshot.00000003.sum", 2, 3, bytes, len);
	load_at(dir, STORE_READ, &heard);
	cr_expect_str_eq(heard.notes,
			 "snapshot.00000003.gdbm is of format 2, this program reads "
			 "format 1, not used\n");
	cr_expect_str_eq(heard.records, BAN(1) BAN(2) BAN(3));
	free(bytes);
}

/* Whatever got past the checksum of the file: not GDBM, or GDBM with other things in it. */
Test(snapshot, with_a_good_checksum_is_not_believed_for_that)
{
	char *path = path_in(dir, "other.gdbm");
	GDBM_FILE db;
	uint8_t *bytes;
	size_t len;

	make_pair();
	put_sum("snapshot.00000003.sum", 1, 3, (const uint8_t *)"This is no GDBM.", 16);
	file_put(dir, "snapshot.00000003.gdbm", "This is no GDBM.", 16);
	load_at(dir, STORE_READ, &heard);
	cr_expect_str_eq(heard.records, BAN(1) BAN(2) BAN(3));
	cr_expect(strstr(heard.notes, "is not a GDBM file"));

	db = gdbm_open(path, 0, GDBM_NEWDB, 0600, NULL);
	gdbm_store(db, (datum){(char *)"meta", 4}, (datum){(char *)"?", 1}, GDBM_INSERT);
	gdbm_close(db);
	bytes = file_get(&len, dir, "other.gdbm");
	put_sum("snapshot.00000003.sum", 1, 3, bytes, len);
	file_put(dir, "snapshot.00000003.gdbm", bytes, len);
	load_at(dir, STORE_READ, &heard);
	cr_expect_str_eq(heard.records, BAN(1) BAN(2) BAN(3));
	cr_expect(strstr(heard.notes, "has no valid \"meta\""));
	free(bytes);
	free(path);
}

/* One flip a byte: each load reads the whole file. */
Test(snapshot, never_gives_a_record_out_of_a_flipped_file, .timeout = 600)
{
	const char *names[] = {"snapshot.00000003.gdbm", "snapshot.00000003.sum"};

	make_pair();
	for (int i = 0; i < 2; i++) {
		size_t len;

		free(file_get(&len, dir, names[i]));
		for (size_t at = 0; at < len; at++) {
			uint8_t bit = (uint8_t)(1u << at % 8);

			file_flip(dir, names[i], at, bit);
			load_at(dir, STORE_READ, &heard);
			file_flip(dir, names[i], at, bit);
			cr_assert_str_eq(heard.records, BAN(1) BAN(2) BAN(3));
			cr_assert_neq(*heard.notes, 0, "silent about byte %zu", at);
		}
	}
}

Test(snapshot, that_is_cut_anywhere_is_not_used, .timeout = 600)
{
	const char *names[] = {"snapshot.00000003.gdbm", "snapshot.00000003.sum"};

	make_pair();
	for (int i = 0; i < 2; i++) {
		size_t len;
		uint8_t *bytes = file_get(&len, dir, names[i]);

		for (size_t end = 0; end < len; end += end < 64 ? 1 : 61) {
			file_put(dir, names[i], bytes, end);
			load_at(dir, STORE_READ, &heard);
			cr_assert_str_eq(heard.records, BAN(1) BAN(2) BAN(3));
			cr_assert_neq(*heard.notes, 0, "silent about %zu bytes", end);
		}
		file_put(dir, names[i], bytes, len);
		free(bytes);
	}
}

Test(snapshot, is_read_by_gdbms_own_calls)
{
	char *path = path_in(dir, "snapshot.00000003.gdbm");
	GDBM_FILE db;
	datum meta;

	make_pair();
	db = gdbm_open(path, 0, GDBM_READER, 0, NULL);
	cr_assert(db);
	meta = gdbm_fetch(db, (datum){(char *)"meta", 4});
	cr_expect_eq(meta.dsize, 32);
	cr_expect(gdbm_exists(db, (datum){(char *)"records.00000000", 16}));
	free(meta.dptr);
	gdbm_close(db);
	free(path);
}

Test(snapshot, is_written_while_the_journal_goes_on)
{
	struct store *store = store_at(dir, &heard);
	char expected[64];

	for (uint32_t n = 0; n < BANS; n++) {
		struct record ban = numbered_ban(n);

		if (n == 10) {
			cr_assert_eq(store_snapshot_begin(store), 0);
			cr_expect_eq(store_snapshot_begin(store), -EBUSY);
		}
		store_put(store, &ban);
		if (n >= 10)
			store_snapshot_put(store, &ban);
		if (n % 100 == 0)
			wait_durable(store, store_commit(store, true));
	}
	for (uint32_t n = 0; n < 10; n++) {
		struct record ban = numbered_ban(n);

		store_snapshot_put(store, &ban);
	}
	cr_expect(store_snapshot_busy(store));
	cr_expect_not(file_exists(dir, "snapshot.00000002.gdbm"));
	store_snapshot_end(store);
	wait_snapshot(store);
	store_close(store);
	load_at(dir, STORE_READ, &heard);
	cr_expect_eq(heard.count, BANS + BANS - 10);
	for (uint32_t n = 0; n < BANS; n++) {
		snprintf(expected, sizeof(expected), "ban 10.0.%u.%u 1 ", n >> 8, n & 255);
		cr_assert(strstr(heard.records, expected));
	}
}

Test(snapshot, that_was_not_ended_leaves_nothing_behind)
{
	struct store *store = store_at(dir, &heard);
	struct record ban = ban_of("192.0.2.1", 1);

	put_and_wait(store, &ban);
	cr_assert_eq(store_snapshot_begin(store), 0);
	store_snapshot_put(store, &ban);
	put_and_wait(store, &ban);
	store_close(store);
	cr_expect_not(file_exists(dir, "snapshot.00000002.gdbm"));
	cr_expect_not(file_exists(dir, "snapshot.00000002.gdbm.new"));
	load_at(dir, STORE_READ, &heard);
	cr_expect_str_eq(heard.records, BAN(1) BAN(1));
	cr_expect_str_eq(heard.notes, "");
}

Test(snapshot, that_was_ended_is_finished_before_the_store_closes)
{
	struct store *store = store_at(dir, &heard);
	struct record ban = ban_of("192.0.2.1", 1);

	cr_assert_eq(store_snapshot_begin(store), 0);
	store_snapshot_put(store, &ban);
	store_snapshot_end(store);
	store_close(store);
	cr_expect(file_exists(dir, "snapshot.00000002.gdbm"));
	load_at(dir, STORE_READ, &heard);
	cr_expect_str_eq(heard.records, BAN(1));
}

Test(snapshot, unfinished_by_another_process_is_removed)
{
	file_put(dir, "snapshot.00000007.gdbm.new", "x", 1);
	load_at(dir, STORE_READ, &heard);
	cr_expect(file_exists(dir, "snapshot.00000007.gdbm.new"));
	load_at(dir, STORE_WRITE, &heard);
	cr_expect_not(file_exists(dir, "snapshot.00000007.gdbm.new"));
}

Test(snapshot, is_wanted_when_the_journal_has_grown)
{
	struct store *store = store_at(dir, &heard);
	struct record ban = ban_of("192.0.2.1", 1);

	cr_expect_not(store_wants_snapshot(store));
	for (int i = 0; i < 100000; i++)
		store_put(store, &ban);
	wait_durable(store, store_commit(store, true));
	cr_expect_gt(store_counts(store).journal_bytes, 4u << 20);
	cr_expect(store_wants_snapshot(store));
	snapshot_of(store, &ban, 1);
	cr_expect_not(store_wants_snapshot(store));
	cr_expect_eq(store_counts(store).journal_bytes, 0);
	store_close(store);
}

/* ---- the journals ahead of it ---- */

static const char *const parts[] = {"ahead", "snapshot", "journals"};
static struct heard in_parts;

static void on_part(void *arg, enum store_part part, uint64_t bans)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%s, %u bans\n", parts[part], (unsigned)bans);
	struct heard *h = arg;

	h->records = realloc(h->records, h->records_len + (size_t)n + 1);
	memcpy(h->records + h->records_len, line, (size_t)n + 1);
	h->records_len += (size_t)n;
}

static void expect_parts(const char *said)
{
	const struct store_load load = {
		.record = hear.record, .note = hear.note, .part = on_part};
	struct store *store;

	heard_clear(&in_parts);
	cr_assert_eq(store_open(&store, dir, STORE_READ, &load, &in_parts), 0);
	store_close(store);
	cr_expect_str_eq(in_parts.records, said);
}

Test(snapshot, can_be_told_of_what_the_journals_say_before_it)
{
	make_pair();
	expect_parts("ahead, 2 bans\n" BAN(3) "snapshot, 2 bans\n" BAN(1)
			     BAN(2) "journals, 2 bans\n" BAN(3));
	cr_expect_str_eq(in_parts.notes, "");
}

Test(snapshot, a_journal_that_is_damaged_says_the_same_ahead)
{
	size_t len;

	make_pair();
	free(file_get(&len, dir, "journal.00000003"));
	file_flip(dir, "journal.00000003", len - 1, 1);
	expect_parts("ahead, 2 bans\nsnapshot, 2 bans\n" BAN(1) BAN(2) "journals, 2 bans\n");
	cr_expect(strstr(in_parts.notes, "dropped an unfinished write"));
	cr_expect_not(strstr(strchr(in_parts.notes, '\n') + 1, "\n"), "said once");
}

Test(snapshot, that_ends_bans_itself_counts_none)
{
	struct record ban = ban_of("192.0.2.1", 1), unban = {.kind = RECORD_UNBAN};
	struct record both[] = {ban, unban};
	struct store *store = store_at(dir, &heard);

	both[1].unban.prefix = ban.ban.prefix;
	both[1].unban.jail = 1;
	snapshot_of(store, both, 2);
	store_close(store);
	expect_parts("ahead, 0 bans\nsnapshot, 0 bans\n" BAN(1) "unban 192.0.2.1 1\n"
								"journals, 0 bans\n");
}

Test(snapshot, where_there_is_none_nothing_comes_ahead)
{
	struct store *store = store_at(dir, &heard);
	struct record ban = ban_of("192.0.2.1", 1);

	put_and_wait(store, &ban);
	store_close(store);
	expect_parts(BAN(1));
}
