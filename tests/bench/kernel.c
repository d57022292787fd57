/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from a decision to the kernel's answer, as the daemon goes it: through the target
 *room and the socketpair to banish-netlink. Prints seconds, or microseconds a change.
 *
 *	kernel HELPER TARGET add|del|flush|one|lone COUNT [together|apart]
 *
 * add, del: COUNT distinct IPv4 addresses, in full batches; flush: all there is at once;
 * one: add and delete of one, each waited for; lone: the same, and all sleep between them.
 * together, apart: this process and the helper stay on one CPU, or on two; else the scheduler
 * decides, and often leaves them where they were started.
 */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "target/target.h"

#define QUIET_US 10000

struct bench {
	struct event_base *base;
	struct targets *targets;
	const char *verb;
	bool single; /* verb "one" or "lone" */
	uint32_t count, sent, answered, errors;
	int64_t start;
	int64_t *times;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void fail(const char *why)
{
	fprintf(stderr, "kernel: %s\n", why);
	exit(1);
}

/* Distinct, and in no order, as offenders are. */
static struct target_change change_of(const struct bench *b, uint32_t i)
{
	uint32_t address = (20u << 24) + (uint32_t)((uint64_t)i * 2654435761u % (1u << 26));
	struct target_change change = {.op = *b->verb == 'd' ? TARGET_DEL : TARGET_ADD};

	change.prefix = (struct prefix){.family = 4, .len = 32};
	for (int n = 0; n < 4; n++)
		change.prefix.addr[n] = (uint8_t)(address >> (24 - 8 * n));
	if (change.op == TARGET_ADD)
		change.left = change.whole = 3600 * 1000;
	return change;
}

static void give_batches(struct bench *b)
{
	struct target_change changes[TARGET_BATCH_MAX];
	uint32_t some;

	while (b->sent < b->count && targets_room(b->targets)) {
		for (some = 0; some < TARGET_BATCH_MAX && b->sent + some < b->count; some++)
			changes[some] = change_of(b, b->sent + some);
		if (target_apply(b->targets, 0, changes, some))
			fail("not taken");
		b->sent += some;
	}
}

static void give_one(struct bench *b)
{
	struct target_change change = change_of(b, b->answered / 2);

	change.op = b->answered % 2 ? TARGET_DEL : TARGET_ADD;
	b->times[b->answered] = now_ns();
	if (target_apply(b->targets, 0, &change, 1))
		fail("not taken");
}

static void on_quiet(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	give_one(arg);
}

static void give_next(struct bench *b)
{
	const struct timeval quiet = {.tv_usec = QUIET_US};

	if (!b->single)
		give_batches(b);
	else if (*b->verb == 'o')
		give_one(b);
	else if (event_base_once(b->base, -1, EV_TIMEOUT, on_quiet, b, &quiet))
		fail("no timer");
}

static void on_ready(void *arg, size_t target, const struct target_info *info)
{
	struct bench *b = arg;

	(void)target;
	if (info->error)
		fail(info->text);
	b->start = now_ns();
	if (strcmp(b->verb, "flush") != 0)
		give_next(b);
	else if (target_flush(b->targets, 0))
		fail("not taken");
}

static void on_applied(void *arg, size_t target, const struct target_change *changes,
		       const int *errors, size_t count)
{
	struct bench *b = arg;

	(void)target;
	(void)changes;
	for (size_t i = 0; i < count; i++)
		b->errors += errors[i] != 0;
	if (b->single)
		b->times[b->answered] = now_ns() - b->times[b->answered];
	b->answered += (uint32_t)count;
	if (b->answered == b->count)
		event_base_loopbreak(b->base);
	else
		give_next(b);
}

static void on_done(void *arg, size_t target, int error)
{
	struct bench *b = arg;

	(void)target;
	b->errors += error != 0;
	event_base_loopbreak(b->base);
}

static void on_lost(void *arg)
{
	(void)arg;
	fail("the helper ended");
}

static void on_nothing(void *arg)
{
	(void)arg;
}

static void on_own(void *arg, const struct prefix *addresses, size_t count)
{
	(void)arg;
	(void)addresses;
	(void)count;
}

static void on_removed(void *arg, size_t target, const char *who)
{
	(void)arg;
	(void)target;
	(void)who;
}

static const struct targets_events events = {
	.ready = on_ready,
	.applied = on_applied,
	.done = on_done,
	.removed = on_removed,
	.room = on_nothing,
	.own = on_own,
	.lost = on_lost,
};

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* On the first or the last of these CPUs; so does what is started from now on. */
static void stay_on(const cpu_set_t *all, bool last)
{
	cpu_set_t one;
	int cpu, found = -1;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, all) && (found < 0 || last))
			found = cpu;
	CPU_ZERO(&one);
	CPU_SET(found, &one);
	if (sched_setaffinity(0, sizeof one, &one))
		fail("no such CPU");
}

static int open_helper(struct bench *b, const char *helper, const char *place)
{
	cpu_set_t all;
	int error;

	if (!place)
		return targets_open(&b->targets, b->base, helper, &events, b);
	if (sched_getaffinity(0, sizeof all, &all))
		fail("no CPUs");
	stay_on(&all, *place == 'a');
	error = targets_open(&b->targets, b->base, helper, &events, b);
	stay_on(&all, false);
	return error;
}

static void print(struct bench *b)
{
	if (b->errors)
		fail("the kernel refused some");
	if (!b->single) {
		printf("%.4f\n", (double)(now_ns() - b->start) / 1e9);
		return;
	}
	qsort(b->times, b->count, sizeof *b->times, compare);
	printf("%.1f %.1f\n", (double)b->times[b->count / 2] / 1000,
	       (double)b->times[b->count * 99 / 100] / 1000);
}

int main(int argc, char **argv)
{
	struct diag diag = {.say = diag_stderr};
	struct bench b = {0};
	struct spec spec;
	uint32_t identity = 4711; /* the sets of the call before are ours */
	struct targets_scale scale = {0};

	if (argc < 5)
		fail("usage: kernel HELPER TARGET add|del|flush|one|lone COUNT "
		     "[together|apart]");
	b.verb = argv[3];
	b.single = !strcmp(b.verb, "one") || !strcmp(b.verb, "lone");
	b.count = (uint32_t)strtoul(argv[4], NULL, 10);
	scale.expect = b.count;
	b.times = calloc(b.count, sizeof *b.times);
	b.base = event_base_new();
	if (!b.times || !b.base ||
	    spec_parse(&spec, text_of(argv[2]), (struct place){0}, &diag) ||
	    open_helper(&b, argv[1], argv[5]) ||
	    targets_define(b.targets, &spec, &identity, &scale, 1))
		fail("cannot start");
	event_base_dispatch(b.base);
	print(&b);
	targets_close(b.targets);
	spec_clear(&spec);
	event_base_free(b.base);
	free(b.times);
	return 0;
}
