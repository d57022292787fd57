/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/moment.h"
#include "state/io.h"
#include "state/load.h"
#include "state/lock.h"
#include "state/record.h"
#include "state/saver.h"
#include "state/writer.h"

#define GROUP_MS 50
#define PAUSE_DOUBLED 6 /* times at most: ten minutes */
/* The crash test builds with less, here and in src/: a snapshot every other moment. */
#ifndef JOURNAL_ENOUGH
#define JOURNAL_ENOUGH (4u << 20) /* below this a new snapshot is not worth it */
#define JOURNAL_RATIO 2		  /* nor below so many times the snapshot's size */
#endif

struct store {
	const struct io *io;
	struct folder folder;
	int lock;
	struct writer *writer; /* NULL in STORE_READ */
	struct saver *saver;
	struct buffer group; /* put, not committed */
	uint64_t group_records;
	unsigned group_ms;
	bool hole; /* records were given up: what is put goes nowhere until the next turn */
	bool load_damaged;

	uint32_t generation; /* of the current journal */
	uint32_t snapshot;   /* the newest good one; 0: none */
	uint64_t snapshot_bytes;
	unsigned failures; /* of snapshots, in a row */
	int64_t pause;	   /* no snapshot before this tick */
	struct store_counts counts;
};

/* ---- opening and closing ---- */

static int start(struct store *store, const struct load *load)
{
	int err;

	store->generation = load->journal.generation;
	store->snapshot = load->snapshot;
	store->snapshot_bytes = load->snapshot_bytes;
	store->counts.damaged = load->damaged;
	store->load_damaged = load->damaged > 0;
	if (!load->write)
		return 0;
	folder_tidy(store->folder.fd, 0, 0);
	err = writer_start(&store->writer, store->io, store->folder.fd, &load->journal,
			   load->journal_bytes);
	if (err && load->journal.fd >= 0)
		close(load->journal.fd);
	return err;
}

int store_open_io(struct store **out, const char *dir, enum store_mode mode,
		  const struct store_load *to, void *arg, const struct io *io)
{
	struct store *store = calloc(1, sizeof(*store));
	struct load load = {.to = to, .arg = arg, .write = mode == STORE_WRITE};
	int err;

	if (!store)
		return -ENOMEM;
	store->io = io;
	store->folder.fd = store->lock = -1;
	store->group_ms = GROUP_MS;
	load.folder = &store->folder;
	err = folder_open(&store->folder, dir);
	err = err ? err : lock_take(&store->lock, store->folder.fd, mode);
	err = err ? err : folder_list(&store->folder);
	err = err ? err : load_folder(&load);
	err = err ? err : start(store, &load);
	if (err) {
		store_close(store);
		return err;
	}
	*out = store;
	return 0;
}

int store_open(struct store **out, const char *dir, enum store_mode mode,
	       const struct store_load *load, void *arg)
{
	return store_open_io(out, dir, mode, load, arg, &io_system);
}

void store_close(struct store *store)
{
	uint64_t size;

	if (!store)
		return;
	if (store->writer)
		writer_stop(store->writer);
	if (store->saver)
		saver_join(store->saver, &size);
	writer_free(store->writer);
	buffer_free(&store->group);
	if (store->lock >= 0)
		close(store->lock);
	folder_close(&store->folder);
	free(store);
}

/* ---- the journal ---- */

void store_put(struct store *store, const struct record *record)
{
	uint8_t *at;
	size_t len;

	assert(store->writer);
	store->counts.records++;
	if (store->hole) {
		store->counts.dropped++;
		return;
	}
	at = buffer_reserve(&store->group, RECORD_MAX + FRAME_TAIL);
	if (!at) {
		store->counts.dropped += store->group_records + 1;
		store->group_records = 0;
		buffer_clear(&store->group);
		writer_drop(store->writer);
		store->hole = true;
		return;
	}
	len = record_pack(at, record);
	at[len] = 0;
	store->group.len += len + FRAME_TAIL;
	store->group_records++;
}

/* Each one that fails has begun a journal, and its file stays until one succeeds. But what is
 * not durable waits no longer than it must. */
static void pause_snapshots(struct store *store)
{
	unsigned doubled = writer_state(store->writer).gap ? 0 : store->failures;

	if (doubled > PAUSE_DOUBLED)
		doubled = PAUSE_DOUBLED;
	store->pause = moment_ticks() + ((int64_t)store->io->pause_ms << doubled);
	store->failures++;
}

/* Take note of a snapshot that has come to its end. */
static void reap(struct store *store)
{
	uint64_t size;
	int err;

	if (!store->saver || !saver_done(store->saver))
		return;
	err = saver_join(store->saver, &size);
	store->saver = NULL;
	store->counts.snapshot_error = err;
	if (err) {
		pause_snapshots(store);
		return;
	}
	store->counts.snapshots++;
	store->failures = 0;
	store->snapshot = store->generation;
	store->snapshot_bytes = size;
	store->load_damaged = false;
}

uint64_t store_commit(struct store *store, bool urgent)
{
	struct buffer *group = &store->group;
	uint64_t ticket;

	reap(store);
	if (group->len)
		group->at[group->len - FRAME_TAIL] = 1;
	ticket = writer_commit(store->writer, group, store->group_records,
			       urgent ? 0 : store->group_ms);
	store->group_records = 0;
	store->hole = writer_state(store->writer).hole;
	return ticket;
}

uint64_t store_durable(const struct store *store)
{
	return store->writer ? writer_state(store->writer).durable : 0;
}

void store_set_group(struct store *store, unsigned group_ms)
{
	store->group_ms = group_ms;
}

int store_fd(const struct store *store)
{
	return store->writer ? writer_fd(store->writer) : -1;
}

void store_seen(struct store *store)
{
	eventfd_t count;

	if (store->writer)
		eventfd_read(writer_fd(store->writer), &count);
	reap(store);
}

int store_error(const struct store *store)
{
	struct writer_state state;

	if (!store->writer)
		return 0;
	state = writer_state(store->writer);
	return state.error ? state.error : state.gap ? -ENOBUFS : 0;
}

/* ---- snapshots ---- */

/* An input/output error may stick to the journal's file: a snapshot begins another one. With
 * any other, what waits for room in the journal needs less than a snapshot, which would give it
 * up.
 */
bool store_wants_snapshot(const struct store *store)
{
	uint64_t enough = JOURNAL_RATIO * store->snapshot_bytes;
	struct writer_state state;

	if (!store->writer || store->saver || moment_ticks() < store->pause)
		return false;
	if (enough < JOURNAL_ENOUGH)
		enough = JOURNAL_ENOUGH;
	state = writer_state(store->writer);
	if (state.gap || state.error == -EIO)
		return true;
	return !state.error && (store->load_damaged || state.journal_bytes > enough);
}

int store_snapshot_begin(struct store *store)
{
	struct saver_plan plan = {
		.io = store->io,
		.dir = store->folder.fd,
		.generation = store->generation + 1,
		.keep = store->snapshot,
		.writer = store->writer,
	};
	int err;

	assert(store->writer);
	store_commit(store, true);
	if (store->saver)
		return -EBUSY;
	if (!plan.generation)
		return -EOVERFLOW;
	err = writer_turn(store->writer, plan.generation);
	if (err)
		return err;
	store->generation = plan.generation;
	store->hole = false;
	err = saver_start(&store->saver, &plan);
	if (err)
		pause_snapshots(store);
	return err;
}

void store_snapshot_put(struct store *store, const struct record *record)
{
	assert(store->saver);
	saver_put(store->saver, record);
}

void store_snapshot_end(struct store *store)
{
	assert(store->saver);
	store_commit(store, true);
	saver_end(store->saver, writer_state(store->writer).last);
}

bool store_snapshot_busy(const struct store *store)
{
	return store->saver && !saver_done(store->saver);
}

struct store_counts store_counts(const struct store *store)
{
	struct store_counts counts = store->counts;
	struct writer_state state;

	if (!store->writer)
		return counts;
	state = writer_state(store->writer);
	counts.commits = state.commits;
	counts.syncs = state.syncs;
	counts.dropped += state.dropped;
	counts.journal_bytes = state.journal_bytes;
	counts.backlog_bytes = state.backlog_bytes;
	return counts;
}
