/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge, asked from outside: FILE is a banish.conf, and the lines of standard input are
 * what happens, in order of time:
 *
 *	fail JAIL ADDRESS SECONDS	an offence, at that time
 *	unban JAIL ADDRESS SECONDS
 *
 * For each one line comes back: "-", or "ban MILLISECONDS COUNT" with the length of a new ban
 * (-1: for ever) and its number, or "longer".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "base/text.h"
#include "conf/conf.h"
#include "judge/judge.h"

static void set_jails(struct judge *judge, const struct conf *conf)
{
	struct judge_jail *jails = calloc(conf->jail_count, sizeof *jails);

	for (size_t i = 0; i < conf->jail_count; i++)
		jails[i] = (struct judge_jail){.name = (uint32_t)i + 1,
					       .maxretry = conf->jails[i].maxretry,
					       .findtime = conf->jails[i].findtime,
					       .bantime = conf->jails[i].bantime,
					       .prefix6 = conf->jails[i].prefix6,
					       .increment = conf->jails[i].increment};
	if (judge_set_jails(judge, jails, conf->jail_count))
		exit(2);
	judge_set_age(judge, conf->dbpurgeage);
	free(jails);
}

static uint32_t jail_of(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->jail_count; i++)
		if (!strcmp(conf->jails[i].name, name))
			return (uint32_t)i + 1;
	exit(2);
}

static void unban(struct judge *judge, uint32_t jail, const struct prefix *prefix)
{
	judge_undo(judge, jail, prefix, NULL);
	puts("-");
}

static void fail(struct judge *judge, uint32_t jail, const struct prefix *prefix, int64_t now)
{
	const struct offence offence = {
		.prefix = *prefix, .jail = jail, .time = now, .live = true};
	struct ban ban;
	int64_t time;

	switch (judge_offence(judge, &offence, now, &ban, &time)) {
	case JUDGE_BANNED:
		printf("ban %" PRId64 " %u\n",
		       ban.until == TIME_FOREVER ? -1 : ban.until - ban.since, ban.strikes);
		break;
	case JUDGE_EXTENDED:
		puts("longer");
		break;
	default:
		puts("-");
	}
}

int main(int argc, char **argv)
{
	const char *const dirs[] = {argc > 2 ? argv[2] : "src/filter.d", NULL};
	const struct conf_dirs where = {.filter_dirs = dirs};
	const struct judge_limits limits = {.bans = 1000, .accounts = 1000};
	struct diag diag = {.say = diag_stderr};
	char verb[16], name[80], address[64];
	struct judge *judge;
	struct conf *conf;
	int64_t now;

	if (argc < 2 || conf_read(&conf, argv[1], &where, &diag) || judge_new(&judge, &limits))
		return 2;
	set_jails(judge, conf);
	while (scanf("%15s %79s %63s %" SCNd64, verb, name, address, &now) == 4) {
		struct prefix prefix;
		struct ban over;

		if (!prefix_parse(&prefix, address, strlen(address)))
			return 2;
		while (judge_expire(judge, now * 1000, &over))
			;
		if (!strcmp(verb, "fail"))
			fail(judge, jail_of(conf, name), &prefix, now * 1000);
		else
			unban(judge, jail_of(conf, name), &prefix);
	}
	judge_free(judge);
	conf_free(conf);
	return 0;
}
