/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/packet.h"

#define MANY (-1)

/* Records of the requests: their size, and how many there must be (MANY: up to the limit). */
static const struct shape {
	uint8_t size;
	int count;
} shapes[] = {
	[WIRE_HELLO] = {.count = 0, .size = 1},
	[WIRE_DEFINE] = {.count = MANY, .size = sizeof(struct wire_option)},
	[WIRE_FORGET] = {.count = 0, .size = 1},
	[WIRE_CHANGE] = {.count = MANY, .size = sizeof(struct wire_change)},
	[WIRE_REFILL] = {.count = 1, .size = sizeof(struct wire_refill)},
	[WIRE_FLUSH] = {.count = 0, .size = 1},
	[WIRE_LIST] = {.count = 0, .size = 1},
	[WIRE_QUERY] = {.count = 1, .size = sizeof(struct wire_query)},
	[WIRE_CLOSE] = {.count = MANY, .size = sizeof(struct wire_close)},
	[WIRE_SOCKETS] = {.count = 1, .size = sizeof(struct wire_ports)},
	[WIRE_LIVE] = {.count = 0, .size = 1},
};

int packet_check(const union packet *packet, size_t len)
{
	const struct wire_head *head = &packet->head;
	const struct shape *shape;

	if (len < sizeof *head)
		return -ENODATA;
	if (head->version != WIRE_VERSION)
		return -EPROTONOSUPPORT;
	if (head->kind >= sizeof shapes / sizeof *shapes || !shapes[head->kind].size)
		return -EBADMSG;
	shape = &shapes[head->kind];
	if (head->count > WIRE_RECORDS_MAX ||
	    (shape->count != MANY && head->count != shape->count) ||
	    len != sizeof *head + (size_t)head->count * shape->size)
		return -EBADMSG;
	return head->target < WIRE_TARGETS_MAX ? 0 : -ENODEV;
}

/* Never banned, whoever asks: this host itself, and most of the world at once. */
static int forbidden(const struct prefix *p)
{
	static const struct prefix local4 = {.family = 4, .len = 8, .addr = {127}};
	static const struct prefix none4 = {.family = 4, .len = 32};
	static const struct prefix local6 = {.family = 6, .len = 128, .addr = {[15] = 1}};
	static const struct prefix none6 = {.family = 6, .len = 128};

	if (p->len < (p->family == 4 ? 8 : 32))
		return 1;
	return prefix_covers(&local4, p) || prefix_covers(p, &none4) ||
	       prefix_covers(p, &local6) || prefix_covers(p, &none6);
}

int packet_check_change(const struct wire_change *change)
{
	if (change->op < WIRE_ADD || change->op > WIRE_FILL || !prefix_valid(&change->prefix))
		return -EINVAL;
	if (change->op == WIRE_DEL && change->left < 0)
		return -EINVAL;
	if (change->op != WIRE_DEL && (change->left <= 0 || change->left > change->whole))
		return -EINVAL;
	return forbidden(&change->prefix) ? -EPERM : 0;
}

int packet_check_ports(const struct wire_ports *ports)
{
	return ports->first > ports->last || (!ports->first && ports->last) ? -EINVAL : 0;
}

int packet_check_close(const struct wire_close *close)
{
	int i;

	if (close->count > WIRE_PORTS_MAX || !prefix_valid(&close->peer))
		return -EINVAL;
	for (i = 0; i < close->count; i++)
		if (packet_check_ports(&close->ports[i]))
			return -EINVAL;
	if (close->peer_port)
		return prefix_is_single(&close->peer) ? 0 : -EINVAL;
	return forbidden(&close->peer) ? -EPERM : 0;
}

int packet_send(int fd, const union packet *packet, size_t record)
{
	size_t len = sizeof packet->head + packet->head.count * record;
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	for (;;) {
		if (send(fd, packet, len, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno == EAGAIN)
			poll(&room, 1, -1);
		else if (errno != EINTR)
			return -errno;
	}
}

static void stream_send(struct packet_stream *s)
{
	if (!s->error)
		s->error = packet_send(s->fd, s->packet, s->record);
	s->packet->head.count = 0;
}

void *packet_stream_next(struct packet_stream *s)
{
	char *at;

	if (s->packet->head.count == WIRE_RECORDS_MAX)
		stream_send(s);
	at = s->packet->bytes + sizeof s->packet->head + s->packet->head.count++ * s->record;
	return memset(at, 0, s->record);
}

int packet_stream_end(struct packet_stream *s, int error)
{
	if (error)
		s->packet->head.count = 0;
	s->packet->head.error = error;
	s->packet->head.flags |= WIRE_LAST;
	stream_send(s);
	return s->error;
}
