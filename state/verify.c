/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/folder.h"
#include "state/lock.h"
#include "state/record.h"
#include "state/replay.h"
#include "state/snapshot.h"
#include "state/store.h"

struct verify {
	const struct store_verify *to;
	void *arg;
	const struct folder *folder;
	struct store_file file; /* the one that is looked at */
	char name[FOLDER_NAME_MAX];
};

static void note(struct verify *v, const char *what, const char *why)
{
	char text[FOLDER_NAME_MAX + SNAPSHOT_WHY + 64];

	snprintf(text, sizeof(text), "%s %s%s", v->name, what, why);
	v->to->note(v->arg, text);
}

static void begin(struct verify *v, enum file_kind kind, uint32_t generation)
{
	struct stat st;

	v->file = (struct store_file){.name = folder_name(v->name, kind, generation)};
	if (!fstatat(v->folder->fd, v->name, &st, AT_SYMLINK_NOFOLLOW))
		v->file.bytes = (uint64_t)st.st_size;
}

static int count_value(void *arg, const uint8_t *at, size_t len)
{
	struct verify *v = arg;
	struct record record;

	while (len) {
		size_t length = len < RECORD_HEAD ? len + 1 : record_length(at);

		if (length > len)
			return -EBADMSG;
		if (record_unpack(&record, at, length))
			v->file.damaged++;
		else
			v->file.records++;
		at += length;
		len -= length;
	}
	return 0;
}

static void verify_snapshot(struct verify *v, uint32_t generation)
{
	char why[SNAPSHOT_WHY] = "";
	struct snapshot *snapshot;
	int err;

	begin(v, FILE_SNAPSHOT, generation);
	err = snapshot_open(&snapshot, why, v->folder->fd, generation);
	if (!err) {
		err = snapshot_each(snapshot, count_value, v);
		if (err || v->file.damaged)
			note(v, "holds records that are invalid or of another version", "");
		snapshot_close(snapshot);
	} else {
		note(v, *why ? why : "cannot be read: ", *why ? "" : strerror(-err));
	}
	v->file.damaged += err != 0;
	v->to->file(v->arg, &v->file);
}

static void count_record(void *arg, const struct record *record)
{
	struct verify *v = arg;

	(void)record;
	v->file.records++;
}

static void pass_note(void *arg, const char *text)
{
	struct verify *v = arg;

	v->to->note(v->arg, text);
}

static void verify_journal(struct verify *v, uint32_t generation)
{
	static const struct store_load load = {.record = count_record, .note = pass_note};
	struct replay replay = {.load = &load, .arg = v, .name = v->name, .based = true};
	int fd, err;

	begin(v, FILE_JOURNAL, generation);
	fd = folder_open_file(v->folder->fd, FILE_JOURNAL, generation, false);
	err = fd < 0 ? fd : replay_journal(&replay, fd, generation);
	v->file.damaged = replay.damaged;
	v->file.torn = replay.torn;
	/* One whose creation was cut short holds nothing. */
	if (err && fd >= 0 && v->file.bytes < JOURNAL_HEAD) {
		v->file.torn = true;
		note(v, "was not finished, and holds nothing", "");
	} else if (err) {
		v->file.damaged++;
		note(v,
		     err == -EBADMSG	       ? "is damaged from its beginning"
		     : err == -EPROTONOSUPPORT ? "is of another format"
					       : "cannot be read: ",
		     err == -EBADMSG || err == -EPROTONOSUPPORT ? "" : strerror(-err));
	}
	if (fd >= 0)
		close(fd);
	v->to->file(v->arg, &v->file);
}

int store_verify(const char *dir, const struct store_verify *to, void *arg)
{
	struct folder folder = {.fd = -1};
	struct verify v = {.to = to, .arg = arg, .folder = &folder};
	int lock = -1, err = folder_open(&folder, dir);

	err = err ? err : lock_take(&lock, folder.fd, STORE_READ);
	err = err ? err : folder_list(&folder);
	for (size_t i = 0; !err && i < folder.snapshot_count; i++)
		verify_snapshot(&v, folder.snapshots[i]);
	for (size_t i = 0; !err && i < folder.journal_count; i++)
		verify_journal(&v, folder.journals[i]);
	if (lock >= 0)
		close(lock);
	folder_close(&folder);
	return err;
}
