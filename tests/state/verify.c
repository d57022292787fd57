/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at a folder, and mending it, without a daemon. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/state/fixture.h"

#define BAN(n) "ban 192.0.2." #n " 1 0 5 1000 601000\n"

static char *dir;
static struct heard heard;

/* 1: a journal; 2 and 3: a snapshot and a journal each. */
static void setup(void)
{
	struct record first = ban_of("192.0.2.1", 1), second = ban_of("192.0.2.2", 1),
		      third = ban_of("192.0.2.3", 1), fourth = ban_of("192.0.2.4", 1),
		      both[] = {first, second};
	struct store *store;

	dir = folder_make();
	heard_clear(&heard);
	store = store_at(dir, &heard);
	put_and_wait(store, &first);
	snapshot_of(store, &first, 1);
	put_and_wait(store, &second);
	snapshot_of(store, both, 2);
	put_and_wait(store, &third);
	put_and_wait(store, &fourth);
	store_close(store);
}

static void teardown(void)
{
	folder_drop(dir);
	free(heard.records);
	free(heard.notes);
}

TestSuite(verify, .init = setup, .fini = teardown);

/* What is said of the files goes where a load's records do. */
static void hear_file(void *arg, const struct store_file *file)
{
	struct heard *h = arg;
	char line[128];

	snprintf(line, sizeof(line), "%s %lu records, %lu damaged%s\n", file->name,
		 (unsigned long)file->records, (unsigned long)file->damaged,
		 file->torn ? ", torn" : "");
	h->records = realloc(h->records, h->records_len + strlen(line) + 1);
	memcpy(h->records + h->records_len, line, strlen(line) + 1);
	h->records_len += strlen(line);
}

static void expect_verified(const char *files, const char *note)
{
	struct store_verify to = {.file = hear_file, .note = hear.note};

	heard_clear(&heard);
	cr_assert_eq(store_verify(dir, &to, &heard), 0);
	cr_expect_str_eq(heard.records, files);
	cr_expect(*note ? strstr(heard.notes, note) != NULL : !*heard.notes, "%s", heard.notes);
}

static void flip(const char *name, size_t at)
{
	file_flip(dir, name, at, 0x10);
}

#define SNAPSHOTS                                                                              \
	"snapshot.00000002.gdbm 1 records, 0 damaged\n"                                        \
	"snapshot.00000003.gdbm 2 records, 0 damaged\n"
#define JOURNALS                                                                               \
	"journal.00000002 1 records, 0 damaged\n"                                              \
	"journal.00000003 2 records, 0 damaged\n"

Test(verify, finds_a_sound_folder_sound)
{
	expect_verified(SNAPSHOTS JOURNALS, "");
}

Test(verify, says_which_file_is_damaged_and_where)
{
	flip("snapshot.00000002.gdbm", 5000);
	expect_verified("snapshot.00000002.gdbm 0 records, 1 damaged\n"
			"snapshot.00000003.gdbm 2 records, 0 damaged\n" JOURNALS,
			"snapshot.00000002.gdbm does not have its checksum");
	flip("snapshot.00000002.gdbm", 5000);
	flip("journal.00000003", 80);
	expect_verified(SNAPSHOTS "journal.00000002 1 records, 0 damaged\n"
				  "journal.00000003 1 records, 1 damaged\n",
			"journal.00000003: 55 bytes at offset 64 are damaged");
}

Test(verify, knows_an_unfinished_write_from_damage)
{
	uint8_t *bytes;
	size_t len;

	bytes = file_get(&len, dir, "journal.00000003");
	file_put(dir, "journal.00000003", bytes, len - 5);
	file_put(dir, "journal.00000004", bytes, 10);
	expect_verified(SNAPSHOTS "journal.00000002 1 records, 0 damaged\n"
				  "journal.00000003 1 records, 0 damaged, torn\n"
				  "journal.00000004 0 records, 0 damaged, torn\n",
			"journal.00000003: dropped an unfinished write at offset 119");
	free(bytes);
}

Test(verify, and_repair_leave_a_folder_alone_that_is_in_use)
{
	struct store_verify to = {.file = hear_file, .note = hear.note};
	struct store *store = store_at(dir, &heard);

	cr_expect_eq(store_verify(dir, &to, &heard), -EBUSY);
	cr_expect_eq(store_repair(dir, &hear, &heard), -EBUSY);
	store_close(store);
	cr_expect_eq(store_verify("/nowhere", &to, &heard), -ENOENT);
	cr_expect_eq(store_repair("/nowhere", &hear, &heard), -ENOENT);
}

Test(verify, finds_sound_what_was_repaired_and_nothing_is_lost_by_it)
{
	struct heard before = {0};
	struct store *store;
	struct record more = ban_of("192.0.2.5", 1);

	flip("snapshot.00000003.gdbm", 5000);
	flip("journal.00000003", 80);
	load_at(dir, STORE_READ, &before);
	cr_expect_str_eq(before.records, BAN(1) BAN(2) BAN(4));
	heard_clear(&heard);
	cr_assert_eq(store_repair(dir, &hear, &heard), 0);
	cr_expect_str_eq(heard.records, before.records);
	cr_expect_str_eq(heard.notes, before.notes);
	expect_verified("snapshot.00000004.gdbm 3 records, 0 damaged\n"
			"journal.00000004 0 records, 0 damaged\n",
			"");
	cr_expect(file_exists(dir, "snapshot.00000003.gdbm.damaged"));
	cr_expect(file_exists(dir, "snapshot.00000002.sum.damaged"));
	cr_expect(file_exists(dir, "journal.00000003.damaged"));
	store = store_at(dir, &heard);
	cr_expect_str_eq(heard.records, before.records);
	cr_expect_str_eq(heard.notes, "");
	put_and_wait(store, &more);
	store_close(store);
	load_at(dir, STORE_READ, &heard);
	cr_expect_str_eq(heard.records, BAN(1) BAN(2) BAN(4) BAN(5));
	free(before.records);
	free(before.notes);
}
