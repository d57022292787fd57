/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that somebody else receives. */
#include <string.h>

#include <criterion/criterion.h>

#include "rig.h"

static struct rig rig;

static void setup(void)
{
	rig_open(&rig);
	rig.dated = true;
	rig_open_source(&rig, "policy:127.0.0.1:60004");
}

static void teardown(void)
{
	rig_close(&rig);
}

TestSuite(given, .init = setup, .fini = teardown, .timeout = 600);

static bool give(const char *text)
{
	return source_give(rig.source, (struct text){text, strlen(text)}, 1000);
}

Test(given, a_line_is_handed_over_before_the_call_returns)
{
	struct position position;

	cr_expect(give("policy: a=1\n"));
	cr_expect_str_eq(rig.got, "policy: a=1\n");
	cr_expect_eq(rig.live, rig.len);
	cr_expect_eq(rig.times[0], 1000);
	cr_expect_eq(source_counts(rig.source).lines, 1u);
	source_position(rig.source, &position);
	cr_expect_eq(position.offset, 0u);
}

Test(given, one_that_is_paused_takes_none_and_counts_it)
{
	source_pause(rig.source, true);
	cr_expect_not(give("policy: a=1\n"));
	source_pause(rig.source, false);
	cr_expect(give("policy: a=2\n"));
	cr_expect_str_eq(rig.got, "policy: a=2\n");
	cr_expect_eq(source_counts(rig.source).dropped, 1u);
}

Test(given, its_state_is_what_it_is_told)
{
	source_told(rig.source, -98);
	source_told(rig.source, -98);
	cr_expect_eq(source_error(rig.source), -98);
	source_told(rig.source, 0);
	cr_expect_str_eq(rig.states, "WL");
}
