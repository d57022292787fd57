/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "closing.h"

/* A peer needs at most this many records: its jail may have more ports than one has room for.
 */
#define RECORDS_MAX ((PORTS_MAX + TARGET_CLOSE_PORTS - 1) / TARGET_CLOSE_PORTS)
#define BATCH_MAX (TARGET_BATCH_MAX / RECORDS_MAX)

/* ---- which jails ---- */

/* A rule that drops what an ipset holds may stand behind one that accepts what is established:
 * the kernel has to forget that it is. Our own table comes before connection tracking. */
static bool needs_conntrack(const struct conf *conf, const struct conf_jail *jail)
{
	for (size_t i = 0; i < jail->target_count; i++)
		if (target_kind(&conf->targets[jail->targets[i]]) == TARGET_IPSET)
			return true;
	return false;
}

int closing_set(struct closing *closing, const struct names *names, const struct conf *conf)
{
	uint32_t size = names_last(names) + 1;
	struct closing_jail *jails = calloc(size, sizeof *jails);

	if (!jails)
		return -ENOMEM;
	for (size_t j = 0; j < conf->jail_count; j++) {
		const struct conf_jail *from = &conf->jails[j];
		struct closing_jail *jail = &jails[names_find(names, text_of(from->name))];

		jail->drops = from->drop_established;
		jail->conntrack = jail->drops && needs_conntrack(conf, from);
		jail->port_count = from->port_count;
		memcpy(jail->ports, from->ports, sizeof jail->ports);
	}
	free(closing->jails);
	closing->jails = jails;
	closing->size = size;
	return 0;
}

void closing_clear(struct closing *closing)
{
	free(closing->jails);
	free(closing->peers);
	*closing = (struct closing){0};
}

static const struct closing_jail *jail_of(const struct closing *closing, uint32_t jail)
{
	return jail < closing->size && closing->jails[jail].drops ? &closing->jails[jail]
								  : NULL;
}

/* ---- who ---- */

static bool is_banned(const struct judge *judge, uint32_t jail, const struct prefix *prefix)
{
	for (uint32_t s = judge_first(judge, prefix); s != UINT32_MAX; s = judge_next(judge, s))
		if (judge_at(judge, s)->jail == jail)
			return true;
	return false;
}

static bool grow(struct closing *closing)
{
	size_t room = closing->room ? 2 * closing->room : 64;
	struct closing_peer *grown;

	if (closing->count < closing->room)
		return true;
	if (closing->count == CLOSING_MAX)
		return false;
	grown = realloc(closing->peers, room * sizeof *grown);
	if (!grown)
		return false;
	closing->peers = grown;
	closing->room = room;
	return true;
}

void closing_change(struct closing *closing, const struct judge *judge, uint32_t jail,
		    const struct prefix *prefix)
{
	if (!jail_of(closing, jail) || !is_banned(judge, jail, prefix))
		return;
	if (grow(closing))
		closing->peers[closing->count++] = (struct closing_peer){*prefix, jail};
	else
		closing->closed.missed++;
}

/* ---- asking for it ---- */

static size_t pack_peer(struct target_close *out, const struct closing_peer *peer,
			const struct closing_jail *jail)
{
	size_t records = 0;

	for (size_t p = 0; p < jail->port_count; p += TARGET_CLOSE_PORTS) {
		struct target_close *close = &out[records++];

		*close = (struct target_close){.peer = peer->prefix,
					       .conntrack = jail->conntrack};
		close->count = jail->port_count - p;
		if (close->count > TARGET_CLOSE_PORTS)
			close->count = TARGET_CLOSE_PORTS;
		memcpy(close->ports, &jail->ports[p], close->count * sizeof *close->ports);
	}
	return records;
}

static void drop_batch(struct closing *closing)
{
	closing->count -= closing->batch;
	memmove(closing->peers, closing->peers + closing->batch,
		closing->count * sizeof *closing->peers);
	closing->batch = 0;
	closing->state = CLOSING_IDLE;
}

static void on_closed(void *arg, uint64_t sockets, int error)
{
	struct closing *closing = arg;
	struct enforce_closed *closed = &closing->closed;

	if (closing->state != CLOSING_ASKED)
		return;
	/* The next worker is asked again. */
	if (error == -EPIPE) {
		closing->state = CLOSING_IDLE;
		return;
	}
	if (error && error != closed->error)
		log_error("drop-established: connections cannot be closed: %s",
			  error == -EOPNOTSUPP ? "the kernel is built without "
						 "CONFIG_INET_DIAG_DESTROY"
					       : strerror(-error));
	closed->error = error;
	closed->peers += closing->batch;
	closed->sockets += sockets;
	if (sockets)
		log_info("drop-established: %llu connections of %zu banned peers closed",
			 (unsigned long long)sockets, closing->batch);
	drop_batch(closing);
}

/* Jails may have gone, or have other ports by now. */
static void ask(struct closing *closing, struct connections *connections,
		struct targets *targets)
{
	struct target_close closes[TARGET_BATCH_MAX];
	size_t count = 0;

	for (size_t i = 0; i < closing->batch; i++) {
		const struct closing_jail *jail = jail_of(closing, closing->peers[i].jail);

		if (jail)
			count += pack_peer(&closes[count], &closing->peers[i], jail);
	}
	closing->asker = (struct connections_asker){.closed = on_closed, .arg = closing};
	if (!count)
		drop_batch(closing);
	else if (!connections_close(connections, targets, closes, count, &closing->asker))
		closing->state = CLOSING_ASKED;
}

void closing_pump(struct closing *closing, const struct enforce *enforce,
		  struct connections *connections, struct targets *targets)
{
	if (closing->state == CLOSING_IDLE && closing->count) {
		closing->batch = closing->count < BATCH_MAX ? closing->count : BATCH_MAX;
		enforce_mark(enforce, &closing->mark);
		closing->state = CLOSING_WAITS;
	}
	if (closing->state == CLOSING_WAITS && enforce_reached(enforce, &closing->mark))
		ask(closing, connections, targets);
}
