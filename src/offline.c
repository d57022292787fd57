/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "enforce.h"
#include "offline.h"
#include "setup.h"

#define GIVE_UP_S 120

struct offline {
	struct event_base *base;
	struct setup *setup;
	struct memory *memory;
	struct enforce *enforce;
	bool defined, lost;
};

static void on_settled(void *arg)
{
	struct offline *offline = arg;

	if (offline->defined)
		event_base_loopbreak(offline->base);
}

static void on_progress(void *arg)
{
	(void)arg;
}

static void on_lost(void *arg)
{
	struct offline *offline = arg;

	offline->lost = true;
	event_base_loopbreak(offline->base);
}

/* A ban that has come to cover an address of this host is not put back. */
static void on_own(void *arg, const struct prefix *addresses, size_t count)
{
	struct offline *offline = arg;
	struct judge *judge = offline->memory->judge;
	struct ban ban;

	judge_set_own(judge, addresses, count);
	for (uint32_t slot = 0; slot < judge_slots(judge); slot++) {
		if (!judge_at(judge, slot))
			continue;
		ban = *judge_at(judge, slot);
		if (!judge_never(judge, ban.jail, &ban.prefix))
			continue;
		enforce_before(offline->enforce, ban.jail, &ban.prefix);
		judge_undo(judge, ban.jail, &ban.prefix, NULL);
		enforce_change(offline->enforce, ban.jail, &ban.prefix);
	}
}

static const struct enforce_events events = {
	.settled = on_settled,
	.progress = on_progress,
	.own = on_own,
	.lost = on_lost,
};

static void on_note(void *arg, const char *text)
{
	(void)arg;
	log_warning("%s", text);
}

static int offline_load(struct offline *offline, const char *file)
{
	struct diag diag = {.say = diag_stderr};
	const char *dir;
	int error = setup_new(&offline->setup, file, SETUP_LENIENT, &diag);

	if (error)
		return error;
	log_level = offline->setup->conf->loglevel;
	dir = offline->setup->conf->statedir;
	offline->memory = memory_new((uint32_t)offline->setup->conf->maxbans);
	if (!offline->memory)
		return -ENOMEM;
	error = setup_judge(offline->memory, offline->setup->conf);
	if (!error)
		error = memory_open(offline->memory, dir, STORE_READ, moment_now(), on_note,
				    NULL);
	if (error == -ENOENT) {
		log_info("%s: no state yet", dir);
		error = 0;
	} else if (error && error != -EBUSY) {
		log_error("%s: %s", dir, strerror(-error));
	}
	return error;
}

static int offline_apply(struct offline *offline, bool empty)
{
	struct timeval patience = {GIVE_UP_S, 0};
	int error;

	offline->base = event_base_new();
	if (!offline->base)
		return -ENOMEM;
	error = enforce_open(&offline->enforce, offline->base, setup_helper(), offline->memory,
			     &events, offline);
	if (error) {
		log_error("%s: %s", setup_helper(), strerror(-error));
		return error;
	}
	if (empty)
		enforce_hold_back(offline->enforce);
	error = enforce_define(offline->enforce, offline->setup->conf);
	if (error)
		return error;
	offline->defined = true;
	event_base_loopexit(offline->base, &patience);
	event_base_dispatch(offline->base);
	if (offline->lost || !enforce_settled(offline->enforce)) {
		log_error("banish-netlink %s", offline->lost ? "ended" : "does not answer");
		return -EIO;
	}
	for (size_t t = 0; t < enforce_count(offline->enforce); t++)
		if (enforce_at(offline->enforce, t)->info.error ||
		    enforce_at(offline->enforce, t)->refused)
			error = 1;
	return error;
}

int offline_run(const char *file, bool empty, size_t *bans)
{
	struct offline offline = {0};
	int error = offline_load(&offline, file);

	if (!error)
		error = offline_apply(&offline, empty);
	if (error >= 0)
		*bans = judge_counts(offline.memory->judge).live;
	enforce_close(offline.enforce);
	memory_free(offline.memory);
	setup_free(offline.setup);
	if (offline.base)
		event_base_free(offline.base);
	return error;
}
