/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that grow, nest or circle: each ends with a message, soon. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/conf/world.h"

static void expect(struct world *w, int err, const char *said)
{
	struct rules *rules = NULL;

	cr_expect_eq(world_filter(w, &rules, "x"), err);
	cr_expect(!strncmp(w->said, said, strlen(said)), "%.300s", w->said);
	rules_free(rules);
	*w->said = 0;
}

Test(hostile, a_value_of_ten_megabytes_is_refused)
{
	static char text[10 << 20];
	struct world w;

	world_open(&w);
	memset(text, 'x', sizeof text);
	memcpy(text, "[Definition]\nfailregex = ", 25);
	world_write(&w, "filter.d/x.conf", text, sizeof text);
	expect(&w, -EINVAL, "filter.d/x.conf: cannot be read: it is larger than 8 MiB\n");
	world_write(&w, "filter.d/x.conf", text, 6 << 20);
	expect(&w, -EINVAL, "filter.d/x.conf:2: too long a value: \"xxxx");
	for (size_t i = 30; i + 1 < sizeof text; i += 2)
		memcpy(text + i, "\n ", 2);
	for (size_t i = 1000; i < sizeof text; i += 1000)
		text[i] = 'y';
	world_write(&w, "filter.d/x.conf", text, 8 << 20);
	expect(&w, 0, "");
	world_close(&w);
}

Test(hostile, references_that_double_are_refused)
{
	char text[4096] = "[Definition]\na0 = xxxxxxxxxxxxxxxxxxxxxxxx\n";
	struct world w;
	size_t used = strlen(text);

	world_open(&w);
	for (int i = 1; i < 10; i++) {
		used += (size_t)sprintf(text + used, "a%d = ", i);
		for (int k = 0; k < 8; k++)
			used += (size_t)sprintf(text + used, "%%(a%d)s", i - 1);
		used += (size_t)sprintf(text + used, "\n");
	}
	sprintf(text + used, "failregex = ^%%(a9)s\n");
	world_text(&w, "filter.d/x.conf", text);
	expect(&w, -EINVAL, "filter.d/x.conf:4: too many references at \"a");
	world_close(&w);
}

Test(hostile, empty_references_that_multiply_are_refused)
{
	char text[4096] = "[Definition]\na0 =\n";
	struct world w;
	size_t used = strlen(text);

	world_open(&w);
	for (int i = 1; i < 10; i++)
		used += (size_t)sprintf(text + used, "a%d = %%(a%d)s%%(a%d)s%%(a%d)s%%(a%d)s\n",
					i, i - 1, i - 1, i - 1, i - 1);
	sprintf(text + used, "failregex = ^%%(a9)s\n");
	world_text(&w, "filter.d/x.conf", text);
	expect(&w, -EINVAL, "filter.d/x.conf:4: too many references at \"a1\"\n");
	world_close(&w);
}

Test(hostile, tags_that_double_are_refused)
{
	char text[4096] = "[Definition]\na0 = xxxxxxxxxxxxxxxx\n";
	struct world w;
	size_t used = strlen(text);

	world_open(&w);
	for (int i = 1; i < 24; i++)
		used += (size_t)sprintf(text + used, "a%d = <a%d><a%d>\n", i, i - 1, i - 1);
	sprintf(text + used, "failregex = ^<a23>\n");
	world_text(&w, "filter.d/x.conf", text);
	expect(&w, -EINVAL, "filter.d/x.conf:26: the value grows too long at <a4>\n");
	world_close(&w);
}

Test(hostile, includes_are_bounded_in_depth_and_number)
{
	char name[64], text[256];
	struct world w;

	world_open(&w);
	world_text(&w, "filter.d/x.conf", "[INCLUDES]\nbefore = 0.conf\n[Definition]\n");
	for (int i = 0; i < 20; i++) {
		sprintf(name, "filter.d/%d.conf", i);
		sprintf(text, "[INCLUDES]\nbefore = %d.conf\n", i + 1);
		world_text(&w, name, text);
	}
	expect(&w, -EINVAL,
	       "filter.d/15.conf:2: cannot include \"16.conf\": includes are nested too "
	       "deeply\n");
	for (int i = 0; i < 15; i++) {
		sprintf(name, "filter.d/%d.conf", i);
		sprintf(text, "[INCLUDES]\nbefore = %d.conf\n  %d.conf\n", i + 1, i + 1);
		world_text(&w, name, text);
	}
	world_text(&w, "filter.d/15.conf", "[a]\n");
	expect(&w, -EINVAL, "filter.d/");
	cr_expect(w.diag.errors > 1);
	world_close(&w);
}

Test(hostile, random_bytes_are_refused_with_a_place)
{
	struct world w;
	unsigned seed = 1;
	char bytes[4096];

	world_open(&w);
	for (int round = 0; round < 200; round++) {
		struct conf *conf = NULL;

		for (size_t i = 0; i < sizeof bytes; i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = (char)(seed >> 16);
		}
		world_write(&w, "banish.conf", bytes, sizeof bytes);
		*w.said = 0;
		cr_expect_eq(world_conf(&w, &conf), -EINVAL);
		cr_expect(!strncmp(w.said, "banish.conf:", 12));
	}
	world_close(&w);
}
