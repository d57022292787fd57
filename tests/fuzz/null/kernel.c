/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the helper's sources are compiled with calls these; here are the real ones needed. */
#undef poll
#undef clock_gettime
#undef nanosleep
#undef getrandom

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/inet_diag.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include "base/log.h"
#include "netlink/ipset_create.h"
#include "netlink/lock.h"
#include "netlink/nl.h"
#include "netlink/worker.h"
#include "tests/fuzz/null/kernel.h"

int null_poll(struct pollfd *fds, nfds_t count, int ms);
int null_clock_gettime(clockid_t clock, struct timespec *out);
int null_nanosleep(const struct timespec *time, struct timespec *left);
ssize_t null_getrandom(void *out, size_t size, unsigned flags);
int __wrap_locks_take(struct locks *locks, unsigned target, const struct options *options,
		      char *where, size_t size);
int __wrap_ipset_create(const struct ipset_plan *plan);

#define SOCKETS_MAX 32
#define NAPS_MAX 4 /* of one kind in a row: the worker wakes every ten seconds for ever */
#define LOOK_MS 10000
#define NFT_DESTROYED 26 /* NFT_MSG_DESTROYTABLE ... of headers newer than Debian 12's */

struct mnl_socket {
	int fd, far, bus;
	bool hears; /* notifications */
};

static struct {
	const struct null_world *is;
	struct mnl_socket *sockets[SOCKETS_MAX];
	int far; /* the daemon's end of the socketpair; -1: it is gone */
	int64_t now;
	const struct null_packet *packets;
	size_t left;
	unsigned naps;
	uint32_t random;
} world;

uint8_t input_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

void input_bytes(struct input *in, void *out, size_t size)
{
	size_t some = size < in->left ? size : in->left;

	memset(out, 0, size);
	memcpy(out, in->at, some);
	in->at += some;
	in->left -= some;
}

/* ---- what the helper may never ask for ---- */

static bool is_own(const char *name)
{
	return !strncmp(name, "banish", 6);
}

/* Without a name these three are about every set there is. */
static void check_ipset(const struct nlmsghdr *m)
{
	const struct nlattr *a[IPSET_ATTR_SETNAME + 1];
	uint8_t command = m->nlmsg_type & 0xff;

	nl_attributes(m, sizeof(struct nfgenmsg), a, IPSET_ATTR_SETNAME + 1);
	if (command == IPSET_CMD_DESTROY)
		CLAIM(is_own(nl_text(a[IPSET_ATTR_SETNAME])));
	if (command == IPSET_CMD_FLUSH || command == IPSET_CMD_LIST ||
	    command == IPSET_CMD_SWAP)
		CLAIM(nl_text(a[IPSET_ATTR_SETNAME])[0]);
	CLAIM(command != IPSET_CMD_RENAME);
}

static bool has_elements(const struct nlattr *list)
{
	return list && mnl_attr_get_payload_len(list) > sizeof(struct nlattr);
}

/* NFTA_..._TABLE is attribute 1 of them all. In other tables than ours elements come and go,
 * and nothing else; a delete that names none takes them all. */
static void check_nft(const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_SET_ELEM_LIST_ELEMENTS + 1];
	uint8_t type = m->nlmsg_type & 0xff;
	bool own;

	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_SET_ELEM_LIST_ELEMENTS + 1);
	own = is_own(nl_text(a[NFTA_SET_ELEM_LIST_TABLE]));
	switch (type) {
	case NFT_MSG_GETTABLE:
	case NFT_MSG_GETCHAIN:
	case NFT_MSG_GETRULE:
	case NFT_MSG_GETSET:
	case NFT_MSG_GETSETELEM:
	case NFT_MSG_GETGEN:
		break;
	case NFT_MSG_NEWSETELEM:
	case NFT_MSG_DELSETELEM:
	case 30: /* NFT_MSG_DESTROYSETELEM */
		CLAIM(own || has_elements(a[NFTA_SET_ELEM_LIST_ELEMENTS]));
		break;
	default:
		CLAIM(own && type < NFT_DESTROYED);
	}
}

static void check_conntrack(const struct nlmsghdr *m)
{
	const struct nlattr *a[CTA_MAX + 1];
	uint8_t type = m->nlmsg_type & 0xff;

	CLAIM(type == IPCTNL_MSG_CT_GET || type == IPCTNL_MSG_CT_DELETE);
	if (type == IPCTNL_MSG_CT_GET)
		return;
	nl_attributes(m, sizeof(struct nfgenmsg), a, CTA_MAX + 1);
	CLAIM(a[CTA_TUPLE_ORIG] && a[CTA_ID] && !a[CTA_FILTER]);
	CLAIM(mnl_attr_get_payload_len(a[CTA_TUPLE_ORIG]));
}

static void check_netfilter(const struct nlmsghdr *m)
{
	if (m->nlmsg_type < NLMSG_MIN_TYPE + 2) /* NFNL_MSG_BATCH_BEGIN, _END */
		return;
	switch (m->nlmsg_type >> 8) {
	case NFNL_SUBSYS_IPSET:
		return check_ipset(m);
	case NFNL_SUBSYS_NFTABLES:
		return check_nft(m);
	case NFNL_SUBSYS_CTNETLINK:
		return check_conntrack(m);
	default:
		CLAIM(!"a known part of netfilter");
	}
}

static void check_route(const struct nlmsghdr *m)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(m);
	const struct nlattr *a[RTA_TABLE + 1];

	if (m->nlmsg_type == RTM_GETADDR || m->nlmsg_type == RTM_GETROUTE)
		return;
	CLAIM(m->nlmsg_type == RTM_NEWROUTE || m->nlmsg_type == RTM_DELROUTE);
	nl_attributes(m, sizeof *header, a, RTA_TABLE + 1);
	CLAIM(a[RTA_TABLE] && a[RTA_DST] && header->rtm_protocol > 4);
	/* What has our mark is ours to delete, however wide. */
	CLAIM(m->nlmsg_type == RTM_DELROUTE ||
	      header->rtm_dst_len >= (header->rtm_family == AF_INET ? 8 : 32));
}

static void check_sockets(const struct nlmsghdr *m)
{
	const struct inet_diag_req_v2 *request = mnl_nlmsg_get_payload(m);

	CLAIM(m->nlmsg_type == SOCK_DIAG_BY_FAMILY || m->nlmsg_type == SOCK_DESTROY);
	CLAIM(mnl_nlmsg_get_payload_len(m) >= sizeof *request);
	CLAIM(m->nlmsg_type != SOCK_DESTROY ||
	      request->id.idiag_cookie[0] != INET_DIAG_NOCOOKIE ||
	      request->id.idiag_cookie[1] != INET_DIAG_NOCOOKIE);
}

static void check_message(const struct mnl_socket *s, const struct nlmsghdr *m)
{
	CLAIM(m->nlmsg_flags & NLM_F_REQUEST);
	if (s->bus == NETLINK_ROUTE)
		check_route(m);
	else if (s->bus == NETLINK_SOCK_DIAG)
		check_sockets(m);
	else
		check_netfilter(m);
}

/* ---- libmnl's sockets ---- */

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	struct mnl_socket *s = calloc(1, sizeof *s);
	int pair[2], i = 0;

	(void)flags;
	CLAIM(s && !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	*s = (struct mnl_socket){.fd = pair[0], .far = pair[1], .bus = bus};
	while (world.sockets[i])
		CLAIM(++i < SOCKETS_MAX);
	world.sockets[i] = s;
	return s;
}

/* The parent's: whatever descriptor it is, a socket of our own takes its place. */
struct mnl_socket *mnl_socket_fdopen(int fd)
{
	close(fd);
	return mnl_socket_open2(NETLINK_NETFILTER, 0);
}

int mnl_socket_close(struct mnl_socket *s)
{
	int i = 0;

	while (world.sockets[i] != s)
		CLAIM(++i < SOCKETS_MAX);
	world.sockets[i] = NULL;
	close(s->fd);
	close(s->far);
	free(s);
	return 0;
}

int mnl_socket_bind(struct mnl_socket *s, unsigned groups, pid_t pid)
{
	(void)pid;
	s->hears |= groups != 0;
	return 0;
}

int mnl_socket_setsockopt(const struct mnl_socket *s, int type, void *value, socklen_t len)
{
	(void)value;
	(void)len;
	if (type == NETLINK_ADD_MEMBERSHIP)
		((struct mnl_socket *)s)->hears = true;
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *s)
{
	return s->fd;
}

unsigned mnl_socket_get_portid(const struct mnl_socket *s)
{
	(void)s;
	return 4711;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *s, const void *data, size_t len)
{
	struct null_batch batch = {(struct mnl_socket *)s, data, len, 0};
	const struct nlmsghdr *m = data;
	int left = (int)len;

	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		check_message(s, m);
		batch.count++;
	}
	CLAIM(left == 0 && batch.count);
	world.is->sent(world.is->arg, &batch);
	return (ssize_t)len;
}

/* What does not fit is lost, as it is of a real one. */
void null_reply(struct mnl_socket *s, const void *data, size_t len)
{
	send(s->far, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void null_notify(const void *data, size_t len)
{
	for (int i = 0; i < SOCKETS_MAX; i++)
		if (world.sockets[i] && world.sockets[i]->hears)
			null_reply(world.sockets[i], data, len);
}

static void say(const struct null_batch *batch, const struct nlmsghdr *to, uint16_t type,
		int error)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer = {{sizeof answer, type, 0, to->nlmsg_seq, 4711}, {error, *to}};

	if (type == NLMSG_DONE)
		answer.header.nlmsg_len = sizeof answer.header + sizeof answer.error.error;
	answer.header.nlmsg_flags = type == NLMSG_DONE ? NLM_F_MULTI : NLM_F_CAPPED;
	null_reply(batch->socket, &answer, answer.header.nlmsg_len);
}

void null_agree(const struct null_batch *batch)
{
	const struct nlmsghdr *m = batch->first;
	int left = (int)batch->len;

	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		if ((m->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
			say(batch, m, NLMSG_DONE, 0);
		else if (m->nlmsg_flags & NLM_F_ACK)
			say(batch, m, NLMSG_ERROR, 0);
	}
}

void null_error(const struct null_batch *batch, unsigned index, int error)
{
	const struct nlmsghdr *m = batch->first;
	int left = (int)batch->len;

	for (index %= batch->count; index--;)
		m = mnl_nlmsg_next(m, &left);
	say(batch, m, NLMSG_ERROR, error);
}

/* ---- time and chance ---- */

int null_clock_gettime(clockid_t clock, struct timespec *out)
{
	(void)clock;
	*out = (struct timespec){world.now / 1000, world.now % 1000 * 1000000};
	return 0;
}

int null_nanosleep(const struct timespec *t, struct timespec *left)
{
	(void)left;
	world.now += t->tv_sec * 1000 + t->tv_nsec / 1000000;
	return 0;
}

ssize_t null_getrandom(void *out, size_t size, unsigned flags)
{
	(void)flags;
	world.random = world.random * 1103515245 + 12345;
	for (size_t i = 0; i < size; i++)
		((uint8_t *)out)[i] = (uint8_t)(world.random >> 8 * (i % 4));
	return (ssize_t)size;
}

/* Real locks would be those of a banish that runs on this machine. */
int __wrap_locks_take(struct locks *locks, unsigned target, const struct options *options,
		      char *where, size_t size)
{
	(void)locks;
	(void)target;
	(void)options;
	(void)where;
	(void)size;
	return 0;
}

/* libipset believes what the kernel says, and ends where it is told nonsense: it is left out.
 */
int __wrap_ipset_create(const struct ipset_plan *plan)
{
	CLAIM(plan->name[0] && plan->maxelem && !(plan->hashsize & (plan->hashsize - 1)));
	return 0;
}

/* ---- the daemon ---- */

static bool is_text(const char *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

static bool is_single(const struct prefix *p)
{
	return prefix_valid(p) && prefix_is_single(p);
}

static void check_record(uint8_t kind, const void *record)
{
	const struct wire_held *held = record;
	const struct wire_socket *socket = record;
	const struct wire_fact *fact = record;
	const struct wire_event *event = record;

	if (kind == WIRE_LIST)
		CLAIM(prefix_valid(&held->prefix) && held->left > 0);
	else if (kind == WIRE_QUERY)
		CLAIM(is_single(record));
	else if (kind == WIRE_SOCKETS)
		CLAIM(is_single(&socket->peer) && is_single(&socket->own));
	else if (kind == WIRE_LIVE)
		CLAIM(fact->what && is_text(fact->name, sizeof fact->name));
	else if (kind == WIRE_EVENT)
		CLAIM(event->what && is_text(event->comm, sizeof event->comm));
}

static void check_answer(const struct wire_head *head, size_t len)
{
	static const size_t sizes[] = {[WIRE_LIST] = sizeof(struct wire_held),
				       [WIRE_QUERY] = sizeof(struct prefix),
				       [WIRE_SOCKETS] = sizeof(struct wire_socket),
				       [WIRE_LIVE] = sizeof(struct wire_fact),
				       [WIRE_EVENT] = sizeof(struct wire_event)};
	const char *at = (const char *)(head + 1);

	CLAIM(len >= sizeof *head && head->version == WIRE_VERSION && head->error <= 0);
	CLAIM(head->count <= WIRE_RECORDS_MAX && (!head->error || !head->count));
	if (head->kind >= sizeof sizes / sizeof *sizes || !sizes[head->kind])
		return;
	CLAIM(len == sizeof *head + head->count * sizes[head->kind]);
	for (size_t i = 0; i < head->count; i++)
		check_record(head->kind, at + i * sizes[head->kind]);
}

static void hear(void)
{
	static union {
		struct wire_head head;
		char bytes[WIRE_PACKET_MAX];
	} packet;
	ssize_t len;

	while ((len = recv(world.far, &packet, sizeof packet, MSG_DONTWAIT)) > 0) {
		check_answer(&packet.head, (size_t)len);
		if (packet.head.kind != WIRE_HELLO)
			world.is->answered(world.is->arg, &packet.head, (size_t)len);
	}
}

/* True: the worker is to sleep. */
static bool speak(void)
{
	const struct null_packet *next = world.packets;

	if (!world.left) {
		close(world.far);
		world.far = -1;
		return false;
	}
	if (!next->len && world.naps++ < NAPS_MAX)
		return true;
	world.naps = 0;
	world.packets++;
	world.left--;
	if (next->len)
		CLAIM(send(world.far, next->data, next->len, MSG_DONTWAIT) > 0);
	return false;
}

/* The worker waits for what comes next; elsewhere it asks about one descriptor alone. */
int null_poll(struct pollfd *fds, nfds_t count, int ms)
{
	int ready = poll(fds, count, 0);

	if (count < 2)
		return ready;
	if (world.far >= 0)
		hear();
	while (!ready && world.far >= 0) {
		if (speak() && ms >= 0) {
			world.now += ms;
			return 0;
		}
		ready = poll(fds, count, 0);
	}
	return ready;
}

void null_run(const struct null_world *is, const struct null_packet *packets, size_t count)
{
	const struct wire_head hello = {.version = WIRE_VERSION, .kind = WIRE_HELLO};
	int pair[2], nft = dup(STDERR_FILENO);

	CLAIM(nft >= 0 && !socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	memset(&world, 0, sizeof world);
	world.is = is;
	world.far = pair[1];
	world.now = 1000000;
	world.packets = packets;
	world.left = count;
	log_level = LOG_LEVEL_ERROR;
	CLAIM(send(world.far, &hello, sizeof hello, 0) == sizeof hello);
	CLAIM(worker_run(pair[0], nft, LOOK_MS) == 0);
	if (world.far >= 0)
		close(world.far);
	close(pair[0]);
	for (int i = 0; i < SOCKETS_MAX; i++)
		CLAIM(!world.sockets[i]);
}
