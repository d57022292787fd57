/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder that multilog writes: the input is cut at each 0xff byte into files, whose first
 * byte says how each is called. What is read is the logs among them, oldest first and whole,
 * each ending in a newline, and "current" last, without a last line that is not finished.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/line.h"
#include "source/source.h"

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

#define FILES_MAX 16
#define MAX (1u << 17)

struct file {
	struct text text;
	char name[64];
	bool log;
};

struct reading {
	struct event_base *base;
	char got[MAX];
	size_t len;
	uint64_t cut;
	bool live;
};

static void on_lines(void *arg, struct source *source, const struct lines *lines)
{
	struct reading *reading = arg;

	(void)source;
	CLAIM(!lines->live);
	CLAIM(lines->text.len && lines->text.at[lines->text.len - 1] == '\n');
	CLAIM(reading->len + lines->text.len <= MAX);
	memcpy(reading->got + reading->len, lines->text.at, lines->text.len);
	reading->len += lines->text.len;
}

static void on_state(void *arg, struct source *source, enum source_state state)
{
	struct reading *reading = arg;

	reading->live |= state == SOURCE_LIVE;
	reading->cut = source_counts(source).cut;
	if (state != SOURCE_READING)
		event_base_loopbreak(reading->base);
}

static void read_folder(struct reading *reading, const char *folder)
{
	static const struct source_events events = {.lines = on_lines, .state = on_state};
	struct source *source;

	reading->base = event_base_new();
	CLAIM(reading->base);
	CLAIM(!source_open(&source, reading->base, folder, NULL, &events, reading));
	event_base_dispatch(reading->base);
	source_close(source);
	event_base_free(reading->base);
}

/* Names that are a log's, in order, and some that are not. */
static void name_file(struct file *file, unsigned char how, unsigned number)
{
	static const char *const others[] = {"@400000006b00dfa30000000.s",  "lock",	"state",
					     "@400000006b00dfa300000001.x", "previous", "@"};
	bool other = how & 0x40;

	if (other)
		snprintf(file->name, sizeof file->name, "%s", others[how % 6]);
	else
		snprintf(file->name, sizeof file->name, "@400000006b00dfa3%08x.%c", number,
			 how & 1 ? 's' : 'u');
	file->log = !other && file->text.len >= 2 && !memcmp(file->text.at, "@4", 2);
}

static void write_file(const char *folder, const struct file *file)
{
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/%s", folder, file->name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	CLAIM(fd >= 0);
	CLAIM(write(fd, file->text.at, file->text.len) == (ssize_t)file->text.len);
	/* Nobody will finish a last line that is old. */
	CLAIM(!futimens(fd, (struct timespec[2]){{1, 0}, {1, 0}}));
	close(fd);
}

static size_t cut_files(struct file *files, struct text rest)
{
	size_t count = 0;

	while (rest.len && count < FILES_MAX) {
		const char *end = memchr(rest.at, 0xff, rest.len);
		size_t len = end ? (size_t)(end - rest.at) : rest.len;

		if (len) {
			files[count].text = (struct text){rest.at + 1, len - 1};
			name_file(&files[count], (unsigned char)*rest.at, (unsigned)count);
			count++;
		}
		rest = (struct text){rest.at + len + !!end, rest.len - len - !!end};
	}
	return count;
}

static bool is_next(const struct reading *reading, size_t at, struct text text)
{
	return at + text.len <= reading->len && !memcmp(reading->got + at, text.at, text.len);
}

/* Is the rest of what was read that of these files? Of all but the last one a last line that
 * has no end may be there with one. */
static bool agrees(const struct reading *reading, size_t at, const struct file *files,
		   size_t count)
{
	const char *last;
	struct text text;
	size_t whole;

	if (!count)
		return at == reading->len;
	text = files->text;
	if (!files->log)
		return agrees(reading, at, files + 1, count - 1);
	last = memrchr(text.at, '\n', text.len);
	whole = last ? (size_t)(last + 1 - text.at) : 0;
	if (!is_next(reading, at, (struct text){text.at, whole}))
		return false;
	if (count > 1 && whole < text.len && is_next(reading, at, text) &&
	    is_next(reading, at + text.len, text_of("\n")) &&
	    agrees(reading, at + text.len + 1, files + 1, count - 1))
		return true;
	return agrees(reading, at + whole, files + 1, count - 1);
}

static const char *folder(void)
{
	static char path[] = "/dev/shm/banish-fuzz-XXXXXX";
	static bool made;

	if (!made)
		CLAIM(mkdtemp(path));
	made = true;
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading reading;
	struct file files[FILES_MAX] = {0};
	size_t count;

	if (size > MAX / 4)
		return 0;
	count = cut_files(files, (struct text){(const char *)data, size});
	if (!count)
		return 0;
	strcpy(files[count - 1].name, "current");
	files[count - 1].log = true;
	for (size_t i = 0; i < count; i++)
		write_file(folder(), &files[i]);
	reading.len = 0;
	reading.live = false;
	read_folder(&reading, folder());
	CLAIM(reading.live);
	CLAIM(reading.cut || agrees(&reading, 0, files, count));
	for (size_t i = 0; i < count; i++) {
		char path[256];

		snprintf(path, sizeof path, "%s/%s", folder(), files[i].name);
		unlink(path);
	}
	return 0;
}
