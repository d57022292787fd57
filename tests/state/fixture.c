/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/state/fixture.h"

/* ---- what a load says ---- */

__attribute__((format(printf, 3, 4))) static void say(char **text, size_t *len,
						      const char *format, ...)
{
	char line[STORE_TEXT_MAX + 256];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	line[n++] = '\n';
	*text = realloc(*text, *len + (size_t)n + 1);
	memcpy(*text + *len, line, (size_t)n);
	*len += (size_t)n;
	(*text)[*len] = 0;
}

static void hear_record(void *arg, const struct record *r)
{
	struct heard *h = arg;
	char text[PREFIX_TEXT_MAX];

	h->count++;
#define SAY(...) say(&h->records, &h->records_len, __VA_ARGS__)
	switch (r->kind) {
	case RECORD_NAME:
		SAY("name %u %.*s", r->name.number, (int)r->name.text.len, r->name.text.at);
		break;
	case RECORD_OFFENCE:
		SAY("offence %s %u %" PRId64, prefix_print(&r->offence.prefix, text),
		    r->offence.jail, r->offence.time);
		break;
	case RECORD_BAN:
		SAY("ban %s %u %u %u %" PRId64 " %" PRId64, prefix_print(&r->ban.prefix, text),
		    r->ban.jail, r->ban.reason, r->ban.count, r->ban.since, r->ban.until);
		break;
	case RECORD_UNBAN:
		SAY("unban %s %u", prefix_print(&r->unban.prefix, text), r->unban.jail);
		break;
	case RECORD_POSITION:
		SAY("position %u %" PRIu64 " %" PRIu64 " %" PRIx64 " %" PRIx64 " %u %u",
		    r->position.source, r->position.position.inode, r->position.position.offset,
		    r->position.position.head, r->position.position.tail,
		    r->position.position.head_len, r->position.position.tail_len);
		break;
	case RECORD_EVIDENCE:
		SAY("evidence %s %u %" PRId64 " %.*s", prefix_print(&r->evidence.prefix, text),
		    r->evidence.jail, r->evidence.time, (int)r->evidence.line.len,
		    r->evidence.line.at);
		break;
	case RECORD_REMOVAL:
	case RECORD_REMOVED:
		SAY("%s %u %s", r->kind == RECORD_REMOVAL ? "removal" : "removed",
		    r->removal.target, prefix_print(&r->removal.prefix, text));
		break;
	case RECORD_STRIKE:
		SAY("strike %s %u %u %" PRId64 " %" PRId64,
		    prefix_print(&r->strike.prefix, text), r->strike.jail, r->strike.count,
		    r->strike.since, r->strike.until);
		break;
	case RECORD_MEMORY:
		SAY("memory %u %u %u %.*s", r->memory.source, r->memory.jail, r->memory.key,
		    (int)r->memory.bytes.len, r->memory.bytes.at);
		break;
	case RECORD_CREDIT:
		SAY("credit %s %u %" PRId64 " %" PRId64, prefix_print(&r->credit.prefix, text),
		    r->credit.count, r->credit.first, r->credit.last);
		break;
	case RECORD_CLOCK:
		SAY("clock %" PRIx64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
		    r->clock.boot, r->clock.uptime, r->clock.now, r->clock.shift,
		    r->clock.ahead);
		break;
	}
#undef SAY
}

static void hear_note(void *arg, const char *text)
{
	struct heard *h = arg;

	say(&h->notes, &h->notes_len, "%s", text);
}

const struct store_load hear = {.record = hear_record, .note = hear_note};

void heard_clear(struct heard *heard)
{
	free(heard->records);
	free(heard->notes);
	*heard = (struct heard){.records = strdup(""), .notes = strdup("")};
}

/* ---- files ---- */

char *folder_make(void)
{
	char *dir = strdup("/tmp/banish-state.XXXXXX");

	cr_assert(mkdtemp(dir));
	return dir;
}

static int drop_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void folder_drop(char *dir)
{
	nftw(dir, drop_one, 8, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

char *path_in(const char *dir, const char *name)
{
	char *path;

	cr_assert(asprintf(&path, "%s/%s", dir, name) > 0);
	return path;
}

bool file_exists(const char *dir, const char *name)
{
	char *path = path_in(dir, name);
	bool is = !access(path, F_OK);

	free(path);
	return is;
}

uint8_t *file_get(size_t *len, const char *dir, const char *name)
{
	char *path = path_in(dir, name);
	FILE *f = fopen(path, "r");
	struct stat st;
	uint8_t *at;

	cr_assert(f, "%s", path);
	cr_assert_not(fstat(fileno(f), &st));
	at = malloc((size_t)st.st_size + 1);
	*len = fread(at, 1, (size_t)st.st_size, f);
	fclose(f);
	free(path);
	return at;
}

void file_put(const char *dir, const char *name, const void *at, size_t len)
{
	char *path = path_in(dir, name);
	FILE *f = fopen(path, "w");

	cr_assert(f, "%s", path);
	cr_assert_eq(fwrite(at, 1, len, f), len);
	fclose(f);
	free(path);
}

void file_flip(const char *dir, const char *name, size_t at, uint8_t bits)
{
	char *path = path_in(dir, name);
	int fd = open(path, O_RDWR);
	uint8_t byte;

	cr_assert_eq(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= bits;
	cr_assert_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
	close(fd);
	free(path);
}

/* ---- records ---- */

struct prefix prefix_of(const char *text)
{
	struct prefix p;

	cr_assert(prefix_parse(&p, text, strlen(text)), "%s", text);
	return p;
}

struct record ban_of(const char *prefix, uint32_t jail)
{
	return (struct record){.kind = RECORD_BAN,
			       .ban = {.prefix = prefix_of(prefix),
				       .jail = jail,
				       .count = 5,
				       .since = 1000,
				       .until = 601000}};
}

struct record name_of(uint32_t number, const char *text)
{
	return (struct record){.kind = RECORD_NAME, .name = {number, {text, strlen(text)}}};
}

struct record offence_of(const char *prefix, uint32_t jail)
{
	return (struct record){.kind = RECORD_OFFENCE,
			       .offence = {prefix_of(prefix), jail, 1000}};
}

struct record position_of(uint32_t source, uint64_t offset)
{
	return (struct record){.kind = RECORD_POSITION,
			       .position = {source, {1, offset, 2, 3, 4, 5}}};
}

struct record evidence_of(const char *prefix, const char *line)
{
	return (struct record){.kind = RECORD_EVIDENCE,
			       .evidence = {prefix_of(prefix), 1, 1000, {line, strlen(line)}}};
}

/* ---- stores ---- */

struct store *store_at(const char *dir, struct heard *heard)
{
	struct store *store = NULL;

	heard_clear(heard);
	cr_assert_eq(store_open(&store, dir, STORE_WRITE, &hear, heard), 0);
	return store;
}

void load_at(const char *dir, enum store_mode mode, struct heard *heard)
{
	struct store *store = NULL;

	heard_clear(heard);
	cr_assert_eq(store_open(&store, dir, mode, &hear, heard), 0);
	store_close(store);
}

bool poll_store(struct store *store)
{
	struct pollfd fd = {.fd = store_fd(store), .events = POLLIN};

	if (poll(&fd, 1, 120 * 1000) != 1)
		return false;
	store_seen(store);
	return true;
}

void wait_durable(struct store *store, uint64_t ticket)
{
	while (store_durable(store) < ticket)
		cr_assert(poll_store(store), "never durable");
}

void put_and_wait(struct store *store, const struct record *record)
{
	store_put(store, record);
	wait_durable(store, store_commit(store, true));
}

void wait_snapshot(struct store *store)
{
	while (store_snapshot_busy(store))
		cr_assert(poll_store(store), "the snapshot never ends");
	store_seen(store);
}

void snapshot_of(struct store *store, const struct record *records, size_t count)
{
	cr_assert_eq(store_snapshot_begin(store), 0);
	for (size_t i = 0; i < count; i++)
		store_snapshot_put(store, &records[i]);
	store_snapshot_end(store);
	wait_snapshot(store);
}
