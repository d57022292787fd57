/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "state/io.h"
#include "state/load.h"
#include "state/lock.h"
#include "state/record.h"
#include "state/snapshot.h"
#include "state/store.h"

/* What is read goes straight into a new snapshot. */
struct repair {
	const struct store_load *to;
	void *arg;
	struct folder folder;
	struct snapshot *snapshot;
	struct journal journal;
	uint8_t *value;
	size_t len;
	uint64_t records;
	int err;
};

static void add_value(struct repair *r)
{
	if (!r->err && r->records)
		r->err = snapshot_add(r->snapshot, r->value, r->len, r->records);
	r->len = SNAPSHOT_SUM;
	r->records = 0;
}

static void add_record(void *arg, const struct record *record)
{
	struct repair *r = arg;

	r->to->record(r->arg, record);
	if (r->len > SNAPSHOT_VALUE - RECORD_MAX)
		add_value(r);
	r->len += record_pack(r->value + r->len, record);
	r->records++;
}

static void pass_note(void *arg, const char *text)
{
	struct repair *r = arg;

	r->to->note(r->arg, text);
}

static int save(struct repair *r, uint32_t generation)
{
	static const struct store_load load_to = {.record = add_record, .note = pass_note};
	struct load load = {.to = &load_to, .arg = r, .folder = &r->folder};
	int err = snapshot_create(&r->snapshot, &io_system, r->folder.fd, generation);

	r->len = SNAPSHOT_SUM;
	err = err ? err : load_folder(&load);
	if (err)
		return err;
	add_value(r);
	r->journal.generation = generation;
	r->journal.start = true;
	err = r->err ? r->err : snapshot_finish(r->snapshot);
	err = err ? err : journal_create(&r->journal, &io_system, r->folder.fd);
	if (err)
		return err;
	err = snapshot_publish(r->snapshot);
	if (err)
		folder_remove(r->folder.fd, FILE_JOURNAL, generation);
	return err;
}

/* The new ones are there; these must not be deleted by the next snapshot. */
static int set_aside(const struct folder *folder)
{
	int err = 0;

	for (size_t i = 0; !err && i < folder->snapshot_count; i++) {
		folder_set_aside(folder->fd, FILE_SUM, folder->snapshots[i]);
		err = folder_set_aside(folder->fd, FILE_SNAPSHOT, folder->snapshots[i]);
	}
	for (size_t i = 0; !err && i < folder->journal_count; i++)
		err = folder_set_aside(folder->fd, FILE_JOURNAL, folder->journals[i]);
	if (!err && fsync(folder->fd))
		err = -errno;
	return err;
}

int store_repair(const char *dir, const struct store_load *to, void *arg)
{
	struct repair r = {.to = to, .arg = arg, .folder.fd = -1, .journal.fd = -1};
	int lock = -1, err = folder_open(&r.folder, dir);

	err = err ? err : lock_take(&lock, r.folder.fd, STORE_WRITE);
	err = err ? err : folder_list(&r.folder);
	r.value = malloc(SNAPSHOT_VALUE);
	if (!err && !r.value)
		err = -ENOMEM;
	if (!err && r.folder.last == UINT32_MAX)
		err = -EOVERFLOW;
	err = err ? err : save(&r, r.folder.last + 1);
	err = err ? err : set_aside(&r.folder);
	snapshot_close(r.snapshot);
	journal_close(&r.journal);
	free(r.value);
	if (lock >= 0)
		close(lock);
	folder_close(&r.folder);
	return err;
}
