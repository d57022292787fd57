/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/ipset/ip_set.h>

#include "netlink/ipset.h"

/*
 * Changes as messages: a list of them in one, which takes a third of the time. The kernel stops
 * at the first that fails and keeps those before it; what is behind goes in messages of its own
 * then, for a list that is sent again behind each failure is read a thousand times.
 *
 * Adds first say that none of them may be there. So nobody's element is taken over unseen, and
 * it is known how many the set has more.
 */

#define SLACK_S                                                                                \
	2 /* two ends are the same: the kernel cuts to whole seconds, and time goes by */
#define MESSAGES_MAX 250 /* that are answered at once, if all fail */

struct writing {
	struct ipset_set *set;
	struct kernel *kernel;
	struct ipset_way way;
	int64_t now;
};

static bool is_del(const struct change *change)
{
	return change->wire->op == WIRE_DEL;
}

/* They were done, and the set's count goes with them. `more`: adds that were not there. */
static void count_done(const struct writing *w, const struct change *changes, size_t count,
		       bool more)
{
	struct ipset_count *c = &w->set->count;
	size_t i;

	if (!count)
		return;
	if (is_del(changes)) {
		ipset_count_change(c, -(int64_t)count);
		return;
	}
	for (i = 0; i < count; i++)
		ipset_count_end(c, w->now, ipset_seconds(changes[i].wire->left));
	if (more)
		ipset_count_change(c, (int64_t)count);
}

static void fail(struct change *changes, size_t count, int error)
{
	while (count)
		changes[--count].result->error = ipset_errno(error);
}

/* ---- one list ---- */

struct failure {
	int error;
	uint32_t number;
};

static void note_failure(void *arg, unsigned index, int error, const struct nlmsghdr *about)
{
	struct failure *f = arg;

	(void)index;
	f->error = error;
	f->number = ipset_msg_failed(about);
}

/* How many were done. When it is not all: *error is the kernel's for the next one; or, with
 * nothing known to be done, what became of the message. */
static size_t send_list(const struct writing *w, const struct change *changes, size_t count,
			int *error)
{
	struct kernel *k = w->kernel;
	struct failure f = {0};
	const struct nl_answers answers = {.ended = note_failure, .arg = &f};

	nl_begin(k->batch, &k->ipset);
	ipset_msg_changes(k->batch, &w->way, changes, count);
	*error = nl_send(&k->ipset, k->batch, &answers);
	if (!*error)
		return count;
	return f.error && f.number && f.number <= count ? f.number - 1 : 0;
}

/* ---- one by one ---- */

static void note_each(void *arg, unsigned index, int error, const struct nlmsghdr *about)
{
	struct change *changes = arg;

	(void)about;
	changes[index].result->error = ipset_errno(error);
}

static void send_some(const struct writing *w, struct change *changes, size_t count)
{
	struct kernel *k = w->kernel;
	const struct nl_answers answers = {.ended = note_each, .arg = changes};
	size_t i;
	int error;

	nl_begin(k->batch, &k->ipset);
	for (i = 0; i < count; i++)
		ipset_msg_change(k->batch, &w->way, &changes[i]);
	error = nl_send(&k->ipset, k->batch, &answers);
	/* Answers were lost, or nothing was sent. */
	if (error == -ENOBUFS || error == -EMSGSIZE || error == -EBADMSG)
		fail(changes, count, error);
	for (i = 0; i < count; i++)
		count_done(w, &changes[i], changes[i].result->error == 0, false);
}

static void send_each(const struct writing *w, struct change *changes, size_t count)
{
	size_t from, some;

	for (from = 0; from < count; from += some) {
		some = count - from < MESSAGES_MAX ? count - from : MESSAGES_MAX;
		send_some(w, changes + from, some);
	}
}

/* Also what is there. */
static void put(const struct writing *w, struct change *changes, size_t count)
{
	size_t done;
	int error;

	if (!count)
		return;
	done = send_list(w, changes, count, &error);
	count_done(w, changes, done, false);
	if (done < count)
		send_each(w, changes + done, count - done);
}

/* ---- what is there already ---- */

/* The changes of a packet by prefix, and what a list of the set says about each. */
struct finding {
	struct ipset_reader reader;
	size_t count;
	struct {
		const struct prefix *prefix;
		size_t change;
	} by_prefix[WIRE_RECORDS_MAX];
	struct found {
		bool there, nomatch;
		uint32_t seconds;
	} found[WIRE_RECORDS_MAX]; /* by change */
};

static int compare_prefix(const void *a, const void *b)
{
	const struct prefix *const *x = a, *const *y = b;

	return memcmp(*x, *y, sizeof **x);
}

static void take_element(void *arg, const struct ipset_element *e)
{
	struct finding *f = arg;
	size_t low = 0, high = f->count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (memcmp(f->by_prefix[middle].prefix, &e->prefix, sizeof e->prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < f->count && prefix_equal(f->by_prefix[low].prefix, &e->prefix); low++)
		f->found[f->by_prefix[low].change] =
			(struct found){true, e->nomatch, e->seconds};
}

static int read_elements(void *arg, const struct nlmsghdr *m)
{
	struct finding *f = arg;

	ipset_msg_read(&f->reader, m);
	return 0;
}

/* ip_set tells an element's time in a list of all of them only. */
static int find(struct finding *f, const struct writing *w, const struct change *changes,
		size_t count)
{
	struct kernel *k = w->kernel;
	const struct nl_answers answers = {.data = read_elements, .arg = f};
	size_t i;

	*f = (struct finding){.count = count};
	f->reader = (struct ipset_reader){.len = changes->wire->prefix.family == 4 ? 32 : 64,
					  .take = take_element,
					  .arg = f};
	for (i = 0; i < count; i++) {
		f->by_prefix[i].prefix = &changes[i].wire->prefix;
		f->by_prefix[i].change = i;
	}
	qsort(f->by_prefix, count, sizeof *f->by_prefix, compare_prefix);
	nl_begin(k->batch, &k->ipset);
	ipset_msg_list(k->batch, w->set->name);
	return nl_send(&k->ipset, k->batch, &answers);
}

/* Does it end later than this? */
static bool outlasts(const struct found *found, int64_t left)
{
	uint32_t ours = ipset_seconds(left);

	return ours && (!found->seconds || found->seconds > ours + SLACK_S);
}

static bool must_send(const struct change *change, const struct found *found)
{
	int64_t left = change->wire->left;

	if (!found->there)
		return !is_del(change);
	return !found->nomatch && ((is_del(change) && !left) || !outlasts(found, left));
}

/* Leave out what would take from someone else. */
static void put_careful(const struct writing *w, struct change *changes, size_t count)
{
	struct finding *f = malloc(sizeof *f);
	int error = f ? find(f, w, changes, count) : -ENOMEM;
	size_t i, kept = 0;

	if (error)
		fail(changes, count, error);
	for (i = 0; i < count && !error; i++)
		if (must_send(&changes[i], &f->found[i]))
			changes[kept++] = changes[i];
	free(f);
	put(w, changes, kept);
}

/* ---- adds and deletes ---- */

static void add(struct writing *w, struct change *changes, size_t count)
{
	size_t done;
	int error;

	w->way.only = true;
	done = send_list(w, changes, count, &error);
	w->way.only = false;
	count_done(w, changes, done, true);
	/* What is behind one that failed may be there as well, also in a set that is full. */
	if (error && !w->set->ours)
		put_careful(w, changes + done, count - done);
	else if (error == -IPSET_ERR_EXIST)
		put(w, changes + done, count - done);
	else if (error)
		send_each(w, changes + done, count - done);
}

static void del(struct writing *w, struct change *changes, size_t count)
{
	bool careful = false;
	size_t i;

	for (i = 0; i < count; i++)
		careful |= changes[i].wire->left != 0;
	if (careful && !w->set->ours)
		put_careful(w, changes, count);
	else
		put(w, changes, count);
}

void ipset_write(struct ipset *s, struct ipset_set *set, struct change *changes, size_t count,
		 int64_t now)
{
	struct writing w = {.set = set,
			    .kernel = s->target.kernel,
			    .way = {.set = set->name, .nets = set->nets},
			    .now = now};

	if (is_del(changes))
		del(&w, changes, count);
	else
		add(&w, changes, count);
}
