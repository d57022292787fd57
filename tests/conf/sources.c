/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/conf/world.h"

#define B "banish.conf"
#define J "[j]\nfilter = x\n"

static void open_filters(struct world *w)
{
	world_open(w);
	world_text(w, "filter.d/x.conf", "[Definition]\nfailregex = ^<logtype> <HOST>\n");
	world_text(
		w, "filter.d/own.conf",
		"[Definition]\nfailregex = ^o <HOST>\njournalmatch = _COMM=o + A=1\n  B=2\n");
	world_text(w, "filter.d/addresses.conf",
		   "[Definition]\nfailregex = ^a <HOST>\nusedns = no\n");
	world_text(w, "filter.d/badmatch.conf",
		   "[Definition]\nfailregex = ^o <HOST>\njournalmatch = comm=o\n");
}

static const struct {
	const char *text;
	bool journal;
	const char *names[4];
} good[] = {
	{J "logpath = /a\n  -\n  /run/fifo\n", false, {"/a", "-", "/run/fifo"}},
	{J "logpath = /a\nbackend = auto\n", false, {"/a"}},
	{J "logpath = /a\nbackend = pyinotify\n", false, {"/a"}},
	{J "logpath = /a\nbackend = gamin\n", false, {"/a"}},
	{J "journalmatch = _SYSTEMD_UNIT=a.service _COMM=b\n",
	 true,
	 {"journal:_SYSTEMD_UNIT=a.service _COMM=b"}},
	{J
	 "journalmatch = A=1 + B=2\n  \"C=two words\"\n\n  D=\\ x 'E=\"'\nbackend = systemd\n",
	 true,
	 {"journal:A=1 + B=2 + \"C=two words\" + D=\\ x 'E=\"'"}},
	{J "journalmatch = /var/log/journal/remote A=1\n  B=2\n",
	 true,
	 {"journal:/var/log/journal/remote A=1 + B=2"}},
	{J "journalmatch = /var/log/journal/remote\n",
	 true,
	 {"journal:/var/log/journal/remote"}},
	{J "journalmatch =\n", true, {"journal:"}},
	{"[j]\nfilter = own\nbackend = systemd\n", true, {"journal:_COMM=o + A=1 + B=2"}},
	{"[j]\nfilter = own\nbackend = systemd\njournalmatch = M=1\n", true, {"journal:M=1"}},
	{"[j]\nfilter = own[journalmatch=\"O=1\"]\nbackend = systemd\n", true, {"journal:O=1"}},
	{J "syslog = /run/banish/syslog\n", true, {"syslog:/run/banish/syslog"}},
	{J "syslog = /run/s trusted\n  udp:127.0.0.2:514\n  udp:[::1]:65535 trusted\n",
	 true,
	 {"syslog:/run/s", "syslog:udp:127.0.0.2:514", "syslog:udp:[::1]:65535"}},
	{J "syslog = udp:127.0.0.1:5514 trusted\nmaxretry = 1\n",
	 true,
	 {"syslog:udp:127.0.0.1:5514"}},
	{J "syslog = /run/s\nmaxretry = 1\n", true, {"syslog:/run/s"}},
};

Test(sources, are_what_the_keys_name)
{
	struct world w;

	open_filters(&w);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct conf *conf = NULL;
		size_t count = 0;

		world_text(&w, B, good[i].text);
		*w.said = 0;
		cr_assert_eq(world_conf(&w, &conf), 0, "row %zu: %s", i, w.said);
		cr_expect_str_empty(w.said, "row %zu: %s", i, w.said);
		while (count < 4 && good[i].names[count])
			count++;
		cr_expect_eq(conf->jails[1].source_count, count, "row %zu", i);
		for (size_t j = 0; j < count && j < conf->jails[1].source_count; j++)
			cr_expect_str_eq(conf->jails[1].sources[j].name, good[i].names[j],
					 "row %zu", i);
		cr_expect_eq(conf->jails[1].journal, good[i].journal, "row %zu", i);
		if (!strcmp(conf->jails[1].filter.name, "x"))
			cr_expect_str_eq(conf->jails[1].rules->fail[0].regex,
					 good[i].journal ? "^journal <HOST>" : "^file <HOST>",
					 "row %zu", i);
		conf_free(conf);
	}
	world_close(&w);
}

Test(sources, of_which_one_line_is_no_proof_are_marked)
{
	static const struct {
		const char *text;
		bool unverified;
	} rows[] = {
		{J "syslog = udp:127.0.0.1:5514\n", true},
		{J "syslog = udp:127.0.0.1:5514 trusted\n", false},
		{J "syslog = udp:127.0.0.1:5514 trusted\n  udp:127.0.0.1:5515\n", true},
		{J "syslog = /run/s\n", false},
		{J "logpath = /a\n", false},
	};
	struct world w;

	open_filters(&w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct conf *conf;

		world_text(&w, B, rows[i].text);
		cr_assert_eq(world_conf(&w, &conf), 0, "row %zu: %s", i, w.said);
		cr_expect_eq(conf->jails[1].unverified, rows[i].unverified, "row %zu", i);
		conf_free(conf);
	}
	world_close(&w);
}

#define LOOPBACK " must be a port of loopback, such as udp:127.0.0.1:5514\n"
#define MATCH " must be FIELD=VALUE words, with \"+\" between alternatives\n"

static const struct {
	const char *text, *said;
} bad[] = {
	/* One kind. */
	{J "logpath = /a\njournalmatch = A=1\n",
	 ":1: jail [j] has both \"logpath\" and \"journalmatch\"; make two jails\n"},
	{"[DEFAULT]\nbackend = systemd\n" J "logpath = /a\n",
	 ":3: jail [j] has both \"logpath\" and \"backend = systemd\"; make two jails, or "
	 "write "
	 "\"backend = auto\" in this one\n"},
	{J "syslog = /s\njournalmatch = A=1\n",
	 ":1: jail [j] has both \"journalmatch\" and \"syslog\"; make two jails\n"},
	{J "syslog = /s\nlogpath = /a\n",
	 ":1: jail [j] has both \"logpath\" and \"syslog\"; make two jails\n"},
	/* The backend. */
	{J "backend = systemd\n",
	 ":2: filter \"x\" has no journalmatch of its own: name the entries of the journal "
	 "with \"journalmatch = FIELD=VALUE ...\"\n"},
	{J "logpath = /a\nbackend = sytemd\n",
	 ":4: backend must be auto, systemd, pyinotify, polling or gamin, not \"sytemd\"; did "
	 "you mean \"systemd\"?\n"},
	/* Files. */
	{J "logpath = -\n  -\n", ":4: logpath \"-\" is repeated\n"},
	{J "logpath = journal:A=1\n", ":3: logpath \"journal:A=1\" is not an absolute path\n"},
	{J "logpath = /a /b\n",
	 ":3: logpath \"/a /b\" is more than one path; write each on a line of its own\n"},
	{J "logpath = /a tail\n", ":3: logpath \"/a tail\" has a word behind the path; where "
				  "reading begins is not chosen "
				  "here\n"},
	/* The journal. */
	{J "journalmatch = a=1\n", ":3: journalmatch \"a=1\"" MATCH},
	{J "journalmatch = A\n", ":3: journalmatch \"A\"" MATCH},
	{J "journalmatch = __CURSOR=1\n", ":3: journalmatch \"__CURSOR=1\"" MATCH},
	{J "journalmatch = A=1 +\n", ":3: journalmatch \"A=1 +\"" MATCH},
	{J "journalmatch = A=1 + + B=1\n", ":3: journalmatch \"A=1 + + B=1\"" MATCH},
	{J "journalmatch = + A=1\n", ":3: journalmatch \"+ A=1\"" MATCH},
	{J "journalmatch = A=\"1\n", ":3: journalmatch \"A=\"1\"" MATCH},
	{J "journalmatch = A=1\\\n", ":3: journalmatch \"A=1\\\"" MATCH},
	{J "journalmatch = A=1 /folder\n", ":3: journalmatch \"A=1 /folder\"" MATCH},
	{J "journalmatch = A=1\n  /folder\n", ":4: journalmatch \"/folder\"" MATCH},
	/* Sockets. */
	{J "syslog =\n", ":3: syslog is empty\n"},
	{J "syslog = run/s\n",
	 ":3: syslog \"run/s\" is neither an absolute path nor udp:ADDRESS:PORT\n"},
	{J "syslog = /s trsuted\n",
	 ":3: syslog \"/s trsuted\" may have the one word \"trusted\" after the socket\n"},
	{J "syslog = /s trusted too\n",
	 ":3: syslog \"/s trusted too\" may have the one word \"trusted\" after the socket\n"},
	{J "syslog = /s\n  /s trusted\n", ":4: syslog \"/s\" is repeated\n"},
	{J "syslog = udp:0.0.0.0:514\n", ":3: syslog \"udp:0.0.0.0:514\"" LOOPBACK},
	{J "syslog = udp:192.0.2.1:514\n", ":3: syslog \"udp:192.0.2.1:514\"" LOOPBACK},
	{J "syslog = udp:[2001:db8::1]:514\n", ":3: syslog \"udp:[2001:db8::1]:514\"" LOOPBACK},
	{J "syslog = udp:[::1:514\n", ":3: syslog \"udp:[::1:514\"" LOOPBACK},
	{J "syslog = udp:::1:514\n", ":3: syslog \"udp:::1:514\"" LOOPBACK},
	{J "syslog = udp:514\n", ":3: syslog \"udp:514\"" LOOPBACK},
	{J "syslog = udp:127.0.0.1:0\n", ":3: syslog \"udp:127.0.0.1:0\"" LOOPBACK},
	{J "syslog = udp:127.0.0.1:65536\n", ":3: syslog \"udp:127.0.0.1:65536\"" LOOPBACK},
	{J "syslog = udp:\n", ":3: syslog \"udp:\"" LOOPBACK},
	{J "syslog = /s\n  udp:127.0.0.1:5514\nmaxretry = 1\n",
	 ":4: syslog \"udp:127.0.0.1:5514\" is not to ban by one datagram, which anyone may "
	 "have sent: set maxretry to 2 or more, or write \"trusted\" after it\n"},
};

Test(sources, mistakes_are_refused_with_their_place)
{
	struct world w;
	char said[512];

	open_filters(&w);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct conf *conf = NULL;

		world_text(&w, B, bad[i].text);
		*w.said = 0;
		snprintf(said, sizeof said, B "%s", bad[i].said);
		cr_expect_eq(world_conf(&w, &conf), -EINVAL, "row %zu", i);
		cr_expect_str_eq(w.said, said, "row %zu", i);
		conf_free(conf);
	}
	world_close(&w);
}

Test(sources, a_filter_is_blamed_for_its_own_journalmatch)
{
	struct world w;
	struct conf *conf;

	open_filters(&w);
	world_text(&w, B, "[j]\nfilter = badmatch\nbackend = systemd\n");
	cr_expect_eq(world_conf(&w, &conf), -EINVAL);
	cr_expect_str_eq(w.said, "filter.d/badmatch.conf:3: journalmatch \"comm=o\"" MATCH);
	world_close(&w);
}

Test(sources, a_journalmatch_is_bounded)
{
	struct world w;
	struct conf *conf = NULL;
	char text[6000];

	open_filters(&w);
	snprintf(text, sizeof text, J "journalmatch = A=%03000d\n  B=1\n", 1);
	world_text(&w, B, text);
	cr_assert_eq(world_conf(&w, &conf), 0, "%s", w.said);
	conf_free(conf);
	snprintf(text, sizeof text, J "journalmatch = A=%03000d\n  B=%01500d\n", 1, 1);
	world_text(&w, B, text);
	cr_expect_eq(world_conf(&w, &conf), -EINVAL);
	cr_expect_str_eq(w.said, B ":4: journalmatch is longer than 4080 bytes\n");
	world_close(&w);
}

Test(sources, polling_is_taken_as_auto_with_a_warning)
{
	struct world w;
	struct conf *conf;

	open_filters(&w);
	world_text(&w, B, J "logpath = /a\nbackend = polling\n");
	cr_assert_eq(world_conf(&w, &conf), 0);
	cr_expect_str_eq(w.said,
			 B ":4: warning: backend \"polling\" is taken as \"auto\": what "
			   "other hosts write on a network file system may be noticed "
			   "late\n");
	conf_free(conf);
	world_close(&w);
}

static const struct {
	const char *text;
	bool names;
	const char *zone;
} changes[] = {
	{J "logpath = /a\n", false, NULL},
	{J "logpath = /a\nusedns = no\n", false, NULL},
	{J "logpath = /a\nusedns = yes\nlogtimezone = UTC+0200\n", true, "UTC+0200"},
	{"[j]\nfilter = addresses\nlogpath = /a\nusedns = yes\n", false, NULL},
	{"[j]\nfilter = x[usedns=no]\nlogpath = /a\nusedns = yes\n", false, NULL},
	{"[DEFAULT]\nlogtimezone = CET\nusedns = yes\n[j]\nfilter = x[logtimezone=UTC]\n"
	 "logpath = /a\n",
	 true, "UTC"},
};

Test(sources, names_and_zone_of_a_jail_reach_its_filter)
{
	struct world w;

	open_filters(&w);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const struct rules *rules;
		struct conf *conf;

		world_text(&w, B, changes[i].text);
		cr_assert_eq(world_conf(&w, &conf), 0, "row %zu: %s", i, w.said);
		rules = conf->jails[1].rules;
		cr_expect_eq(rules->names, changes[i].names, "row %zu", i);
		if (changes[i].zone)
			cr_expect_str_eq(rules->logtimezone, changes[i].zone, "row %zu", i);
		else
			cr_expect_null(rules->logtimezone, "row %zu", i);
		conf_free(conf);
	}
	world_close(&w);
}
