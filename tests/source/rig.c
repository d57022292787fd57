/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "rig.h"

#define DEADLINE_MS 20000

static void on_lines(void *arg, struct source *source, const struct lines *lines)
{
	struct rig *rig = arg;

	cr_assert(lines->text.len > 0);
	cr_assert_eq(lines->text.at[lines->text.len - 1], '\n');
	cr_assert(rig->dated || lines->time == TIME_NONE);
	if (rig->runs < sizeof(rig->times) / sizeof(*rig->times))
		rig->times[rig->runs] = lines->time;
	if (rig->len + lines->text.len + 1 > rig->room) {
		rig->room = 2 * (rig->len + lines->text.len + 1);
		rig->got = realloc(rig->got, rig->room);
	}
	memcpy(rig->got + rig->len, lines->text.at, lines->text.len);
	rig->len += lines->text.len;
	rig->got[rig->len] = '\0';
	rig->live += lines->live ? lines->text.len : 0;
	rig->again += lines->again ? lines->text.len : 0;
	if (lines->text.len > rig->longest_run)
		rig->longest_run = lines->text.len;
	rig->runs++;
	if (rig->pause_after && rig->runs == rig->pause_after)
		source_pause(source, true);
	if (rig->close_in_lines) {
		source_close(source);
		rig->source = NULL;
	}
}

static void on_state(void *arg, struct source *source, enum source_state state)
{
	struct rig *rig = arg;
	size_t len = strlen(rig->states);

	cr_assert_eq(source_state(source), state);
	if (len + 1 < sizeof(rig->states))
		rig->states[len] = "WRL"[state];
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

void rig_open(struct rig *rig)
{
	struct timeval tick = {0, 5000};

	*rig = (struct rig){.dir = "/tmp/banish-source-XXXXXX"};
	cr_assert_not_null(mkdtemp(rig->dir));
	snprintf(rig->path, sizeof(rig->path), "%s/log", rig->dir);
	rig->base = event_base_new();
	rig->wake = event_new(rig->base, -1, EV_PERSIST, on_wake, NULL);
	event_add(rig->wake, &tick);
	rig->got = calloc(1, rig->room = 64);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void rig_close(struct rig *rig)
{
	rig_unfollow(rig);
	event_free(rig->wake);
	event_base_free(rig->base);
	free(rig->got);
	nftw(rig->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void rig_follow(struct rig *rig, const struct position *from)
{
	static const struct source_events events = {on_lines, on_state};

	cr_assert_eq(source_open(&rig->source, rig->base, rig->path, from, &events, rig), 0);
}

void rig_open_source(struct rig *rig, const char *name)
{
	static const struct source_events events = {on_lines, on_state};

	cr_assert_eq(source_open(&rig->source, rig->base, name, NULL, &events, rig), 0);
}

void rig_unfollow(struct rig *rig)
{
	source_close(rig->source);
	rig->source = NULL;
}

void rig_turn(struct rig *rig)
{
	for (int i = 0; i < 5; i++)
		event_base_loop(rig->base, EVLOOP_NONBLOCK);
}

void rig_expect_rest(struct rig *rig)
{
	int64_t start;

	rig_turn(rig);
	start = moment_ticks();
	/* Each time round is a tick of the wake event, unless something else is ready. */
	for (int i = 0; i < 20; i++)
		event_base_loop(rig->base, EVLOOP_ONCE);
	cr_assert_gt(moment_ticks() - start, 50);
}

void rig_expect(struct rig *rig, const char *expected)
{
	int64_t end = moment_ticks() + DEADLINE_MS;

	while (rig->len < strlen(expected) && moment_ticks() < end)
		event_base_loop(rig->base, EVLOOP_ONCE);
	rig_turn(rig);
	cr_assert_str_eq(rig->got, expected);
}

void rig_expect_state(struct rig *rig, enum source_state state)
{
	int64_t end = moment_ticks() + DEADLINE_MS;

	while (source_state(rig->source) != state && moment_ticks() < end)
		event_base_loop(rig->base, EVLOOP_ONCE);
	cr_assert_eq(source_state(rig->source), state);
}

const char *rig_name(const struct rig *rig, const char *name)
{
	static char names[4][PATH_MAX];
	static int next;
	char *at = names[next++ % 4];

	snprintf(at, PATH_MAX, "%s/%s", rig->dir, name);
	return at;
}

static void put(const char *path, int flags, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);

	cr_assert(fd >= 0, "%s: %m", path);
	cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

void rig_write(const struct rig *rig, const char *name, const char *text)
{
	put(rig_name(rig, name), O_EXCL, text, strlen(text));
}

void rig_append(const struct rig *rig, const char *name, const char *text)
{
	put(rig_name(rig, name), O_APPEND, text, strlen(text));
}

void rig_append_bytes(const struct rig *rig, const char *name, const void *bytes, size_t len)
{
	put(rig_name(rig, name), O_APPEND, bytes, len);
}

void rig_rename(const struct rig *rig, const char *from, const char *to)
{
	cr_assert_eq(rename(rig_name(rig, from), rig_name(rig, to)), 0);
}

void rig_copy(const struct rig *rig, const char *from, const char *to)
{
	int in = open(rig_name(rig, from), O_RDONLY), out;
	char buf[65536];
	ssize_t len;

	out = open(rig_name(rig, to), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	cr_assert(in >= 0 && out >= 0);
	while ((len = read(in, buf, sizeof(buf))) > 0)
		cr_assert_eq(write(out, buf, (size_t)len), len);
	close(in);
	close(out);
}

void rig_cut(const struct rig *rig, const char *name)
{
	cr_assert_eq(truncate(rig_name(rig, name), 0), 0);
}
