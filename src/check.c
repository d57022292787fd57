/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish check: what would run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/moment.h"
#include "command.h"
#include "control/control.h"
#include "match/match.h"
#include "options.h"
#include "setup.h"
#include "target/target.h"

static void print_lines(const struct conf_jail *jail)
{
	char *filter = spec_text(&jail->filter);

	printf("  filter    %s (%zu failregex, %zu ignoreregex; %s)\n",
	       filter ? filter : jail->filter.name, jail->rules->fails, jail->rules->ignores,
	       jail->rules->file_count ? jail->rules->files[0] : "-");
	free(filter);
	for (size_t i = 0; i < jail->source_count; i++)
		printf("  source    %s%s\n", jail->sources[i].name,
		       *jail->sources[i].name == '/' && access(jail->sources[i].name, R_OK)
			       ? " (not there yet, or not readable)"
			       : "");
	if (jail->rules->names)
		puts("  usedns    yes");
	if (jail->rules->logtimezone)
		printf("  timezone  %s\n", jail->rules->logtimezone);
}

static void print_ports(const struct port_range *ports, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		printf(" %u", ports[i].first);
		if (ports[i].first != ports[i].last)
			printf("-%u", ports[i].last);
	}
}

static void print_service(const struct conf_jail *jail)
{
	if (jail->port_count)
		printf("  port     ");
	print_ports(jail->ports, jail->port_count);
	if (jail->port_count)
		printf(" (%s%s)\n",
		       jail->tcp && jail->udp ? "tcp, udp"
		       : jail->tcp	      ? "tcp"
					      : "udp",
		       jail->drop_established ? "; connections of the banned are closed" : "");
}

static void print_increment(const struct increment *it)
{
	char time[24];

	if (!it->on)
		return;
	if (it->multiplier_count)
		printf("  increment times");
	else
		printf("  increment %s", it->exponential ? "exponential" : "doubling");
	for (unsigned i = 0; i < it->multiplier_count; i++)
		printf(" %u", it->multipliers[i]);
	if (it->factor != 1)
		printf(", factor %g", it->factor);
	if (it->maxtime != TIME_FOREVER)
		printf(", at most %s", text_print_duration(it->maxtime, time));
	if (it->rndtime)
		printf(", up to %s more", text_print_duration(it->rndtime, time));
	puts(it->overall ? ", by the bans of all jails" : "");
}

static void print_reaper(const struct conf_reaper *reaper)
{
	char older[24];

	printf("[reaper sendmail]\n  state     cmd read\n  older     %s, by %s\n  port     ",
	       text_print_duration(reaper->older, older), reaper->by_age ? "age" : "idle");
	print_ports(reaper->ports, reaper->port_count);
	putchar('\n');
}

static void print_ignoreip(const struct prefix *list, size_t count)
{
	char prefix[PREFIX_TEXT_MAX];

	if (!count)
		return;
	printf("  ignoreip ");
	for (size_t i = 0; i < count; i++)
		printf(" %s", prefix_print(&list[i], prefix));
	putchar('\n');
}

static void print_jail(const struct conf *conf, const struct conf_jail *jail)
{
	char findtime[24], bantime[24], line[512];

	printf("[%s]\n", jail->name);
	if (jail->rules) {
		print_lines(jail);
		printf("  count     %u in %s, IPv6 by /%u\n", jail->maxretry,
		       text_print_duration(jail->findtime, findtime), jail->prefix6);
	}
	printf("  bantime   %s\n", text_print_duration(jail->bantime, bantime));
	print_increment(&jail->increment);
	print_ignoreip(jail->ignoreip, jail->ignoreip_count);
	print_service(jail);
	if (jail->answer)
		printf("  answer    %s\n", jail->answer);
	for (size_t i = 0; i < jail->target_count; i++)
		printf("  target    %s\n",
		       target_describe(&conf->targets[jail->targets[i]], line, sizeof line));
}

static const char *or_off(const char *socket)
{
	return socket ? socket : "off";
}

static void print_tarpit(const struct conf_tarpit *tarpit)
{
	char expire[24];

	if (!tarpit->on)
		return;
	printf("[" SETUP_TARPIT "]\n  check     %s\n  store     %s\n  command   %s\n",
	       or_off(tarpit->check), or_off(tarpit->store), or_off(tarpit->command));
	printf("  sleep     %us, %u at a time\n  threshold %u, by /%u and /%u\n"
	       "  expire    %s, at most %u credits\n",
	       tarpit->sleep, tarpit->sleepers, tarpit->threshold, tarpit->prefix4,
	       tarpit->prefix6, text_print_duration(tarpit->expire, expire), tarpit->credits);
	print_ignoreip(tarpit->ignoreip, tarpit->ignoreip_count);
}

static bool has_live(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--live"))
			return true;
	return false;
}

int cmd_check(int argc, char **argv)
{
	struct options options = {.usage = "banish check [-c FILE]\n"
					   "       banish check --live [-c FILE] [-s SOCKET] "
					   "[--json]"};
	struct diag diag = {.say = diag_stderr};
	const struct conf *conf;
	struct setup *setup;
	char age[24];

	if (has_live(argc, argv))
		return cmd_live(argc, argv);
	if (options_parse(&options, argc, argv, NULL) >= 0)
		return options.code;
	if (setup_new(&setup, options.file, SETUP_STRICT, &diag)) {
		fprintf(stderr, "banish: %s: %u mistake%s\n", options.file, diag.errors,
			diag.errors == 1 ? "" : "s");
		return EXIT_REFUSED;
	}
	conf = setup->conf;
	printf("statedir %s\nsocket %s\nuser %s\nmaxbans %zu\ndbpurgeage %s\n", conf->statedir,
	       conf->socket, conf->user ? conf->user : "banish, when there is one",
	       conf->maxbans, text_print_duration(conf->dbpurgeage, age));
	for (size_t i = 0; i < conf->jail_count; i++) {
		print_jail(conf, &conf->jails[i]);
		fflush(stdout); /* before what is said of it on standard error */
		if (conf->jails[i].rules)
			match_lint(conf->jails[i].rules, &diag);
	}
	print_tarpit(&conf->tarpit);
	if (conf->reaper)
		print_reaper(conf->reaper);
	setup_free(setup);
	return EXIT_DONE;
}
