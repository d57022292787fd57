/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens journals, and finds places in them again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/cursor.h"
#include "source/fields.h"
#include "source/reader.h"

#define FIND_MAX 10000 /* entries among which the last one is looked for */

/* ---- why there is nothing to read ---- */

static bool is_journal(const struct journalmatch *match, const char *name)
{
	const char *end = strrchr(name, '.');

	if (!end || strncmp(end, ".journal", 8) != 0)
		return false;
	return match->folder || !strncmp(name, "system", 6);
}

static int file_why(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return errno == EACCES ? -EACCES : -ENOENT;
	close(fd);
	return -EBADMSG;
}

/* -EACCES: a file in it, or in a folder of a machine below it, may not be read; -EBADMSG: it
 * can, so that it is no journal or of a newer format; -ENOENT: there is none; or why the folder
 * cannot be read. */
static int folder_why(const struct journalmatch *match, int above, const char *path, bool top)
{
	int fd = openat(above, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), why = -ENOENT;
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!list) {
		why = -errno;
		if (fd >= 0)
			close(fd);
		return why;
	}
	while (why != -EACCES && (entry = readdir(list))) {
		int found = -ENOENT;

		if (is_journal(match, entry->d_name))
			found = file_why(fd, entry->d_name);
		else if (top && entry->d_name[0] != '.')
			found = folder_why(match, fd, entry->d_name, false);
		if (found == -EACCES || found == -EBADMSG)
			why = found;
	}
	closedir(list);
	return why;
}

static int why_empty(const struct journalmatch *match)
{
	int var, run;

	if (match->folder)
		return folder_why(match, AT_FDCWD, match->folder, true);
	var = folder_why(match, AT_FDCWD, "/var/log/journal", true);
	if (var == -EACCES)
		return var;
	run = folder_why(match, AT_FDCWD, "/run/log/journal", true);
	return run == -ENOENT ? var : run;
}

/* ---- opening ---- */

/* libsystemd leaves out what it cannot open and says nothing. */
static bool is_empty(sd_journal *reader)
{
	uint64_t bytes;

	return sd_journal_get_usage(reader, &bytes) < 0 || !bytes;
}

/* Every file of a journal is kept open: is there room for one more descriptor? */
static int room_left(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int reader_check(sd_journal *reader, const struct journalmatch *match)
{
	int err = room_left();

	return !err && is_empty(reader) ? why_empty(match) : err;
}

int reader_open(sd_journal **out, const struct journalmatch *match)
{
	sd_journal *reader = NULL;
	/* SYSTEM as fail2ban has it: what services and the kernel log. The files of users may
	 * be thousands, and in them a user says what he likes. */
	int err = match->folder ? sd_journal_open_directory(&reader, match->folder, 0)
				: sd_journal_open(&reader, SD_JOURNAL_SYSTEM);

	if (err < 0)
		return err;
	/* Before it is looked at what is there, so that nothing comes unseen in between. All
	 * instances of inotify may be in use. */
	sd_journal_get_fd(reader);
	err = reader_check(reader, match);
	/* Bytes of a field that are unpacked where it is compressed. */
	if (!err)
		err = sd_journal_set_data_threshold(reader, 2 * FIELD_MAX);
	if (err >= 0)
		err = journalmatch_apply(match, reader);
	if (err < 0)
		sd_journal_close(reader);
	else
		*out = reader;
	return err < 0 ? err : 0;
}

/* ---- places ---- */

int reader_position(sd_journal *reader, struct position *out)
{
	uint64_t realtime;
	char *cursor;
	int ret = sd_journal_get_cursor(reader, &cursor);

	if (ret < 0)
		return ret;
	if (!cursor_parse(out, cursor)) {
		/* Nothing twice, even if it is with less precision. */
		ret = sd_journal_get_realtime_usec(reader, &realtime);
		if (ret >= 0)
			*out = (struct position){.tail = realtime + 1};
	}
	free(cursor);
	return ret < 0 ? ret : 0;
}

/* Is this the entry that was handed over last? */
static bool is_there(sd_journal *reader, const struct position *place)
{
	char cursor[CURSOR_TEXT_MAX];

	return sd_journal_test_cursor(reader, cursor_print(place, cursor)) > 0;
}

/* Or one like it, with another number? *beyond: it and what follows are of another time. */
static bool is_copy(sd_journal *reader, const struct position *place, bool *beyond)
{
	struct position here;

	*beyond = reader_position(reader, &here) || here.tail != place->tail;
	return !*beyond && cursor_alike(&here, place);
}

/*
 * Stand on the entry that was handed over last. By its number it is the first, unless other
 * files have entries of a later time that come before it: the clock was set back. Where
 * `copies`, its number is gone, and it is looked for among the entries of its time. 1: found,
 * 0: not, and the reader stands anywhere; or -errno.
 */
static int find(sd_journal *reader, const struct position *place, bool copies)
{
	char cursor[CURSOR_TEXT_MAX];
	bool beyond = false;
	int ret = sd_journal_seek_cursor(reader, cursor_print(place, cursor));

	for (int i = 0; ret >= 0 && i < FIND_MAX && !beyond; i++) {
		ret = sd_journal_next(reader);
		if (ret <= 0)
			return ret;
		if (copies ? is_copy(reader, place, &beyond) : is_there(reader, place))
			return 1;
	}
	return ret < 0 ? ret : 0;
}

int reader_seek(sd_journal *reader, const struct position *place)
{
	char cursor[CURSOR_TEXT_MAX];
	int ret;

	if (!cursor_names_entry(place))
		return sd_journal_seek_realtime_usec(reader, place->tail);
	ret = find(reader, place, false);
	if (!ret)
		ret = find(reader, place, true);
	if (ret)
		return ret < 0 ? ret : 0;
	return sd_journal_seek_cursor(reader, cursor_print(place, cursor));
}
