/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/load.h"
#include "state/record.h"
#include "state/replay.h"
#include "state/snapshot.h"

#define NOTE_MAX 320

__attribute__((format(printf, 2, 3))) static void note(struct load *load, const char *format,
						       ...)
{
	char text[NOTE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	load->to->note(load->arg, text);
}

static bool is_damage(int err)
{
	return err == -EBADMSG || err == -EPROTONOSUPPORT || err == -EINVAL || err == -EIO;
}

/* The file is of no use: say so and put it out of the way. */
static void set_aside(struct load *load, enum file_kind kind, uint32_t generation,
		      const char *why)
{
	char name[FOLDER_NAME_MAX];
	int err = 0;

	load->damaged++;
	load->lost |= kind == FILE_JOURNAL;
	folder_name(name, kind, generation);
	if (!load->write) {
		note(load, "%s %s, not used", name, why);
		return;
	}
	if (kind == FILE_SNAPSHOT)
		folder_set_aside(load->folder->fd, FILE_SUM, generation);
	err = folder_set_aside(load->folder->fd, kind, generation);
	if (err)
		note(load, "%s %s, not used (cannot rename it: %s)", name, why, strerror(-err));
	else
		note(load, "%s %s, set aside as %s.damaged", name, why, name);
}

/* ---- the snapshot ---- */

static int give_value(void *arg, const uint8_t *at, size_t len)
{
	struct load *load = arg;
	struct record record;

	while (len) {
		size_t length = len < RECORD_HEAD ? len + 1 : record_length(at);

		if (length > len) {
			load->damaged++;
			return -EBADMSG;
		}
		if (record_unpack(&record, at, length))
			load->damaged++;
		else
			load->to->record(load->arg, &record);
		at += length;
		len -= length;
	}
	return 0;
}

static void give_snapshot(struct load *load, struct snapshot *snapshot)
{
	char name[FOLDER_NAME_MAX];
	uint64_t before = load->damaged;
	int err = snapshot_each(snapshot, give_value, load);

	folder_name(name, FILE_SNAPSHOT, load->snapshot);
	if (err)
		note(load, "%s cannot be read to its end: %s", name, strerror(-err));
	else if (load->damaged > before)
		note(load,
		     "%s: %" PRIu64
		     " records are invalid or of another version of banish, left out",
		     name, load->damaged - before);
}

static size_t first_journal(const struct load *load)
{
	size_t i = 0;

	while (i < load->folder->journal_count && load->folder->journals[i] < load->snapshot)
		i++;
	return i;
}

static void no_note(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

/* What is wrong with a journal is said when it is its turn. */
static int give_ahead(struct load *load)
{
	const struct folder *folder = load->folder;
	const struct store_load to = {.record = load->to->record, .note = no_note};
	int err = 0;

	for (size_t i = first_journal(load); !err && i < folder->journal_count; i++) {
		struct replay replay = {.load = &to, .arg = load->arg, .name = ""};
		uint32_t generation = folder->journals[i];
		int fd = folder_open_file(folder->fd, FILE_JOURNAL, generation, false);

		err = fd < 0 ? fd : replay_journal(&replay, fd, generation);
		if (fd >= 0)
			close(fd);
		err = is_damage(err) ? 0 : err;
	}
	return err;
}

static int give_parts(struct load *load, struct snapshot *snapshot)
{
	void (*part)(void *arg, enum store_part part, uint64_t bans) = load->to->part;
	uint64_t bans = snapshot_bans(snapshot);
	int err;

	part(load->arg, STORE_AHEAD, bans);
	err = give_ahead(load);
	if (err)
		return err;
	part(load->arg, STORE_SNAPSHOT, bans);
	give_snapshot(load, snapshot);
	part(load->arg, STORE_JOURNALS, bans);
	return 0;
}

/* The newest that is whole. 0 also when there is none. */
static int load_snapshot(struct load *load)
{
	const struct folder *folder = load->folder;
	char why[SNAPSHOT_WHY] = "";

	for (size_t i = folder->snapshot_count; i-- > 0;) {
		uint32_t generation = folder->snapshots[i];
		struct snapshot *snapshot;
		int err = snapshot_open(&snapshot, why, folder->fd, generation);

		if (!err) {
			load->snapshot = generation;
			load->snapshot_bytes = snapshot_size(snapshot);
			if (load->to->part)
				err = give_parts(load, snapshot);
			else
				give_snapshot(load, snapshot);
			snapshot_close(snapshot);
			return err;
		}
		if (!is_damage(err))
			return err;
		set_aside(load, FILE_SNAPSHOT, generation, why);
	}
	return 0;
}

/* ---- the journals ---- */

/* A journal whose creation was cut short holds nothing. */
static bool is_stillborn(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_size < JOURNAL_HEAD;
}

/* Go on in this journal: nothing but frames up to its end, and none that distrusts the next. */
static int keep_journal(struct load *load, const struct replay *replay, int fd)
{
	if (replay_distrusts(replay))
		return -EBADMSG;
	if (replay->torn && ftruncate(fd, (off_t)replay->journal.end))
		return -errno;
	load->journal = replay->journal;
	return 0;
}

static int refuse_journal(struct load *load, uint32_t generation, int err)
{
	if (!is_damage(err))
		return err;
	set_aside(load, FILE_JOURNAL, generation,
		  err == -EPROTONOSUPPORT ? "is of another format"
					  : "is damaged from its beginning");
	return 0;
}

static int load_journal(struct load *load, uint32_t generation, bool newest)
{
	char name[FOLDER_NAME_MAX];
	struct replay replay = {
		.load = load->to,
		.arg = load->arg,
		.name = folder_name(name, FILE_JOURNAL, generation),
		.based = generation == load->snapshot,
		.lost = load->lost,
	};
	bool keep = load->write && newest;
	int fd = folder_open_file(load->folder->fd, FILE_JOURNAL, generation, keep), err;

	if (fd == -EROFS) {
		keep = false;
		fd = folder_open_file(load->folder->fd, FILE_JOURNAL, generation, false);
	}
	err = fd < 0 ? fd : replay_journal(&replay, fd, generation);
	if (err) {
		bool stillborn = fd >= 0 && is_stillborn(fd);

		if (fd >= 0)
			close(fd);
		if (!stillborn)
			return refuse_journal(load, generation, err);
		if (load->write)
			folder_remove(load->folder->fd, FILE_JOURNAL, generation);
		return 0;
	}
	load->damaged += replay.damaged;
	load->lost = replay.broken || replay.torn || (load->lost && !replay.journal.start);
	load->journal_bytes += replay.journal.end - JOURNAL_HEAD;
	if (!keep || keep_journal(load, &replay, fd))
		close(fd);
	return 0;
}

static void note_missing(struct load *load, uint32_t first)
{
	char name[FOLDER_NAME_MAX];

	folder_name(name, FILE_JOURNAL, load->snapshot);
	if (load->snapshot && first != load->snapshot)
		note(load, "%s is missing", name);
	else if (!load->snapshot && first > 1)
		note(load, "no snapshot to begin with: what was before %s is lost",
		     folder_name(name, FILE_JOURNAL, first));
}

static int load_journals(struct load *load)
{
	const struct folder *folder = load->folder;
	size_t i = first_journal(load);
	int err = 0;

	if (load->snapshot || i < folder->journal_count)
		note_missing(load, i < folder->journal_count ? folder->journals[i] : 0);
	for (; !err && i < folder->journal_count; i++)
		err = load_journal(load, folder->journals[i],
				   folder->journals[i] == folder->last);
	return err;
}

int load_folder(struct load *load)
{
	int err;

	load->journal = (struct journal){.fd = -1};
	if (load->folder->last == UINT32_MAX)
		return -EOVERFLOW;
	err = load_snapshot(load);
	if (!err)
		err = load_journals(load);
	if (err)
		journal_close(&load->journal);
	if (load->journal.fd < 0)
		load->journal = (struct journal){
			.fd = -1, .generation = load->folder->last + 1, .start = true};
	return err;
}
