/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "tests/conf/world.h"

#define FILES 5

struct file {
	const char *name, *text;
};

static void put(char *out, size_t size, struct world *w, const char *kind,
		const struct rule *rule)
{
	const char *file = rule->place.file ? rule->place.file : "-";
	size_t used = strlen(out), dir = strlen(w->dir);

	if (!strncmp(file, w->dir, dir))
		file += dir + 1;
	snprintf(out + used, size - used, "%s %s:%u %s\n", kind, file, rule->place.line,
		 rule->regex);
}

/* "kind file:line regex" a rule. */
static void print(const struct rules *rules, char *out, size_t size, struct world *w)
{
	*out = 0;
	if (rules->prefregex.regex)
		put(out, size, w, "pref", &rules->prefregex);
	for (size_t i = 0; i < rules->fails; i++)
		put(out, size, w, "fail", &rules->fail[i]);
	for (size_t i = 0; i < rules->ignores; i++)
		put(out, size, w, "ignore", &rules->ignore[i]);
	for (size_t i = 0; i < rules->date_count; i++)
		put(out, size, w, "date", &rules->dates[i]);
	for (size_t i = 0; i < rules->journal_count; i++)
		put(out, size, w, "journal", &rules->journal[i]);
	if (rules->maxlines)
		snprintf(out + strlen(out), size - strlen(out), "maxlines %u\n",
			 rules->maxlines);
	if (rules->logtimezone)
		snprintf(out + strlen(out), size - strlen(out), "zone %s\n",
			 rules->logtimezone);
	if (!rules->names)
		snprintf(out + strlen(out), size - strlen(out), "addresses\n");
}

static void write_all(struct world *w, const struct file *files)
{
	for (size_t i = 0; i < FILES && files[i].name; i++)
		world_text(w, files[i].name, files[i].text);
}

#define X "filter.d/x.conf"

static const struct {
	const char *spec;
	struct file files[FILES];
	const char *read;
} good[] = {
	/* The plain form; empty lines are no rules. */
	{"x",
	 {{X, "[Definition]\nprefregex = ^p <F-CONTENT>.+</F-CONTENT>$\nfailregex = ^a "
	      "<HOST>$\n\n            ^b <HOST>$\nignoreregex =\n"}},
	 "pref " X ":2 ^p <F-CONTENT>.+</F-CONTENT>$\nfail " X ":3 ^a <HOST>$\nfail " X
	 ":5 ^b <HOST>$\n"},
	/* %(x)s: lower case, nested, %%, __name__, [DEFAULT]; the rule keeps its own line. */
	{"x",
	 {{X, "[DEFAULT]\nd = D\n[Definition]\na = 1%(B)s\nb = 2%(d)s\nfailregex = "
	      "%(a)s-%%-%(__name__)s\n"}},
	 "fail " X ":6 12D-%-Definition\n"},
	/* A reference alone on its line: the rules stand where they are defined. */
	{"x",
	 {{X, "[Definition]\nmore = ^b\n       ^c\none = %(more)s\nfailregex = ^a\n    "
	      "%(one)s\n    z%(more)sz\n"}},
	 "fail " X ":5 ^a\nfail " X ":2 ^b\nfail " X ":3 ^c\nfail " X ":7 z^b\nfail " X
	 ":7 ^cz\n"},
	/* Modes; an empty mode is no rule. */
	{"x[mode=hard]",
	 {{X, "[Definition]\nm-soft =\nm-hard = ^h1\n  ^h2\nfailregex = ^a\n  "
	      "<m-<mode>>\nmode = soft\n"}},
	 "fail " X ":5 ^a\nfail " X ":3 ^h1\nfail " X ":4 ^h2\n"},
	{"x",
	 {{X, "[Definition]\nm-soft =\nm-hard = ^h1\nfailregex = ^a\n  <m-<mode>>\nmode = "
	      "soft\n"}},
	 "fail " X ":4 ^a\n"},
	/* Unknown tags are for the regular expression. */
	{"x",
	 {{X, "[Definition]\nuser = <F-USER>\\S+</F-USER>\nfailregex = <user> <HOST> <ADDR> "
	      "(?P<n>x) <a b> <>\n"}},
	 "fail " X ":3 <F-USER>\\S+</F-USER> <HOST> <ADDR> (?P<n>x) <a b> <>\n"},
	/* Names are found in either case, as in fail2ban; options only as they are written. */
	{"x[Opt=o]",
	 {{X, "[Definition]\nword = w\nfailregex = <WORD> <Opt> <opt> %(OPT)s\n"}},
	 "fail " X ":3 w o o o\n"},
	/* [Init] is for tags, and options win over it; known/ is what the file said. */
	{"x[a=1]",
	 {{X, "[Definition]\nfailregex = <a> <b> <known/a>\n[Init]\na = 3\nb = 4%(a)s\n"}},
	 "fail " X ":2 1 43 3\n"},
	/* Options win over keys, also within %()s; references in them are resolved there. */
	{"x[_d=\"q%(e)s\"]",
	 {{X, "[Definition]\n_d = d\ne = E\npre = ^%(_d)s:\nfailregex = %(pre)s <HOST>\n"}},
	 "fail " X ":5 ^qE: <HOST>\n"},
	{"x[failregex=\"^mine <HOST>\"]",
	 {{X, "[Definition]\nfailregex = ^theirs\n"}},
	 "fail -:0 ^mine <HOST>\n"},
	/* Section references, both ways; [DEFAULT] stands in. */
	{"x[t=two]",
	 {{X, "[DEFAULT]\nz = Z\n[Definition]\nfailregex = %(one/a)s <one/a> <<t>/a> "
	      "%(two/z)s <default/z>\n[one]\na = 1\n[two]\na = 2<z>\n"}},
	 "fail " X ":4 1 1 2Z Z Z\n"},
	/* Includes: before, itself, after; and a section that several files fill. */
	{"x",
	 {{X, "[INCLUDES]\nbefore = b.conf\nafter = sub/a.conf\n        none.local\n"
	      "[Definition]\nb = x\na = x\nfailregex = %(b)s%(a)s%(c)s\n"},
	  {"filter.d/b.conf", "[Definition]\nb = before\nc = C\n"},
	  {"filter.d/sub/a.conf", "[INCLUDES]\nbefore = in.conf\n[Definition]\na = after\n"},
	  {"filter.d/sub/in.conf", "[Definition]\nc = inner\n"}},
	 "fail " X ":8 xafterinner\n"},
	/* Files that include each other are read once each way. */
	{"x",
	 {{X, "[INCLUDES]\nbefore = y.conf\n[Definition]\nfailregex = %(y)s\n"},
	  {"filter.d/y.conf", "[INCLUDES]\nafter = ./x.conf\n  y.conf\n[Definition]\ny = Y\n"}},
	 "fail filter.d/y.conf:5 Y\n"},
	/* Overlays: .d, .local, the .local of an include, and one in an earlier directory. */
	{"x",
	 {{X, "[INCLUDES]\nbefore = c.conf\n[Definition]\nfailregex = ^a\n  %(c)s\n"},
	  {"filter.d/c.conf", "[Definition]\nc = ^c\n"},
	  {"filter.d/c.local", "[Definition]\nc = ^local\n"},
	  {"filter.d/x.local", "[Definition]\nfailregex = %(known/failregex)s\n  ^b\n"},
	  {"etc/x.local", "[Definition]\nignoreregex = ^i\n"}},
	 "fail " X ":4 ^a\nfail filter.d/c.local:2 ^local\nfail filter.d/x.local:3 ^b\n"
	 "ignore etc/x.local:2 ^i\n"},
	{"x",
	 {{X, "[Definition]\nfailregex = ^a\n"},
	  {"filter.d/x.d/2.conf", "[Definition]\nfailregex = <known/failregex>2\n"},
	  {"filter.d/x.d/1.conf", "[Definition]\nfailregex = 1\n"},
	  {"filter.d/x.d/1.local", "[Definition]\nignoreregex = L\n"},
	  {"filter.d/x.d/.conf", "broken"}},
	 "fail filter.d/x.d/2.conf:2 12\nignore filter.d/x.d/1.local:2 L\n"},
	/* The first directory that has it. */
	{"x",
	 {{X, "[Definition]\nfailregex = ^theirs\n"},
	  {"etc/x.conf", "[Definition]\nfailregex = ^ours\n"}},
	 "fail etc/x.conf:2 ^ours\n"},
	/* Dates, one a line; %% is a %. What an option says is taken as it is. */
	{"x",
	 {{X, "[Definition]\nfailregex = ^a\ndatepattern = ^%%Y-%%m\n\n  {^LN-BEG}\n"}},
	 "fail " X ":2 ^a\ndate " X ":3 ^%Y-%m\ndate " X ":5 {^LN-BEG}\n"},
	{"x[datepattern=\" %Y\n %m \"]",
	 {{X, "[Definition]\nfailregex = ^a\ndatepattern = ^%%d\n"}},
	 "fail " X ":2 ^a\ndate -:0 %Y\ndate -:0 %m\n"},
	{"x", {{X, "[Definition]\nfailregex = ^a\ndatepattern =\n"}}, "fail " X ":2 ^a\n"},
	/* The rest of what a filter says. */
	{"x",
	 {{X, "[Definition]\nfailregex = ^a\njournalmatch = A=%(u)s + B=2\n  C=3\nu = 1\n"
	      "usedns = NO\n[Init]\nmaxlines = 10\n"}},
	 "fail " X ":2 ^a\njournal " X ":3 A=1 + B=2\njournal " X
	 ":4 C=3\nmaxlines 10\naddresses\n"},
	{"x[maxlines=3,logtimezone=UTC+01:00,usedns=no]",
	 {{X, "[Definition]\nfailregex = ^a\nusedns = yes\nmaxlines = 100\n"}},
	 "fail " X ":2 ^a\nmaxlines 3\nzone UTC+01:00\naddresses\n"},
	/* Inline comments cut a rule, as they do in fail2ban. */
	{"x",
	 {{X, "[Definition]\nfailregex = ^a ;b\n  ^c;d\n"}},
	 "fail " X ":2 ^a\nfail " X ":3 ^c;d\n"},
};

Test(filter, is_read_as_fail2ban_reads_it)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct world w;
		struct rules *rules = NULL;
		char out[2048] = "";

		world_open(&w);
		write_all(&w, good[i].files);
		cr_expect_eq(world_filter(&w, &rules, good[i].spec), 0, "row %zu", i);
		if (rules)
			print(rules, out, sizeof out, &w);
		cr_expect_str_eq(out, good[i].read, "row %zu", i);
		cr_expect_str_empty(w.said, "row %zu: %s", i, w.said);
		rules_free(rules);
		world_close(&w);
	}
}

#define D "[Definition]\n"

static const struct {
	const char *spec;
	struct file files[FILES];
	int err;
	const char *said;
} bad[] = {
	{"sshdd",
	 {{"filter.d/sshd.conf", D}},
	 -ENOENT,
	 "-: no filter \"sshdd\"; did you mean \"sshd\"?\n"},
	{"quite-another",
	 {{"filter.d/sshd.conf", D}},
	 -ENOENT,
	 "-: no filter \"quite-another\" in any of the directories for filters\n"},
	{"/nonexistent/x.conf",
	 {{X, D}},
	 -ENOENT,
	 "-: filter \"/nonexistent/x.conf\" cannot be read: No such file or directory\n"},
	{"x[", {{X, D}}, -EINVAL, "-: option name expected at the end\n"},
	{"x",
	 {{X, D "failregex = ^a\n %(nothing)s\n"}},
	 -EINVAL,
	 X ":3: %(nothing)s is not defined\n"},
	{"x",
	 {{X, D "a = 5% of it\nfailregex = %(a)s\n"}},
	 -EINVAL,
	 X ":2: % must be followed by % or (name)s, not \"% of it\"\n"},
	{"x",
	 {{X, D "failregex = ^%(a\n"}},
	 -EINVAL,
	 X ":2: a reference is written %(name)s, not \"%(a\"\n"},
	{"x",
	 {{X, D "a = %(b)s\nb = x%(a)s\nfailregex = %(a)s\n"}},
	 -EINVAL,
	 X ":3: references within references without end at \"a\"\n"},
	{"x",
	 {{X, D "failregex = ^a\n ^<failregex>\n"}},
	 -EINVAL,
	 X ":3: a value refers to itself by <failregex>\n"},
	{"x",
	 {{X, D "a = <b>\nb = <a>\nfailregex = ^<a>\n"}},
	 -EINVAL,
	 X ":4: names refer to each other without end at <a>\n"},
	{"x[mode=agressive]",
	 {{X, D "mre-aggressive = ^a\nfailregex = ^b\n <mre-<mode>>\n"}},
	 -EINVAL,
	 X ":4: <mre-agressive> is not defined; did you mean <mre-aggressive>?\n"},
	{"x",
	 {{X, "[INCLUDES]\nbefore = y.local\n  y.conf\n" D "failregex = ^a\n"}},
	 -EINVAL,
	 X ":3: cannot include \"filter.d/y.conf\": No such file or directory\n"},
	{"x",
	 {{X, "[INCLUDES]\nafter = y.conf\n" D "failregex = ^a\n"},
	  {"filter.d/y.conf", D "word\n"}},
	 -EINVAL,
	 "filter.d/y.conf:2: expected \"key = value\", not \"word\"\n"},
	{"x",
	 {{X, "[Foo]\na = b\n"}},
	 -EINVAL,
	 X ": there is no [Definition], so this is no filter\n"},
	{"x", {{X, D "a = b\n"}}, -EINVAL, X ": the filter has no failregex\n"},
	{"x", {{X, D "failregex =\n\n"}}, -EINVAL, X ": the filter has no failregex\n"},
	{"x",
	 {{X, D "failregex = ^a\nmaxlines = 101\n"}},
	 -EINVAL,
	 X ":3: maxlines must be a number from 1 to 100, not \"101\"\n"},
	{"x",
	 {{X, D "failregex = ^a\nusedns = true\n"}},
	 -EINVAL,
	 X ":3: usedns must be yes, no, warn or raw, not \"true\"\n"},
};

Test(filter, mistakes_are_reported_where_they_stand)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct world w;
		struct rules *rules = NULL;

		world_open(&w);
		write_all(&w, bad[i].files);
		cr_expect_eq(world_filter(&w, &rules, bad[i].spec), bad[i].err, "row %zu", i);
		cr_expect_str_eq(w.said, bad[i].said, "row %zu", i);
		cr_expect_null(rules);
		world_close(&w);
	}
}

Test(filter, a_composed_name_that_nothing_defines_is_warned_of)
{
	struct world w;
	struct rules *rules;

	world_open(&w);
	world_text(&w, X, D "failregex = ^<x-<m>>y\n[Init]\nm = 1\n");
	cr_assert_eq(world_filter(&w, &rules, "x"), 0);
	cr_expect_str_eq(w.said, X ":2: warning: <x-1> is not defined\n");
	cr_expect_eq(w.diag.errors, 0);
	rules_free(rules);
	world_close(&w);
}

static const struct {
	const char *spec;
	bool journal;
	const char *text, *fail;
} logtypes[] = {
	{"x", false, "[DEFAULT]\nlogtype = short\n" D "failregex = ^<logtype>\n", "^file"},
	{"x", true, "[DEFAULT]\nlogtype = file\n" D "failregex = ^<logtype>\n", "^journal"},
	{"x", true, D "failregex = ^%(logtype)s\n", "^journal"},
	{"x", true, "[Init]\nlogtype = file\n" D "failregex = ^<logtype>\n", "^journal"},
	{"x", true, D "failregex = ^<logtype>\nlogtype = file\n", "^file"},
	{"x[logtype=rfc5424]", true, D "failregex = ^<logtype>\n", "^rfc5424"},
};

Test(filter, logtype_is_that_of_the_source_unless_the_filter_or_an_option_says)
{
	for (size_t i = 0; i < sizeof logtypes / sizeof *logtypes; i++) {
		struct world w;
		struct rules *rules = NULL;

		world_open(&w);
		w.journal = logtypes[i].journal;
		world_text(&w, X, logtypes[i].text);
		cr_assert_eq(world_filter(&w, &rules, logtypes[i].spec), 0, "row %zu", i);
		cr_expect_str_eq(rules->fail[0].regex, logtypes[i].fail, "row %zu", i);
		rules_free(rules);
		world_close(&w);
	}
}

Test(filter, a_path_wins_and_brings_its_overlay)
{
	struct world w;
	struct rules *rules;
	char out[512];

	world_open(&w);
	world_text(&w, X, D "failregex = ^wrong\n");
	world_text(&w, "mine/x.conf", D "failregex = ^right\n");
	world_text(&w, "mine/x.local", D "ignoreregex = ^i\n");
	cr_assert_eq(world_filter(&w, &rules, world_path(&w, "mine/x.conf")), 0);
	print(rules, out, sizeof out, &w);
	cr_expect_str_eq(out, "fail mine/x.conf:2 ^right\nignore mine/x.local:2 ^i\n");
	cr_expect_eq(rules->file_count, 2);
	cr_expect_str_eq(rules->files[0], world_path(&w, "mine/x.conf"));
	cr_expect_str_eq(rules->name, world_path(&w, "mine/x.conf"));
	rules_free(rules);
	cr_assert_eq(chdir(world_path(&w, "mine")), 0);
	cr_assert_eq(world_filter(&w, &rules, "x.conf"), 0);
	rules_free(rules);
	world_close(&w);
}

Test(filter, what_is_no_file_is_refused)
{
	struct world w;
	struct rules *rules;

	world_open(&w);
	cr_assert_eq(mkdir(world_path(&w, X), 0700), 0);
	cr_expect_eq(world_filter(&w, &rules, "x"), -EINVAL);
	cr_assert_eq(mkfifo(world_path(&w, "filter.d/fifo.conf"), 0600), 0);
	cr_expect_eq(world_filter(&w, &rules, "fifo"), -EINVAL);
	cr_expect_eq(world_filter(&w, &rules, "/dev/zero"), -EINVAL);
	cr_assert_eq(symlink("loop.conf", world_path(&w, "filter.d/loop.conf")), 0);
	cr_expect_eq(world_filter(&w, &rules, world_path(&w, "filter.d/loop.conf")), -ENOENT);
	cr_expect_str_eq(w.said, X ": cannot be read: Is a directory\n"
				   "filter.d/fifo.conf: cannot be read: it is not a regular "
				   "file\n"
				   "/dev/zero: cannot be read: it is not a regular file\n"
				   "-: filter \"filter.d/loop.conf\" cannot be read: Too many "
				   "levels of symbolic links\n");
	world_close(&w);
}
