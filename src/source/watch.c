/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one file that knows inotify. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "source/watch.h"

#define FOLDER_EVENTS                                                                          \
	(IN_ONLYDIR | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |        \
	 IN_DELETE_SELF | IN_MOVE_SELF)
#define FILE_EVENTS (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)

#define TICK_MS 2000
#define TICK_BLIND_MS 100

/* A folder, and the name in it that matters: that of the log, or all where the folder that
 * should hold the log does not exist yet and this is the nearest one that does. */
struct aim {
	int wd;
	bool all;
	char name[NAME_MAX + 1];
};

struct watch {
	char *path;
	int fd; /* -1: no inotify */
	struct event *event, *tick;
	long tick_ms;
	bool blind;	    /* a folder cannot be watched */
	bool blind_file;    /* a file could not */
	struct aim aims[2]; /* of the path, and of where its symbolic links lead */
	watch_changed *changed;
	void *arg;
};

static void tick_every(struct watch *watch, long ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	if (watch->tick_ms == ms)
		return;
	watch->tick_ms = ms;
	event_add(watch->tick, &tv);
}

/* Both aims may be the same folder, which has one watch. */
static void aim_drop(struct watch *watch, struct aim *aim, int keep)
{
	int wd = aim->wd;

	aim->wd = -1;
	if (wd >= 0 && wd != keep && wd != watch->aims[0].wd && wd != watch->aims[1].wd)
		inotify_rm_watch(watch->fd, wd);
}

static void aim_at(struct watch *watch, struct aim *aim, const char *path)
{
	char folder[PATH_MAX], *slash;
	const char *name = strrchr(path, '/') + 1;
	int wd = -1;

	snprintf(folder, sizeof(folder), "%s", path);
	aim->all = false;
	while (wd < 0 && (slash = strrchr(folder, '/'))) {
		slash[slash == folder] = '\0';
		wd = inotify_add_watch(watch->fd, folder, FOLDER_EVENTS);
		if (wd >= 0 || (errno != ENOENT && errno != ENOTDIR) || !folder[1])
			break;
		aim->all = true;
	}
	if (wd < 0)
		watch->blind = true;
	if (wd != aim->wd)
		aim_drop(watch, aim, wd);
	aim->wd = wd;
	snprintf(aim->name, sizeof(aim->name), "%s", name);
}

void watch_aim(struct watch *watch)
{
	char real[PATH_MAX];

	watch->blind = watch->fd < 0;
	if (watch->fd >= 0) {
		aim_at(watch, &watch->aims[0], watch->path);
		/* A link that leads nowhere for now: a file may appear where it led. */
		if (realpath(watch->path, real) && strcmp(real, watch->path) != 0)
			aim_at(watch, &watch->aims[1], real);
	}
	tick_every(watch, watch->blind || watch->blind_file ? TICK_BLIND_MS : TICK_MS);
}

static bool event_names(const struct watch *watch, const struct inotify_event *event)
{
	if (event->mask & (IN_Q_OVERFLOW | IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT))
		return true;
	for (int i = 0; i < 2; i++) {
		const struct aim *aim = &watch->aims[i];

		if (event->wd != aim->wd)
			continue;
		if (aim->all || !event->len || !strcmp(event->name, aim->name))
			return true;
	}
	/* Attributes of the file itself: it may have lost its name. */
	return (event->mask & IN_ATTRIB) && !event->len;
}

static bool event_data(const struct inotify_event *event)
{
	return event->mask & (IN_MODIFY | IN_Q_OVERFLOW);
}

static void watch_readable(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;
	char buf[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len = read(fd, buf, sizeof(buf));
	bool names = false, data = false;

	(void)what;
	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *event = (const struct inotify_event *)(buf + at);

		names |= event_names(watch, event);
		data |= event_data(event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	if (names || data)
		watch->changed(watch->arg, names);
}

static void watch_tick(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;

	(void)fd;
	(void)what;
	watch->changed(watch->arg, true);
}

static int watch_start(struct watch *watch, struct event_base *base)
{
	watch->tick = event_new(base, -1, EV_PERSIST, watch_tick, watch);
	if (!watch->tick)
		return -ENOMEM;
	/* All instances of the user may be in use: then the timer looks. */
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return 0;
	watch->event = event_new(base, watch->fd, EV_READ | EV_PERSIST, watch_readable, watch);
	if (!watch->event || event_add(watch->event, NULL))
		return -ENOMEM;
	return 0;
}

int watch_open(struct watch **out, struct event_base *base, const char *path,
	       watch_changed *changed, void *arg)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->fd = watch->aims[0].wd = watch->aims[1].wd = -1;
	watch->changed = changed;
	watch->arg = arg;
	watch->path = strdup(path);
	if (!watch->path || watch_start(watch, base))
		goto fail;
	watch_aim(watch);
	*out = watch;
	return 0;
fail:
	watch_close(watch);
	return -ENOMEM;
}

int watch_lead(struct watch *watch, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	free(watch->path);
	watch->path = copy;
	return 0;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	if (watch->event)
		event_free(watch->event);
	if (watch->tick)
		event_free(watch->tick);
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch->path);
	free(watch);
}

int watch_add(struct watch *watch, int fd)
{
	char self[32];
	int wd;

	if (watch->fd < 0)
		return -1;
	/* By the descriptor, since the name may be another file's by now. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	wd = inotify_add_watch(watch->fd, self, FILE_EVENTS);
	if (wd < 0) {
		watch->blind_file = true;
		tick_every(watch, TICK_BLIND_MS);
	}
	return wd;
}

void watch_del(struct watch *watch, int wd)
{
	if (watch->fd >= 0 && wd >= 0)
		inotify_rm_watch(watch->fd, wd);
}
