/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish scan: one look at the logs of a jail, for cron. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "command.h"
#include "control/control.h"
#include "look.h"
#include "scan.h"
#include "setup.h"
#include "tally.h"
#include "target/target.h"

#define NOW_MAX INT64_C(253402300799) /* the year 9999 */

static int usage(FILE *to)
{
	fputs("usage: banish scan [-c FILE] [--now EPOCH] [--json] [--debug] --jail JAIL\n"
	      "       banish scan [-c FILE] [--expire] [--print] [--block] [--quiet | "
	      "--verbose]\n"
	      "                   --jail JAIL\n",
	      to);
	return to == stderr ? EXIT_USAGE : EXIT_DONE;
}

/* ---- the offenders ---- */

static void debug(const struct scan *scan, const struct conf_jail *jail,
		  const struct tally *tally, int64_t now)
{
	char prefix[PREFIX_TEXT_MAX];

	if (!scan->debug)
		return;
	for (size_t i = 0; i < jail->source_count; i++)
		fprintf(stderr, "%s\n", jail->sources[i].name);
	fprintf(stderr,
		"lines %" PRIu64 ", addresses %zu, ignored %" PRIu64
		", outside of the time %" PRIu64 ", undated %" PRIu64 ", crowded %" PRIu64 "\n",
		tally->lines, tally->count, tally->ignored, tally->old, tally->undated,
		tally->crowded);
	fprintf(stderr, "from %" PRId64 " to %" PRId64 "; %u or more are too many\n",
		(now - jail->findtime) / 1000, now / 1000, jail->maxretry);
	for (size_t i = 0; i < tally->count; i++)
		fprintf(stderr, "%s %u%s\n", prefix_print(&tally->entries[i].prefix, prefix),
			tally->entries[i].count,
			tally->entries[i].count >= jail->maxretry ? " too many" : "");
}

/* False: there is no rule that says it. */
static bool print_offender(const struct scan *scan, const struct tally_entry *entry)
{
	char rule[TARGET_RULE_MAX], prefix[PREFIX_TEXT_MAX];

	prefix_print(&entry->prefix, prefix);
	if (scan->json) {
		printf("{\"ip\":\"%s\",\"count\":%u,\"latest\":%" PRId64 "}\n", prefix,
		       entry->count, entry->latest / 1000);
	} else if (target_deny_rule(&entry->prefix, rule)) {
		puts(rule);
	} else {
		fprintf(stderr,
			"banish: %s: no rule of tcpserver's can say that; set prefix6 = "
			"128 in the jail\n",
			prefix);
		return false;
	}
	return true;
}

/* An incomplete list must not replace a complete one: there is no output at all when a log
 * could not be read. */
int scan_offenders(const struct scan *scan, const struct setup *setup, size_t number)
{
	const struct conf_jail *jail = &setup->conf->jails[number];
	int64_t now = scan->now ? scan->now : moment_now();
	struct tally tally;
	bool all = true;

	if (tally_take(&tally, setup, number, now)) {
		tally_clear(&tally);
		return EXIT_REFUSED;
	}
	tally_sort(&tally, false);
	debug(scan, jail, &tally, now);
	for (size_t i = 0; i < tally.count; i++)
		if (tally.entries[i].count >= jail->maxretry)
			all &= print_offender(scan, &tally.entries[i]);
	if (tally.crowded)
		fprintf(stderr,
			"banish: more than %u addresses: %" PRIu64 " lines of others "
			"were not counted\n",
			TALLY_MAX, tally.crowded);
	tally_clear(&tally);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "banish: cannot write: %s\n", strerror(errno));
		return EXIT_REFUSED;
	}
	return all ? EXIT_DONE : EXIT_REFUSED;
}

static int scan_configured(const struct scan *scan)
{
	struct diag diag = {.say = diag_stderr};
	struct setup *setup;
	int code = EXIT_REFUSED, jail;

	if (setup_new(&setup, scan->file, SETUP_LENIENT, &diag))
		return code;
	jail = look_jail(setup, scan->jail);
	if (jail >= 0)
		code = scan_offenders(scan, setup, (size_t)jail);
	setup_free(setup);
	return code;
}

/* ---- the command ---- */

static bool read_now(struct scan *scan, const char *text)
{
	int64_t seconds;

	if (!text_number(text_of(text), 1, NOW_MAX, &seconds)) {
		fprintf(stderr, "banish: \"%s\" is no time in seconds\n", text);
		return false;
	}
	scan->now = seconds * 1000;
	return true;
}

static bool read_option(struct scan *scan, int name, const char *text)
{
	switch (name) {
	case 'c':
		scan->file = text;
		break;
	case 'j':
		scan->jail = text;
		break;
	case 'n':
		return read_now(scan, text);
	case 'J':
		scan->json = true;
		break;
	case 'D':
		scan->debug = true;
		break;
	case 'b':
		scan->block = true;
		break;
	case 'e':
		scan->expire = true;
		break;
	case 'p':
		scan->print = true;
		break;
	case 'q':
		scan->voice = SCAN_QUIET;
		break;
	case 'v':
		scan->voice = SCAN_VERBOSE;
		break;
	default:
		return false;
	}
	return true;
}

int cmd_scan(int argc, char **argv)
{
	static const struct option options[] = {
		{"jail", required_argument, NULL, 'j'},
		{"now", required_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'J'},
		{"debug", no_argument, NULL, 'D'},
		{"block", no_argument, NULL, 'b'},
		{"expire", no_argument, NULL, 'e'},
		{"print", no_argument, NULL, 'p'},
		{"quiet", no_argument, NULL, 'q'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct scan scan = {.file = CONF_DEFAULT_FILE, .voice = SCAN_USUAL};
	bool bans;
	int c;

	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout);
		if (!read_option(&scan, c, optarg))
			return usage(stderr);
	}
	bans = scan.block || scan.expire || scan.print;
	if (optind < argc || !scan.jail || (bans && (scan.json || scan.debug || scan.now)) ||
	    (!bans && scan.voice != SCAN_USUAL))
		return usage(stderr);
	return bans ? scan_bans(&scan) : scan_configured(&scan);
}
