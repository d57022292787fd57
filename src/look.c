/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "look.h"
#include "source/source.h"

#define OWN_MAX 256

struct look {
	struct reading *reading;
	struct event_base *base;
	int64_t now, counted;
	bool again;
	match_found *found;
	void *arg;
	int error;
};

static void on_found(void *arg, size_t index, const struct finding *finding)
{
	struct look *look = arg;

	if (look->again && finding->time <= look->counted)
		return;
	if (finding->kind == FINDING_TELLS ||
	    sessions_admit(&look->reading->jails[index].sessions, finding))
		look->found(look->arg, index, finding);
}

static void on_lines(void *arg, struct source *source, const struct lines *lines)
{
	struct look *look = arg;

	(void)source;
	look->again = lines->again;
	match_scan(look->reading->match, look->reading->lines, lines, look->now, on_found,
		   look);
}

/* What was there when it was opened is read when it is live. */
static void on_state(void *arg, struct source *source, enum source_state state)
{
	struct look *look = arg;

	if (state == SOURCE_READING)
		return;
	if (state == SOURCE_WAITING)
		look->error = source_error(source) ? source_error(source) : -ENOENT;
	event_base_loopbreak(look->base);
}

static const struct source_events events = {.lines = on_lines, .state = on_state};

/* What is written nowhere cannot be looked at again. */
static bool is_kept(const char *name)
{
	return strcmp(name, "-") != 0 && strncmp(name, "syslog:", strlen("syslog:")) != 0;
}

int look_at(struct reading *reading, const char *path, struct position *position, int64_t now,
	    int64_t counted, match_found *found, void *arg)
{
	struct look look = {
		.reading = reading, .now = now, .counted = counted, .found = found, .arg = arg};
	struct source *source = NULL;
	int error = -ENOMEM;

	if (!is_kept(path))
		return -ENODATA;
	look.base = event_base_new();
	if (look.base)
		error = source_open(&source, look.base, path, position, &events, &look);
	if (!error) {
		event_base_dispatch(look.base);
		source_position(source, position);
		error = look.error;
	}
	source_close(source);
	if (look.base)
		event_base_free(look.base);
	return error;
}

int look_index(const struct setup_feed *feed, size_t jail)
{
	for (size_t i = 0; i < feed->count; i++)
		if (feed->jails[i] == jail)
			return (int)i;
	return -1;
}

int look_jail(const struct setup *setup, const char *name)
{
	const struct conf *conf = setup->conf;

	for (size_t i = 0; i < conf->jail_count; i++) {
		if (strcmp(conf->jails[i].name, name) != 0)
			continue;
		if (conf->jails[i].rules && !conf->jails[i].disabled)
			return (int)i;
		fprintf(stderr, "banish: the jail \"%s\" reads nothing\n", name);
		return -1;
	}
	fprintf(stderr, "banish: no jail of the name \"%s\"\n", name);
	return -1;
}

static bool own_of(struct prefix *out, const struct sockaddr *sa)
{
	if (sa && sa->sa_family == AF_INET)
		return prefix_from_bytes(
			out, AF_INET, &((const struct sockaddr_in *)(const void *)sa)->sin_addr,
			32);
	if (sa && sa->sa_family == AF_INET6)
		return prefix_from_bytes(
			out, AF_INET6,
			&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 128);
	return false;
}

int look_own(struct judge *judge)
{
	struct prefix own[OWN_MAX];
	struct ifaddrs *list;
	size_t count = 0;

	if (getifaddrs(&list))
		return -errno;
	for (const struct ifaddrs *at = list; at && count < OWN_MAX; at = at->ifa_next)
		count += own_of(&own[count], at->ifa_addr);
	freeifaddrs(list);
	return judge_set_own(judge, own, count);
}
