/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish check: what would run. */
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "control/control.h"
#include "options.h"
#include "setup.h"
#include "target/target.h"

static void print_spec(const struct spec *spec)
{
	printf("%s", spec->name);
	for (size_t i = 0; i < spec->count; i++)
		printf("%s%s=%s%s", i ? "," : "[", spec->options[i].name,
		       spec->options[i].value, i + 1 == spec->count ? "]" : "");
}

static void print_source(const struct conf_jail *jail)
{
	printf("  filter    ");
	print_spec(&jail->filter);
	printf(" (%zu failregex, %zu ignoreregex; %s)\n", jail->rules->fails,
	       jail->rules->ignores, jail->rules->file_count ? jail->rules->files[0] : "-");
	for (size_t i = 0; i < jail->logpath_count; i++)
		printf("  logpath   %s%s\n", jail->logpaths[i].path,
		       access(jail->logpaths[i].path, R_OK)
			       ? " (not there yet, or not readable)"
			       : "");
}

static void print_jail(const struct conf *conf, const struct conf_jail *jail)
{
	char findtime[24], bantime[24], prefix[PREFIX_TEXT_MAX], line[512];

	printf("[%s]\n", jail->name);
	if (jail->rules) {
		print_source(jail);
		printf("  count     %u in %s, IPv6 by /%u\n", jail->maxretry,
		       text_print_duration(jail->findtime, findtime), jail->prefix6);
	}
	printf("  bantime   %s\n", text_print_duration(jail->bantime, bantime));
	if (jail->ignoreip_count)
		printf("  ignoreip ");
	for (size_t i = 0; i < jail->ignoreip_count; i++)
		printf(" %s", prefix_print(&jail->ignoreip[i], prefix));
	if (jail->ignoreip_count)
		putchar('\n');
	for (size_t i = 0; i < jail->target_count; i++)
		printf("  target    %s\n",
		       target_describe(&conf->targets[jail->targets[i]], line, sizeof line));
}

int cmd_check(int argc, char **argv)
{
	struct options options = {.usage = "banish check [-c FILE]"};
	struct diag diag = {.say = diag_stderr};
	const struct conf *conf;
	struct setup *setup;

	if (options_parse(&options, argc, argv, NULL) >= 0)
		return options.code;
	if (setup_new(&setup, options.file, &diag)) {
		fprintf(stderr, "banish: %s: %u mistake%s\n", options.file, diag.errors,
			diag.errors == 1 ? "" : "s");
		return EXIT_REFUSED;
	}
	conf = setup->conf;
	printf("statedir %s\nsocket %s\nuser %s\nmaxbans %zu\n", conf->statedir, conf->socket,
	       conf->user ? conf->user : "banish, when there is one", conf->maxbans);
	for (size_t i = 0; i < conf->jail_count; i++)
		print_jail(conf, &conf->jails[i]);
	setup_free(setup);
	return EXIT_DONE;
}
