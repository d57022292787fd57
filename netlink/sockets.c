/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/tcp.h>

#include "netlink/sockets.h"
#include "netlink/sockets_msg.h"

/* TCP_... of the kernel's net/tcp_states.h; <netinet/tcp.h> cannot be had with <linux/tcp.h>.
 */
enum state {
	ESTABLISHED = 1,
	SYN_SENT,
	SYN_RECV,
	FIN_WAIT1,
	FIN_WAIT2,
	TIME_WAIT,
	CLOSE,
	CLOSE_WAIT,
	LAST_ACK,
	LISTEN,
	CLOSING,
	NEW_SYN_RECV,
};

#define BIT(state) (1u << (state))
#define OPEN                                                                                   \
	(BIT(ESTABLISHED) | BIT(SYN_SENT) | BIT(FIN_WAIT1) | BIT(FIN_WAIT2) |                  \
	 BIT(CLOSE_WAIT) | BIT(LAST_ACK) | BIT(CLOSING))
/* The peer's last packet of the handshake would pass a rule that accepts what is established.
 */
#define TO_END (OPEN | BIT(SYN_RECV) | BIT(NEW_SYN_RECV))

#define FOUND_MAX 16384 /* of one dump; what is more is found by the next */
#define PASSES_MAX 64	/* a million sockets */
#define SEND_MAX 1000

static int open_socket(struct sockets *s)
{
	return s->nl.socket ? 0 : nl_open(&s->nl, NETLINK_SOCK_DIAG, 0);
}

void sockets_close(struct sockets *s)
{
	nl_close(&s->nl);
}

static int dump(struct sockets *s, struct nl_batch *batch, uint8_t family, uint32_t states,
		bool idle, const struct sockets_filter *filter,
		const struct nl_answers *answers)
{
	int error;

	nl_begin(batch, &s->nl);
	sockets_msg_dump(batch, family, states, idle, filter);
	error = nl_send(&s->nl, batch, answers);
	return error == -ENOENT ? -EOPNOTSUPP : error; /* no tcp_diag */
}

/* ---- ending ---- */

struct found {
	struct sockets_name name;
	uint16_t record;
};

struct ending {
	const struct peers *peers;
	struct wire_result *results;
	struct found *found;
	size_t count;
	bool more;
	int error; /* the first that says something about all of them */
};

static int find(void *arg, const struct nlmsghdr *m)
{
	struct ending *e = arg;
	struct sockets_info info;
	size_t record;

	if (!sockets_msg_read(&info, m) || info.wire.state == LISTEN ||
	    !peers_find(e->peers, &info.connection, &record) ||
	    info.wire.idle < e->peers->records[record].idle)
		return 0;
	if (e->count == FOUND_MAX)
		e->more = true;
	else
		e->found[e->count++] = (struct found){info.name, (uint16_t)record};
	return 0;
}

struct sent {
	struct ending *ending;
	size_t from;
};

/* Only errors are answered. -ENOENT: it ended by itself; -ESTALE: and another, or a listener,
 * has its place, which is left alone for its cookie. */
static void note(void *arg, unsigned index, int error, const struct nlmsghdr *about)
{
	const struct sent *s = arg;
	struct ending *e = s->ending;

	(void)about;
	e->results[e->found[s->from + index].record].error--;
	if (error != -ENOENT && error != -ESTALE && !e->error)
		e->error = error;
}

static int send_some(struct sockets *s, struct nl_batch *batch, struct ending *e, size_t from,
		     size_t count)
{
	struct sent sent = {e, from};
	const struct nl_answers answers = {.ended = note, .arg = &sent};
	size_t i;
	int error;

	nl_begin(batch, &s->nl);
	for (i = from; i < from + count; i++) {
		sockets_msg_destroy(batch, &e->found[i].name);
		e->results[e->found[i].record].error++;
	}
	error = nl_send(&s->nl, batch, &answers);
	return error == -ENOBUFS || error == -EMSGSIZE || error == -EBADMSG ? error : 0;
}

static int end_found(struct sockets *s, struct nl_batch *batch, struct ending *e)
{
	size_t from, some;
	int error = 0;

	for (from = 0; from < e->count && !error; from += some) {
		some = e->count - from < SEND_MAX ? e->count - from : SEND_MAX;
		error = send_some(s, batch, e, from, some);
	}
	return error ? error : e->error;
}

/* A banned peer's connections in both families: an IPv6 socket may speak IPv4. All of a dump is
 * read before anything ends, since the kernel finds its place in a dump by counting. */
static int pass(struct sockets *s, struct nl_batch *batch, struct ending *e,
		const struct sockets_filter *filter)
{
	const struct nl_answers answers = {.data = find, .arg = e};
	int error = 0;

	e->count = 0;
	e->more = false;
	if (e->peers->family4)
		error = dump(s, batch, AF_INET, TO_END, e->peers->idle, filter, &answers);
	if (!error)
		error = dump(s, batch, AF_INET6, TO_END, e->peers->idle, filter, &answers);
	return error ? error : end_found(s, batch, e);
}

static void fail_all(const struct peers *peers, struct wire_result *results, int error)
{
	size_t i;

	for (i = 0; i < peers->count; i++)
		results[peers->order[i]].error = error;
}

/* A socket that cannot be: where the kernel can end any, it does not find this one. */
static int can_end(struct sockets *s, struct nl_batch *batch)
{
	const struct sockets_name nobody = {.family = AF_INET};
	int error = open_socket(s);

	if (error || s->able)
		return error;
	nl_begin(batch, &s->nl);
	sockets_msg_destroy(batch, &nobody);
	error = nl_send(&s->nl, batch, NULL);
	if (error && error != -ENOENT && error != -ESTALE)
		return error;
	s->able = true;
	return 0;
}

static int end_all(struct sockets *s, struct nl_batch *batch, const struct peers *peers,
		   struct wire_result *results)
{
	struct ending e = {.peers = peers, .results = results};
	struct sockets_filter filter;
	int passes, error = can_end(s, batch);

	if (error)
		return error;
	e.found = malloc(FOUND_MAX * sizeof *e.found);
	if (!e.found)
		return -ENOMEM;
	sockets_filter_peers(&filter, peers);
	e.more = true;
	for (passes = 0; passes < PASSES_MAX && e.more && !error; passes++)
		error = pass(s, batch, &e, &filter);
	free(e.found);
	return error;
}

void sockets_end(struct sockets *s, struct nl_batch *batch, const struct wire_close *records,
		 struct wire_result *results, size_t count)
{
	struct peers peers;
	int error;

	peers_sort(&peers, records, results, count);
	error = peers.count ? end_all(s, batch, &peers, results) : 0;
	if (error)
		fail_all(&peers, results, error);
}

/* ---- the list ---- */

static int list(void *arg, const struct nlmsghdr *m)
{
	struct packet_stream *out = arg;
	struct sockets_info info;

	if (sockets_msg_read(&info, m))
		memcpy(packet_stream_next(out), &info.wire, sizeof info.wire);
	return out->error;
}

int sockets_list(struct sockets *s, struct nl_batch *batch, const struct wire_ports *ports,
		 struct packet_stream *out)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	const struct nl_answers answers = {.data = list, .arg = out};
	struct sockets_filter filter = {0};
	int i, error = open_socket(s);

	if (ports->last)
		sockets_filter_ports(&filter, ports);
	for (i = 0; i < 2 && !error; i++)
		error = dump(s, batch, families[i], OPEN, true, &filter, &answers);
	return error;
}
