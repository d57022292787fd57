/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish ban ADDR[/LEN]... [--jail J] [--for 1h] [--reason TEXT] */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "client.h"
#include "command.h"
#include "daemon.h"
#include "show.h"

#define REFUSALS_SHOWN 10
#define NAMES_KEPT 4096 /* numbers left to jails, sources and targets */

struct ban_call {
	uint32_t jail, reason;
	int64_t bantime; /* TIME_FOREVER: for ever */
	uint64_t good, bad;
	uint64_t refused; /* by targets, before this call */
	bool body;
};

int cmd_ban(int argc, char **argv)
{
	static const char *const values[] = {"jail", "for", "reason", NULL};
	static const struct client client = {
		.verb = "ban",
		.usage = "[--jail JAIL] [--for TIME] [--reason TEXT] ADDR[/LEN]... | -",
		.values = values,
		.least = 1,
		.most = CONTROL_ARGS_MAX,
		.body = true,
	};

	return client_run(&client, argc, argv);
}

static void refuse(struct call *call, const char *what, const char *why)
{
	call_err(call, "banish: %s: %s", what, why);
	call_finish(call, EXIT_REFUSED);
}

static uint64_t refused_by_targets(const struct daemon *daemon, uint32_t jail)
{
	uint64_t sum = 0;

	for (size_t t = 0; t < enforce_count(daemon->enforce); t++)
		if (enforce_uses(daemon->enforce, jail, t))
			sum += enforce_at(daemon->enforce, t)->refused;
	return sum;
}

/* Why this text is no ban; NULL: it has become one. */
static const char *ban_one(struct daemon *daemon, struct ban_call *own, struct text text)
{
	struct ban ban = {
		.jail = own->jail, .reason = own->reason, .since = memory_now(daemon->memory)};
	const char *never;
	int result;

	if (!prefix_parse(&ban.prefix, text.at, text.len))
		return prefix_parse_masked(&ban.prefix, text.at, text.len)
			       ? "has bits set beyond its length"
			       : "is not an address";
	never = judge_never(daemon->memory->judge, own->jail, &ban.prefix);
	if (never)
		return never;
	ban.until = moment_after(ban.since, own->bantime);
	enforce_before(daemon->enforce, own->jail, &ban.prefix);
	result = memory_ban(daemon->memory, &ban);
	if (result < 0)
		return result == -ENOSPC ? "no room: maxbans are live" : strerror(-result);
	enforce_change(daemon->enforce, own->jail, &ban.prefix);
	daemon_touch(daemon);
	own->good++;
	return NULL;
}

/* `line` 0: it was an operand. */
static void ban_text(struct daemon *daemon, struct call *call, struct text text, size_t line)
{
	struct ban_call *own = call_own(call);
	const char *why = ban_one(daemon, own, text);
	char shown[128];

	if (!why || own->bad++ >= REFUSALS_SHOWN)
		return;
	text_show(text, shown, sizeof shown);
	if (line)
		call_err(call, "banish: line %zu: %s: %s", line, shown, why);
	else
		call_err(call, "banish: %s: %s", shown, why);
}

static void ban_done(struct daemon *daemon, struct call *call, int durable)
{
	struct ban_call *own = call_own(call);
	uint64_t before = own->refused, now = refused_by_targets(daemon, own->jail);
	uint64_t refused = now > before ? now - before : 0;
	enum control_exit code = own->bad || refused || durable ? EXIT_REFUSED : EXIT_DONE;

	if (own->bad)
		call_err(call, "banish: %" PRIu64 " banned, %" PRIu64 " refused", own->good,
			 own->bad);
	if (refused)
		call_err(call,
			 "banish: %" PRIu64 " entries were refused by a target; see the log",
			 refused);
	for (size_t t = 0; own->good && t < enforce_count(daemon->enforce); t++) {
		const struct enforce_target *target = enforce_at(daemon->enforce, t);

		if (!enforce_uses(daemon->enforce, own->jail, t) || !target->info.error)
			continue;
		call_err(call, "banish: target %s holds nothing: %s", target->text,
			 target->info.text);
		code = EXIT_REFUSED;
	}
	if (durable)
		call_err(
			call,
			"banish: not durable: %s; the kernel has the ban, a restart forgets it",
			strerror(-durable));
	call_finish(call, code);
}

/* NULL, or why the options make no sense. */
static const char *ban_options(struct daemon *daemon, struct call *call, struct ban_call *own)
{
	const char *jail = call_option(call, "jail"), *time = call_option(call, "for");
	const char *reason = call_option(call, "reason");
	const struct conf *conf = daemon->setup->conf;

	own->jail = daemon_jail(daemon, jail ? jail : CONF_MANUAL);
	if (!own->jail)
		return "no jail of this name";
	for (size_t i = 0; i < conf->jail_count; i++)
		if (!strcmp(conf->jails[i].name, jail ? jail : CONF_MANUAL))
			own->bantime = conf->jails[i].bantime;
	if (time && (!text_duration(text_of(time), &own->bantime) || own->bantime <= 0))
		return "--for takes a time such as 90s, 10m, 1h, 7d, up to 100 years, or "
		       "forever";
	if (reason && strlen(reason) > SHOW_REASON_MAX)
		return "--reason is too long";
	if (!reason || !*reason)
		return NULL;
	own->reason = names_find(daemon->memory->names, text_of(reason));
	if (!own->reason && names_last(daemon->memory->names) < NAMES_MAX - NAMES_KEPT)
		own->reason = names_add(daemon->memory->names, text_of(reason));
	return own->reason ? NULL : "too many different reasons; a restart makes room";
}

void ban_start(void *arg, struct call *call)
{
	struct daemon *daemon = arg;
	struct ban_call *own = calloc(1, sizeof *own);
	const char *why;

	if (!own) {
		refuse(call, "ban", "out of memory");
		return;
	}
	call_set(call, own);
	why = ban_options(daemon, call, own);
	if (why) {
		refuse(call, "ban", why);
		return;
	}
	own->refused = refused_by_targets(daemon, own->jail);
	for (size_t i = 0; i < call_args(call); i++) {
		if (!strcmp(call_arg(call, i), "-"))
			own->body = true;
		else
			ban_text(daemon, call, text_of(call_arg(call, i)), 0);
	}
	if (!own->body)
		wait_add(daemon, call, false, ban_done);
}

void ban_line(void *arg, struct call *call, struct text line, size_t number)
{
	struct daemon *daemon = arg;

	line = text_trim(line);
	if (line.len && line.at[0] != '#')
		ban_text(daemon, call, line, number);
	if (enforce_crowded(daemon->enforce))
		wait_stall(daemon, call);
}

void ban_end(void *arg, struct call *call)
{
	struct daemon *daemon = arg;
	struct ban_call *own = call_own(call);

	if (own && own->body)
		wait_add(daemon, call, false, ban_done);
}
