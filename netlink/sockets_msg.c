/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/sock_diag.h>
#include <linux/tcp.h>

#include "netlink/sockets_msg.h"

/*
 * A program is a row of conditions. Each says how far it is to the next step when it holds and
 * when it does not; a program that ends exactly at its end takes the socket, one that steps
 * over it does not. "Yes" must lead to the next condition, and all steps are forward: so every
 * alternative but the last is followed by a jump to the end.
 */
#define STEP sizeof(struct inet_diag_bc_op)

static struct inet_diag_bc_op *op_at(struct sockets_filter *f, size_t at)
{
	return (struct inet_diag_bc_op *)(f->at + at);
}

/* Distances count from the condition itself. The ends that are not known yet: every jump is
 * led to the end again whenever something is appended. */
static void lead_jumps(struct sockets_filter *f)
{
	size_t at = 0;

	while (at < f->len) {
		struct inet_diag_bc_op *op = op_at(f, at);

		if (op->code == INET_DIAG_BC_JMP)
			op->no = (unsigned short)(f->len - at);
		at += op->yes;
	}
}

/* Room for an alternative of `size` bytes; what came before it is closed with a jump. */
static char *append(struct sockets_filter *f, size_t size)
{
	size_t jump = f->len ? STEP : 0;
	char *at;

	if (f->len + jump + size > sizeof f->at)
		return NULL;
	if (jump)
		*op_at(f, f->len) = (struct inet_diag_bc_op){INET_DIAG_BC_JMP, STEP, 0};
	at = f->at + f->len + jump;
	f->len += jump + size;
	memset(at, 0, size);
	return at;
}

bool sockets_filter_peer(struct sockets_filter *f, const struct prefix *peer)
{
	size_t addr = prefix_bits(peer) / 8;
	size_t size = STEP + sizeof(struct inet_diag_hostcond) + addr;
	struct inet_diag_bc_op *op = (void *)append(f, size);
	struct inet_diag_hostcond *host = (void *)(op + 1);

	if (!op)
		return false;
	/* When it does not hold: behind the jump that follows, or over the end. */
	*op = (struct inet_diag_bc_op){INET_DIAG_BC_D_COND, (unsigned char)size,
				       (unsigned short)(size + STEP)};
	/* An IPv4 address is found in IPv6 sockets, too, where it is mapped. */
	host->family = (uint8_t)prefix_af(peer);
	host->prefix_len = peer->len;
	host->port = -1;
	memcpy(host->addr, peer->addr, addr);
	lead_jumps(f);
	return true;
}

/* A comparison takes two steps; the second holds the port where others have "no". */
bool sockets_filter_ports(struct sockets_filter *f, const struct wire_ports *ports)
{
	struct inet_diag_bc_op *op = (void *)append(f, 4 * STEP);

	if (!op)
		return false;
	op[0] = (struct inet_diag_bc_op){INET_DIAG_BC_S_GE, 2 * STEP, 5 * STEP};
	op[1].no = ports->first;
	op[2] = (struct inet_diag_bc_op){INET_DIAG_BC_S_LE, 2 * STEP, 3 * STEP};
	op[3].no = ports->last;
	lead_jumps(f);
	return true;
}

static bool has_ports(struct sockets_filter *f, const struct wire_ports *ports)
{
	size_t at;

	for (at = 0; at < f->len; at += 5 * STEP) {
		const struct inet_diag_bc_op *op = op_at(f, at);

		if (op[1].no == ports->first && op[3].no == ports->last)
			return true;
	}
	return false;
}

static bool add_ports(struct sockets_filter *f, const struct wire_close *r)
{
	int i;

	for (i = 0; i < r->count; i++)
		if (!r->ports[i].last ||
		    (!has_ports(f, &r->ports[i]) && !sockets_filter_ports(f, &r->ports[i])))
			return false;
	return r->count > 0;
}

/* A jail's ports are the same for all its bans, so a thousand records have few. */
static void filter_by_ports(struct sockets_filter *f, const struct peers *peers)
{
	size_t i;

	for (i = 0; i < peers->count; i++)
		if (!add_ports(f, &peers->records[peers->order[i]])) {
			f->len = 0;
			return;
		}
}

void sockets_filter_peers(struct sockets_filter *f, const struct peers *peers)
{
	size_t i;

	*f = (struct sockets_filter){0};
	if (peers->count > SOCKETS_PEERS_MAX) {
		filter_by_ports(f, peers);
		return;
	}
	for (i = 0; i < peers->count; i++)
		sockets_filter_peer(f, &peers->records[peers->order[i]].peer);
}

/* ---- messages ---- */

static struct nlmsghdr *message(struct nl_batch *batch, uint16_t type, uint16_t flags,
				const struct inet_diag_req_v2 *request)
{
	return nl_message(batch, type, flags, request, sizeof *request);
}

void sockets_msg_dump(struct nl_batch *batch, uint8_t family, uint32_t states, bool idle,
		      const struct sockets_filter *filter)
{
	const struct inet_diag_req_v2 request = {
		.sdiag_family = family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_ext = idle ? 1 << (INET_DIAG_INFO - 1) : 0,
		.idiag_states = states,
	};
	struct nlmsghdr *m = message(batch, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request);

	if (!m)
		return;
	if (filter->len)
		mnl_attr_put(m, INET_DIAG_REQ_BYTECODE, filter->len, filter->at);
	nl_message_end(batch);
}

void sockets_msg_destroy(struct nl_batch *batch, const struct sockets_name *name)
{
	const struct inet_diag_req_v2 request = {
		.sdiag_family = name->family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = ~0u,
		.id = name->id,
	};

	if (message(batch, SOCK_DESTROY, 0, &request))
		nl_message_end(batch);
}

/* Newer kernels append fields to tcp_info; they are all of 32 bits up to the one read here. */
static uint32_t idle_of(const struct nlmsghdr *m)
{
	const struct nlattr *a[INET_DIAG_INFO + 1];
	uint32_t idle = 0;
	size_t at = offsetof(struct tcp_info, tcpi_last_data_recv);

	nl_attributes(m, sizeof(struct inet_diag_msg), a, INET_DIAG_INFO + 1);
	if (a[INET_DIAG_INFO] &&
	    mnl_attr_get_payload_len(a[INET_DIAG_INFO]) >= at + sizeof idle)
		memcpy(&idle, (const char *)mnl_attr_get_payload(a[INET_DIAG_INFO]) + at,
		       sizeof idle);
	return idle;
}

bool sockets_msg_read(struct sockets_info *out, const struct nlmsghdr *m)
{
	const struct inet_diag_msg *d = mnl_nlmsg_get_payload(m);
	struct wire_socket *w = &out->wire;
	unsigned bits;

	if (m->nlmsg_type != SOCK_DIAG_BY_FAMILY || mnl_nlmsg_get_payload_len(m) < sizeof *d)
		return false;
	bits = d->idiag_family == AF_INET ? 32 : 128;
	memset(out, 0, sizeof *out);
	if (!prefix_from_bytes(&w->peer, d->idiag_family, d->id.idiag_dst, bits) ||
	    !prefix_from_bytes(&w->own, d->idiag_family, d->id.idiag_src, bits))
		return false;
	w->peer_port = ntohs(d->id.idiag_dport);
	w->own_port = ntohs(d->id.idiag_sport);
	w->state = d->idiag_state;
	w->uid = d->idiag_uid;
	w->inode = d->idiag_inode;
	w->idle = idle_of(m);
	out->name = (struct sockets_name){d->id, d->idiag_family};
	out->connection = (struct connection){w->peer, w->peer_port, w->own_port};
	return true;
}
