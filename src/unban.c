/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish unban ADDR... | --all */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "daemon.h"

struct unban_call {
	size_t ended, missing;
};

int cmd_unban(int argc, char **argv)
{
	static const char *const flags[] = {"all", NULL};
	static const char *const values[] = {"jail", NULL};
	static const struct client client = {
		.verb = "unban",
		.usage = "[--jail JAIL] ADDR[/LEN]... | --all",
		.flags = flags,
		.values = values,
		.most = CONTROL_ARGS_MAX,
	};

	return client_run(&client, argc, argv);
}

/* Ends the bans of exactly this prefix; jail 0: in every jail. */
static size_t unban_exact(struct daemon *daemon, const struct prefix *prefix, uint32_t jail)
{
	const struct judge *judge = daemon->memory->judge;
	uint32_t slot = judge_first(judge, prefix), next;
	size_t ended = 0;

	for (; slot != UINT32_MAX; slot = next) {
		const struct ban *ban = judge_at(judge, slot);

		next = judge_next(judge, slot);
		if (jail && ban->jail != jail)
			continue;
		daemon_unban(daemon, ban->jail, prefix);
		ended++;
	}
	return ended;
}

/* Every ban that covers the prefix. */
static size_t unban_covering(struct daemon *daemon, const struct prefix *prefix, uint32_t jail)
{
	size_t ended = 0;

	for (unsigned len = 0; len <= prefix->len; len++) {
		struct prefix wide = prefix_cut(prefix, len);

		if (judge_has_length(daemon->memory->judge, prefix->family, len))
			ended += unban_exact(daemon, &wide, jail);
	}
	return ended;
}

/* Every ban inside the prefix; NULL: every ban. */
static size_t unban_inside(struct daemon *daemon, const struct prefix *prefix, uint32_t jail)
{
	const struct judge *judge = daemon->memory->judge;
	size_t ended = 0;

	for (uint32_t slot = 0; slot < judge_slots(judge); slot++) {
		const struct ban *ban = judge_at(judge, slot);

		if (!ban || (jail && ban->jail != jail) ||
		    (prefix && !prefix_covers(prefix, &ban->prefix)))
			continue;
		daemon_unban(daemon, ban->jail, &ban->prefix);
		ended++;
	}
	return ended;
}

/* ---- what is remembered of bans that are over ---- */

static size_t forgive_covering(struct daemon *daemon, const struct prefix *prefix,
			       uint32_t jail)
{
	struct judge_strike strike;
	size_t forgiven = 0;

	for (unsigned len = 0; len <= prefix->len; len++) {
		struct prefix wide = prefix_cut(prefix, len);

		while (judge_find_strike(daemon->memory->judge, jail, &wide, &strike))
			forgiven += memory_forgive(daemon->memory, strike.jail, &wide);
	}
	return forgiven;
}

/* Inside the prefix; NULL: all. */
static size_t forgive_inside(struct daemon *daemon, const struct prefix *prefix, uint32_t jail)
{
	struct judge_strike strike;
	size_t forgiven = 0;
	uint64_t cursor = 0;

	while (judge_each_strike(daemon->memory->judge, &cursor, &strike))
		if ((!jail || strike.jail == jail) &&
		    (!prefix || prefix_covers(prefix, &strike.prefix)))
			forgiven += memory_forgive(daemon->memory, strike.jail, &strike.prefix);
	return forgiven;
}

/* ---- the verb ---- */

static void unban_done(struct daemon *daemon, struct call *call, int durable)
{
	struct unban_call *own = call_own(call);

	(void)daemon;
	if (durable)
		call_err(call,
			 "banish: not durable: %s; the kernel has let go, a restart brings it "
			 "back",
			 strerror(-durable));
	call_finish(call, own->missing || durable ? EXIT_REFUSED : EXIT_DONE);
}

static void unban_text(struct daemon *daemon, struct call *call, const char *text,
		       uint32_t jail)
{
	struct unban_call *own = call_own(call);
	struct prefix prefix;
	size_t ended, forgiven;

	if (!prefix_parse_masked(&prefix, text, strlen(text))) {
		call_err(call, "banish: %s: is not an address", text);
		own->missing++;
		return;
	}
	ended = unban_covering(daemon, &prefix, jail);
	forgiven = forgive_covering(daemon, &prefix, jail);
	if (!prefix_is_single(&prefix)) {
		ended += unban_inside(daemon, &prefix, jail);
		forgiven += forgive_inside(daemon, &prefix, jail);
	}
	own->ended += ended;
	if (ended)
		return;
	call_err(call, "banish: %s: is not banned%s", text,
		 forgiven ? "; that it was is forgotten" : "");
	own->missing += !forgiven;
}

void unban_start(void *arg, struct call *call)
{
	struct daemon *daemon = arg;
	struct unban_call *own = calloc(1, sizeof *own);
	const char *name = call_option(call, "jail");
	bool all = call_option(call, "all") != NULL;
	uint32_t jail = 0;

	call_set(call, own);
	if (name)
		jail = daemon_find_jail(daemon, name);
	if (!own || (name && !jail) || all == (call_args(call) > 0)) {
		call_err(call, "banish: unban: %s",
			 name && !jail ? "no jail of this name" : "give addresses, or --all");
		call_finish(call, name && !jail ? EXIT_REFUSED : EXIT_USAGE);
		return;
	}
	if (all) {
		own->ended = unban_inside(daemon, NULL, jail);
		forgive_inside(daemon, NULL, jail);
	}
	for (size_t i = 0; i < call_args(call); i++)
		unban_text(daemon, call, call_arg(call, i), jail);
	wait_add(daemon, call, false, unban_done);
}
