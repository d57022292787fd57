/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "tests/conf/world.h"

#define B "banish.conf"
#define OK "filter = sshd\nlogpath = /var/log/auth.log\n"

/* A world with two filters in it. */
static void open_filters(struct world *w)
{
	world_open(w);
	world_text(w, "filter.d/sshd.conf",
		   "[Definition]\nm-hard = ^h <HOST>\nm-soft =\nmode = soft\nfailregex = ^a "
		   "<HOST>\n  <m-<mode>>\n");
	world_text(w, "filter.d/postfix.conf", "[Definition]\nfailregex = ^p <HOST>\n");
}

static struct conf *read_good(struct world *w, const char *text)
{
	struct conf *conf = NULL;

	world_text(w, B, text);
	cr_assert_eq(world_conf(w, &conf), 0, "%s", w->said);
	cr_assert_str_empty(w->said);
	return conf;
}

#define NO_SOURCE                                                                              \
	"jail [sshd] has no source of lines: \"logpath\", \"journalmatch\", \"backend = "      \
	"systemd\", \"syslog\" or \"policy\"\n"

#define FACTOR                                                                                 \
	"bantime.factor must be a number above 0 such as 2 or 1.5, or two with \"/\" between " \
	"them, not "
#define DOUBLING "ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor"
#define EXPONENTIAL "ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)"
#define FORMULA                                                                                \
	"bantime.formula is not evaluated; it can be \"" DOUBLING "\" or \"" EXPONENTIAL       \
	"\", and bantime.multipliers says any other\n"
#define MULTIPLIERS                                                                            \
	"bantime.multipliers must be 1 to 64 whole numbers from 1 on, such as \"1 5 30 60\", " \
	"not "

static const struct {
	const char *text, *said;
} bad[] = {
	/* Keys. */
	{"[sshd]\n" OK "bantmie = 1h\n",
	 B ":4: unknown key \"bantmie\" in [sshd]; did you mean \"bantime\"?\n"},
	{"[sshd]\n" OK "Wholly_Other = 1h\n", B ":4: unknown key \"wholly_other\" in [sshd]\n"},
	{"[banish]\nstatdir = /tmp\n",
	 B ":2: unknown key \"statdir\" in [banish]; did you mean \"statedir\"?\n"},
	{"[DEFAULT]\nmaxrety = 3\n",
	 B ":2: unknown key \"maxrety\" in [DEFAULT]; did you mean \"maxretry\"?\n"},
	{"[INCLUDES]\nbefre = x\n",
	 B ":2: unknown key \"befre\" in [INCLUDES]; did you mean \"before\"?\n"},
	{"[sshd]\n" OK "bantime.multipliars = 1\n",
	 B ":4: unknown key \"bantime.multipliars\" in [sshd]; did you mean "
	   "\"bantime.multipliers\"?\n"},
	{"[manual]\nbantime.increment = yes\n", B ":2: key \"bantime.increment\" means nothing "
						  "in [manual]; it takes bantime and target\n"},
	{"[sshd]\n" OK "banaction = nftables\nchain = INPUT\n",
	 B ":4: key \"banaction\" is not supported; use \"target\"\n" B
	   ":5: key \"chain\" is not supported\n"},
	{"[sshd]\n" OK "action_mwl = x\n",
	 B ":4: key \"action_mwl\" is not supported; use \"target\"\n"},
	{"[sshd]\n" OK "mode = aggressive\n",
	 B ":4: key \"mode\" is not supported; write \"filter = NAME[mode=...]\"\n"},
	{"[DEFAULT]\nloglevel = info\n",
	 B ":2: key \"loglevel\" belongs in [banish], not in [DEFAULT]\n"},
	{"[banish]\nbantime = 1h\n",
	 B ":2: key \"bantime\" belongs in a jail or [DEFAULT], not in [banish]\n"},
	{"[manual]\nmaxretry = 3\n",
	 B ":2: key \"maxretry\" means nothing in [manual]; it takes bantime and target\n"},
	/* Sections. */
	{"[x y]\n" OK, B ":1: \"x y\" cannot be the name of a jail: 1 to 64 letters, digits, "
			 "\"-\", \"_\" and \".\" are allowed\n"},
	{"[Default]\n" OK, B ":1: [Default] is written [DEFAULT]\n"},
	{"[sshd]\n" OK "[sshd]\nmaxretry = 3\n",
	 B ":4: section [sshd] is repeated; first at line 1\n"},
	{"[sshd]\n" OK "filter = x\n", B ":4: key \"filter\" is repeated; first at line 2\n"},
	{"[sshd]\n", B ":1: jail [sshd] has no \"filter\"\n" B ":1: " NO_SOURCE},
	{"[sshd]\nenabled = no\nfilter = sshd\n", B ":1: " NO_SOURCE},
	{"[sshd]\nfilter = sshd\nbackend = auto\n", B ":1: " NO_SOURCE},
	{"maxretry = 3\n", B ":1: expected a [section] first, not \"maxretry = 3\"\n"},
	/* A line that was lost may have been the filter's: nothing is said to be missing. */
	{"[sshd]\nfilter\nlogpath = /x\n", B ":2: expected \"key = value\", not \"filter\"\n"},
	/* The reaper. */
	{"[reaper sendmail]\nstate = DATA\nolder = 0\nby = size\nport = nosuch\n",
	 B ":2: state must be cmd read, not \"DATA\"\n" B
	   ":3: older must be a time such as 90s, 10m, 1h, 7d or 4w, not \"0\"\n" B
	   ":4: by must be idle or age, not \"size\"\n" B
	   ":5: port \"nosuch\" is no tcp service of /etc/services, no number from 1 to 65535, "
	   "and no range such as 1000:2000\n"},
	{"[reaper sendmail]\nolder = 31d\nolders = 1\nfilter = x\n",
	 B ":3: unknown key \"olders\" in [reaper sendmail]; did you mean \"older\"?\n" B
	   ":4: key \"filter\" belongs in a jail or [DEFAULT], not in [reaper sendmail]\n" B
	   ":2: older must be 30 days at most\n"},
	{"[reaper postfix]\n" OK,
	 B ":1: [reaper postfix]: the sessions of sendmail alone can be reaped: [reaper "
	   "sendmail]\n"},
	/* Values. */
	{"[sshd]\n" OK "maxretry = many\n",
	 B ":4: maxretry must be a number from 1 to 1000, not \"many\"\n"},
	{"[sshd]\n" OK "maxretry = 0\n",
	 B ":4: maxretry must be a number from 1 to 1000, not \"0\"\n"},
	{"[sshd]\n" OK "maxretry =\n",
	 B ":4: maxretry must be a number from 1 to 1000, not \"\"\n"},
	{"[sshd]\n" OK "maxretry = 3\n  4\n",
	 B ":4: maxretry must be a number from 1 to 1000, not \"3\\x0a4\"\n"},
	{"[sshd]\n" OK "bantime = 3 fortnights\n",
	 B ":4: bantime must be a time such as 90s, 10m, 1h, 7d, 4w or forever, not \"3 "
	   "fortnights\"\n"},
	{"[sshd]\n" OK "bantime = 0\n",
	 B ":4: bantime must be a time such as 90s, 10m, 1h, 7d, 4w or forever, not \"0\"\n"},
	{"[sshd]\n" OK "findtime = forever\n",
	 B ":4: findtime must be a time such as 90s, 10m, 1h, 7d or 4w, not \"forever\"\n"},
	{"[sshd]\n" OK "prefix6 = /64\n",
	 B ":4: prefix6 must be a number from 32 to 128, not \"/64\"\n"},
	{"[sshd]\n" OK "enabled = maybe\n", B ":4: enabled must be yes or no, not \"maybe\"\n"},
	{"[sshd]\n" OK "ignoreip = 10. junk\n  192.0.2.09,::1\n",
	 B ":4: ignoreip: \"junk\" is not an address or a network\n" B
	   ":5: ignoreip: \"192.0.2.09\" is not an address or a network\n"},
	{"[sshd]\n" OK "ignoreip = 10. file:white\n  file:/no/such\n",
	 B ":4: ignoreip: \"white\" is not an absolute path\n" B
	   ":5: ignoreip: \"/no/such\" cannot be read: No such file or directory\n"},
	{"[sshd]\nfilter = sshd\nlogpath = /a\n  b\n  /c*\n  /a\n",
	 B ":4: logpath \"b\" is not an absolute path\n" B
	   ":5: logpath \"/c*\" is a pattern; name every file, one a line\n" B
	   ":6: logpath \"/a\" is repeated\n"},
	{"[sshd]\nfilter = sshd\nlogpath =\n", B ":3: logpath is empty\n"},
	{"[sshd]\nfilter =\nlogpath = /a\n", B ":2: filter is empty\n"},
	{"[sshd]\n" OK "target =\n", B ":4: target is empty\n"},
	{"[sshd]\n" OK "target = nft\n  nft[\n  nft\n", B ":5: \"=\" after an option's name "
							  "expected at the end\n"},
	{"[sshd]\n" OK "target = nft\n  route[a=b]\n  nft[]\n",
	 B ":6: target \"nft\" is repeated\n"},
	{"[sshd]\n" OK "maxretry = %(more)s\n", B ":4: %(more)s is not defined\n"},
	{"[sshd]\n" OK "maxretry = 5%\n",
	 B ":4: % must be followed by % or (name)s, not \"%\"\n"},
	{"[banish]\nloglevel = wrning\n",
	 B ":2: loglevel must be error, warning, info or debug, not \"wrning\"; did you mean "
	   "\"warning\"?\n"},
	{"[banish]\nloglevel = w\n rning\n",
	 B ":2: loglevel must be error, warning, info or debug, not \"w\\x0arning\"; did you "
	   "mean \"warning\"?\n"},
	{"[banish]\nloglevel = 99\n",
	 B ":2: loglevel must be error, warning, info or debug, not \"99\"\n"},
	{"[banish]\nstatedir = here\nsocket = there\nuser = a b\nmaxbans = 10\n",
	 B ":2: statedir must be an absolute path of at most 3000 bytes, not \"here\"\n" B
	   ":3: socket must be an absolute path of at most 107 bytes, not \"there\"\n" B
	   ":4: user must be one word, not \"a b\"\n" B
	   ":5: maxbans must be a number from 1000 to 16000000, not \"10\"\n"},
	{"[banish]\ndbpurgeage = 0\n", B
	 ":2: dbpurgeage must be a time such as 90s, 10m, 1h, 7d, 4w or forever, not \"0\"\n"},
	{"[banish]\ngroupcommit = 50ms\n",
	 B ":2: groupcommit must be a number from 0 to 10000, not \"50ms\"\n"},
	/* Bans that grow. */
	{"[sshd]\n" OK "bantime.increment = maybe\nbantime.overalljails = 2\n",
	 B ":4: bantime.increment must be yes or no, not \"maybe\"\n" B
	   ":5: bantime.overalljails must be yes or no, not \"2\"\n"},
	{"[sshd]\n" OK "bantime.factor = 2 ** 9\n", B ":4: " FACTOR "\"2 ** 9\"\n"},
	{"[sshd]\n" OK "bantime.factor = __import__('os')\n",
	 B ":4: " FACTOR "\"__import__('os')\"\n"},
	{"[sshd]\n" OK "bantime.factor = 0\n", B ":4: " FACTOR "\"0\"\n"},
	{"[sshd]\n" OK "bantime.factor = 1 / 0\n", B ":4: " FACTOR "\"1 / 0\"\n"},
	{"[sshd]\n" OK "bantime.factor = 1 / 2 / 3\n", B ":4: " FACTOR "\"1 / 2 / 3\"\n"},
	{"[sshd]\n" OK "bantime.factor = nan\n", B ":4: " FACTOR "\"nan\"\n"},
	{"[sshd]\n" OK "bantime.factor = 0x10\n", B ":4: " FACTOR "\"0x10\"\n"},
	{"[sshd]\n" OK "bantime.factor =\n", B ":4: " FACTOR "\"\"\n"},
	{"[sshd]\n" OK "bantime.factor = 9999999999\n", B ":4: " FACTOR "\"9999999999\"\n"},
	{"[sshd]\n" OK "bantime.formula = ban.Time * 2\n", B ":4: " FORMULA},
	{"[sshd]\n" OK "bantime.formula =\n", B ":4: " FORMULA},
	{"[sshd]\n" OK "bantime.formula = " DOUBLING " * 1\n", B ":4: " FORMULA},
	{"[sshd]\n" OK "bantime.multipliers = 1 2 -3\n", B ":4: " MULTIPLIERS "\"1 2 -3\"\n"},
	{"[sshd]\n" OK "bantime.multipliers = 0\n", B ":4: " MULTIPLIERS "\"0\"\n"},
	{"[sshd]\n" OK "bantime.multipliers =\n", B ":4: " MULTIPLIERS "\"\"\n"},
	{"[sshd]\n" OK "bantime.maxtime = -1\nbantime.rndtime = forever\n",
	 B ":4: bantime.maxtime must be a time such as 90s, 10m, 1h, 7d or 4w, not \"-1\"\n" B
	   ":5: bantime.rndtime must be a time such as 90s, 10m, 1h, 7d or 4w, not "
	   "\"forever\"\n"},
	/* Names and zones. */
	{"[sshd]\n" OK "usedns = maybe\n", B ":4: usedns \"maybe\" must be yes or no\n"},
	{"[sshd]\n" OK "usedns = warn\n",
	 B ":4: usedns \"warn\" must be yes or no; names are looked up with yes alone\n"},
	{"[sshd]\n" OK "usedns = raw\n",
	 B ":4: usedns \"raw\" must be yes or no; a name itself cannot be banned\n"},
	/* Filters. */
	{"[sshd]\nfilter = sshdd\nlogpath = /a\n",
	 B ":2: no filter \"sshdd\"; did you mean \"sshd\"?\n"},
	{"[sshd]\nfilter = /none.conf\nlogpath = /a\n",
	 B ":2: filter \"/none.conf\" cannot be read: No such file or directory\n"},
	{"[sshd]\nfilter = sshd[mode=hrd]\nlogpath = /a\n",
	 "filter.d/sshd.conf:6: <m-hrd> is not defined; did you mean <m-hard>?\n" B
	 ":2: filter \"sshd\" cannot be used\n"},
	{"[sshd]\nfilter = sshd[mode]\nlogpath = /a\n",
	 B ":2: \"=\" after an option's name expected, not \"]\"\n"},
	/* What is wrong in [DEFAULT] is said once, and all of it. */
	{"[DEFAULT]\nbantime = x\nignoreip = y\nmaxretry = %(z)s\n[a]\n" OK "[b]\n" OK,
	 B ":4: %(z)s is not defined\n" B
	   ":2: bantime must be a time such as 90s, 10m, 1h, 7d, 4w or forever, not \"x\"\n" B
	   ":3: ignoreip: \"y\" is not an address or a network\n"},
	{"[INCLUDES]\nbefore = gone.conf\n",
	 B ":2: cannot include \"gone.conf\": No such file or directory\n"},
};

Test(conf, mistakes_are_refused_with_their_place)
{
	struct world w;

	open_filters(&w);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct conf *conf = NULL;

		world_text(&w, B, bad[i].text);
		*w.said = 0;
		cr_expect_eq(world_conf(&w, &conf), -EINVAL, "row %zu", i);
		cr_expect_str_eq(w.said, bad[i].said, "row %zu", i);
		cr_expect_null(conf);
	}
	world_close(&w);
}

Test(conf, a_missing_file_is_a_mistake)
{
	struct world w;
	struct conf *conf;

	world_open(&w);
	cr_expect_eq(world_conf(&w, &conf), -EINVAL);
	cr_expect_str_eq(w.said, B ": cannot be read: No such file or directory\n");
	*w.said = 0;
	cr_assert_eq(mkdir(world_path(&w, B), 0700), 0);
	cr_expect_eq(world_conf(&w, &conf), -EINVAL);
	cr_expect_str_eq(w.said, B ": cannot be read: Is a directory\n");
	world_close(&w);
}

Test(conf, an_empty_file_is_the_defaults_and_the_jail_of_bans_by_hand)
{
	struct world w;
	struct conf *conf;
	struct conf_jail *manual;

	world_open(&w);
	conf = read_good(&w, "");
	cr_expect_str_eq(conf->statedir, "/var/lib/banish");
	cr_expect_str_eq(conf->socket, "/run/banish/control");
	cr_expect_null(conf->user);
	cr_expect_eq(conf->loglevel, LOG_LEVEL_INFO);
	cr_expect_eq(conf->maxbans, 2000000);
	cr_assert_eq(conf->jail_count, 1);
	manual = &conf->jails[0];
	cr_expect_str_eq(manual->name, "manual");
	cr_expect_null(manual->filter.name);
	cr_expect_null(manual->rules);
	cr_expect_eq(manual->source_count, 0);
	cr_expect_eq(manual->bantime, 3600000);
	cr_expect_eq(manual->prefix6, 128);
	cr_assert_eq(manual->target_count, 1);
	cr_assert_eq(conf->target_count, 1);
	cr_expect_str_eq(conf->targets[manual->targets[0]].name, "nft");
	conf_free(conf);
	world_close(&w);
}

Test(conf, the_reaper_has_defaults_and_keys)
{
	struct world w;
	struct conf *conf;

	open_filters(&w);
	conf = read_good(&w, "[a]\n" OK);
	cr_expect_null(conf->reaper);
	conf_free(conf);
	conf = read_good(&w, "[reaper sendmail]\n");
	cr_assert(conf->reaper);
	cr_expect_eq(conf->jail_count, 1, "it is no jail");
	cr_expect_eq(conf->reaper->older, 900000);
	cr_expect_not(conf->reaper->by_age);
	cr_assert_eq(conf->reaper->port_count, 1);
	cr_expect_eq(conf->reaper->ports[0].first, 25);
	conf_free(conf);
	conf = read_good(&w, "[reaper sendmail]\nstate = cmd read\nolder = 1h\nby = age\n"
			     "port = 587,25,26\n");
	cr_expect_eq(conf->reaper->older, 3600000);
	cr_expect(conf->reaper->by_age);
	cr_assert_eq(conf->reaper->port_count, 2);
	cr_expect_eq(conf->reaper->ports[0].last, 26);
	conf_free(conf);
	conf = read_good(&w, "[reaper sendmail]\nenabled = no\n");
	cr_expect_null(conf->reaper);
	conf_free(conf);
	world_close(&w);
}

Test(conf, ignoreip_may_be_in_a_file)
{
	static const char *const white[] = {"10.0.0.0/8",   "10.1.2.0/24",   "192.168.0.0/16",
					    "198.51.100.7", "2001:db8::/32", "172.16.0.0/12"};
	char text[512], shown[PREFIX_TEXT_MAX];
	struct world w;
	struct conf *conf;

	open_filters(&w);
	world_text(&w, "white",
		   "# networks of ours\n10.0.0.0/255.0.0.0\n\n  10.1.2.3/24 # the lab\r\n"
		   "192.168.\n198.51.100.7,2001:db8::/32\n;172.16.0.0/13\n");
	snprintf(text, sizeof text, "[a]\n" OK "ignoreip = file:%s 172.16.0.0/12\n",
		 world_path(&w, "white"));
	conf = read_good(&w, text);
	cr_assert_eq(conf->jails[1].ignoreip_count, 6);
	for (size_t i = 0; i < 6; i++)
		cr_expect_str_eq(prefix_print(&conf->jails[1].ignoreip[i], shown), white[i]);
	conf_free(conf);
	/* What the original took for every address, or for none, without a word. */
	world_text(&w, "white", "10.1.2.3\n10.0.0.0/33\njunk\n10\n0.0.0.0/x # all\n");
	world_text(&w, "banish.conf", text);
	w.said[0] = 0;
	cr_expect_eq(world_conf(&w, &conf), -EINVAL);
	cr_expect_str_eq(w.said,
			 "white:2: ignoreip: \"10.0.0.0/33\" is not an address or a network\n"
			 "white:3: ignoreip: \"junk\" is not an address or a network\n"
			 "white:4: ignoreip: \"10\" is not an address or a network\n"
			 "white:5: ignoreip: \"0.0.0.0/x\" is not an address or a network\n");
	world_close(&w);
}

Test(conf, every_key_is_read)
{
	struct world w;
	struct conf *conf;
	struct conf_jail *jail;
	char text[PREFIX_TEXT_MAX];

	open_filters(&w);
	conf = read_good(&w,
			 "[banish]\nstatedir = /s\nsocket = /c\nuser = nobody\nloglevel = "
			 "debug\nmaxbans = 1000\n[DEFAULT]\nmaxretry = 7\n[j.1_-x]\n"
			 "filter = sshd[mode=hard]\nlogpath = /a b\n  /c\nfindtime = 90s\n"
			 "bantime = -1\nprefix6 = 56\nignoreip = 10. ::1,\n 192.0.2.1\n"
			 "target = ipset[name=x,\n    type=\"hash\"]\n  null\nenabled = yes\n");
	cr_expect_str_eq(conf->statedir, "/s");
	cr_expect_str_eq(conf->socket, "/c");
	cr_expect_str_eq(conf->user, "nobody");
	cr_expect_eq(conf->loglevel, LOG_LEVEL_DEBUG);
	cr_expect_eq(conf->maxbans, 1000);
	cr_assert_eq(conf->jail_count, 2);
	jail = &conf->jails[1];
	cr_expect_str_eq(jail->name, "j.1_-x");
	cr_expect_eq(jail->place.line, 9);
	cr_expect_str_eq(jail->place.file, conf->files[0]);
	cr_expect_str_eq(jail->filter.name, "sshd");
	cr_expect_str_eq(spec_get(&jail->filter, "mode"), "hard");
	cr_expect_eq(jail->filter.place.line, 10);
	cr_assert_eq(jail->rules->fails, 2);
	cr_expect_str_eq(jail->rules->fail[1].regex, "^h <HOST>");
	cr_assert_eq(jail->source_count, 2);
	cr_expect_str_eq(jail->sources[0].name, "/a b");
	cr_expect_str_eq(jail->sources[1].name, "/c");
	cr_expect_eq(jail->sources[1].place.line, 12);
	cr_expect_eq(jail->maxretry, 7);
	cr_expect_eq(jail->findtime, 90000);
	cr_expect_eq(jail->bantime, TIME_FOREVER);
	cr_expect_eq(jail->prefix6, 56);
	cr_assert_eq(jail->ignoreip_count, 3);
	cr_expect_str_eq(prefix_print(&jail->ignoreip[0], text), "10.0.0.0/8");
	cr_assert_eq(jail->target_count, 2);
	cr_expect_str_eq(spec_get(&conf->targets[jail->targets[0]], "type"), "hash");
	cr_expect_eq(conf->targets[jail->targets[0]].place.line, 18);
	cr_expect_str_eq(conf->targets[jail->targets[1]].name, "null");
	cr_expect_eq(conf->targets[jail->targets[1]].place.line, 20);
	conf_free(conf);
	world_close(&w);
}

Test(conf, default_and_section_name_reach_every_jail)
{
	struct world w;
	struct conf *conf;

	open_filters(&w);
	conf = read_good(&w,
			 "[DEFAULT]\nfilter = %(__name__)s\nlogpath = /l/%(__name__)s\n"
			 "bantime = 2h\nfindtime = %(bantime)s\n[sshd]\nbantime = 3h\n"
			 "maxretry = 4\n[postfix]\nmaxretry = %(sshd/maxretry)s2\n[manual]\n"
			 "bantime = 1d\n");
	cr_assert_eq(conf->jail_count, 3);
	cr_expect_eq(conf->jails[0].bantime, 86400000);
	cr_expect_eq(conf->jails[1].findtime, 3 * 3600000);
	cr_expect_str_eq(conf->jails[1].sources[0].name, "/l/sshd");
	cr_expect_eq(conf->jails[2].findtime, 2 * 3600000);
	cr_expect_eq(conf->jails[2].maxretry, 42);
	cr_expect_str_eq(conf->jails[2].rules->fail[0].regex, "^p <HOST>");
	conf_free(conf);
	world_close(&w);
}

Test(conf, the_same_target_is_one)
{
	struct world w;
	struct conf *conf;

	open_filters(&w);
	conf = read_good(&w, "[a]\n" OK "target = nft[x=1, y=\"2\"]\n  nft\n[b]\n" OK
			     "target = nft[y=2][x=3,x=1]\n[c]\n" OK "target = nft[x=1]\n");
	cr_expect_eq(conf->target_count, 3);
	cr_expect_eq(conf->jails[0].targets[0], 0);
	cr_expect_eq(conf->jails[1].targets[0], 1);
	cr_expect_eq(conf->jails[1].targets[1], 0);
	cr_expect_eq(conf->jails[2].targets[0], 1);
	cr_expect_eq(conf->jails[3].targets[0], 2);
	conf_free(conf);
	world_close(&w);
}

Test(conf, a_jail_that_is_off_is_checked_but_not_there)
{
	struct world w;
	struct conf *conf;

	open_filters(&w);
	conf = read_good(&w, "[DEFAULT]\nenabled = no\n[a]\n" OK "target = null\n[b]\n" OK
			     "enabled = yes\n");
	cr_assert_eq(conf->jail_count, 2);
	cr_expect_str_eq(conf->jails[1].name, "b");
	cr_expect_eq(conf->target_count, 1);
	conf_free(conf);
	world_text(&w, B, "[a]\nenabled = no\nfilter = gone\nlogpath = /a\n");
	cr_expect_eq(world_conf(&w, &conf), -EINVAL);
	cr_expect_str_eq(w.said, B ":3: no filter \"gone\" in any of the directories for "
				   "filters\n");
	world_close(&w);
}

Test(conf, files_in_jail_d_come_by_name_and_win)
{
	struct world w;
	struct conf *conf;

	open_filters(&w);
	world_text(&w, "jail.d/20.conf",
		   "[sshd]\nmaxretry = 2\nfindtime = %(known/findtime)s\n");
	world_text(&w, "jail.d/10.conf",
		   "[sshd]\nmaxretry = 1\n[DEFAULT]\nbantime = 5h\n"
		   "[postfix]\nfilter = postfix\nlogpath = /m\n");
	world_text(&w, "jail.d/.hidden.conf", "broken");
	world_text(&w, "jail.d/readme", "broken");
	conf = read_good(&w, "[sshd]\n" OK "findtime = 7m\nmaxretry = 9\n");
	cr_assert_eq(conf->jail_count, 3);
	cr_expect_eq(conf->jails[0].bantime, 5 * 3600000);
	cr_expect_str_eq(conf->jails[1].name, "sshd");
	cr_expect_eq(conf->jails[1].maxretry, 2);
	cr_expect_eq(conf->jails[1].findtime, 7 * 60000);
	cr_expect_str_eq(conf->jails[2].name, "postfix");
	cr_expect_eq(conf->file_count, 3);
	conf_free(conf);
	world_text(&w, "jail.d/30.conf", "[sshd]\nchain = INPUT\n");
	cr_expect_eq(world_conf(&w, &conf), -EINVAL);
	cr_expect_str_eq(w.said, "jail.d/30.conf:2: key \"chain\" is not supported\n");
	world_close(&w);
}

Test(conf, a_relative_filter_is_meant_from_its_file)
{
	struct world w;
	struct conf *conf;

	open_filters(&w);
	world_text(&w, "jail.d/mine.conf", "[Definition]\nfailregex = ^m <HOST>\n");
	cr_assert_eq(rename(world_path(&w, "jail.d/mine.conf"), world_path(&w, "mine.conf")),
		     0);
	conf = read_good(&w, "[a]\nfilter = ./mine.conf\nlogpath = /a\n");
	cr_expect_str_eq(conf->jails[1].rules->fail[0].regex, "^m <HOST>");
	conf_free(conf);
	world_close(&w);
}

Test(conf, reads_how_bans_grow)
{
	const struct increment *rule;
	struct conf *conf;
	struct world w;

	open_filters(&w);
	conf = read_good(&w,
			 "[banish]\ndbpurgeage = 30d\n[DEFAULT]\nbantime.increment = true\n"
			 "bantime.maxtime = 5w\n[a]\nfilter = sshd\nlogpath = /a\n"
			 "bantime.formula = ban.Time*math.exp(float(ban.Count+1)*banFactor)\n"
			 "  / math.exp(1*banFactor)\nbantime.factor = 2.0 / 2.5\n[b]\n"
			 "filter = sshd\nlogpath = /a\nbantime.multipliers = 1 5\n  30,60\n"
			 "bantime.rndtime = 90\nbantime.overalljails = yes\n"
			 "bantime.formula = " DOUBLING "\n");
	cr_expect_eq(conf->dbpurgeage, INT64_C(30) * 86400 * 1000);
	cr_expect_eq(conf->groupcommit, 50u);
	cr_expect_not(conf->jails[0].increment.on);
	rule = &conf->jails[1].increment;
	cr_expect(rule->on && rule->exponential && !rule->overall);
	cr_expect_eq(rule->factor, 0.8);
	cr_expect_eq(rule->maxtime, INT64_C(35) * 86400 * 1000);
	cr_expect_eq(rule->rndtime, 0);
	cr_expect_eq(rule->multiplier_count, 0u);
	rule = &conf->jails[2].increment;
	cr_expect(rule->on && !rule->exponential && rule->overall);
	cr_expect_eq(rule->factor, 1);
	cr_expect_eq(rule->rndtime, 90000);
	cr_assert_eq(rule->multiplier_count, 4u);
	cr_expect_eq(rule->multipliers[3], 60u);
	conf_free(conf);
	world_close(&w);
}

/* tcpblock's list of exceptions is "similar to tcp.smtp". */
Test(conf, ignoreip_in_a_file_may_look_like_rules_for_tcpserver)
{
	static const char *const white[] = {"127.0.0.0/8", "10.0.0.0/8", "192.168.0.0/16",
					    "192.0.2.7",   "192.0.2.8",	 "192.0.2.9"};
	char text[512], shown[PREFIX_TEXT_MAX];
	struct world w;
	struct conf *conf;

	open_filters(&w);
	world_text(&w, "white", "127.:allow\r\n10.\n\n \t\n192.168.:allow\n192.0.2.7-9\n");
	snprintf(text, sizeof text, "[a]\n" OK "ignoreip = file:%s\n", world_path(&w, "white"));
	conf = read_good(&w, text);
	cr_assert_eq(conf->jails[1].ignoreip_count, 6);
	for (size_t i = 0; i < 6; i++)
		cr_expect_str_eq(prefix_print(&conf->jails[1].ignoreip[i], shown), white[i]);
	conf_free(conf);
	world_text(&w, "white",
		   "10.1\n10\n:allow\n192.0.2.9-7\n192.0.2.1-256\n10-12.\n1.2.3.4:deny\n");
	world_text(&w, "banish.conf", text);
	w.said[0] = 0;
	cr_expect_eq(world_conf(&w, &conf), -EINVAL);
	for (int line = 1; line <= 7; line++) {
		snprintf(text, sizeof text, "white:%d: ", line);
		cr_expect(strstr(w.said, text), "%s in %s", text, w.said);
	}
	world_close(&w);
}
