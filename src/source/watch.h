/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells that a file or the names that lead to it changed. inotify where it works, a slow timer
 * as the net below it (network file systems, moved folders), and a fast one where there is no
 * inotify.
 */
#ifndef BANISH_SOURCE_WATCH_H
#define BANISH_SOURCE_WATCH_H

#include <stdbool.h>

#include <event2/event.h>

struct watch;

/* `names`: the path may mean another file than before. Otherwise a file has changed. */
typedef void watch_changed(void *arg, bool names);

/* 0 or -ENOMEM. */
int watch_open(struct watch **out, struct event_base *base, const char *path,
	       watch_changed *changed, void *arg);
void watch_close(struct watch *watch); /* takes NULL */
/* Watch the folders where the path's file is or will be; to be called before looking there. */
void watch_aim(struct watch *watch);
/* Another path from the next watch_aim() on. 0 or -ENOMEM. */
int watch_lead(struct watch *watch, const char *path);
/* Watch an open file: its number for watch_del(), or -1 (the timer still looks at it). */
int watch_add(struct watch *watch, int fd);
void watch_del(struct watch *watch, int wd);

#endif
