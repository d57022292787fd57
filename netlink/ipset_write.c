/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <time.h>

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
#define LIST_SHARE 10	 /* of our time at most a tenth goes into lists of one set */
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

/* They were done, and what is known of the set goes with them. `more`: adds that were not
 * there. */
static void count_done(const struct writing *w, const struct change *changes, size_t count,
		       bool more)
{
	struct ipset_count *c = &w->set->count;
	size_t i;

	for (i = 0; i < count; i++)
		ipset_known_wrote(&w->set->known, &changes[i].wire->prefix);
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

struct listing {
	struct ipset_reader reader;
	struct ipset_known *known;
	int error;
};

static void take_element(void *arg, const struct ipset_element *e)
{
	struct listing *l = arg;

	if (!ipset_known_add(l->known, e))
		l->error = -ENOMEM;
}

static int read_elements(void *arg, const struct nlmsghdr *m)
{
	struct listing *l = arg;

	ipset_msg_read(&l->reader, m);
	return l->error;
}

static int64_t spent_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int look(const struct writing *w, unsigned len)
{
	struct kernel *k = w->kernel;
	struct listing l = {.known = &w->set->known,
			    .reader = {.len = len, .take = take_element, .arg = &l}};
	const struct nl_answers answers = {.data = read_elements, .arg = &l};
	int64_t begun = spent_ms();
	int error;

	ipset_known_begin(l.known, w->now);
	nl_begin(k->batch, &k->ipset);
	ipset_msg_list(k->batch, w->set->name);
	error = nl_send(&k->ipset, k->batch, &answers);
	if (error)
		ipset_known_drop(l.known);
	else
		ipset_known_end(l.known, w->now + LIST_SHARE * (spent_ms() - begun));
	return error;
}

/* Does it end later than this? */
static bool outlasts(const struct ipset_element *e, int64_t left)
{
	uint32_t ours = ipset_seconds(left);

	return ours && (!e->seconds || e->seconds > ours + SLACK_S);
}

/* What is not known to be there was put in since, and most likely by us. */
static bool must_send(const struct writing *w, const struct change *change)
{
	const struct wire_change *wire = change->wire;
	struct ipset_element e;

	if (!ipset_known_find(&e, &w->set->known, &wire->prefix, w->now))
		return true;
	return !e.nomatch && ((is_del(change) && !wire->left) || !outlasts(&e, wire->left));
}

/* Leave out what would take from someone else. */
static void put_careful(const struct writing *w, struct change *changes, size_t count)
{
	int error = ipset_known_fresh(&w->set->known, w->now)
			    ? 0
			    : look(w, changes->wire->prefix.family == 4 ? 32 : 64);
	size_t i, kept = 0;

	if (error)
		fail(changes, count, error);
	for (i = 0; i < count && !error; i++)
		if (must_send(w, &changes[i]))
			changes[kept++] = changes[i];
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
