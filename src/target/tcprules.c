/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes are taken into memory at once, and written by a thread: one writing at a time, and
 * what came meanwhile goes into the next. A request is answered when a file that has it
 * in it has taken its place.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/moment.h"
#include "target/kernel.h"
#include "target/rulefile.h"
#include "target/tcprule.h"
#include "target/tcprules.h"

#define LOOK_S 2

struct tcprules {
	struct targets *targets;
	size_t target;
	struct event *done, *start, *look;
	int fd; /* eventfd: the thread is done */
	pthread_t thread;
	bool busy, dirty, defining, again;
	bool closing; /* closed by a callback: ends when the turn does */
	unsigned depth;
	struct rulefile job;
	struct window window;
	unsigned taken; /* requests that the writing under way has in it */

	struct hash_key key;
	struct hash_index index;
	struct prefix *bans;
	uint32_t count, room;
};

/* ---- what is held ---- */

static uint32_t hash_of(const struct tcprules *t, const struct prefix *prefix)
{
	return (uint32_t)hash_bytes(t->key, prefix, sizeof *prefix);
}

static bool is_same(const void *array, uint32_t slot, const void *key)
{
	return prefix_equal((const struct prefix *)array + slot, key);
}

static uint32_t find(const struct tcprules *t, const struct prefix *prefix)
{
	return hash_index_find(&t->index, hash_of(t, prefix), is_same, t->bans, prefix);
}

static int add(struct tcprules *t, const struct prefix *prefix)
{
	if (find(t, prefix) != HASH_NONE)
		return 0;
	if (t->count == t->room) {
		uint32_t room = t->room ? 2 * t->room : 1024;
		struct prefix *grown = realloc(t->bans, room * sizeof *grown);

		if (!grown)
			return -ENOMEM;
		t->bans = grown;
		t->room = room;
	}
	if (hash_index_add(&t->index, hash_of(t, prefix), t->count))
		return -ENOMEM;
	t->bans[t->count++] = *prefix;
	t->dirty = true;
	return 0;
}

/* The last takes the place. */
static void del(struct tcprules *t, const struct prefix *prefix)
{
	uint32_t slot = find(t, prefix), last = t->count - 1;

	if (slot == HASH_NONE)
		return;
	hash_index_del(&t->index, hash_of(t, prefix), slot);
	if (slot != last) {
		hash_index_del(&t->index, hash_of(t, &t->bans[last]), last);
		t->bans[slot] = t->bans[last];
		hash_index_add(&t->index, hash_of(t, &t->bans[slot]), slot);
	}
	t->count--;
	t->dirty = true;
}

static void clear(struct tcprules *t)
{
	t->dirty |= t->count > 0;
	hash_index_free(&t->index);
	free(t->bans);
	t->bans = NULL;
	t->count = t->room = 0;
}

/* ---- writing ---- */

static void *write_files(void *arg)
{
	struct tcprules *t = arg;
	uint64_t one = 1;

	rulefile_write(&t->job);
	while (write(t->fd, &one, sizeof one) < 0 && errno == EINTR)
		;
	return NULL;
}

static int begin(struct tcprules *t)
{
	if (!t->defining && t->count) {
		t->job.bans = malloc(t->count * sizeof *t->bans);
		if (!t->job.bans)
			return -ENOMEM;
		memcpy(t->job.bans, t->bans, t->count * sizeof *t->bans);
	}
	t->job.count = t->defining ? 0 : t->count;
	t->job.load = t->defining;
	if (pthread_create(&t->thread, NULL, write_files, t)) {
		free(t->job.bans);
		t->job.bans = NULL;
		return -EAGAIN;
	}
	t->busy = true;
	t->dirty = false;
	t->taken = t->window.count;
	return 0;
}

static void soon(struct tcprules *t, int seconds)
{
	struct timeval tv = {seconds, 0};

	event_add(t->start, &tv);
}

/* ---- answers ---- */

static void answer_list(struct tcprules *t)
{
	const struct targets_events *events = t->targets->events;

	for (uint32_t i = 0; i < t->count; i++)
		events->held(t->targets->arg, t->target, &t->bans[i], TIME_FOREVER);
}

/* What the language cannot say is refused each time. */
static void answer_changes(struct tcprules *t, const struct request *request, int error)
{
	struct wire_result *results = calloc(request->packet->count, sizeof *results);
	const struct options *o = &t->targets->slots[t->target].options;
	char line[TCPRULE_MAX];

	kernel_unpack_changes(t->targets->changes, request);
	for (size_t i = 0; results && !error && i < request->packet->count; i++) {
		const struct target_change *change = &t->targets->changes[i];

		if (change->op != TARGET_ADD)
			continue;
		if (change->prefix.family == 6 && !o->ipv6)
			results[i].error = -EAFNOSUPPORT;
		else if (!tcprule_print(&change->prefix, line))
			results[i].error = -EOPNOTSUPP;
	}
	targets_applied(t->targets, request, error ? error : results ? 0 : -ENOMEM, results);
	free(results);
}

static void answer(struct tcprules *t, unsigned count, int error)
{
	while (count-- && t->window.count && !t->closing) {
		struct request request = window_pop(&t->window);

		if (request.packet->kind == WIRE_CHANGE) {
			answer_changes(t, &request, error);
		} else {
			if (request.packet->kind == WIRE_LIST && !error &&
			    request.generation == t->targets->generation)
				answer_list(t);
			targets_done(t->targets, &request, error);
		}
		request_drop(&request);
	}
}

static void say_ready(struct tcprules *t, int error)
{
	struct target_info info = {.error = error, .way = TARGET_DIFF, .longest = TIME_FOREVER};

	t->defining = false;
	t->targets->slots[t->target].state = error ? SLOT_FAILED : SLOT_READY;
	snprintf(info.text, sizeof info.text, "%s", error ? t->job.text : "");
	t->targets->events->ready(t->targets->arg, t->target, &info);
}

/* It is out: the requests are as good as lost, and `ready` says why. It will be defined again.
 */
static void fail(struct tcprules *t, int error)
{
	t->dirty = false;
	answer(t, t->window.count, -EPIPE);
	if (!t->closing)
		say_ready(t, error);
}

static void loaded(struct tcprules *t)
{
	clear(t);
	for (size_t i = 0; i < t->job.count; i++)
		add(t, &t->job.bans[i]);
	t->dirty = false;
	say_ready(t, 0);
}

/* Around what calls back: that may define other targets, which closes this one. */
static void leave(struct tcprules *t)
{
	if (--t->depth)
		return;
	if (t->closing)
		tcprules_close(t);
	else if (targets_room(t->targets))
		t->targets->events->room(t->targets->arg);
}

static void written(struct tcprules *t)
{
	if (t->job.error)
		fail(t, t->job.error);
	else if (t->again)
		t->defining = true; /* asked for while it wrote */
	else if (t->defining)
		loaded(t);
	else
		answer(t, t->taken, 0);
	t->again = false;
	free(t->job.bans);
	t->job.bans = NULL;
	if (!t->closing && (t->dirty || t->defining || t->window.count))
		soon(t, 0);
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
	struct tcprules *t = arg;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof count) < 0 || !t->busy)
		return;
	pthread_join(t->thread, NULL);
	t->busy = false;
	t->depth++;
	written(t);
	leave(t);
}

static void on_start(evutil_socket_t fd, short what, void *arg)
{
	struct tcprules *t = arg;

	(void)fd;
	(void)what;
	if (t->busy)
		return;
	t->depth++;
	if (!t->dirty && !t->defining)
		answer(t, t->window.count, 0);
	else if (begin(t))
		soon(t, 1);
	leave(t);
}

/* Somebody else wrote to one of the files, or to the own rules behind the bans. */
static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct tcprules *t = arg;
	struct rulefile_stamps now;
	const struct rulefile_stamps *then = &t->job.stamps;
	bool ours;

	(void)fd;
	(void)what;
	if (t->busy || t->defining || t->targets->slots[t->target].state != SLOT_READY)
		return;
	rulefile_look(&t->job, &now);
	ours = rulefile_same(&now.file, &then->file) && rulefile_same(&now.cdb, &then->cdb);
	if (ours && rulefile_same(&now.fixed, &then->fixed))
		return;
	t->dirty = true;
	soon(t, 0);
	t->depth++;
	if (!ours)
		t->targets->events->removed(t->targets->arg, t->target, "");
	leave(t);
}

/* ---- requests ---- */

static void take_changes(struct tcprules *t, const struct request *request)
{
	const struct options *o = &t->targets->slots[t->target].options;
	char line[TCPRULE_MAX];

	kernel_unpack_changes(t->targets->changes, request);
	for (size_t i = 0; i < request->packet->count; i++) {
		const struct target_change *change = &t->targets->changes[i];

		if (change->op == TARGET_DEL)
			del(t, &change->prefix);
		else if ((change->prefix.family == 4 || o->ipv6) &&
			 tcprule_print(&change->prefix, line))
			add(t, &change->prefix);
	}
}

bool tcprules_has_room(const struct tcprules *tcprules)
{
	return tcprules->window.count < WIRE_WINDOW;
}

void tcprules_take(struct tcprules *tcprules, struct request *request)
{
	if (request->packet->kind == WIRE_CHANGE)
		take_changes(tcprules, request);
	else if (request->packet->kind == WIRE_FLUSH)
		clear(tcprules);
	window_push(&tcprules->window, request);
	soon(tcprules, 0);
}

void tcprules_define(struct tcprules *tcprules)
{
	tcprules->targets->slots[tcprules->target].state = SLOT_ASKED;
	tcprules->defining = true;
	tcprules->again = tcprules->busy;
	soon(tcprules, 0);
}

int tcprules_open(struct tcprules **out, struct targets *targets, size_t target)
{
	const struct options *o = &targets->slots[target].options;
	struct event_base *base = event_get_base(targets->soon);
	struct timeval look = {LOOK_S, 0};
	struct tcprules *t = calloc(1, sizeof *t);

	if (!t)
		return -ENOMEM;
	*t = (struct tcprules){.targets = targets, .target = target, .key = hash_key_random()};
	t->job = (struct rulefile){
		.file = o->file, .cdb = o->cdb, .fixed = o->fixed, .ipv6 = o->ipv6};
	t->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	t->done = t->fd < 0 ? NULL : event_new(base, t->fd, EV_READ | EV_PERSIST, on_done, t);
	t->start = evtimer_new(base, on_start, t);
	t->look = event_new(base, -1, EV_PERSIST, on_look, t);
	if (!t->done || !t->start || !t->look || event_add(t->done, NULL) ||
	    event_add(t->look, &look)) {
		tcprules_close(t);
		return -ENOMEM;
	}
	*out = t;
	return 0;
}

void tcprules_close(struct tcprules *tcprules)
{
	struct event *events[3];

	if (!tcprules)
		return;
	tcprules->closing = true;
	if (tcprules->depth)
		return;
	if (tcprules->busy)
		pthread_join(tcprules->thread, NULL);
	events[0] = tcprules->done;
	events[1] = tcprules->start;
	events[2] = tcprules->look;
	for (size_t i = 0; i < 3; i++)
		if (events[i])
			event_free(events[i]);
	if (tcprules->fd >= 0)
		close(tcprules->fd);
	window_clear(&tcprules->window);
	clear(tcprules);
	free(tcprules->job.bans);
	free(tcprules);
}
