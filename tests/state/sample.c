/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder as an earlier version left it, with every kind of record in the snapshot and in the
 * journal: it is opened for ever. A kind or a version that is new gets a folder of its own:
 * SAMPLE=tests/state/sample-2 build/unit/state writes it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/state/fixture.h"

#define PROCESS (1u << 20) /* of the numbers of names */
#define NOW INT64_C(1790000000000)
#define TEXT(s)                                                                                \
	{                                                                                      \
		(s), sizeof(s) - 1                                                             \
	}

static const struct prefix host = {4, 32, {192, 0, 2, 1}}, net = {4, 24, {198, 51, 100}},
			   six = {6, 64, {0x20, 0x01, 0x0d, 0xb8}};

enum { SSHD = PROCESS + 1, LOG, REASON, TARGET };

static const struct record sample[] = {
	{RECORD_CLOCK, .clock = {0x1234, 5000, NOW, 0, 0}},
	{RECORD_NAME, .name = {SSHD, TEXT("sshd")}},
	{RECORD_NAME, .name = {LOG, TEXT("/var/log/auth.log")}},
	{RECORD_NAME, .name = {REASON, TEXT("3 a.m.")}},
	{RECORD_NAME, .name = {TARGET, TEXT("ipset[name=blacklistip]")}},
	{RECORD_OFFENCE, .offence = {host, SSHD, NOW}},
	{RECORD_BAN, .ban = {.prefix = net,
			     .jail = SSHD,
			     .reason = REASON,
			     .since = NOW,
			     .until = INT64_MAX}},
	{RECORD_BAN, .ban = {.prefix = six,
			     .jail = SSHD,
			     .count = 5,
			     .strikes = 2,
			     .since = NOW,
			     .until = NOW + 3600000}},
	{RECORD_STRIKE, .strike = {six, SSHD, 2, NOW, NOW + 3600000}},
	{RECORD_UNBAN, .unban = {host, SSHD}},
	{RECORD_POSITION, .position = {LOG, {42, 4096, 0x1111, 0x2222, 256, 64}}},
	{RECORD_EVIDENCE,
	 .evidence = {host, SSHD, NOW, TEXT("Failed password for root from 192.0.2.1")}},
	{RECORD_REMOVAL, .removal = {TARGET, host}},
	{RECORD_REMOVED, .removal = {TARGET, net}},
	{RECORD_MEMORY, .memory = {LOG, SSHD, 7, TEXT("what a filter remembers")}},
	{RECORD_CREDIT, .credit = {net, 12, NOW - 1000, NOW}},
};

#define COUNT (sizeof(sample) / sizeof(sample[0]))

/* As text, twice: in the snapshot and in the journal. */
static const char expected[] =
	"clock 1234 5000 1790000000000 0 0\n"
	"name 1048577 sshd\n"
	"name 1048578 /var/log/auth.log\n"
	"name 1048579 3 a.m.\n"
	"name 1048580 ipset[name=blacklistip]\n"
	"offence 192.0.2.1 1048577 1790000000000\n"
	"ban 198.51.100.0/24 1048577 1048579 0 1790000000000 9223372036854775807\n"
	"ban 2001:db8::/64 1048577 0 5 1790000000000 1790003600000\n"
	"strike 2001:db8::/64 1048577 2 1790000000000 1790003600000\n"
	"unban 192.0.2.1 1048577\n"
	"position 1048578 42 4096 1111 2222 256 64\n"
	"evidence 192.0.2.1 1048577 1790000000000 Failed password for root from 192.0.2.1\n"
	"removal 1048580 192.0.2.1\n"
	"removed 1048580 198.51.100.0/24\n"
	"memory 1048578 1048577 7 what a filter remembers\n"
	"credit 198.51.100.0/24 12 1789999999000 1790000000000\n";

Test(sample, has_every_kind_of_record)
{
	bool seen[RECORD_CLOCK + 1] = {0};

	for (size_t i = 0; i < COUNT; i++)
		seen[sample[i].kind] = true;
	for (int kind = RECORD_NAME; kind <= RECORD_CLOCK; kind++)
		cr_expect(seen[kind], "kind %d", kind);
}

static void write_sample(const char *dir)
{
	struct heard heard = {0};
	struct store *store;

	mkdir(dir, 0755);
	store = store_at(dir, &heard);
	snapshot_of(store, sample, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		store_put(store, &sample[i]);
	wait_durable(store, store_commit(store, true));
	store_close(store);
	free(heard.records);
	free(heard.notes);
}

static void expect_opens(const char *dir, enum store_mode mode)
{
	struct heard heard = {0};
	char *twice;

	cr_assert(asprintf(&twice, "%s%s", expected, expected) > 0);
	load_at(dir, mode, &heard);
	cr_expect_str_eq(heard.records, twice);
	cr_expect_str_eq(heard.notes, "");
	free(heard.records);
	free(heard.notes);
	free(twice);
}

static void copy(const char *to, const char *from, const char *name)
{
	size_t len;
	uint8_t *bytes = file_get(&len, from, name);

	file_put(to, name, bytes, len);
	free(bytes);
}

Test(sample, opens_as_every_version_wrote_it)
{
	static const char *const folders[] = {"tests/state/sample-1"};
	static const char *const names[] = {"snapshot.00000002.gdbm", "snapshot.00000002.sum",
					    "journal.00000002"};

	if (getenv("SAMPLE"))
		write_sample(getenv("SAMPLE"));
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *dir = folder_make();

		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			copy(dir, folders[i], names[n]);
		expect_opens(dir, STORE_READ);
		expect_opens(dir, STORE_WRITE);
		folder_drop(dir);
	}
}
