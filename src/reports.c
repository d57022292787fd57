/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports.h"
#include "base/log.h"
#include "definition.h"

/* NULL: an answer to what was asked before the targets were others. */
static struct holding *holding_of(struct enforce *enforce, size_t target)
{
	enforce_pump(enforce);
	return target < enforce->count ? &enforce->holdings[target] : NULL;
}

static void on_ready(void *arg, size_t target, const struct target_info *info)
{
	struct enforce *enforce = arg;
	struct holding *holding = holding_of(enforce, target);

	if (!holding)
		return;
	/* A worker that dies while some target is emptied fills none again. */
	holding->empty_next |= enforce->flush;
	holding_ready(holding, info);
}

static void on_applied(void *arg, size_t target, const struct target_change *changes,
		       const int *errors, size_t count)
{
	struct holding *holding = holding_of(arg, target);

	if (holding)
		holding_applied(holding, changes, errors, count);
}

static void on_held(void *arg, size_t target, const struct prefix *prefix, int64_t left)
{
	struct holding *holding = holding_of(arg, target);

	if (holding)
		holding_held(holding, prefix, left, memory_now(holding->memory));
}

static void on_listed(void *arg, size_t target, int error)
{
	struct holding *holding = holding_of(arg, target);

	if (holding)
		holding_listed(holding, error);
}

static void on_done(void *arg, size_t target, int error)
{
	struct holding *holding = holding_of(arg, target);

	if (holding)
		holding_done(holding, error);
}

static void on_removed(void *arg, size_t target, const char *who)
{
	struct holding *holding = holding_of(arg, target);

	if (holding)
		holding_removed(holding, who);
}

static void on_unused(void *arg, size_t target)
{
	const struct holding *holding = holding_of(arg, target);

	if (holding)
		log_warning(
			"target %s: no rule uses a set of it any more, so that its bans have "
			"no effect; see \"banish check --live\"",
			holding->text);
}

static void on_fact(void *arg, size_t target, const struct target_fact *fact)
{
	struct enforce *enforce = arg;

	if (enforce->events->fact)
		enforce->events->fact(enforce->arg, target, fact);
}

static void on_facts_done(void *arg, size_t target, int error)
{
	struct enforce *enforce = arg;

	if (enforce->events->facts_done)
		enforce->events->facts_done(enforce->arg, target, error);
}

static void on_closed(void *arg, size_t peers, uint64_t sockets, int error)
{
	struct enforce *enforce = arg;

	(void)peers;
	connections_closed(&enforce->connections, sockets, error);
	enforce_pump(enforce);
}

static void on_socket(void *arg, const struct target_socket *socket)
{
	struct enforce *enforce = arg;

	connections_socket(&enforce->connections, socket);
}

static void on_sockets_done(void *arg, int error)
{
	struct enforce *enforce = arg;

	connections_listed(&enforce->connections, error);
	enforce_pump(enforce);
}

static void on_room(void *arg)
{
	enforce_pump(arg);
}

static void on_own(void *arg, const struct prefix *addresses, size_t count)
{
	struct enforce *enforce = arg;

	enforce->events->own(enforce->arg, addresses, count);
}

static void on_lost(void *arg)
{
	struct enforce *enforce = arg;

	enforce->events->lost(enforce->arg);
}

const struct targets_events reports_events = {
	.ready = on_ready,
	.applied = on_applied,
	.held = on_held,
	.listed = on_listed,
	.done = on_done,
	.removed = on_removed,
	.unused = on_unused,
	.fact = on_fact,
	.facts_done = on_facts_done,
	.closed = on_closed,
	.socket = on_socket,
	.sockets_done = on_sockets_done,
	.room = on_room,
	.own = on_own,
	.lost = on_lost,
};
