/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "resolve/resolve.h"

static struct offence last;
static struct text last_line;
static unsigned calls;

static void remember(void *arg, const struct offence *offence, struct text line)
{
	cr_expect_eq(arg, &calls);
	last = *offence;
	last_line = line;
	calls++;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix p;

	cr_assert(prefix_parse(&p, text, strlen(text)), "%s", text);
	return p;
}

Test(resolve, an_address_is_its_own_answer_at_once)
{
	const char *addresses[] = {"192.0.2.1", "2001:db8::1", "1.0.0.1", "223.255.255.255"};
	struct resolve *resolve = resolve_new(NULL, remember, &calls);

	cr_assert(resolve);
	for (unsigned i = 0; i < 4; i++) {
		struct finding finding = {.time = 1000 + i,
					  .subject = SUBJECT_ADDRESS,
					  .prefix = prefix_of(addresses[i])};

		resolve_finding(resolve, &(struct resolve_jail){.name = 7 + i, .names = false},
				i & 1, &finding);
		cr_assert_eq(calls, i + 1, "%s", addresses[i]);
		cr_expect(prefix_equal(&last.prefix, &finding.prefix));
		cr_expect_eq(last.jail, 7 + i);
		cr_expect_eq(last.time, 1000 + i);
		cr_expect_eq(last.live, i & 1);
		cr_expect_eq(last_line.at, finding.line.at);
	}
	cr_expect_eq(resolve_counts(resolve).resolved, 4);
	cr_expect_eq(resolve_counts(resolve).dropped, 0);
	resolve_free(resolve);
}

Test(resolve, keeps_a_time_that_is_not_known)
{
	struct resolve *resolve = resolve_new(NULL, remember, &calls);
	struct finding finding = {.time = TIME_NONE,
				  .subject = SUBJECT_ADDRESS,
				  .prefix = prefix_of("192.0.2.1")};

	resolve_finding(resolve, &(struct resolve_jail){.name = 1, .names = false}, true,
			&finding);
	cr_expect_eq(last.time, TIME_NONE);
	resolve_free(resolve);
}

Test(resolve, drops_and_counts_what_can_never_offend)
{
	const struct finding findings[] = {
		{.subject = SUBJECT_ADDRESS, .prefix = prefix_of("0.0.0.0")},
		{.subject = SUBJECT_ADDRESS, .prefix = prefix_of("::")},
		{.subject = SUBJECT_ADDRESS, .prefix = prefix_of("0.0.0.1")},
		{.subject = SUBJECT_ADDRESS, .prefix = prefix_of("224.0.0.1")},
		{.subject = SUBJECT_ADDRESS, .prefix = prefix_of("255.255.255.255")},
		{.subject = SUBJECT_ADDRESS, .prefix = prefix_of("ff02::1")},
		{.subject = SUBJECT_ADDRESS, .prefix = prefix_of("fe80::1")},
		{.subject = SUBJECT_ADDRESS, .prefix = prefix_of("64:ff9b::c000:201")},
		{.subject = SUBJECT_ADDRESS, .prefix = prefix_of("192.0.2.0/24")},
		{.subject = SUBJECT_ADDRESS, .prefix = prefix_of("2001:db8::/64")},
		{.subject = SUBJECT_ADDRESS},
		{.prefix = prefix_of("192.0.2.1")},
		{.subject = SUBJECT_ADDRESS, .prefix = {4, 33, {192, 0, 2, 1}}},
	};
	unsigned count = sizeof(findings) / sizeof(findings[0]);
	struct resolve *resolve = resolve_new(NULL, remember, &calls);

	for (unsigned i = 0; i < count; i++)
		resolve_finding(resolve, &(struct resolve_jail){.name = 1, .names = false},
				true, &findings[i]);
	cr_expect_eq(calls, 0);
	cr_expect_eq(resolve_counts(resolve).resolved, 0);
	cr_expect_eq(resolve_counts(resolve).dropped, count);
	resolve_free(resolve);
	resolve_free(NULL);
}
