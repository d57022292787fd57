/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helper says, in any bytes, to a daemon that asks for all it can. Whatever comes, a
 * request is answered at most once and by values that make sense, nobody is called back from
 * inside of a call, and after `lost` not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/moment.h"
#include "target/targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

#define OWN_MOST 65536
#define ERRNO_MAX 65535
#define OPS_MAX 200

struct input {
	const uint8_t *at;
	size_t left;
};

static uint8_t next(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static void next_bytes(struct input *in, void *out, size_t size)
{
	uint8_t *to = out;

	while (size--)
		*to++ = next(in);
}

/* ---- what is called back ---- */

static struct {
	struct event_base *base;
	struct targets *targets;
	int far; /* the helper's end */
	bool inside, lost;
	/* Asked for and not answered. */
	unsigned applies, lists, lives, dones, sockets, closes[WIRE_WINDOW], closing;
} world;

static void called(void)
{
	CLAIM(!world.inside && !world.lost);
}

static void on_ready(void *arg, size_t target, const struct target_info *info)
{
	(void)arg;
	called();
	CLAIM(target < world.targets->count);
	CLAIM(info->way <= TARGET_SHARED);
	CLAIM(memchr(info->text, 0, sizeof info->text) && (!info->error || *info->text));
	CLAIM(info->longest >= 0);
}

static void on_applied(void *arg, size_t target, const struct target_change *changes,
		       const int *errors, size_t count)
{
	(void)arg;
	called();
	CLAIM(target < world.targets->count && count == 3 && world.applies--);
	for (size_t i = 0; i < count; i++)
		CLAIM(errors[i] <= 0 && -errors[i] <= ERRNO_MAX &&
		      changes[i].op <= TARGET_FILL && prefix_valid(&changes[i].prefix));
}

static void on_held(void *arg, size_t target, const struct prefix *prefix, int64_t left)
{
	(void)arg;
	called();
	CLAIM(target < world.targets->count && world.lists);
	CLAIM(prefix_valid(prefix) && left >= 0);
}

static void on_listed(void *arg, size_t target, int error)
{
	(void)arg;
	called();
	CLAIM(target < world.targets->count && error <= 0 && world.lists--);
}

static void on_done(void *arg, size_t target, int error)
{
	(void)arg;
	called();
	CLAIM(target < world.targets->count && error <= 0 && world.dones--);
}

static void on_removed(void *arg, size_t target, const char *who)
{
	(void)arg;
	called();
	CLAIM(target < world.targets->count);
	for (; *who; who++)
		CLAIM((unsigned char)*who >= ' ' && *who != 0x7f);
}

static void on_unused(void *arg, size_t target)
{
	(void)arg;
	called();
	CLAIM(target < world.targets->count);
}

static void on_fact(void *arg, size_t target, const struct target_fact *fact)
{
	(void)arg;
	called();
	CLAIM(target < world.targets->count && world.lives);
	CLAIM(memchr(fact->name, 0, sizeof fact->name));
}

static void on_facts_done(void *arg, size_t target, int error)
{
	(void)arg;
	called();
	CLAIM(target < world.targets->count && error <= 0 && world.lives--);
}

static void on_closed(void *arg, size_t peers, uint64_t sockets, int error)
{
	(void)arg;
	called();
	CLAIM(world.closing && peers == world.closes[0] && error <= 0 && -error <= ERRNO_MAX);
	CLAIM(sockets <= peers * (uint64_t)INT32_MAX);
	memmove(world.closes, world.closes + 1, --world.closing * sizeof *world.closes);
}

static void on_socket(void *arg, const struct target_socket *s)
{
	(void)arg;
	called();
	CLAIM(world.sockets && prefix_valid(&s->peer) && prefix_valid(&s->own));
	CLAIM(prefix_is_single(&s->peer) && prefix_is_single(&s->own));
}

static void on_sockets_done(void *arg, int error)
{
	(void)arg;
	called();
	CLAIM(error <= 0 && world.sockets--);
}

static void on_room(void *arg)
{
	(void)arg;
	called();
	CLAIM(targets_room(world.targets));
}

static void on_own(void *arg, const struct prefix *addresses, size_t count)
{
	(void)arg;
	called();
	CLAIM(count <= OWN_MOST);
	for (size_t i = 0; i < count; i++)
		CLAIM(prefix_valid(&addresses[i]));
}

static void on_lost(void *arg)
{
	(void)arg;
	called();
	world.lost = true;
}

static const struct targets_events events = {
	.ready = on_ready,
	.applied = on_applied,
	.held = on_held,
	.listed = on_listed,
	.done = on_done,
	.removed = on_removed,
	.unused = on_unused,
	.fact = on_fact,
	.facts_done = on_facts_done,
	.closed = on_closed,
	.socket = on_socket,
	.sockets_done = on_sockets_done,
	.room = on_room,
	.own = on_own,
	.lost = on_lost,
};

/* ---- what is asked ---- */

static void define(struct input *in)
{
	static const char *const texts[] = {"nft", "ipset[name=x]", "route[type=blackhole]",
					    "null"};
	const uint32_t identities[4] = {0, 77};
	const struct targets_scale scale = {.expect = next(in)};
	struct spec specs[4] = {0};
	struct diag diag = {0};
	size_t count = next(in) % 5;

	for (size_t i = 0; i < count; i++)
		CLAIM(!spec_parse(&specs[i], text_of(texts[i]), (struct place){0}, &diag));
	if (!targets_define(world.targets, specs, identities, &scale, count))
		world.applies = world.lists = world.lives = world.dones = 0;
	for (size_t i = 0; i < count; i++)
		spec_clear(&specs[i]);
}

static void apply(size_t target)
{
	static const struct target_change changes[3] = {
		{{4, 32, {192, 0, 2, 1}}, TARGET_ADD, 1000, 2000},
		{{6, 64, {0x20, 1, 0xd, 0xb8}}, TARGET_DEL, 0, 0},
		{{4, 24, {192, 0, 2}}, TARGET_FILL, TIME_FOREVER, TIME_FOREVER},
	};

	world.applies += !target_apply(world.targets, target, changes, 3);
}

static void close_sockets(struct input *in)
{
	static const struct target_close closes[3] = {
		{.peer = {4, 32, {192, 0, 2, 1}}, .ports = {{25, 25}}, .count = 1},
		{.peer = {6, 64, {0x20, 1, 0xd, 0xb8}}, .conntrack = true},
		{.peer = {4, 32, {192, 0, 2, 2}}},
	};
	unsigned count = 1 + next(in) % 3;

	if (!targets_close_sockets(world.targets, closes, count))
		world.closes[world.closing++] = count;
}

static void ask(struct input *in)
{
	struct targets *t = world.targets;
	uint8_t what = next(in);
	size_t target = what >> 4;

	switch (what & 15) {
	case 0:
		define(in);
		break;
	case 1:
		target_redefine(t, target);
		break;
	case 2:
		world.lists += !target_list(t, target);
		break;
	case 3:
		world.dones += !target_refill(t, target, next(in) % 3, 5);
		break;
	case 4:
		world.dones += !target_flush(t, target);
		break;
	case 5:
		world.lives += !target_live(t, target);
		break;
	case 6:
		close_sockets(in);
		break;
	case 7:
		world.sockets += !targets_sockets(t, (struct port_range){25, 25});
		break;
	default:
		apply(target);
	}
}

/* ---- what the helper says ---- */

enum {
	RAW = 1,
	UNASKED = 2,
	AS_ASKED = 4,
	NOT_LAST = 8,
	MISSIZED = 16,
	PLAIN = 32,
	FAILED = 64
};

static const uint8_t sizes[] = {[WIRE_DEFINE] = sizeof(struct wire_defined),
				[WIRE_LIST] = sizeof(struct wire_held),
				[WIRE_QUERY] = sizeof(struct prefix),
				[WIRE_SOCKETS] = sizeof(struct wire_socket),
				[WIRE_LIVE] = sizeof(struct wire_fact),
				[WIRE_EVENT] = sizeof(struct wire_event)};

static bool is_list(uint8_t kind)
{
	return kind == WIRE_LIST || kind == WIRE_QUERY || kind == WIRE_SOCKETS ||
	       kind == WIRE_LIVE;
}

/* As an answer to the oldest request has it, but for what `how` says. Returns the size of its
 * records. */
static size_t answer_head(struct wire_head *head, uint8_t how, struct input *in)
{
	const struct request *oldest = window_oldest(&world.targets->window);
	uint8_t kind = how & UNASKED || !oldest ? (next(in) & 1 ? WIRE_EVENT : WIRE_HELLO)
						: oldest->packet->kind;

	*head = (struct wire_head){.version = WIRE_VERSION, .kind = kind};
	if (kind == WIRE_EVENT) {
		head->target = next(in) & 3;
		head->count = 1;
	} else if (oldest && kind != WIRE_HELLO) {
		head->kind = is_list(kind) && !(how & PLAIN) ? kind : WIRE_RESULT;
		head->serial = oldest->packet->serial;
		head->target = oldest->packet->target;
		head->flags = how & NOT_LAST ? 0 : WIRE_LAST;
		head->count = is_list(kind)    ? next(in) % 8
			      : how & AS_ASKED ? oldest->packet->count
					       : 1;
	}
	if (how & FAILED) {
		head->error = (int8_t)next(in);
		head->count = next(in) & 1;
	}
	return kind < sizeof sizes && sizes[kind] ? sizes[kind] : sizeof(struct wire_result);
}

static void say(struct input *in)
{
	static union packet packet;
	uint8_t how = next(in);
	size_t len, record = 1;

	memset(&packet, 0, sizeof packet);
	if (how & RAW) {
		next_bytes(in, &packet.head, sizeof packet.head);
		len = sizeof packet.head + next(in);
	} else {
		record = answer_head(&packet.head, how, in);
		len = sizeof packet.head + packet.head.count * record;
	}
	next_bytes(in, (char *)&packet + sizeof packet.head, len - sizeof packet.head);
	if (how & MISSIZED)
		len -= next(in) % (len + 1);
	/* Nothing waits at the far end: what was said there is thrown away. */
	if (send(world.far, &packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		CLAIM(errno == EPIPE || errno == EAGAIN);
}

static void turn(void)
{
	static char sink[WIRE_PACKET_MAX];

	world.inside = false;
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	world.inside = true;
	while (recv(world.far, sink, sizeof sink, MSG_DONTWAIT) > 0)
		;
}

/* ---- the world ---- */

static bool open_world(void)
{
	struct targets *t = calloc(1, sizeof *t);
	struct event_base *base = world.base ? world.base : event_base_new();
	int pair[2];

	CLAIM(t && base && !socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	memset(&world, 0, sizeof world);
	world.base = base;
	world.targets = t;
	world.far = pair[1];
	world.inside = true;
	t->events = &events;
	t->helper = (struct helper){.fd = pair[0]};
	CLAIM(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
	return !targets_watch(t, base);
}

static void greet(void)
{
	const struct wire_head hello = {.version = WIRE_VERSION, .kind = WIRE_HELLO};

	CLAIM(send(world.far, &hello, sizeof hello, MSG_DONTWAIT) == sizeof hello);
	turn();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};

	CLAIM(open_world());
	define(&in);
	if (next(&in) & 15)
		greet();
	for (int ops = 0; in.left && ops < OPS_MAX && !world.lost; ops++) {
		uint8_t what = next(&in);

		if (what & 1)
			say(&in);
		else
			ask(&in);
		if (what & 6)
			turn();
	}
	turn();
	if (world.lost)
		CLAIM(!targets_room(world.targets));
	world.inside = true;
	targets_close(world.targets);
	close(world.far);
	return 0;
}
