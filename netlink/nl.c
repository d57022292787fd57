/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "netlink/nl.h"

/* The only file that sends to netlink. */

#define BUFFER (8 << 20) /* 20,000 answers; the default of 208 KiB holds 256 */

/* The forced size needs CAP_NET_ADMIN over the socket's namespace; without it the system's
 * own limit (net.core.rmem_max) holds. */
static void buffer_grow(int fd, int force, int plain)
{
	int size = BUFFER;

	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, plain, &size, sizeof size);
}

/* The kernel counts twice what it was asked for and refuses a message that is larger than the
 * send buffer less 32 bytes. */
static size_t send_room(int fd)
{
	int size = 0;
	socklen_t len = sizeof size;

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len) < 0 || size <= NL_MESSAGE_MAX)
		return NL_MESSAGE_MAX;
	return (size_t)size - 64;
}

static void tune(struct nl *nl)
{
	int one = 1, fd = mnl_socket_get_fd(nl->socket);

	buffer_grow(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	buffer_grow(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	/* Comforts of newer kernels: their absence is no error. */
	mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &one, sizeof one);
	mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &one, sizeof one);
	mnl_socket_setsockopt(nl->socket, NETLINK_GET_STRICT_CHK, &one, sizeof one);
	nl->room = send_room(fd);
	nl->sequence = (uint32_t)time(NULL);
}

int nl_open(struct nl *out, int bus, unsigned groups)
{
	struct nl nl = {.socket = mnl_socket_open2(bus, SOCK_CLOEXEC)};
	int error;

	if (!nl.socket)
		return -errno;
	if (mnl_socket_bind(nl.socket, groups, MNL_SOCKET_AUTOPID) < 0) {
		error = -errno;
		mnl_socket_close(nl.socket);
		return error;
	}
	tune(&nl);
	*out = nl;
	return 0;
}

/* Messages are built all the same. */
static const struct nl lacking = {.room = NL_BATCH_MAX};

int nl_open_if_there(struct nl *out, int bus, unsigned groups)
{
	int error = nl_open(out, bus, groups);

	if (error != -EPROTONOSUPPORT)
		return error;
	*out = lacking;
	return 0;
}

int nl_adopt(struct nl *out, int fd)
{
	struct nl nl = {.socket = fd < 0 ? NULL : mnl_socket_fdopen(fd)};

	if (fd < 0) {
		*out = lacking;
		return 0;
	}
	if (!nl.socket)
		return -errno;
	tune(&nl);
	nl_drain(&nl);
	/* What a worker that died had asked for can still be answered: keep clear of it. */
	nl.sequence += (uint32_t)getpid() << 8;
	*out = nl;
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
	nl->socket = NULL;
}

int nl_fd(const struct nl *nl)
{
	return nl->socket ? mnl_socket_get_fd(nl->socket) : -1;
}

unsigned nl_port(const struct nl *nl)
{
	return nl->socket ? mnl_socket_get_portid(nl->socket) : 0;
}

bool nl_drain(struct nl *nl)
{
	char buffer[8192];
	bool some = false;

	while (recv(nl_fd(nl), buffer, sizeof buffer, MSG_DONTWAIT) >= 0 || errno == ENOBUFS ||
	       errno == EINTR)
		some = true;
	return some;
}

int nl_join(struct nl *nl, unsigned group, bool in)
{
	int option = in ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP;

	if (!nl->socket)
		return -EPROTONOSUPPORT;
	return mnl_socket_setsockopt(nl->socket, option, &group, sizeof group) < 0 ? -errno : 0;
}

int nl_filter(struct nl *nl, const struct sock_filter *code, unsigned short len)
{
	/* The kernel reads through this pointer, and writes nothing. */
	struct sock_fprog program = {.len = len,
				     .filter = (struct sock_filter *)(uintptr_t)code};

	if (!nl->socket)
		return 0; /* nothing comes */
	return setsockopt(nl_fd(nl), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0
		       ? -errno
		       : 0;
}

/* libmnl takes a length beyond 2 GiB for a negative one, which fits everywhere. */
static bool is_whole(const struct nlmsghdr *m, int left)
{
	return mnl_nlmsg_ok(m, left) && m->nlmsg_len <= (uint32_t)left;
}

/* As many notifications of one transaction as fit share a packet of up to 16 KiB. */
static int receive_one(struct nl *nl, void (*take)(void *arg, const struct nlmsghdr *message),
		       void *arg)
{
	_Alignas(8) char buffer[1 << 16];
	ssize_t len = recv(nl_fd(nl), buffer, sizeof buffer, MSG_DONTWAIT | MSG_TRUNC);
	const struct nlmsghdr *m = (const void *)buffer;
	int left;

	if (len < 0)
		return errno == EINTR ? 0 : -errno;
	if ((size_t)len > sizeof buffer)
		return -ENOBUFS;
	for (left = (int)len; is_whole(m, left); m = mnl_nlmsg_next(m, &left))
		take(arg, m);
	return 0;
}

int nl_receive(struct nl *nl, unsigned packets,
	       void (*take)(void *arg, const struct nlmsghdr *message), void *arg)
{
	for (; packets; packets--) {
		int error = receive_one(nl, take, arg);

		if (error == -EAGAIN)
			return 0;
		if (error) {
			nl_drain(nl);
			return -ENOBUFS;
		}
	}
	return 1;
}

struct nl_batch *nl_batch_new(void)
{
	return calloc(1, sizeof(struct nl_batch));
}

void nl_begin(struct nl_batch *batch, const struct nl *nl)
{
	batch->len = 0;
	batch->count = 0;
	batch->first = nl->sequence;
	batch->error = 0;
	batch->open = NULL;
	batch->max = nl->room < NL_BATCH_MAX ? nl->room : NL_BATCH_MAX;
}

struct nlmsghdr *nl_message(struct nl_batch *batch, uint16_t type, uint16_t flags,
			    const void *header, size_t extra)
{
	assert(!batch->open);
	if (batch->len + NL_MESSAGE_MAX > batch->max) {
		batch->error = -EMSGSIZE;
		return NULL;
	}
	batch->open = mnl_nlmsg_put_header(batch->at + batch->len);
	batch->open->nlmsg_type = type;
	batch->open->nlmsg_flags = NLM_F_REQUEST | flags;
	batch->open->nlmsg_seq = batch->first + batch->count;
	memcpy(mnl_nlmsg_put_extra_header(batch->open, extra), header, extra);
	return batch->open;
}

void nl_message_end(struct nl_batch *batch)
{
	assert(batch->open && batch->open->nlmsg_len <= NL_MESSAGE_MAX);
	batch->len += MNL_ALIGN(batch->open->nlmsg_len);
	batch->count++;
	batch->open = NULL;
}

void nl_nest_end(struct nlmsghdr *message, struct nlattr *nest)
{
	const char *tail = mnl_nlmsg_get_payload_tail(message);

	assert(tail - (const char *)nest <= UINT16_MAX);
	mnl_attr_nest_end(message, nest);
}

/* What is known of the answers so far. */
struct reading {
	const struct nl_batch *batch;
	const struct nl_answers *answers;
	int error; /* the first */
	int done;  /* a dump ended, or is not wanted any more */
	int dump;
};

static void first_error(struct reading *r, int error)
{
	if (!r->error)
		r->error = error;
}

/* The kernel's own end at -4095, and ipset's at -4608. */
static int sensible(int error)
{
	return error <= 0 && error >= -8192 ? error : -EBADMSG;
}

static void take_error(struct reading *r, unsigned index, const struct nlmsghdr *m)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(m);
	size_t len = mnl_nlmsg_get_payload_len(m);
	const struct nlmsghdr *about = NULL;

	if (len < sizeof *e)
		return first_error(r, -EBADMSG);
	if (e->error)
		first_error(r, sensible(e->error));
	/* With NETLINK_CAP_ACK only the header of the message is repeated, though its length
	 * says otherwise: it counts only when all of it is there. */
	if (!(m->nlmsg_flags & NLM_F_CAPPED) &&
	    e->msg.nlmsg_len <= len - offsetof(struct nlmsgerr, msg) &&
	    e->msg.nlmsg_len >= sizeof e->msg)
		about = &e->msg;
	if (r->answers && r->answers->ended)
		r->answers->ended(r->answers->arg, index, sensible(e->error), about);
	r->done |= r->dump && index + 1 == r->batch->count;
}

static void take_done(struct reading *r, const struct nlmsghdr *m)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(m) >= sizeof error)
		memcpy(&error, mnl_nlmsg_get_payload(m), sizeof error);
	if (error < 0)
		first_error(r, sensible(error));
	r->done = 1;
}

static void take(struct reading *r, const struct nlmsghdr *m)
{
	unsigned index = m->nlmsg_seq - r->batch->first;
	int error;

	if (index >= r->batch->count)
		return; /* an answer to someone before us, or a notification */
	if (m->nlmsg_flags & NLM_F_DUMP_INTR)
		first_error(r, -EINTR);
	if (m->nlmsg_type == NLMSG_ERROR)
		return take_error(r, index, m);
	if (m->nlmsg_type == NLMSG_DONE)
		return take_done(r, m);
	if (m->nlmsg_type < NLMSG_MIN_TYPE || !r->answers || !r->answers->data)
		return;
	error = r->answers->data(r->answers->arg, m);
	if (error < 0) {
		first_error(r, error);
		r->done = 1;
	}
}

static int read_one(struct nl *nl, struct reading *r)
{
	/* A dump comes in pieces of up to 32 KiB, when there is room for them; ipset repeats
	 * the whole message with an error. */
	_Alignas(8) char buffer[NL_MESSAGE_MAX + 4096];
	ssize_t len = recv(nl_fd(nl), buffer, sizeof buffer, MSG_DONTWAIT | MSG_TRUNC);
	const struct nlmsghdr *m = (const void *)buffer;
	int left;

	if (len < 0)
		return -errno;
	if ((size_t)len > sizeof buffer)
		return -EBADMSG;
	for (left = (int)len; is_whole(m, left) && !r->done; m = mnl_nlmsg_next(m, &left))
		take(r, m);
	return 0;
}

static int read_all(struct nl *nl, struct reading *r)
{
	int error;

	while (!r->done) {
		error = read_one(nl, r);
		if (error == -EAGAIN) {
			if (r->dump)
				first_error(r, -EIO);
			break;
		}
		if (error == -ENOBUFS)
			r->error = -ENOBUFS;
		else if (error && error != -EINTR)
			return error;
	}
	return r->error;
}

int nl_send(struct nl *nl, struct nl_batch *batch, const struct nl_answers *answers)
{
	const struct nlmsghdr *first = (const void *)batch->at;
	struct reading r = {.batch = batch, .answers = answers};
	int error;

	assert(!batch->open);
	if (!nl->socket)
		return -EPROTONOSUPPORT;
	if (batch->error || !batch->count)
		return batch->error;
	r.dump = (first->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	nl->sequence += batch->count;
	if (mnl_socket_sendto(nl->socket, batch->at, batch->len) < 0)
		return -errno;
	error = read_all(nl, &r);
	if (r.dump && error)
		nl_drain(nl); /* a dump that is not read to its end blocks the next one */
	return error;
}
