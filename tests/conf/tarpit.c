/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "tests/conf/world.h"

#define B "banish.conf"
#define P "[policy tarpit]\n"
#define J "[j]\nfilter = x\npolicy = 127.0.0.1:60004\n"

static void open_filters(struct world *w)
{
	world_open(w);
	world_text(w, "filter.d/x.conf", "[Definition]\nfailregex = ^x <HOST>\n");
}

static const char *or_none(const char *text)
{
	return text ? text : "none";
}

/* All that was read, as text. */
static const char *print(const struct conf_tarpit *tarpit, char *out, size_t size)
{
	char expire[24];

	if (!tarpit->on)
		return "off";
	snprintf(out, size,
		 "%s %s %s sleep %u threshold %u prefix %u %u sleepers %u "
		 "credits %u expire %s ignore %zu",
		 or_none(tarpit->check), or_none(tarpit->store), or_none(tarpit->command),
		 tarpit->sleep, tarpit->threshold, tarpit->prefix4, tarpit->prefix6,
		 tarpit->sleepers, tarpit->credits, text_print_duration(tarpit->expire, expire),
		 tarpit->ignoreip_count);
	return out;
}

static const struct {
	const char *text, *read;
} good[] = {
	{"", "off"},
	{P, "127.0.0.1:60001 127.0.0.1:60002 127.0.0.1:60003 sleep 65 threshold 1 prefix 24 64 "
	    "sleepers 50 credits 262144 expire 90d ignore 0"},
	{P "check = [::1]:1\nstore = /run/x/store\ncommand = 0\nsleep = 2m\nthreshold = 3\n"
	   "prefix4 = 32\nprefix6 = 48\nsleepers = 4096\nmaxcredits = 5\nexpire = forever\n"
	   "ignoreip = 192.0.2.0/24 10.\n",
	 "[::1]:1 /run/x/store none sleep 120 threshold 3 prefix 32 48 sleepers 4096 credits 5 "
	 "expire forever ignore 2"},
	{"[DEFAULT]\nignoreip = 192.0.2.1\nprefix6 = 56\n" P "command = off\n",
	 "127.0.0.1:60001 127.0.0.1:60002 none sleep 65 threshold 1 prefix 24 56 sleepers 50 "
	 "credits 262144 expire 90d ignore 1"},
};

Test(tarpit, is_read_with_its_defaults)
{
	struct world w;
	char text[512];

	open_filters(&w);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct conf *conf = NULL;

		world_text(&w, B, good[i].text);
		*w.said = 0;
		cr_assert_eq(world_conf(&w, &conf), 0, "row %zu: %s", i, w.said);
		cr_expect_str_eq(print(&conf->tarpit, text, sizeof text), good[i].read,
				 "row %zu: %s", i, text);
		cr_expect_str_eq(w.said, "", "row %zu", i);
		conf_free(conf);
	}
	world_close(&w);
}

static const struct {
	const char *text, *said;
} bad[] = {
	{P "check = 127.0.0.1\n", B ":2: check must be ADDRESS:PORT"},
	{P "check = 127.0.0.1:0\n", B ":2: check must be ADDRESS:PORT"},
	{P "check = ::1:60001\n", B ":2: check must be ADDRESS:PORT"},
	{P "check = run/x\n", B ":2: check must be ADDRESS:PORT"},
	{P "check = 127.0.0.1:60001 127.0.0.1:60005\n", B ":2: check must be ADDRESS:PORT"},
	{P "check =\n", B ":2: check must be ADDRESS:PORT"},
	{P "store = 127.0.0.1:60001\n", B ":1: check and store are both \"127.0.0.1:60001\""},
	{P "sleep = 500ms\n", B ":2: sleep is shorter than 1s"},
	{P "sleep = 2h\n", B ":2: sleep is longer than 1h"},
	{P "sleep = 0\n", B ":2: sleep must be a time"},
	{P "sleep = -1\n", B ":2: sleep must be a time"},
	{P "threshold = 0\n", B ":2: threshold must be a number from 1 to 1000"},
	{P "prefix4 = 33\n", B ":2: prefix4 must be a number from 1 to 32"},
	{P "sleepers = 4097\n", B ":2: sleepers must be a number from 1 to 4096"},
	{P "ignoreip = nobody\n", B ":2: ignoreip: \"nobody\" is not an address"},
	{P "maxretry = 3\n", B ":2: key \"maxretry\" belongs in a jail"},
	{"[policy grey]\n", B ":1: [policy grey] is not there"},
	{J "answer = go away\n", B ":4: answer \"go away\" does not begin with an action"},
	{J "answer = 52 x\n", B ":4: answer \"52 x\" does not begin with an action"},
	{J "answer = 521 a\n  b\n", B ":4: answer \"521 a\\x0ab\" must be one line"},
	{J "answer = check_policy_service inet:1\n", B ":4: answer \"check_policy_service"},
	{"[j]\nfilter = x\nlogpath = /a\nanswer = 521\n",
	 B ":4: answer \"521\" answers nobody"},
	{J "logpath = /a\n", B ":1: jail [j] has both \"logpath\" and \"policy\""},
	{"[j]\nfilter = x\npolicy = 60004\n", B ":3: policy \"60004\" is neither"},
	{"[j]\nfilter = x\npolicy =\n", B ":3: policy is empty"},
	{P "[j]\nfilter = x\npolicy = 127.0.0.1:60003\n",
	 B ":4: policy \"127.0.0.1:60003\" is the command port"},
};

Test(tarpit, mistakes_are_told_with_their_place)
{
	struct world w;

	open_filters(&w);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct conf *conf = NULL;

		world_text(&w, B, bad[i].text);
		*w.said = 0;
		cr_expect_neq(world_conf(&w, &conf), 0, "row %zu", i);
		cr_expect(!strncmp(w.said, bad[i].said, strlen(bad[i].said)), "row %zu: %s", i,
			  w.said);
	}
	world_close(&w);
}

static const char *const answers[] = {"521",
				      "450 4.7.1 Not now",
				      "REJECT",
				      "reject Go away",
				      "DEFER_IF_PERMIT x",
				      "discard",
				      "hold",
				      "prepend X-Seen: yes",
				      "dunno"};

Test(tarpit, an_answer_is_kept_as_it_is_written)
{
	struct world w;

	open_filters(&w);
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct conf *conf = NULL;
		char text[256];

		snprintf(text, sizeof text, J "answer = %s\n", answers[i]);
		world_text(&w, B, text);
		*w.said = 0;
		cr_assert_eq(world_conf(&w, &conf), 0, "%s", w.said);
		cr_expect_str_eq(conf->jails[1].answer, answers[i]);
		cr_expect_str_eq(conf->jails[1].sources[0].name, "policy:127.0.0.1:60004");
		cr_expect(conf->jails[1].journal);
		conf_free(conf);
	}
	world_close(&w);
}

Test(tarpit, a_port_that_others_reach_is_warned_of)
{
	struct conf *conf = NULL;
	struct world w;

	open_filters(&w);
	world_text(&w, B, P "check = 192.0.2.1:60001\n");
	cr_assert_eq(world_conf(&w, &conf), 0, "%s", w.said);
	cr_expect(strstr(w.said, "is not on loopback"), "%s", w.said);
	conf_free(conf);
	world_close(&w);
}
