/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "drop.h"
#include "enforce.h"
#include "offline.h"
#include "setup.h"

#define GIVE_UP_S 120
#define DISK_MS 5000	   /* for a disk that refuses; */
#define SLOW_DISK_MS 60000 /* for one that says nothing */

struct offline {
	const struct offline_work *work;
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
		offline->memory->upset |= offline->memory->loading;
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

/* What is in a file is there after a boot as it was before it, and the daemon alone may write
 * it. */
static int leave_files(struct conf *conf)
{
	for (size_t t = 0; t < conf->target_count; t++) {
		struct spec null = {.place = conf->targets[t].place};

		if (target_kind(&conf->targets[t]) != TARGET_FILE)
			continue;
		null.name = strdup("null");
		if (!null.name)
			return -ENOMEM;
		spec_clear(&conf->targets[t]);
		conf->targets[t] = null;
	}
	return 0;
}

static int offline_start(struct offline *offline, const char *file)
{
	struct diag diag = {.say = diag_stderr};
	int error = setup_new(&offline->setup, file, SETUP_LENIENT, &diag);

	if (error)
		return error;
	if (offline->setup->conf->loglevel < log_level)
		log_level = offline->setup->conf->loglevel;
	offline->memory = memory_new((uint32_t)offline->setup->conf->maxbans);
	offline->base = event_base_new();
	return offline->memory && offline->base ? 0 : -ENOMEM;
}

static int say(const char *what, int error)
{
	log_error("%s: %s", what, strerror(-error));
	return error;
}

/* What is written belongs to the daemon's user, and logs are read as that. */
static int offline_drop(const struct conf *conf)
{
	struct account account;
	int error = account_find(&account, conf->user);

	if (error)
		return say(conf->user, error);
	error = account_give_folder(&account, conf->statedir, 0700);
	if (error)
		return say(conf->statedir, error);
	error = account_become(&account);
	return error ? say("privileges", error) : 0;
}

static int offline_define(struct offline *offline)
{
	int error;

	if (offline->defined)
		return 0;
	if (offline->work->empty)
		enforce_hold_back(offline->enforce);
	else if (!offline->work->work && leave_files(offline->setup->conf))
		return -ENOMEM;
	error = enforce_define(offline->enforce, offline->setup->conf);
	offline->defined = !error;
	return error;
}

/* The helper fills what is empty while the state is read. */
static void on_hand(void *arg)
{
	struct offline *offline = arg;

	if (offline->lost || offline_define(offline))
		return;
	enforce_read(offline->enforce);
	event_base_loop(offline->base, EVLOOP_NONBLOCK);
}

static int offline_load(struct offline *offline)
{
	const char *dir = offline->setup->conf->statedir;
	enum store_mode mode = offline->work->work ? STORE_WRITE : STORE_READ;
	int error = setup_judge(offline->memory, offline->setup->conf);

	if (!offline->work->work && !offline->work->empty) {
		offline->memory->hand = on_hand;
		offline->memory->hand_arg = offline;
	}
	if (!error)
		error = memory_open(offline->memory, dir, mode, moment_now(), on_note, NULL);
	if (error == -ENOENT) {
		log_info("%s: no state yet", dir);
		error = 0;
	} else if (error && error != -EBUSY) {
		log_error("%s: %s", dir, strerror(-error));
	}
	return error;
}

static int offline_apply(struct offline *offline)
{
	struct timeval patience = {GIVE_UP_S, 0};
	int error = offline_define(offline);

	if (error)
		return error;
	enforce_read(offline->enforce);
	event_base_loopexit(offline->base, &patience);
	if (!offline->lost)
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

/* All that was written is on the disk. */
static int offline_keep(struct memory *memory)
{
	uint64_t ticket = store_commit(memory->store, true);
	int64_t began = moment_ticks();
	struct pollfd disk = {.fd = store_fd(memory->store), .events = POLLIN};

	while (store_durable(memory->store) < ticket &&
	       moment_ticks() - began < (store_error(memory->store) ? DISK_MS : SLOW_DISK_MS)) {
		poll(&disk, 1, DISK_MS / 10);
		store_seen(memory->store);
	}
	if (store_durable(memory->store) < ticket)
		return say("state: not durable",
			   store_error(memory->store) ? store_error(memory->store) : -EIO);
	/* The snapshot is younger than what was read. */
	memory_follow(memory, NULL, NULL);
	while (memory_snapshot_step(memory, true))
		;
	return 0;
}

static int offline_work(struct offline *offline)
{
	const struct offline_work *work = offline->work;
	int error = work->work ? offline_drop(offline->setup->conf) : 0, kept;

	if (!error)
		error = offline_load(offline);
	if (!error && work->work)
		error = work->work(work->arg, offline->setup, offline->memory);
	if (!error)
		error = offline_apply(offline);
	if (!work->work || error < 0)
		return error;
	kept = offline_keep(offline->memory);
	return kept ? kept : error;
}

int offline_run(const char *file, const struct offline_work *work, size_t *bans)
{
	struct offline offline = {.work = work};
	int error = offline_start(&offline, file);

	/* The helper keeps its privileges; what follows may lose ours. */
	if (!error)
		error = enforce_open(&offline.enforce, offline.base, setup_helper(),
				     offline.memory, &events, &offline);
	if (error && offline.base && offline.memory)
		say(setup_helper(), error);
	if (!error)
		error = offline_work(&offline);
	if (error >= 0 && offline.memory)
		*bans = judge_counts(offline.memory->judge).live;
	enforce_close(offline.enforce);
	memory_free(offline.memory);
	setup_free(offline.setup);
	if (offline.base)
		event_base_free(offline.base);
	return error;
}
