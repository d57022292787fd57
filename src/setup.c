/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "setup.h"
#include "target/target.h"

#ifndef DATADIR
#define DATADIR "/usr/local/share/banish"
#endif
#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec/banish"
#endif

/* The folder of this program, "" when /proc does not tell. */
static const char *own_folder(char *folder, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", folder, size - 1);
	char *slash;

	folder[len > 0 ? len : 0] = 0;
	slash = strrchr(folder, '/');
	if (slash)
		*slash = 0;
	return folder;
}

/* The filters of the source tree that this program was built in, or those installed. */
static const char *own_filters(char *path, size_t size)
{
	static const char *const ways[] = {"../src/filter.d", "../../src/filter.d"};
	char folder[PATH_MAX];

	own_folder(folder, sizeof folder);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		snprintf(path, size, "%s/%s", folder, ways[i]);
		if (!access(path, R_OK))
			return path;
	}
	return DATADIR "/filter.d";
}

const char *const *setup_filter_dirs(const char *file)
{
	static char beside[PATH_MAX + 32], built[PATH_MAX + 32];
	static const char *dirs[4] = {beside};
	const char *slash = strrchr(file, '/');

	snprintf(beside, sizeof beside, "%.*sfilter.d", slash ? (int)(slash + 1 - file) : 0,
		 file);
	dirs[1] = own_filters(built, sizeof built);
	dirs[2] = "/etc/fail2ban/filter.d";
	return dirs;
}

const char *setup_helper(void)
{
	static char beside[PATH_MAX + 32];
	char folder[PATH_MAX];

	snprintf(beside, sizeof beside, "%s/banish-netlink", own_folder(folder, sizeof folder));
	return access(beside, X_OK) ? LIBEXECDIR "/banish-netlink" : beside;
}

static struct setup_feed *feed_of(struct setup *setup, const char *path)
{
	struct setup_feed *feeds;
	size_t i;

	for (i = 0; i < setup->feed_count; i++)
		if (!strcmp(setup->feeds[i].path, path))
			return &setup->feeds[i];
	feeds = realloc(setup->feeds, (i + 1) * sizeof *feeds);
	if (!feeds)
		return NULL;
	setup->feeds = feeds;
	setup->feed_count++;
	feeds[i] = (struct setup_feed){.path = path, .match = match_new()};
	return feeds[i].match ? &feeds[i] : NULL;
}

static int feed_add(struct setup_feed *feed, const struct conf *conf, size_t jail,
		    struct diag *diag)
{
	size_t *jails = realloc(feed->jails, (feed->count + 1) * sizeof *jails);
	int index;

	if (!jails)
		return -ENOMEM;
	feed->jails = jails;
	index = match_add(feed->match, conf->jails[jail].rules, diag);
	if (index < 0)
		return index;
	feed->jails[feed->count++] = jail;
	return 0;
}

static int setup_jail(struct setup *setup, size_t jail, struct diag *diag)
{
	const struct conf_jail *it = &setup->conf->jails[jail];
	struct setup_feed *feed;
	int error = 0;

	for (size_t i = 0; !it->disabled && i < it->source_count; i++) {
		feed = feed_of(setup, it->sources[i].name);
		if (!feed)
			return -ENOMEM;
		error = feed_add(feed, setup->conf, jail, diag);
		if (error)
			return error; /* the same regular expression fails in each file */
	}
	return error;
}

static int disable(struct conf_jail *jail, struct diag *diag)
{
	jail->disabled = true;
	diag_warning(diag, jail->place, "the jail [%s] is disabled: its filter cannot be used",
		     jail->name);
	return 0;
}

static void feed_clear(struct setup_feed *feed)
{
	match_free(feed->match);
	free(feed->jails);
}

/* Sources of disabled jails alone. */
static void drop_empty_feeds(struct setup *setup)
{
	size_t kept = 0;

	for (size_t i = 0; i < setup->feed_count; i++) {
		if (setup->feeds[i].count)
			setup->feeds[kept++] = setup->feeds[i];
		else
			feed_clear(&setup->feeds[i]);
	}
	setup->feed_count = kept;
}

/* A rule for tcpserver names a single IPv6 address. */
static void warn_of_prefixes(const struct conf_jail *jail, const struct conf *conf,
			     struct diag *diag)
{
	for (size_t i = 0; i < jail->target_count; i++) {
		const struct spec *target = &conf->targets[jail->targets[i]];

		if (target_kind(target) == TARGET_FILE && spec_get(target, "ipv6") &&
		    jail->prefix6 < 128)
			diag_warning(
				diag, jail->place,
				"the jail [%s] bans IPv6 by /%u, which its target tcprules "
				"cannot say: set prefix6 = 128",
				jail->name, jail->prefix6);
	}
}

/* Every mistake is said, not the first alone. */
static int setup_fill(struct setup *setup, const char *file, enum setup_mode mode,
		      struct diag *diag)
{
	struct conf_dirs dirs = {.filter_dirs = setup_filter_dirs(file),
				 .lenient = mode == SETUP_LENIENT};
	int error, first;

	first = conf_read(&setup->conf, file, &dirs, diag);
	if (first)
		return first;
	for (size_t i = 0; i < setup->conf->jail_count; i++) {
		error = setup_jail(setup, i, diag);
		if (error == -EINVAL && mode == SETUP_LENIENT)
			error = disable(&setup->conf->jails[i], diag);
		first = first ? first : error;
		warn_of_prefixes(&setup->conf->jails[i], setup->conf, diag);
	}
	drop_empty_feeds(setup);
	for (size_t i = 0; !first && i < setup->feed_count; i++)
		first = match_ready(setup->feeds[i].match);
	for (size_t i = 0; i < setup->conf->target_count; i++) {
		error = target_check(&setup->conf->targets[i], diag);
		for (size_t j = 0; !error && j < i; j++)
			error = target_check_pair(&setup->conf->targets[j],
						  &setup->conf->targets[i], diag);
		first = first ? first : error;
	}
	if (!first && setup->conf->target_count > TARGETS_MAX) {
		diag_error(diag, (struct place){file, 0},
			   "%zu targets; at most %d are possible", setup->conf->target_count,
			   TARGETS_MAX);
		first = -EINVAL;
	}
	return first;
}

int setup_new(struct setup **out, const char *file, enum setup_mode mode, struct diag *diag)
{
	struct setup *setup = calloc(1, sizeof *setup);
	int error = setup ? setup_fill(setup, file, mode, diag) : -ENOMEM;

	if (error == -ENOMEM)
		diag_error(diag, (struct place){file, 0}, "out of memory");
	if (error) {
		setup_free(setup);
		return error;
	}
	*out = setup;
	return 0;
}

void setup_free(struct setup *setup)
{
	if (!setup)
		return;
	for (size_t i = 0; i < setup->feed_count; i++) {
		feed_clear(&setup->feeds[i]);
	}
	free(setup->feeds);
	conf_free(setup->conf);
	free(setup);
}

/* Nobody is banned by it. */
static void tarpit_jail(struct judge_jail *out, struct memory *memory,
			const struct conf_tarpit *tarpit)
{
	*out = (struct judge_jail){
		.name = names_add(memory->names, text_of(SETUP_TARPIT)),
		.maxretry = 1,
		.findtime = 1,
		.bantime = 1,
		.prefix6 = 128,
		.ignoreip = tarpit->ignoreip,
		.ignoreip_count = tarpit->ignoreip_count,
	};
}

int setup_judge(struct memory *memory, const struct conf *conf)
{
	struct judge_jail *jails = calloc(conf->jail_count + 1, sizeof *jails);
	bool full = false;
	int error;

	if (!jails)
		return -ENOMEM;
	for (size_t i = 0; i < conf->jail_count; i++) {
		const struct conf_jail *jail = &conf->jails[i];

		jails[i].name = names_add(memory->names, text_of(jail->name));
		full |= !jails[i].name;
		jails[i].maxretry = jail->maxretry;
		jails[i].findtime = jail->findtime;
		jails[i].bantime = jail->bantime;
		jails[i].increment = jail->increment;
		jails[i].unverified = jail->unverified;
		jails[i].prefix6 = jail->prefix6;
		jails[i].ignoreip = jail->ignoreip;
		jails[i].ignoreip_count = jail->ignoreip_count;
	}
	tarpit_jail(&jails[conf->jail_count], memory, &conf->tarpit);
	error = full ? -ENOMEM : judge_set_jails(memory->judge, jails, conf->jail_count + 1);
	free(jails);
	if (!error)
		judge_set_age(memory->judge, conf->dbpurgeage);
	return error;
}
