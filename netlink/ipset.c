/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "netlink/ipset.h"

/* What is done with an open target. */

#define FEW_MS 60000 /* between two times that it is said of a set that others write to */

int64_t ipset_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct ipset *ipset_of(struct target *t)
{
	return (struct ipset *)t;
}

static void ipset_close(struct target *t)
{
	struct ipset *s = ipset_of(t);
	int i;

	for (i = 0; i < IPSET_ROLES; i++) {
		ipset_count_free(&s->sets[i].count);
		ipset_known_drop(&s->sets[i].known);
	}
	free(s);
}

/* ---- headers ---- */

static int read_header(void *arg, const struct nlmsghdr *m)
{
	ipset_msg_read_header(arg, m);
	return 0;
}

static int ask(struct ipset_header *out, struct kernel *k,
	       void (*build)(struct nl_batch *batch, const char *set), const char *name)
{
	const struct nl_answers answers = {.data = read_header, .arg = out};

	*out = (struct ipset_header){0};
	nl_begin(k->batch, &k->ipset);
	build(k->batch, name);
	return ipset_errno(nl_send(&k->ipset, k->batch, &answers));
}

int ipset_header(struct ipset_header *out, struct kernel *k, const char *name)
{
	return ask(out, k, ipset_msg_header, name);
}

int ipset_kind(struct ipset_header *out, struct kernel *k, const char *name)
{
	return ask(out, k, ipset_msg_kind, name);
}

/* Is it still the set that was made or found? -ENOENT: destroyed; -ESTALE: another took its
 * name. Either way the target has to be defined again. */
static int look_at(struct ipset_header *out, const struct ipset *s, const struct ipset_set *set)
{
	int error = ipset_header(out, s->target.kernel, set->name);

	return !error && out->initval != set->initval ? -ESTALE : error;
}

static int all_there(const struct ipset *s)
{
	struct ipset_header h;
	int i, error = 0;

	for (i = 0; i < IPSET_ROLES && !error; i++)
		if (s->sets[i].used)
			error = look_at(&h, s, &s->sets[i]);
	return error;
}

/* ---- changes ---- */

/* An administrator's NAME can be a hash:net (shorewall makes such): then it takes prefixes as
 * well, and there is no NAME-net. */
static struct ipset_set *set_for(struct ipset *s, const struct prefix *p)
{
	struct ipset_set *set = &s->sets[p->family == 4 ? IPSET_ADDRESSES4 : IPSET_ADDRESSES6];

	if (set->nets || p->len == (p->family == 4 ? 32 : 64))
		return set;
	return &s->sets[p->family == 4 ? IPSET_NETS4 : IPSET_NETS6];
}

/* What is written goes by the name. Whoever made another set under it since the last look at
 * the header may have made one in which the same message means something else. */
static bool is_kind(struct ipset *s, const struct ipset_set *set)
{
	struct ipset_header h;
	int error = ipset_kind(&h, s->target.kernel, set->name);

	if (error || !h.type[0])
		return error != -ENOENT; /* nothing is known */
	return ipset_same_kind(&h, (enum ipset_role)(set - s->sets), set->nets);
}

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ESTALE;
}

/* What a set refuses that it should take: it may have been made anew without timeouts. */
static void look_again(struct ipset *s, struct change *changes, size_t count)
{
	size_t i;

	for (i = 0; i < count && changes[i].result->error != -EINVAL; i++)
		;
	if (i == count || !is_gone(all_there(s)))
		return;
	s->stale = true;
	for (; i < count; i++)
		if (changes[i].result->error == -EINVAL)
			changes[i].result->error = -ENOENT;
}

/* From where on nothing was written: a set is not what it was. */
static size_t change_runs(struct ipset *s, struct change *changes, size_t count)
{
	int64_t now = ipset_now();
	bool known[IPSET_ROLES] = {false};
	size_t from, to;

	for (from = 0; from < count && !s->stale; from = to) {
		struct ipset_set *set = set_for(s, &changes[from].wire->prefix);

		for (to = from + 1; to < count; to++)
			if ((changes[to].wire->op == WIRE_DEL) !=
				    (changes[from].wire->op == WIRE_DEL) ||
			    set_for(s, &changes[to].wire->prefix) != set)
				break;
		s->stale = !known[set - s->sets] && !is_kind(s, set);
		if (s->stale)
			break;
		known[set - s->sets] = true;
		ipset_write(s, set, changes + from, to - from, now);
	}
	return from;
}

static void ipset_change(struct target *target, struct change *changes, size_t count)
{
	struct ipset *s = ipset_of(target);
	size_t done;

	count = target_drop_fills(changes, count);
	done = change_runs(s, changes, count);
	look_again(s, changes, done);
	for (; done < count; done++)
		changes[done].result->error = -ENOENT;
}

/* ---- list, flush, live ---- */

struct listing {
	struct packet_stream *out;
	struct ipset_reader reader;
	struct ipset_count *count;
	bool ours;
	int64_t now;
};

static void list_element(void *arg, const struct ipset_element *e)
{
	struct listing *l = arg;
	struct wire_held *held;

	ipset_count_end(l->count, l->now, e->seconds);
	ipset_count_change(l->count, 1);
	if (e->nomatch && !l->ours)
		return;
	held = packet_stream_next(l->out);
	held->prefix = e->prefix;
	held->left = e->seconds ? (int64_t)e->seconds * 1000 : WIRE_FOREVER;
	/* An exception that somebody made in a set of ours is no ban that is held: it goes, or
	 * becomes one. */
	if (e->nomatch)
		held->left = 0;
}

static int list_some(void *arg, const struct nlmsghdr *m)
{
	struct listing *l = arg;

	ipset_msg_read(&l->reader, m);
	return l->out->error;
}

static int list_set(struct ipset *s, enum ipset_role role, struct packet_stream *out)
{
	struct kernel *k = s->target.kernel;
	struct ipset_set *set = &s->sets[role];
	struct listing l = {
		.out = out, .count = &set->count, .ours = set->ours, .now = ipset_now()};
	const struct nl_answers answers = {.data = list_some, .arg = &l};
	int error;

	l.reader =
		(struct ipset_reader){.len = ipset_len(role), .take = list_element, .arg = &l};
	ipset_count_start(&set->count, l.now, 0, true);
	nl_begin(k->batch, &k->ipset);
	ipset_msg_list(k->batch, set->name);
	error = ipset_errno(nl_send(&k->ipset, k->batch, &answers));
	if (error)
		ipset_count_start(&set->count, l.now, 0, false);
	return error;
}

static int ipset_list(struct target *target, struct packet_stream *out)
{
	struct ipset *s = ipset_of(target);
	int i, error = all_there(s);

	for (i = 0; i < IPSET_ROLES && !error; i++)
		if (s->sets[i].used)
			error = list_set(s, i, out);
	return error;
}

static int ipset_flush(struct target *target)
{
	struct ipset *s = ipset_of(target);
	struct kernel *k = target->kernel;
	int i, error = s->shared ? -EOPNOTSUPP : all_there(s);

	for (i = 0; i < IPSET_ROLES && !error; i++) {
		nl_begin(k->batch, &k->ipset);
		ipset_msg_flush(k->batch, s->sets[i].name);
		error = ipset_errno(nl_send(&k->ipset, k->batch, NULL));
		if (!error)
			ipset_count_start(&s->sets[i].count, ipset_now(), 0, true);
	}
	return error;
}

static void tell_fact(struct packet_stream *out, const char *name, uint8_t what, int64_t value)
{
	struct wire_fact *fact = packet_stream_next(out);

	fact->what = what;
	fact->value = value;
	snprintf(fact->name, sizeof fact->name, "%s", name);
}

static int ipset_live(struct target *target, struct packet_stream *out)
{
	const struct ipset *s = ipset_of(target);
	struct ipset_header h;
	int i, error;

	for (i = 0; i < IPSET_ROLES; i++) {
		if (!s->sets[i].used)
			continue;
		error = ipset_header(&h, target->kernel, s->sets[i].name);
		if (error)
			return error;
		tell_fact(out, s->sets[i].name, WIRE_SET_REFERENCES, h.references);
		tell_fact(out, s->sets[i].name, WIRE_SET_ENTRIES, h.entries);
		tell_fact(out, s->sets[i].name, WIRE_SET_SIZE, h.maxelem);
	}
	return 0;
}

/* ---- look ---- */

/* How ours are doing among those of others is a guess: what others put in ends when they
 * please. So a few that are missing are said once a minute, and a great part at once. */
static bool can_wait(const struct ipset *s, const struct ipset_set *set, int64_t missing,
		     uint32_t entries, int64_t now)
{
	return !set->ours && missing < entries && now - s->told < FEW_MS;
}

static uint8_t look_set(struct ipset *s, struct ipset_set *set, int64_t now)
{
	struct ipset_header h;
	int error = look_at(&h, s, set);
	int64_t missing;
	bool unused, used;

	if (!ipset_known_fresh(&set->known, now))
		ipset_known_drop(&set->known);
	if (is_gone(error)) {
		s->stale = true;
		return WIRE_REMOVED;
	}
	if (error)
		return 0;
	unused = set->references && !h.references;
	/* A firewall that starts may have put back what it had saved of the set. */
	used = !set->references && h.references;
	set->references = h.references;
	missing = ipset_count_look(&set->count, now, h.entries);
	if (used || (missing && !can_wait(s, set, missing, h.entries, now)))
		return WIRE_REMOVED;
	s->few |= missing != 0;
	return unused ? WIRE_UNUSED : 0;
}

/* What is stale was said: nothing more is known until it is defined again. */
static uint8_t ipset_look(struct target *target, int64_t now)
{
	struct ipset *s = ipset_of(target);
	uint8_t what, worst = 0;
	int i;

	for (i = 0; i < IPSET_ROLES && !s->stale; i++) {
		what = s->sets[i].used ? look_set(s, &s->sets[i], now) : 0;
		if (what && worst != WIRE_REMOVED)
			worst = what;
	}
	if (s->few && now - s->told >= FEW_MS)
		worst = WIRE_REMOVED;
	if (worst == WIRE_REMOVED) {
		s->told = now;
		s->few = false;
	}
	return worst;
}

const struct target_verbs ipset_verbs = {
	.change = ipset_change,
	.refill = target_no_refill,
	.flush = ipset_flush,
	.list = ipset_list,
	.live = ipset_live,
	.look = ipset_look,
	.close = ipset_close,
};
