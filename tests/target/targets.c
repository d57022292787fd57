/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "target/target.h"
#include "tests/target/fake.h"

#define GIVE_UP_S 20

/* All that was said, and the loop it was said from. */
struct seen {
	struct event_base *base;
	struct targets *targets;
	unsigned ready, applied, held, listed, done, room, own, lost;
	unsigned removed, unused, facts, facts_done, closed, sockets, sockets_done;
	char who[3][96];	     /* of removed */
	struct target_fact fact;     /* the last */
	struct target_socket socket; /* the last */
	uint64_t ended;		     /* of closed */
	size_t peers;
	struct target_info info[TARGETS_MAX];
	struct target_change change; /* the first of the last batch */
	size_t batch, own_count, target;
	int errors[TARGET_BATCH_MAX];
	int error;    /* the last of listed or done */
	int64_t left; /* sum of what is held */
	bool inside;  /* a call is being made: nobody may call back */
};

static void on_ready(void *arg, size_t target, const struct target_info *info)
{
	struct seen *seen = arg;

	cr_assert_not(seen->inside);
	seen->ready++;
	seen->info[target] = *info;
}

static void on_applied(void *arg, size_t target, const struct target_change *changes,
		       const int *errors, size_t count)
{
	struct seen *seen = arg;

	cr_assert_not(seen->inside);
	seen->applied++;
	seen->target = target;
	seen->change = changes[0];
	seen->batch = count;
	memcpy(seen->errors, errors, count * sizeof *errors);
}

static void on_held(void *arg, size_t target, const struct prefix *prefix, int64_t left)
{
	struct seen *seen = arg;

	(void)target;
	cr_assert(prefix_valid(prefix));
	seen->held++;
	seen->left += left;
}

static void on_listed(void *arg, size_t target, int error)
{
	struct seen *seen = arg;

	(void)target;
	cr_assert_not(seen->inside);
	seen->listed++;
	seen->error = error;
}

static void on_done(void *arg, size_t target, int error)
{
	struct seen *seen = arg;

	(void)target;
	cr_assert_not(seen->inside);
	seen->done++;
	seen->error = error;
}

static void on_room(void *arg)
{
	struct seen *seen = arg;

	cr_assert_not(seen->inside);
	cr_assert_gt(targets_room(seen->targets), 0u);
	seen->room++;
}

static void on_own(void *arg, const struct prefix *addresses, size_t count)
{
	struct seen *seen = arg;

	cr_assert_not(seen->inside);
	cr_assert(prefix_valid(addresses));
	seen->own++;
	seen->own_count = count;
}

static void on_lost(void *arg)
{
	struct seen *seen = arg;

	cr_assert_not(seen->inside);
	seen->lost++;
}

static void on_removed(void *arg, size_t target, const char *who)
{
	struct seen *seen = arg;

	cr_assert_not(seen->inside);
	cr_assert_eq(target, 0u);
	if (seen->removed < 3)
		snprintf(seen->who[seen->removed], sizeof seen->who[0], "%s", who);
	seen->removed++;
}

static void on_unused(void *arg, size_t target)
{
	struct seen *seen = arg;

	cr_assert_eq(target, 0u);
	seen->unused++;
}

static void on_fact(void *arg, size_t target, const struct target_fact *fact)
{
	struct seen *seen = arg;

	(void)target;
	seen->facts++;
	seen->fact = *fact;
}

static void on_facts_done(void *arg, size_t target, int error)
{
	struct seen *seen = arg;

	(void)target;
	cr_assert_not(seen->inside);
	seen->facts_done++;
	seen->error = error;
}

static void on_closed(void *arg, size_t peers, uint64_t sockets, int error)
{
	struct seen *seen = arg;

	cr_assert_not(seen->inside);
	seen->closed++;
	seen->peers = peers;
	seen->ended = sockets;
	seen->error = error;
}

static void on_socket(void *arg, const struct target_socket *socket)
{
	struct seen *seen = arg;

	seen->sockets++;
	seen->socket = *socket;
}

static void on_sockets_done(void *arg, int error)
{
	struct seen *seen = arg;

	cr_assert_not(seen->inside);
	seen->sockets_done++;
	seen->error = error;
}

static const struct targets_events events = {
	.ready = on_ready,
	.applied = on_applied,
	.held = on_held,
	.listed = on_listed,
	.done = on_done,
	.removed = on_removed,
	.unused = on_unused,
	.fact = on_fact,
	.facts_done = on_facts_done,
	.closed = on_closed,
	.socket = on_socket,
	.sockets_done = on_sockets_done,
	.room = on_room,
	.own = on_own,
	.lost = on_lost,
};

static struct seen *open_targets(void)
{
	struct seen *seen = calloc(1, sizeof *seen);

	seen->base = event_base_new();
	cr_assert_eq(targets_open(&seen->targets, seen->base, FAKE_PROGRAM, &events, seen), 0);
	return seen;
}

static void close_targets(struct seen *seen)
{
	targets_close(seen->targets);
	event_base_free(seen->base);
	free(seen);
}

static void give_up(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	cr_assert_fail("nothing more was said");
}

/* Until *count is `wanted`. */
static void run(struct seen *seen, const unsigned *count, unsigned wanted)
{
	static const struct timeval limit = {.tv_sec = GIVE_UP_S};
	struct event *guard = event_new(seen->base, -1, 0, give_up, NULL);

	event_add(guard, &limit);
	while (*count < wanted)
		event_base_loop(seen->base, EVLOOP_ONCE);
	event_free(guard);
	cr_assert_eq(*count, wanted);
}

static const struct targets_scale scale = {.expect = 10, .maxbans = 5000};

static void define(struct seen *seen, const char *const *texts, size_t count)
{
	struct spec specs[TARGETS_MAX + 1];
	uint32_t identities[TARGETS_MAX + 1];
	struct diag silent = {0};

	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(
			spec_parse(&specs[i], text_of(texts[i]), (struct place){0}, &silent),
			0);
		identities[i] = 4711;
	}
	seen->inside = true;
	cr_assert_eq(targets_define(seen->targets, specs, identities, &scale, count), 0);
	seen->inside = false;
	for (size_t i = 0; i < count; i++)
		spec_clear(&specs[i]);
}

static struct target_change add_of(unsigned last)
{
	return (struct target_change){
		.prefix = {.family = 4, .len = 32, .addr = {198, 51, 100, (uint8_t)last}},
		.op = TARGET_ADD,
		.left = 1000,
		.whole = 2000};
}

static int apply(struct seen *seen, size_t target, unsigned last)
{
	struct target_change change = add_of(last);
	int error;

	seen->inside = true;
	error = target_apply(seen->targets, target, &change, 1);
	seen->inside = false;
	return error;
}

static const char *const one[] = {"ipset[name=one]"};

static struct seen *open_one(void)
{
	struct seen *seen = open_targets();

	define(seen, one, 1);
	run(seen, &seen->ready, 1);
	cr_assert_eq(seen->info[0].error, 0);
	return seen;
}

Test(targets, are_defined_applied_and_listed)
{
	struct seen *seen = open_one();
	struct target_change changes[TARGET_BATCH_MAX];

	cr_expect_eq(seen->info[0].way, TARGET_DIFF);
	cr_expect(seen->info[0].timeouts);
	cr_expect_eq(seen->info[0].identity, 77u);
	cr_expect(seen->info[0].created, "the identity was passed on");
	cr_expect_eq(seen->info[0].longest, INT64_C(2147483000));
	cr_expect_eq(seen->own_count, 1u);
	for (unsigned i = 0; i < TARGET_BATCH_MAX; i++)
		changes[i] = add_of(i % 60);
	changes[0].op = TARGET_FILL;
	changes[999] = add_of(FAKE_FULL);
	cr_expect_eq(target_apply(seen->targets, 0, changes, TARGET_BATCH_MAX), 0);
	run(seen, &seen->applied, 1);
	cr_expect_eq(seen->batch, 1000u);
	cr_expect_eq(seen->change.op, TARGET_FILL);
	cr_expect_eq(seen->change.left, 1000);
	cr_expect_eq(seen->change.whole, 2000);
	cr_expect(prefix_equal(&seen->change.prefix, &changes[0].prefix));
	cr_expect_eq(seen->errors[998], 0);
	cr_expect_eq(seen->errors[999], -ENOSPC);

	cr_expect_eq(apply(seen, 0, FAKE_REFUSE), 0);
	run(seen, &seen->applied, 2);
	cr_expect_eq(seen->errors[0], -EIO);

	cr_expect_eq(target_list(seen->targets, 0), 0);
	run(seen, &seen->listed, 1);
	cr_expect_eq(seen->held, (unsigned)FAKE_LISTED);
	cr_expect_eq(seen->left, (int64_t)FAKE_LISTED * (FAKE_LISTED - 1) / 2);
	cr_expect_eq(target_refill(seen->targets, 0, TARGET_REFILL_COMMIT, 0), 0);
	cr_expect_eq(target_flush(seen->targets, 0), 0);
	run(seen, &seen->done, 2);
	cr_expect_eq(targets_counts(seen->targets).batches, 2u);
	cr_expect_eq(targets_counts(seen->targets).changes, 1001u);
	cr_expect_eq(targets_counts(seen->targets).errors, 2u);
	close_targets(seen);
}

Test(targets, refuse_what_makes_no_sense)
{
	static const char *const texts[] = {"ipset[name=timeless]", "ipset[name=refused]",
					    "ipset[name=fine]"};
	struct seen *seen = open_targets();
	struct target_change change = add_of(1);
	struct spec bad = {.name = (char[]){"nonsense"}};

	cr_expect_eq(targets_define(seen->targets, &bad, NULL, &scale, 1), -EINVAL);
	cr_expect_eq(targets_define(seen->targets, &bad, NULL, &scale, TARGETS_MAX + 1),
		     -EINVAL);
	cr_expect_eq(apply(seen, 0, 1), -EINVAL);
	define(seen, texts, 3);
	cr_expect_eq(apply(seen, 2, 1), -EAGAIN, "not ready");
	cr_expect_eq(targets_room(seen->targets), 0u);
	run(seen, &seen->ready, 3);
	cr_expect_eq(seen->info[0].error, -EINVAL);
	cr_expect_str_eq(seen->info[0].text,
			 "ipset timeless has no timeouts: ipset destroy timeless; ipset create "
			 "timeless hash:ip timeout 0");
	cr_expect_eq(seen->info[1].error, -EPERM);
	cr_expect_eq(apply(seen, 0, 1), -EINVAL);
	cr_expect_eq(apply(seen, 1, 1), -EINVAL);
	cr_expect_eq(apply(seen, 3, 1), -EINVAL);
	cr_expect_eq(target_apply(seen->targets, 2, &change, 0), -EINVAL);
	cr_expect_eq(target_apply(seen->targets, 2, &change, TARGET_BATCH_MAX + 1), -EINVAL);
	cr_expect_eq(target_list(seen->targets, 3), -EINVAL);
	cr_expect_eq(apply(seen, 2, 1), 0);
	run(seen, &seen->applied, 1);
	close_targets(seen);
}

Test(targets, never_have_more_than_a_window_unanswered)
{
	struct seen *seen = open_one();
	struct target_change changes[TARGET_BATCH_MAX];

	run(seen, &seen->own, 1);
	for (unsigned i = 0; i < TARGET_BATCH_MAX; i++)
		changes[i] = add_of(FAKE_HOLD);
	for (unsigned i = 0; i < 8; i++) {
		cr_expect_eq(targets_room(seen->targets), 8 - i);
		cr_expect_eq(target_apply(seen->targets, 0, changes, TARGET_BATCH_MAX), 0);
	}
	cr_expect_eq(targets_room(seen->targets), 0u);
	cr_expect_eq(apply(seen, 0, 1), -EAGAIN);
	cr_expect_eq(target_list(seen->targets, 0), -EAGAIN);
	seen->room = 0;
	run(seen, &seen->applied, 8);
	while (!seen->room)
		event_base_loop(seen->base, EVLOOP_ONCE);
	cr_expect_eq(targets_room(seen->targets), 8u);
	close_targets(seen);
}

Test(targets, more_than_a_window_of_them_are_defined)
{
	struct seen *seen = open_targets();
	const char *texts[TARGETS_MAX];
	char names[TARGETS_MAX][32];

	for (unsigned i = 0; i < TARGETS_MAX; i++) {
		snprintf(names[i], sizeof names[i], "ipset[name=s%u]", i);
		texts[i] = names[i];
	}
	define(seen, texts, TARGETS_MAX);
	run(seen, &seen->ready, TARGETS_MAX);
	define(seen, texts, TARGETS_MAX);
	run(seen, &seen->ready, 2 * TARGETS_MAX);
	for (unsigned i = 0; i < TARGETS_MAX; i++)
		cr_expect_eq(seen->info[i].error, 0);
	close_targets(seen);
}

Test(targets, answers_to_former_definitions_are_not_passed_on)
{
	static const char *const other[] = {"null", "ipset[name=other]"};
	struct seen *seen = open_one();

	cr_expect_eq(apply(seen, 0, 1), 0);
	cr_expect_eq(target_list(seen->targets, 0), 0);
	define(seen, other, 2);
	run(seen, &seen->ready, 3);
	cr_expect_eq(apply(seen, 1, 2), 0);
	run(seen, &seen->applied, 1);
	cr_expect_eq(seen->target, 1u);
	cr_expect_eq(seen->held, 0u);
	cr_expect_eq(seen->listed, 0u);
	close_targets(seen);
}

Test(targets, a_new_worker_fails_what_was_asked_and_is_told_everything)
{
	struct seen *seen = open_one();

	for (unsigned restart = 1; restart <= 3; restart++) {
		unsigned order = restart == 2 ? FAKE_RESTART_TWICE : FAKE_RESTART;

		seen->applied = seen->listed = seen->ready = seen->done = 0;
		cr_expect_eq(apply(seen, 0, order), 0);
		cr_expect_eq(apply(seen, 0, 1), 0);
		cr_expect_eq(target_list(seen->targets, 0), 0);
		cr_expect_eq(target_flush(seen->targets, 0), 0);
		run(seen, &seen->applied, 2);
		cr_expect_eq(seen->errors[0], -EPIPE);
		run(seen, &seen->listed, 1);
		cr_expect_eq(seen->error, -EPIPE);
		run(seen, &seen->done, 1);
		run(seen, &seen->ready, 1);
		cr_expect_eq(apply(seen, 0, 1), 0);
		run(seen, &seen->applied, 3);
		cr_expect_eq(seen->errors[0], 0);
		cr_expect_eq(seen->held, 0u);
	}
	cr_expect_eq(targets_counts(seen->targets).restarts, 4u);
	cr_expect_eq(seen->lost, 0u);
	close_targets(seen);
}

Test(targets, own_addresses_are_asked_for_again_when_they_change)
{
	struct seen *seen = open_one();

	run(seen, &seen->own, 1);
	cr_expect_eq(apply(seen, 0, FAKE_ADDRESS), 0);
	run(seen, &seen->applied, 1);
	while (seen->own < 2)
		event_base_loop(seen->base, EVLOOP_ONCE);
	cr_expect_leq(seen->own, 4u);
	cr_expect_eq(seen->own_count, seen->own);
	close_targets(seen);
}

Test(targets, a_helper_that_ends_is_lost)
{
	struct seen *seen = open_one();

	cr_expect_eq(apply(seen, 0, FAKE_EXIT), 0);
	run(seen, &seen->lost, 1);
	cr_expect_eq(seen->applied, 0u);
	cr_expect_eq(targets_room(seen->targets), 0u);
	cr_expect_eq(apply(seen, 0, 1), -EAGAIN);
	define(seen, one, 1);
	event_base_loop(seen->base, EVLOOP_NONBLOCK);
	cr_expect_eq(seen->lost, 1u);
	close_targets(seen);
}

Test(targets, a_helper_that_talks_nonsense_is_lost)
{
	for (unsigned order = FAKE_SHORT; order < FAKE_GARBAGE_END; order++) {
		struct seen *seen = open_one();

		cr_expect_eq(apply(seen, 0, order), 0);
		run(seen, &seen->lost, 1);
		cr_expect_eq(seen->applied, order == FAKE_UNASKED, "%u", order);
		close_targets(seen);
	}
}

Test(targets, a_definition_answered_with_nonsense_is_lost)
{
	static const char *const text[] = {"ipset[name=nonsense]"};
	struct seen *seen = open_targets();

	define(seen, text, 1);
	run(seen, &seen->lost, 1);
	cr_expect_eq(seen->ready, 0u);
	close_targets(seen);
}

Test(targets, null_takes_everything)
{
	static const char *const text[] = {"null"};
	struct seen *seen = open_targets();

	define(seen, text, 1);
	run(seen, &seen->ready, 1);
	run(seen, &seen->own, 1);
	cr_expect_eq(seen->info[0].way, TARGET_NOTHING);
	cr_expect(seen->info[0].timeouts);
	for (unsigned i = 0; i < 8; i++)
		cr_expect_eq(apply(seen, 0, FAKE_FULL), 0);
	cr_expect_eq(apply(seen, 0, 1), -EAGAIN);
	run(seen, &seen->applied, 8);
	cr_expect_eq(seen->errors[0], 0);
	cr_expect_eq(target_list(seen->targets, 0), 0);
	run(seen, &seen->listed, 1);
	cr_expect_eq(seen->held, 0u);
	cr_expect_eq(target_refill(seen->targets, 0, TARGET_REFILL_BEGIN, 1), 0);
	cr_expect_eq(target_flush(seen->targets, 0), 0);
	run(seen, &seen->done, 2);
	close_targets(seen);
}

Test(targets, closing_ends_the_helper_and_leaves_no_child)
{
	struct seen *seen = open_one();

	cr_expect_gt(targets_counts(seen->targets).helper_pid, 0);
	cr_expect_eq(apply(seen, 0, FAKE_HOLD), 0);
	close_targets(seen);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_expect_eq(errno, ECHILD);
	targets_close(NULL);
}

Test(targets, no_such_program_says_so)
{
	struct event_base *base = event_base_new();
	struct targets *targets = NULL;

	cr_expect_eq(targets_open(&targets, base, "/nonexistent/banish-netlink", &events, NULL),
		     -ENOENT);
	cr_expect_eq(targets_open(&targets, base, "/etc/passwd", &events, NULL), -EACCES);
	cr_expect_null(targets);
	event_base_free(base);
}

Test(targets, a_program_that_is_no_helper_is_lost)
{
	struct seen *seen = calloc(1, sizeof *seen);

	seen->base = event_base_new();
	cr_assert_eq(targets_open(&seen->targets, seen->base, "/bin/true", &events, seen), 0);
	define(seen, one, 1);
	run(seen, &seen->lost, 1);
	close_targets(seen);
}

Test(targets, are_told_who_removed_entries)
{
	struct seen *seen = open_one();

	cr_expect_eq(apply(seen, 0, FAKE_REMOVE), 0);
	run(seen, &seen->applied, 1);
	cr_expect_eq(seen->removed, 3u, "and not of a target that is not there");
	cr_expect_str_eq(seen->who[0], "nft (pid 123)");
	cr_expect_str_eq(seen->who[1], "");
	cr_expect_str_eq(seen->who[2], "\\x1b[2Jx (pid 9)");
	cr_expect_eq(seen->unused, 1u);
	close_targets(seen);
}

static struct target_close close_of(unsigned last)
{
	return (struct target_close){.peer = {4, 32, {203, 0, 113, (uint8_t)last}},
				     .ports = {{3, 3}, {10, 20}},
				     .count = 2,
				     .conntrack = true};
}

Test(targets, connections_of_peers_are_closed_and_counted)
{
	struct seen *seen = open_one();
	struct target_close closes[] = {close_of(1), close_of(2), close_of(FAKE_REFUSE)};

	run(seen, &seen->own, 1);
	cr_expect_eq(targets_close_sockets(seen->targets, closes, 0), -EINVAL);
	cr_expect_eq(targets_close_sockets(seen->targets, closes, TARGET_BATCH_MAX + 1),
		     -EINVAL);
	closes[1].conntrack = false;
	cr_expect_eq(targets_close_sockets(seen->targets, closes, 2), 0);
	run(seen, &seen->closed, 1);
	cr_expect_eq(seen->peers, 2u);
	cr_expect_eq(seen->ended, 312u + 302u);
	cr_expect_eq(seen->error, 0);
	cr_expect_eq(targets_close_sockets(seen->targets, closes, 3), 0);
	run(seen, &seen->closed, 2);
	cr_expect_eq(seen->ended, 312u + 302u, "what one of them fails at is told besides");
	cr_expect_eq(seen->error, -EOPNOTSUPP);
	/* They are no target's: other definitions do not matter. */
	cr_expect_eq(targets_close_sockets(seen->targets, closes, 1), 0);
	define(seen, one, 1);
	run(seen, &seen->closed, 3);
	cr_expect_eq(seen->ended, 312u);
	closes[0].peer_port = 4;
	closes[0].idle = 5;
	cr_expect_eq(targets_close_sockets(seen->targets, closes, 1), 0);
	run(seen, &seen->closed, 4);
	cr_expect_eq(seen->ended, 54312u);
	close_targets(seen);
}

Test(targets, sockets_are_listed)
{
	struct seen *seen = open_one();

	cr_expect_eq(targets_sockets(seen->targets, (struct port_range){25, 26}), 0);
	run(seen, &seen->sockets_done, 1);
	cr_expect_eq(seen->error, 0);
	cr_expect_eq(seen->sockets, 2u);
	cr_expect_eq(seen->socket.peer.addr[3], 1);
	cr_expect_eq(seen->socket.own_port, 25);
	cr_expect_eq(seen->socket.peer_port, 26);
	cr_expect_eq(seen->socket.state, 1);
	cr_expect_eq(seen->socket.idle, 1000u);
	cr_expect_eq(seen->socket.uid, 7u);
	cr_expect_eq(seen->socket.inode, 9u);
	close_targets(seen);
}

Test(targets, sockets_of_no_address_are_lost)
{
	for (uint16_t port = FAKE_PORT_STRANGE; port <= FAKE_PORT_WIDE; port++) {
		struct seen *seen = open_one();

		cr_expect_eq(targets_sockets(seen->targets, (struct port_range){port, port}),
			     0);
		run(seen, &seen->lost, 1);
		cr_expect_eq(seen->sockets, 0u);
		close_targets(seen);
	}
}

static const char *const four[] = {"ipset[name=a]", "ipset[name=b]", "ipset[name=c]",
				   "ipset[name=d]"};

Test(targets, facts_are_told)
{
	static const char *const text[] = {"ipset[name=a]", "null"};
	struct seen *seen = open_targets();

	define(seen, text, 2);
	run(seen, &seen->ready, 2);
	cr_expect_eq(target_live(seen->targets, 0), 0);
	run(seen, &seen->facts_done, 1);
	cr_expect_eq(seen->facts, 2u);
	cr_expect_eq(seen->fact.what, TARGET_CHAIN_HOOK);
	cr_expect_eq(seen->fact.value, -2);
	cr_expect_str_eq(seen->fact.name, "in\\x0aput");
	cr_expect_eq(target_live(seen->targets, 1), 0, "null has no facts");
	run(seen, &seen->facts_done, 2);
	cr_expect_eq(seen->facts, 2u);
	cr_expect_eq(seen->error, 0);
	cr_expect_eq(target_live(seen->targets, 2), -EINVAL);
	close_targets(seen);
}

Test(targets, facts_that_make_no_sense_are_lost)
{
	for (unsigned target = FAKE_LIVE_STRANGE; target <= FAKE_LIVE_ENDLESS; target++) {
		struct seen *seen = open_targets();

		define(seen, four, 4);
		run(seen, &seen->ready, 4);
		cr_expect_eq(target_live(seen->targets, target), 0);
		run(seen, &seen->lost, 1);
		cr_expect_eq(seen->facts_done, 0u);
		close_targets(seen);
	}
}

Test(targets, a_new_worker_fails_what_was_asked_of_the_former)
{
	struct seen *seen = open_targets();
	const struct target_close close = close_of(1);

	define(seen, four, 4);
	run(seen, &seen->ready, 4);
	cr_expect_eq(target_live(seen->targets, FAKE_LIVE_RESTART), 0);
	cr_expect_eq(targets_close_sockets(seen->targets, &close, 1), 0);
	cr_expect_eq(targets_sockets(seen->targets, (struct port_range){25, 26}), 0);
	run(seen, &seen->facts_done, 1);
	cr_expect_eq(seen->error, -EPIPE);
	run(seen, &seen->closed, 1);
	cr_expect_eq(seen->error, -EPIPE);
	run(seen, &seen->sockets_done, 1);
	cr_expect_eq(seen->error, -EPIPE);
	close_targets(seen);
}

Test(targets, a_helper_that_does_not_know_a_request_says_so)
{
	struct seen *seen = open_one();
	const struct target_close close = close_of(1);

	cr_expect_eq(apply(seen, 0, FAKE_OLD), 0);
	cr_expect_eq(target_live(seen->targets, 0), 0);
	run(seen, &seen->facts_done, 1);
	cr_expect_eq(seen->error, -EBADMSG);
	cr_expect_eq(targets_close_sockets(seen->targets, &close, 1), 0);
	run(seen, &seen->closed, 1);
	cr_expect_eq(seen->error, -EBADMSG);
	cr_expect_eq(targets_sockets(seen->targets, (struct port_range){25, 26}), 0);
	run(seen, &seen->sockets_done, 1);
	cr_expect_eq(seen->error, -EBADMSG);
	cr_expect_eq(seen->lost, 0u);
	close_targets(seen);
}

Test(targets, one_is_defined_again_alone)
{
	static const char *const texts[] = {"ipset[name=timeless]", "ipset[name=fine]"};
	struct seen *seen = open_targets();

	define(seen, texts, 2);
	run(seen, &seen->ready, 2);
	cr_expect_eq(target_redefine(seen->targets, 2), -EINVAL);
	cr_expect_eq(target_redefine(seen->targets, 1), 0);
	cr_expect_eq(apply(seen, 1, 1), -EAGAIN, "until it is ready");
	cr_expect_eq(target_redefine(seen->targets, 0), 0);
	run(seen, &seen->ready, 4);
	cr_expect_eq(seen->info[0].error, -EINVAL);
	cr_expect_eq(apply(seen, 1, 1), 0);
	run(seen, &seen->applied, 1);
	close_targets(seen);
}

Test(targets, one_that_another_helper_has_is_asked_for_until_it_ends)
{
	static const char *const texts[] = {"ipset[name=taken]", "ipset[name=fine]"};
	struct seen *seen = open_targets();

	define(seen, texts, 2);
	run(seen, &seen->ready, 1);
	cr_expect_eq(seen->info[1].identity, 77u, "the other is ready meanwhile");
	cr_expect_eq(apply(seen, 0, 1), -EAGAIN);
	cr_expect_eq(target_redefine(seen->targets, 0), 0);
	cr_expect_eq(apply(seen, 1, 1), 0);
	run(seen, &seen->applied, 1);
	cr_expect_eq(seen->ready, 1u);
	run(seen, &seen->ready, 2);
	cr_expect_eq(seen->info[0].error, 0);
	cr_expect_eq(seen->info[0].identity, 77u);
	cr_expect_eq(apply(seen, 0, 1), 0);
	run(seen, &seen->applied, 2);
	cr_expect_eq(seen->lost, 0u);
	close_targets(seen);
}

Test(targets, prefixes_share_a_set_or_do_not)
{
	static const char *const texts[] = {"nft", "ipset", "nft[table=\"inet f\",set4=a]"};
	static const struct {
		struct prefix a, b;
		bool own, ipset, user;
	} rows[] = {
		{{4, 32, {1}}, {4, 32, {2}}, true, true, true},
		{{4, 24, {1}}, {4, 32, {2}}, false, false, true},
		{{4, 24, {1}}, {4, 25, {2}}, false, true, true},
		{{6, 64, {1}}, {6, 128, {2}}, false, false, true},
		{{4, 32, {1}}, {6, 32, {2}}, false, false, false},
	};
	struct seen *seen = open_targets();

	define(seen, texts, 3);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const bool same[] = {rows[i].own, rows[i].ipset, rows[i].user};

		for (size_t t = 0; t < 3; t++)
			cr_expect_eq(target_set_of(seen->targets, t, &rows[i].a) ==
					     target_set_of(seen->targets, t, &rows[i].b),
				     same[t], "row %zu, target %zu", i, t);
	}
	run(seen, &seen->ready, 3);
	close_targets(seen);
}
