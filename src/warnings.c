/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>

#include "base/text.h"
#include "warnings.h"

#define CONF4 "/proc/sys/net/ipv4/conf"
#define FORWARD4 "/proc/sys/net/ipv4/ip_forward"
#define FORWARD6 "/proc/sys/net/ipv6/conf/all/forwarding"
#define RULESET "/etc/nftables.conf"
#define TABLE "table inet banish"
#define CONNTRACK_PRIORITY (-200) /* NF_IP_PRI_CONNTRACK */

/* ---- the list ---- */

void warnings_clear(struct warnings *warnings)
{
	for (size_t i = 0; i < warnings->count; i++) {
		free(warnings->at[i].target);
		free(warnings->at[i].wrong);
		free(warnings->at[i].mend);
	}
	*warnings = (struct warnings){0};
}

/* What to do, and a format that says what is wrong. */
__attribute__((format(printf, 4, 5))) static void warn(struct warnings *out,
						       const struct warnings_about *about,
						       const char *mend, const char *wrong, ...)
{
	char text[400];
	va_list args;

	if (out->count == WARNINGS_MAX) {
		out->lost++;
		return;
	}
	va_start(args, wrong);
	vsnprintf(text, sizeof text, wrong, args);
	va_end(args);
	out->at[out->count++] =
		(struct warning){strdup(about->target->text), strdup(text), strdup(mend)};
}

/* ---- facts ---- */

static const struct target_fact *find(const struct warnings_about *about,
				      enum target_about what, const char *name)
{
	for (size_t i = 0; i < about->fact_count; i++)
		if (about->facts[i].what == what &&
		    (!name || !strcmp(about->facts[i].name, name)))
			return &about->facts[i];
	return NULL;
}

static int64_t value_of(const struct warnings_about *about, enum target_about what,
			const char *name, int64_t otherwise)
{
	const struct target_fact *fact = find(about, what, name);

	return fact ? fact->value : otherwise;
}

/* ---- files ---- */

/* -1: it cannot be read. */
static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

static bool forwards(bool six)
{
	return read_number(six ? FORWARD6 : FORWARD4) > 0;
}

/* ---- any target ---- */

static void look_at_state(struct warnings *out, const struct warnings_about *about)
{
	const struct enforce_target *target = about->target;

	if (target->info.error && target->info.text[0])
		warn(out, about,
		     "do that, or take the target out of the configuration; it is tried again "
		     "every few seconds",
		     "it holds nothing: %s", target->info.text);
	if (target->evicted)
		warn(out, about,
		     "make room: raise \"maxbans\", or make a set of yours anew with a larger "
		     "\"maxelem\" (ipset) or \"size\" (nft)",
		     "%" PRIu64 " bans are left out, for a set is full", target->evicted);
}

/* ---- our own table ---- */

static void look_at_own(struct warnings *out, const struct warnings_about *about)
{
	const struct target_fact *chain = find(about, TARGET_CHAIN_PRIORITY, NULL);

	if (!chain)
		warn(out, about, "banish sync",
		     "the chain of table inet banish is gone or was changed: nothing is "
		     "dropped");
	else if (chain->value > CONNTRACK_PRIORITY)
		warn(out, about, "nft delete table inet banish; banish sync",
		     "%s has the priority %" PRId64 ": what is established is accepted "
		     "before it",
		     chain->name, chain->value);
	for (size_t i = 0; i < about->fact_count; i++)
		if (about->facts[i].what == TARGET_SET_REFERENCES && !about->facts[i].value)
			warn(out, about, "banish sync",
			     "no rule of table inet banish uses the set %s any more",
			     about->facts[i].name);
}

/* Comments do not count. */
static bool line_names_table(const char *line)
{
	line += strspn(line, " \t");
	return *line != '#' && strstr(line, TABLE) != NULL;
}

/* "nft list ruleset" prints our table as well; who saves that and loads it again is refused,
 * for the table has an owner, and with it all the rest. */
static void look_at_ruleset(struct warnings *out, const struct warnings_about *about)
{
	FILE *file = fopen(RULESET, "re");
	bool found = false;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return;
	while (!found && getline(&line, &room, file) >= 0)
		found = line_names_table(line);
	free(line);
	fclose(file);
	if (found)
		warn(out, about, "take that table out of the file; banish makes it by itself",
		     RULESET " contains " TABLE ": loading it fails as a whole, and leaves the "
			     "host without its other rules");
}

/* ---- sets of the user's ---- */

static void look_at_chain(struct warnings *out, const struct warnings_about *about)
{
	const struct target_fact *hook = find(about, TARGET_CHAIN_HOOK, NULL);
	const struct target_fact *before = find(about, TARGET_RULES_BEFORE, NULL);

	if (before)
		warn(out, about,
		     "move the rule that drops to the front of the chain: nft insert rule",
		     "%" PRId64 " rules of chain %s accept, or may, before the one that drops",
		     before->value, before->name);
	if (hook && hook->value == NF_INET_LOCAL_IN && (forwards(false) || forwards(true)))
		warn(out, about,
		     "add such a rule to a chain of the hook forward, or prerouting, as well",
		     "this host forwards packets, and chain %s sees only those for itself: "
		     "containers and hosts behind it can still be reached",
		     hook->name);
}

/* A set for prefixes of which there are none needs no rule yet. */
static bool needs_rule(const struct warnings_about *about, const char *set, bool first)
{
	return first || value_of(about, TARGET_SET_ENTRIES, set, 0) > 0;
}

static void look_at_sets(struct warnings *out, const struct warnings_about *about, bool ipset)
{
	bool first = true;

	for (size_t i = 0; i < about->fact_count; i++) {
		const struct target_fact *fact = &about->facts[i];
		char rule[256], forward[256], *input;
		bool six;

		if (fact->what != TARGET_SET_REFERENCES)
			continue;
		six = target_rule(about->spec, fact->name, rule, sizeof rule);
		if (!fact->value && needs_rule(about, fact->name, first))
			warn(out, about, rule,
			     "no rule uses the set %s: its bans have no effect", fact->name);
		first = !ipset;
		/* What kind of chain the one rule stands in cannot be asked. */
		input = strstr(rule, "INPUT");
		if (!ipset || fact->value != 1 || !input || !forwards(six))
			continue;
		snprintf(forward, sizeof forward, "%.*sFORWARD%s", (int)(input - rule), rule,
			 input + strlen("INPUT"));
		warn(out, about, forward,
		     "this host forwards packets, and one rule alone uses the set %s: if that "
		     "is in INPUT, containers and hosts behind it can still be reached",
		     fact->name);
	}
}

/* ---- routes ---- */

/* The kernel goes by the larger of the two: ip-sysctl.rst. */
static void look_at_rp_filter(struct warnings *out, const struct warnings_about *about)
{
	long all = read_number(CONF4 "/all/rp_filter");
	DIR *dir = opendir(CONF4);
	struct dirent *entry;
	char path[400], open[200] = "";
	size_t used = 0;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (*name == '.' || !strcmp(name, "all") || !strcmp(name, "default") ||
		    !strcmp(name, "lo"))
			continue;
		snprintf(path, sizeof path, CONF4 "/%s/rp_filter", name);
		if (all <= 0 && read_number(path) == 0 && used < sizeof open)
			used += (size_t)snprintf(open + used, sizeof open - used, "%s%s",
						 used ? ", " : "", name);
	}
	if (dir)
		closedir(dir);
	if (used)
		warn(out, about,
		     "sysctl -w net.ipv4.conf.all.rp_filter=2, and the same in /etc/sysctl.d",
		     "rp_filter is 0 on %s: what banned addresses send is received, and the "
		     "replies alone are stopped",
		     open);
}

static void look_at_routes(struct warnings *out, const struct warnings_about *about)
{
	look_at_rp_filter(out, about);
	if (about->bans6)
		warn(out, about, "use nft or ipset as a target as well",
		     "there is no rp_filter for IPv6: of banned IPv6 addresses the replies "
		     "alone "
		     "are stopped");
}

/* ---- all ---- */

void warnings_look(struct warnings *out, const struct warnings_about *about)
{
	enum target_kind kind = target_kind(about->spec);

	look_at_state(out, about);
	if (kind == TARGET_OWN_TABLE)
		look_at_ruleset(out, about);
	if (about->target->info.error)
		return;
	if (kind == TARGET_ROUTE)
		look_at_routes(out, about);
	/* Without an answer there is nothing to say. */
	if (!about->fact_count)
		return;
	if (kind == TARGET_OWN_TABLE)
		look_at_own(out, about);
	if (kind == TARGET_IPSET || kind == TARGET_USER_TABLE)
		look_at_sets(out, about, kind == TARGET_IPSET);
	if (kind == TARGET_USER_TABLE)
		look_at_chain(out, about);
}
