/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "clients.h"
#include "reaper.h"

#define ROUND_MS 60000 /* between rounds, or a quarter of `older` if that is less */
#define ROUND_MIN_MS 1000
#define LOOK_MOST 100	   /* processes in one turn of the loop: less than 2 ms */
#define SOCKETS_MOST 65536 /* of one round */
#define SPOKE_MS 1000	   /* by age: who spoke within that is not waiting */

enum reaper_state {
	REAPER_IDLE,
	REAPER_DUE,   /* to be asked, when there is room */
	REAPER_ASKED, /* for connections */
	REAPER_LOOKS, /* at processes */
	REAPER_ENDS,  /* asked the helper to */
};

struct reaper_call {
	struct call *call; /* NULL: it went away */
	bool dry;
};

struct reaper {
	struct enforce *enforce;
	struct event *step; /* the next processes */
	struct connections_asker asker;
	reaper_done *done;
	void *arg;
	bool has_rule;
	struct conf_reaper rule;
	enum reaper_state state;
	bool for_call; /* the round is for calls[0] */
	bool dry;
	int64_t round_at;		/* ticks: the last of its own accord */
	struct resolve_socket *sockets; /* owned */
	size_t socket_count, socket_room;
	struct processes *processes;
	struct reap_row *rows; /* owned */
	size_t row_count;
	uint64_t ended;
	struct reaper_call calls[CONTROL_CALLS_MAX];
	size_t call_count;
	struct reaper_counts counts;
};

/* ---- the end of a round ---- */

static void clear(struct reaper *r)
{
	processes_close(r->processes);
	free(r->sockets);
	free(r->rows);
	r->processes = NULL;
	r->sockets = NULL;
	r->rows = NULL;
	r->socket_count = r->socket_room = r->row_count = 0;
	r->ended = 0;
}

const char *reaper_why(int error)
{
	if (error == -EOPNOTSUPP)
		return "the kernel is built without CONFIG_INET_DIAG_DESTROY, or has no "
		       "tcp_diag";
	return error == -EPIPE ? "banish-netlink has ended and starts again" : strerror(-error);
}

static void count(struct reaper *r, int error)
{
	r->counts.rounds++;
	r->counts.ended += r->ended;
	r->counts.spared = 0;
	for (size_t i = 0; i < r->row_count; i++)
		r->counts.spared += r->rows[i].verdict == REAP_BUSY;
	/* The next worker is asked in the next round. */
	if (error && error != -EPIPE && error != r->counts.error)
		log_error("reaper: sessions cannot be looked at or ended: %s",
			  reaper_why(error));
	r->counts.error = error;
}

static void log_round(const struct reaper *r)
{
	char address[PREFIX_TEXT_MAX], idle[24];

	if (r->dry)
		return;
	for (size_t i = 0; i < r->row_count; i++) {
		const struct resolve_socket *socket = &r->rows[i].socket;

		if (r->rows[i].verdict == REAP_END)
			log_info("reaper: %s, port %u, only waits for a command, and sent "
				 "nothing for %s",
				 prefix_print(&socket->peer, address), socket->peer_port,
				 text_print_duration(socket->idle / 1000 * 1000, idle));
	}
	if (r->ended)
		log_info("reaper: %llu connections ended", (unsigned long long)r->ended);
}

static void soon(struct reaper *r)
{
	static const struct timeval at_once = {0};

	event_add(r->step, &at_once);
}

/* 0, or why not. */
static void finish(struct reaper *r, int error)
{
	struct reaper_call call = r->calls[0];
	struct reaper_round round = {.error = error, .ended = r->ended};

	if (!error) {
		round.rows = r->rows;
		round.count = r->row_count;
		log_round(r);
	}
	count(r, error);
	r->state = REAPER_IDLE;
	if (r->for_call) {
		r->call_count--;
		memmove(r->calls, r->calls + 1, r->call_count * sizeof *r->calls);
		if (call.call)
			r->done(r->arg, call.call, &round);
	}
	clear(r);
	if (r->call_count)
		soon(r);
}

/* ---- ending ---- */

static uint32_t must_be_idle(const struct reaper *r)
{
	int64_t idle = r->rule.by_age ? SPOKE_MS : r->rule.older;

	return idle < UINT32_MAX ? (uint32_t)idle : UINT32_MAX;
}

/* The helper ends it only if it is idle still. */
static size_t pack(const struct reaper *r, struct target_close *out)
{
	size_t packed = 0;

	for (size_t i = 0; i < r->row_count && packed < TARGET_BATCH_MAX; i++) {
		const struct resolve_socket *socket = &r->rows[i].socket;

		if (r->rows[i].verdict == REAP_END)
			out[packed++] = (struct target_close){
				.peer = socket->peer,
				.peer_port = socket->peer_port,
				.ports = {{socket->own_port, socket->own_port}},
				.count = 1,
				.idle = must_be_idle(r),
			};
	}
	return packed;
}

/* Those of one batch are ended; more than that in a round is a rare thing, and the next
 * round's.
 */
static void end_them(struct reaper *r)
{
	struct target_close closes[TARGET_BATCH_MAX];
	size_t packed = r->dry || !r->has_rule ? 0 : pack(r, closes);
	int error = 0;

	if (packed)
		error = enforce_close_connections(r->enforce, closes, packed, &r->asker);
	if (!packed || (error && error != -EAGAIN))
		finish(r, error);
	else
		r->state = error ? REAPER_LOOKS : REAPER_ENDS;
}

static void on_closed(void *arg, uint64_t sockets, int error)
{
	struct reaper *r = arg;

	if (r->state != REAPER_ENDS)
		return;
	r->ended = sockets;
	finish(r, error);
}

/* ---- looking ---- */

static void choose(struct reaper *r)
{
	const struct reap_rule rule = {r->rule.by_age, r->rule.older};
	struct resolve_session *found;
	size_t found_count;

	found = processes_found(r->processes, &found_count);
	r->rows = calloc(r->socket_count + 1, sizeof *r->rows);
	if (!r->rows) {
		finish(r, -ENOMEM);
		return;
	}
	r->row_count =
		reap_choose(r->rows, &rule, found, found_count, r->sockets, r->socket_count);
	end_them(r);
}

static void on_step(evutil_socket_t fd, short what, void *arg)
{
	struct reaper *r = arg;

	(void)fd;
	(void)what;
	if (r->state != REAPER_LOOKS || r->rows)
		reaper_pump(r);
	else if (processes_look(r->processes, LOOK_MOST))
		soon(r);
	else
		choose(r);
}

static bool has_port(const struct reaper *r, uint16_t port)
{
	for (size_t i = 0; i < r->rule.port_count; i++)
		if (port >= r->rule.ports[i].first && port <= r->rule.ports[i].last)
			return true;
	return false;
}

static void on_socket(void *arg, const struct target_socket *socket)
{
	struct reaper *r = arg;
	size_t room = r->socket_room ? 2 * r->socket_room : 64;
	struct resolve_socket one, *grown;

	if (r->state != REAPER_ASKED || !clients_read(&one, socket) ||
	    !has_port(r, one.own_port) || r->socket_count == SOCKETS_MOST)
		return;
	if (r->socket_count == r->socket_room) {
		grown = reallocarray(r->sockets, room, sizeof *grown);
		if (!grown)
			return;
		r->sockets = grown;
		r->socket_room = room;
	}
	r->sockets[r->socket_count++] = one;
}

static bool has_candidate(const struct reaper *r)
{
	for (size_t i = 0; i < r->socket_count; i++)
		if (r->sockets[i].idle >= must_be_idle(r))
			return true;
	return false;
}

/* Processes are looked at only when a connection is idle for long enough. */
static void on_listed(void *arg, int error)
{
	struct reaper *r = arg;

	if (r->state != REAPER_ASKED)
		return;
	if (!error && has_candidate(r))
		error = processes_open(&r->processes, "/proc");
	if (error || !r->processes) {
		finish(r, error);
		return;
	}
	r->state = REAPER_LOOKS;
	on_step(-1, 0, r);
}

/* ---- rounds ---- */

static struct port_range span(const struct conf_reaper *rule)
{
	return (struct port_range){rule->ports[0].first,
				   rule->ports[rule->port_count - 1].last};
}

static int64_t pause_of(const struct conf_reaper *rule)
{
	int64_t pause = rule->older / 4 < ROUND_MS ? rule->older / 4 : ROUND_MS;

	return pause < ROUND_MIN_MS ? ROUND_MIN_MS : pause;
}

static void begin(struct reaper *r)
{
	int64_t now = moment_ticks();

	if (r->call_count) {
		r->for_call = true;
		r->dry = r->calls[0].dry;
	} else if (r->has_rule && now - r->round_at >= pause_of(&r->rule)) {
		r->for_call = r->dry = false;
		r->round_at = now;
	} else {
		return;
	}
	r->state = REAPER_DUE;
}

void reaper_pump(struct reaper *r)
{
	int error;

	if (r->state == REAPER_LOOKS && r->rows)
		end_them(r);
	if (r->state == REAPER_IDLE)
		begin(r);
	if (r->state != REAPER_DUE)
		return;
	if (!r->has_rule) {
		finish(r, -ENOENT);
		return;
	}
	error = enforce_list_connections(r->enforce, span(&r->rule), &r->asker);
	if (!error)
		r->state = REAPER_ASKED;
	else if (error != -EAGAIN)
		finish(r, error);
}

int reaper_ask(struct reaper *r, struct call *call, bool dry)
{
	if (r->call_count == CONTROL_CALLS_MAX)
		return -EBUSY;
	r->calls[r->call_count++] = (struct reaper_call){call, dry};
	reaper_pump(r);
	return 0;
}

void reaper_drop(struct reaper *r, const struct call *call)
{
	for (size_t i = 0; i < r->call_count; i++)
		if (r->calls[i].call == call)
			r->calls[i].call = NULL;
}

void reaper_use(struct reaper *r, const struct conf_reaper *rule)
{
	r->has_rule = rule;
	if (rule)
		r->rule = *rule;
}

bool reaper_has_rule(const struct reaper *r)
{
	return r->has_rule;
}

struct reaper_counts reaper_counts(const struct reaper *r)
{
	return r->counts;
}

int reaper_open(struct reaper **out, struct event_base *base, struct enforce *enforce,
		reaper_done *done, void *arg)
{
	struct reaper *r = calloc(1, sizeof *r);

	if (!r)
		return -ENOMEM;
	*r = (struct reaper){.enforce = enforce, .done = done, .arg = arg};
	r->asker = (struct connections_asker){
		.socket = on_socket, .done = on_listed, .closed = on_closed, .arg = r};
	r->step = evtimer_new(base, on_step, r);
	if (!r->step) {
		free(r);
		return -ENOMEM;
	}
	*out = r;
	return 0;
}

void reaper_close(struct reaper *r)
{
	if (!r)
		return;
	clear(r);
	event_free(r->step);
	free(r);
}
