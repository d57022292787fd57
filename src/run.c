/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish run: the daemon, from start to end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "command.h"
#include "daemon.h"
#include "drop.h"
#include "options.h"
#include "policies.h"

#ifndef TICK_MS
#define TICK_MS 1000
#endif
#define POSITIONS_MS 2000 /* how old a written position may be when nothing was decided */
#define EXPIRE_STEP 1000  /* bans ended in one turn */
#define EXPIRE_WAIT_MS                                                                         \
	60000 /* the machine may sleep meanwhile, and the loop's timers with it */
#define SNAPSHOT_STEP_US 1000

static struct timeval interval(int64_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

/* ---- what happens on the loop ---- */

static void expire_plan(struct daemon *daemon)
{
	int64_t left =
		moment_left(judge_next_end(daemon->memory->judge), memory_now(daemon->memory));
	struct timeval wait;

	wait = interval(left < EXPIRE_WAIT_MS ? left + 1 : EXPIRE_WAIT_MS);
	event_add(daemon->expire, &wait);
}

static void on_expire(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	char text[PREFIX_TEXT_MAX];
	struct ban ban;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < EXPIRE_STEP; i++) {
		if (!judge_expire(daemon->memory->judge, memory_now(daemon->memory), &ban))
			break;
		log_info("[%s] Unban %s", names_text(daemon->memory->names, ban.jail),
			 prefix_print(&ban.prefix, text));
		enforce_expired(daemon->enforce, ban.jail, &ban.prefix);
	}
	expire_plan(daemon);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	feeds_write_positions(daemon);
	store_commit(daemon->memory->store, false);
	expire_plan(daemon);
}

static void on_snapshot(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	struct timeval soon = {0, SNAPSHOT_STEP_US};

	(void)fd;
	(void)what;
	if (!daemon->memory->snapshot && !store_wants_snapshot(daemon->memory->store))
		return;
	/* A snapshot commits what was put so far: a position belongs to that. */
	feeds_write_positions(daemon);
	if (memory_snapshot_step(daemon->memory, false))
		event_add(daemon->snapshot, &soon);
}

static void look_at_clock(struct daemon *daemon)
{
	int64_t jump;
	char span[24];

	if (memory_stamp(daemon->memory, moment_now(), &jump))
		daemon_touch(daemon);
	if (jump)
		log_warning("the clock was set %s %s: bans keep the time they have left",
			    text_print_duration((jump < 0 ? -jump : jump) / 1000 * 1000, span),
			    jump < 0 ? "back" : "ahead");
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	int64_t ticks = moment_ticks();

	(void)fd;
	(void)what;
	if (ticks - daemon->positions_at >= POSITIONS_MS) {
		feeds_write_positions(daemon);
		store_commit(daemon->memory->store, false);
	}
	if (ticks - daemon->rearm_at >= ENFORCE_REARM_MS) {
		daemon->rearm_at = ticks;
		enforce_rearm(daemon->enforce);
	}
	look_at_clock(daemon);
	enforce_tick(daemon->enforce);
	reaper_pump(daemon->reaper);
	policies_tick(daemon);
	wait_check(daemon);
	feeds_throttle(daemon);
	if (!event_pending(daemon->snapshot, EV_TIMEOUT, NULL))
		on_snapshot(-1, 0, daemon);
}

/* The journal goes on, and grows; a snapshot is tried again later. One that was given up
 * for what is told as not durable is no news. */
static void look_at_snapshots(struct daemon *daemon)
{
	int error = store_counts(daemon->memory->store).snapshot_error;

	if (error == -ECANCELED)
		return;
	if (error && error != daemon->snapshot_error)
		log_warning("state: no snapshot can be written: %s; the journal goes on, and "
			    "it is tried again",
			    strerror(-error));
	else if (!error && daemon->snapshot_error)
		log_info("state: a snapshot was written again");
	daemon->snapshot_error = error;
}

static void on_disk(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	int error = store_error(daemon->memory->store);

	(void)fd;
	(void)what;
	store_seen(daemon->memory->store);
	if (error && error != daemon->store_error)
		log_error("state: not durable: %s; bans go on, and writing is tried again",
			  strerror(-error));
	else if (!error && daemon->store_error)
		log_info("state: durable again");
	daemon->store_error = error;
	look_at_snapshots(daemon);
	wait_check(daemon);
	feeds_throttle(daemon);
}

static void on_stop(evutil_socket_t signal, short what, void *arg)
{
	(void)what;
	log_info("%s: stopping; the kernel keeps the bans", strsignal((int)signal));
	daemon_stop(arg, EXIT_DONE);
}

static void on_hangup(evutil_socket_t signal, short what, void *arg)
{
	(void)signal;
	(void)what;
	reload_begin(arg, NULL);
}

/* ---- what the targets say ---- */

static void on_progress(void *arg)
{
	struct daemon *daemon = arg;

	if (!daemon->ready && enforce_ready(daemon->enforce)) {
		daemon->ready = true;
		log_info("ready: %u bans live", judge_counts(daemon->memory->judge).live);
		sd_notify(0, "READY=1");
	}
	live_pump(daemon);
	if (daemon->reaper)
		reaper_pump(daemon->reaper);
	clients_pump(daemon);
	wait_check(daemon);
	wait_resume(daemon);
	feeds_throttle(daemon);
}

static void on_own(void *arg, const struct prefix *addresses, size_t count)
{
	struct daemon *daemon = arg;

	if (judge_set_own(daemon->memory->judge, addresses, count))
		log_error("out of memory: this host's addresses are not known");
	daemon_pardon(daemon);
}

static void on_fact(void *arg, size_t target, const struct target_fact *fact)
{
	live_fact(arg, target, fact);
}

static void on_facts_done(void *arg, size_t target, int error)
{
	(void)target;
	(void)error;
	live_answered(arg);
}

static void on_lost(void *arg)
{
	log_error("banish-netlink ended: stopping, to be started again by a supervisor");
	daemon_stop(arg, EXIT_REFUSED);
}

static const struct enforce_events enforce_events = {
	.progress = on_progress,
	.own = on_own,
	.lost = on_lost,
	.fact = on_fact,
	.facts_done = on_facts_done,
};

/* ---- the verbs ---- */

void verb_over(void *arg, struct call *call)
{
	struct daemon *daemon = arg;

	wait_drop(daemon, call);
	live_drop(daemon, call);
	reaper_drop(daemon->reaper, call);
	reload_forget(daemon, call);
	free(call_own(call));
	call_set(call, NULL);
}

static const struct control_verb verbs[] = {
	{.name = "status", .start = status_start, .over = verb_over},
	{.name = "live", .start = live_start, .over = verb_over},
	{.name = "list", .start = list_start, .more = list_more, .over = verb_over},
	{.name = "ban",
	 .start = ban_start,
	 .line = ban_line,
	 .end = ban_end,
	 .over = verb_over},
	{.name = "unban", .start = unban_start, .over = verb_over},
	{.name = "why", .start = why_start},
	{.name = "tarpit", .start = tarpit_start, .more = tarpit_more, .over = verb_over},
	{.name = "sync", .start = sync_start, .over = verb_over},
	{.name = "flush", .start = flush_start, .over = verb_over},
	{.name = "import",
	 .start = import_start,
	 .line = import_body,
	 .end = import_end,
	 .over = verb_over},
	{.name = "reload", .start = reload_start, .over = verb_over},
	{.name = "reap", .start = reap_start, .over = verb_over},
	{.name = NULL},
};

/* ---- start and end ---- */

static int fail(const char *what, int error)
{
	log_error("%s: %s", what, strerror(-error));
	return error;
}

static void on_note(void *arg, const char *text)
{
	(void)arg;
	log_warning("state: %s", text);
}

static int open_events(struct daemon *daemon)
{
	struct timeval tick = interval(TICK_MS);

	daemon->turn = event_new(daemon->base, -1, 0, on_turn, daemon);
	daemon->expire = evtimer_new(daemon->base, on_expire, daemon);
	daemon->snapshot = evtimer_new(daemon->base, on_snapshot, daemon);
	daemon->tick = event_new(daemon->base, -1, EV_PERSIST, on_tick, daemon);
	daemon->stop[0] = evsignal_new(daemon->base, SIGTERM, on_stop, daemon);
	daemon->stop[1] = evsignal_new(daemon->base, SIGINT, on_stop, daemon);
	daemon->stop[2] = evsignal_new(daemon->base, SIGHUP, on_hangup, daemon);
	for (size_t i = 0; i < 3; i++)
		if (!daemon->stop[i] || event_add(daemon->stop[i], NULL))
			return -ENOMEM;
	if (!daemon->turn || !daemon->expire || !daemon->snapshot || !daemon->tick)
		return -ENOMEM;
	return event_add(daemon->tick, &tick) ? -ENOMEM : 0;
}

/* What needs root: the helper, folders and socket of the daemon's user. */
static int open_privileged(struct daemon *daemon, const struct account *account)
{
	const struct conf *conf = daemon->setup->conf;
	int error = enforce_open(&daemon->enforce, daemon->base, setup_helper(), daemon->memory,
				 &enforce_events, daemon);

	if (error)
		return fail(setup_helper(), error);
	error = reaper_open(&daemon->reaper, daemon->base, daemon->enforce, reap_done, daemon);
	if (error)
		return fail("start", error);
	error = account_give_folder(account, conf->statedir, 0700);
	if (error == -ENOTEMPTY)
		log_error("%s: holds files that are not banish's: give statedir a folder of "
			  "its own",
			  conf->statedir);
	else if (error)
		fail(conf->statedir, error);
	return error;
}

static int open_state(struct daemon *daemon)
{
	const char *dir = daemon->setup->conf->statedir;
	int error = setup_judge(daemon->memory, daemon->setup->conf);

	if (!error)
		error = memory_open(daemon->memory, dir, STORE_WRITE, moment_now(), on_note,
				    NULL);
	if (error == -EBUSY) {
		log_error("%s: another daemon has it", dir);
		return error;
	}
	if (error)
		return fail(dir, error);
	log_info("state: %u bans read, %llu more are over",
		 judge_counts(daemon->memory->judge).live,
		 (unsigned long long)daemon->memory->expired);
	if (daemon->memory->outlawed)
		log_warning("state: %llu bans left out, for they may never be made",
			    (unsigned long long)daemon->memory->outlawed);
	daemon->disk = event_new(daemon->base, store_fd(daemon->memory->store),
				 EV_READ | EV_PERSIST, on_disk, daemon);
	return daemon->disk && !event_add(daemon->disk, NULL) ? 0 : -ENOMEM;
}

/* The socket is made by root, for its folder often is root's, and given away; last of what can
 * fail before the user changes, so that a second daemon finds the state locked and not the
 * socket replaced. */
static int open_control(struct daemon *daemon, const struct account *account)
{
	const char *path = daemon->setup->conf->socket;
	int error = control_open(&daemon->control, daemon->base, path, verbs, daemon);

	if (!error && account->change)
		error = control_chown(daemon->control, account->uid, account->gid);
	return error ? fail(path, error) : 0;
}

/* The journal's files stay open, once for each source that reads it: the usual 1024 descriptors
 * are soon used up, and libsystemd leaves out silently what it cannot open. */
static void raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int daemon_open(struct daemon *daemon)
{
	struct diag diag = {.say = diag_stderr};
	struct setup *setup;
	struct account account;
	int error;

	raise_files();
	error = setup_new(&setup, daemon->file, SETUP_LENIENT, &diag);
	if (error)
		return error;
	daemon->setup = setup;
	log_level = setup->conf->loglevel;
	daemon->base = event_base_new();
	daemon->memory = memory_new((uint32_t)setup->conf->maxbans);
	daemon->live = live_new();
	if (!daemon->base || !daemon->memory || !daemon->live || open_events(daemon) ||
	    feeds_open(daemon))
		return fail("start", -ENOMEM);
	error = account_find(&account, setup->conf->user);
	if (error) {
		log_error("cannot run as the user \"%s\": %s", setup->conf->user,
			  error == -EPERM ? "no permission: start banish as root"
					  : "there is none of this name");
		return error;
	}
	error = open_privileged(daemon, &account);
	if (!error)
		error = open_control(daemon, &account);
	if (error)
		return error;
	error = account_become(&account);
	if (error)
		return fail("privileges", error);
	if (account.uid == 0)
		log_warning("running as root; set `user` in [banish]");
	error = open_state(daemon);
	if (error)
		return error;
	daemon->setup = NULL;
	return daemon_use(daemon, setup);
}

static void daemon_close(struct daemon *daemon)
{
	struct event *events[] = {daemon->turn,	   daemon->expire,  daemon->snapshot,
				  daemon->tick,	   daemon->stop[0], daemon->stop[1],
				  daemon->stop[2], daemon->disk};

	if (daemon->memory && daemon->memory->store) {
		look_at_clock(daemon);
		feeds_write_positions(daemon);
		store_commit(daemon->memory->store, true);
		/* So that the next start has little to replay. */
		while (memory_snapshot_step(daemon->memory, true))
			;
	}
	control_close(daemon->control);
	policies_free(daemon);
	feeds_free(daemon);
	enforce_close(daemon->enforce);
	reaper_close(daemon->reaper);
	resolve_free(daemon->resolve);
	live_free(daemon->live);
	memory_free(daemon->memory);
	setup_free(daemon->setup);
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		if (events[i])
			event_free(events[i]);
	if (daemon->base)
		event_base_free(daemon->base);
}

int cmd_run(int argc, char **argv)
{
	struct options options = {.usage = "banish run [-c FILE]"};
	struct daemon daemon = {.exit = EXIT_REFUSED};

	if (options_parse(&options, argc, argv, NULL) >= 0)
		return options.code;
	signal(SIGPIPE, SIG_IGN);
	daemon.file = options.file;
	daemon.started = moment_now();
	daemon.rearm_at = moment_ticks();
	if (!daemon_open(&daemon)) {
		expire_plan(&daemon);
		event_base_dispatch(daemon.base);
		sd_notify(0, "STOPPING=1");
	}
	daemon_close(&daemon);
	return daemon.exit;
}
