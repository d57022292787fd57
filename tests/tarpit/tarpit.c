/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "tarpit/tarpit.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define DAY (1440 * MINUTE)
#define NOW (INT64_C(1760000000) * SECOND)

static const struct tarpit_rule rule = {.sleep = 65,
					.threshold = 1,
					.prefix4 = 24,
					.prefix6 = 64,
					.sleepers = 3,
					.credits = 1000,
					.expire = 90 * DAY};

static struct tarpit *tarpit_of(struct tarpit_rule it)
{
	struct tarpit *tarpit = tarpit_new();

	cr_assert(tarpit);
	tarpit_set_rule(tarpit, &it);
	return tarpit;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	cr_assert(prefix_parse(&prefix, text, strlen(text)), "%s", text);
	return prefix;
}

static enum tarpit_verdict check(struct tarpit *tarpit, const char *address, int64_t now)
{
	struct prefix prefix = prefix_of(address);

	return tarpit_check(tarpit, &prefix, now);
}

static bool add(struct tarpit *tarpit, const char *address, int64_t now)
{
	struct prefix prefix = prefix_of(address);
	struct credit credit;

	return tarpit_add(tarpit, &prefix, now, &credit);
}

static unsigned count(const struct tarpit *tarpit, const char *text, int64_t now)
{
	struct prefix prefix = prefix_of(text);
	struct credit credit;

	return tarpit_get(tarpit, &prefix, now, &credit) ? credit.count : 0;
}

static void number(char text[32], unsigned i)
{
	sprintf(text, "10.%u.%u.1", i >> 8 & 255, i & 255);
}

Test(tarpit, a_client_waits_until_it_has_completed_threshold_messages)
{
	struct tarpit_rule two = rule;
	struct tarpit *tarpit;

	two.threshold = 2;
	tarpit = tarpit_of(two);
	cr_expect_eq(check(tarpit, "192.0.2.1", NOW), TARPIT_SLEEP);
	add(tarpit, "192.0.2.1", NOW);
	cr_expect_eq(check(tarpit, "192.0.2.1", NOW), TARPIT_SLEEP);
	add(tarpit, "192.0.2.1", NOW);
	cr_expect_eq(check(tarpit, "192.0.2.1", NOW), TARPIT_KNOWN);
	tarpit_free(tarpit);
}

static const struct {
	const char *credited, *asked;
	enum tarpit_verdict expected;
} neighbours[] = {
	{"192.0.2.1", "192.0.2.255", TARPIT_KNOWN},
	{"192.0.2.1", "192.0.3.1", TARPIT_SLEEP},
	{"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", TARPIT_KNOWN},
	{"2001:db8:0:1::1", "2001:db8:0:2::1", TARPIT_SLEEP},
	{"::ffff:192.0.2.1", "192.0.2.9", TARPIT_KNOWN},
	{"0.0.0.1", "::1", TARPIT_SLEEP},
};

Test(tarpit, credit_is_shared_by_the_prefix)
{
	for (size_t i = 0; i < sizeof neighbours / sizeof *neighbours; i++) {
		struct tarpit *tarpit = tarpit_of(rule);

		add(tarpit, neighbours[i].credited, NOW);
		cr_expect_eq(check(tarpit, neighbours[i].asked, NOW), neighbours[i].expected,
			     "%s for %s", neighbours[i].credited, neighbours[i].asked);
		tarpit_free(tarpit);
	}
}

Test(tarpit, credit_expires_after_the_last_message_and_not_the_first)
{
	struct tarpit *tarpit = tarpit_of(rule);

	add(tarpit, "192.0.2.1", NOW);
	add(tarpit, "192.0.2.1", NOW + 80 * DAY);
	cr_expect_eq(check(tarpit, "192.0.2.1", NOW + 170 * DAY - 1), TARPIT_KNOWN);
	cr_expect_eq(check(tarpit, "192.0.2.1", NOW + 170 * DAY), TARPIT_SLEEP);
	cr_expect_eq(tarpit_counts(tarpit).live, 1u);
	tarpit_expire(tarpit, NOW + 170 * DAY - 1);
	cr_expect_eq(tarpit_counts(tarpit).live, 1u);
	tarpit_expire(tarpit, NOW + 170 * DAY);
	cr_expect_eq(tarpit_counts(tarpit).live, 0u);
	tarpit_free(tarpit);
}

Test(tarpit, credit_that_has_expired_begins_again_from_one)
{
	struct tarpit *tarpit = tarpit_of(rule);

	for (int i = 0; i < 5; i++)
		add(tarpit, "192.0.2.1", NOW);
	cr_expect_eq(count(tarpit, "192.0.2.1", NOW), 5u);
	cr_expect(add(tarpit, "192.0.2.1", NOW + 91 * DAY));
	cr_expect_eq(count(tarpit, "192.0.2.1", NOW + 91 * DAY), 1u);
	tarpit_free(tarpit);
}

Test(tarpit, no_more_wait_at_a_time_than_may)
{
	struct tarpit *tarpit = tarpit_of(rule);
	char text[32];

	for (unsigned i = 0; i < 3; i++) {
		number(text, i);
		cr_expect_eq(check(tarpit, text, NOW + i * SECOND), TARPIT_SLEEP);
	}
	cr_expect_eq(tarpit_sleepers(tarpit, NOW + 2 * SECOND), 3u);
	cr_expect_eq(check(tarpit, "192.0.2.1", NOW + 65 * SECOND - 1), TARPIT_CROWDED);
	cr_expect_eq(check(tarpit, "192.0.2.1", NOW + 65 * SECOND), TARPIT_SLEEP);
	cr_expect_eq(check(tarpit, "192.0.2.2", NOW + 65 * SECOND), TARPIT_CROWDED);
	cr_expect_eq(check(tarpit, "192.0.2.2", NOW + 66 * SECOND), TARPIT_SLEEP);
	cr_expect_eq(tarpit_counts(tarpit).crowded, 2u);
	tarpit_free(tarpit);
}

Test(tarpit, as_many_wait_as_the_ring_holds)
{
	struct tarpit_rule most = rule;
	struct tarpit *tarpit;
	char text[32];

	most.sleepers = TARPIT_SLEEPERS_MAX;
	tarpit = tarpit_of(most);
	for (unsigned i = 0; i < TARPIT_SLEEPERS_MAX; i++) {
		number(text, i);
		cr_assert_eq(check(tarpit, text, NOW), TARPIT_SLEEP);
	}
	cr_expect_eq(check(tarpit, "192.0.2.1", NOW), TARPIT_CROWDED);
	tarpit_free(tarpit);
}

Test(tarpit, a_clock_that_is_set_back_lets_nobody_count_as_waiting_for_long)
{
	struct tarpit *tarpit = tarpit_of(rule);

	for (int i = 0; i < 3; i++)
		check(tarpit, "192.0.2.1", NOW);
	cr_expect_eq(check(tarpit, "192.0.2.1", NOW - DAY), TARPIT_SLEEP);
	tarpit_free(tarpit);
}

Test(tarpit, the_client_that_was_quiet_longest_is_forgotten_for_a_new_one)
{
	struct tarpit_rule few = rule;
	struct tarpit *tarpit;

	few.credits = 3;
	tarpit = tarpit_of(few);
	add(tarpit, "10.0.1.1", NOW);
	add(tarpit, "10.0.2.1", NOW + 1);
	add(tarpit, "10.0.3.1", NOW + 2);
	add(tarpit, "10.0.1.1", NOW + 3);
	add(tarpit, "10.0.4.1", NOW + 4);
	cr_expect_eq(count(tarpit, "10.0.1.1", NOW + 4), 2u);
	cr_expect_eq(count(tarpit, "10.0.2.1", NOW + 4), 0u);
	cr_expect_eq(tarpit_counts(tarpit).live, 3u);
	cr_expect_eq(tarpit_counts(tarpit).forgotten, 1u);
	tarpit_free(tarpit);
}

Test(tarpit, a_flood_leaves_the_table_within_its_bound)
{
	struct tarpit *tarpit = tarpit_of(rule);
	char text[32];

	for (unsigned i = 0; i < 20000; i++) {
		number(text, i);
		add(tarpit, text, NOW + i);
	}
	cr_expect_eq(tarpit_counts(tarpit).live, 1000u);
	cr_expect_leq(tarpit_slots(tarpit), 1000u);
	tarpit_free(tarpit);
}

Test(tarpit, a_lower_bound_does_not_forget_all_in_one_turn)
{
	struct tarpit_rule it = rule;
	struct tarpit *tarpit;
	char text[32];

	it.credits = 5000;
	tarpit = tarpit_of(it);
	for (unsigned i = 0; i < 5000; i++) {
		number(text, i);
		add(tarpit, text, NOW + i);
	}
	it.credits = 10;
	tarpit_set_rule(tarpit, &it);
	add(tarpit, "10.99.1.1", NOW + 5000);
	cr_expect_gt(tarpit_counts(tarpit).live, 3000u);
	for (unsigned i = 2; i < 9; i++) {
		sprintf(text, "10.99.%u.1", i);
		add(tarpit, text, NOW + 5000 + i);
	}
	cr_expect_eq(tarpit_counts(tarpit).live, 10u);
	cr_expect_eq(count(tarpit, "10.99.1.1", NOW + 5010), 1u, "the youngest stay");
	tarpit_free(tarpit);
}

Test(tarpit, what_makes_a_client_known_is_to_be_written_at_once_and_the_rest_now_and_then)
{
	struct tarpit_rule two = rule;
	struct tarpit *tarpit;

	two.threshold = 2;
	tarpit = tarpit_of(two);
	cr_expect(add(tarpit, "192.0.2.1", NOW));
	cr_expect(add(tarpit, "192.0.2.1", NOW));
	cr_expect_not(add(tarpit, "192.0.2.1", NOW + MINUTE - 1));
	cr_expect(add(tarpit, "192.0.2.1", NOW + MINUTE));
	cr_expect_not(add(tarpit, "192.0.2.1", NOW + MINUTE + 1));
	cr_expect(add(tarpit, "192.0.2.1", NOW - DAY));
	tarpit_free(tarpit);
}

Test(tarpit, del_takes_the_credit_of_an_address_or_of_exactly_a_prefix)
{
	struct tarpit *tarpit = tarpit_of(rule);
	struct prefix address = prefix_of("192.0.2.77"), wide = prefix_of("192.0.0.0/16"),
		      exact = prefix_of("192.0.2.0/24");
	struct credit credit;

	add(tarpit, "192.0.2.1", NOW);
	cr_expect_not(tarpit_del(tarpit, &wide, NOW, &credit));
	cr_expect(tarpit_del(tarpit, &address, NOW, &credit));
	cr_expect(prefix_equal(&credit.prefix, &exact));
	cr_expect_not(tarpit_del(tarpit, &address, NOW, &credit));
	add(tarpit, "192.0.2.1", NOW);
	cr_expect(tarpit_del(tarpit, &exact, NOW, &credit));
	cr_expect_eq(check(tarpit, "192.0.2.1", NOW), TARPIT_SLEEP);
	tarpit_free(tarpit);
}

static void put(struct tarpit *tarpit, const char *prefix, uint32_t messages, int64_t last)
{
	struct credit credit = {prefix_of(prefix), messages, NOW, last};

	cr_assert_eq(tarpit_put(tarpit, &credit), 0);
}

Test(tarpit, what_comes_from_disk_replaces_and_is_in_order_of_time)
{
	struct tarpit_rule few = rule;
	struct tarpit *tarpit = tarpit_new();

	put(tarpit, "10.0.2.0/24", 1, NOW + 5);
	put(tarpit, "10.0.1.0/24", 1, NOW + 3);
	put(tarpit, "10.0.3.0/24", 1, NOW + 4);
	put(tarpit, "10.0.2.0/24", 7, NOW + 2);
	put(tarpit, "10.0.9.0/24", 7, NOW + 2);
	put(tarpit, "10.0.9.0/24", 0, NOW + 9);
	tarpit_loaded(tarpit);
	few.credits = 3;
	tarpit_set_rule(tarpit, &few);
	cr_expect_eq(tarpit_counts(tarpit).live, 3u);
	cr_expect_eq(count(tarpit, "10.0.2.1", NOW + 5), 7u);
	add(tarpit, "10.0.4.1", NOW + 6);
	cr_expect_eq(count(tarpit, "10.0.2.1", NOW + 6), 0u);
	cr_expect_eq(count(tarpit, "10.0.1.1", NOW + 6), 1u);
	tarpit_free(tarpit);
}

static const struct {
	const char *line;
	int verb; /* -1: refused */
	const char *prefix;
} commands[] = {
	{"check=192.0.2.1", TARPIT_VERB_CHECK, "192.0.2.1"},
	{"del=2001:db8::1", TARPIT_VERB_DEL, "2001:db8::1"},
	{"del=192.0.2.0/24", TARPIT_VERB_DEL, "192.0.2.0/24"},
	{"info", TARPIT_VERB_INFO, NULL},
	{"all", TARPIT_VERB_ALL, NULL},
	{"", -1, NULL},
	{"=", -1, NULL},
	{"info=", -1, NULL},
	{"all=192.0.2.1", -1, NULL},
	{"check", -1, NULL},
	{"check=", -1, NULL},
	{"check=192.0.2.256", -1, NULL},
	{"check=192.0.2.1 ", -1, NULL},
	{"check=192.0.2.1\r", -1, NULL},
	{"CHECK=192.0.2.1", -1, NULL},
	{"del=192.0.2.1/24", -1, NULL},
	{"alles", -1, NULL},
};

Test(tarpit, commands_are_the_four_of_old_and_no_more)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		struct tarpit_command command;
		const char *why = tarpit_command(&command, text_of(commands[i].line));
		struct prefix prefix;

		cr_assert_eq(!why, commands[i].verb >= 0, "\"%s\"", commands[i].line);
		if (why)
			continue;
		cr_expect_eq(command.verb, commands[i].verb);
		if (!commands[i].prefix)
			continue;
		prefix = prefix_of(commands[i].prefix);
		cr_expect(prefix_equal(&command.prefix, &prefix), "%s", commands[i].line);
	}
}
