/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/dns.h>

#include "base/hash.h"
#include "base/moment.h"
#include "resolve/names.h"

/*
 * A name from a log is what a stranger's DNS says of his address, so whoever controls it may
 * make it answer with somebody else's. That is why nothing is asked unless the jail says so,
 * and why the names, the lines that wait and the addresses that count are all bounded.
 */

#define NAME_MAX_BYTES 253 /* RFC 1035 3.1, without the last dot */

enum name_state {
	NAME_FREE,
	NAME_ASKING,
	NAME_KNOWN,
};

struct name {
	struct asked *asked;
	enum name_state state;
	unsigned asking; /* questions without an answer yet: A and AAAA */
	uint8_t len;
	char at[NAME_MAX_BYTES + 1];
	int64_t since; /* ticks: when it became known */
	struct prefix answer[RESOLVE_ANSWER_MAX];
	unsigned answers;
	struct waiters waiters;
};

struct asked {
	struct evdns_base *dns; /* NULL: nobody is asked */
	struct name *names;	/* RESOLVE_NAMES_MAX */
	struct hash_index index;
	struct hash_key key;
	struct waiting waiting;
	struct resolve_counts *counts;
	asked_done *done;
	void *arg;
};

/* ---- names ---- */

/* What DNS has for hosts, in lower case. A name of digits and dots alone is an address that was
 * not one ("192.0.2.09"). */
static bool clean_name(char *out, struct text name)
{
	bool letters = false;

	if (name.len && name.at[name.len - 1] == '.')
		name.len--;
	if (!name.len || name.len > NAME_MAX_BYTES || name.at[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.at[i];

		if (c >= 0x80 || (!isalnum(c) && c != '-' && c != '_' && c != '.'))
			return false;
		letters |= isalpha(c) != 0;
		out[i] = (char)tolower(c);
	}
	out[name.len] = 0;
	return letters && !strstr(out, "..");
}

static bool is_name(const void *array, uint32_t slot, const void *key)
{
	return !strcmp(((const struct name *)array)[slot].at, key);
}

static uint32_t hash_of(const struct asked *a, const char *name)
{
	return (uint32_t)hash_bytes(a->key, name, strlen(name));
}

static void forget(struct asked *a, struct name *n)
{
	hash_index_del(&a->index, hash_of(a, n->at), (uint32_t)(n - a->names));
	n->state = NAME_FREE;
}

/* A place for a new name: a free one, or that of the answer that has been known longest. */
static struct name *make_place(struct asked *a)
{
	struct name *oldest = NULL;

	for (size_t i = 0; i < RESOLVE_NAMES_MAX; i++) {
		struct name *n = &a->names[i];

		if (n->state == NAME_FREE)
			return n;
		if (n->state == NAME_KNOWN && (!oldest || n->since < oldest->since))
			oldest = n;
	}
	if (oldest)
		forget(a, oldest);
	return oldest;
}

static void tell(struct asked *a, const struct name *n, struct offence offence,
		 struct text line)
{
	for (unsigned i = 0; i < n->answers; i++) {
		offence.prefix = n->answer[i];
		a->done(a->arg, &offence, line);
	}
	a->counts->unknown += !n->answers;
}

/* ---- asking ---- */

static void answered(struct name *n)
{
	struct asked *a = n->asked;
	struct waiters waiters = n->waiters;
	struct waiter *w;

	n->waiters = (struct waiters){0};
	n->state = NAME_KNOWN;
	n->since = moment_ticks();
	while ((w = waiters_take(&waiters))) {
		tell(a, n, w->offence, w->line);
		waiter_free(w, &a->waiting);
	}
}

/*
 * A line is one offence of everyone that it counts for, whatever a peer's DNS repeats. IPv6 is
 * counted by a prefix of 32 bits or more, so of each 32 bits one address is enough.
 */
static bool is_repeated(const struct name *n)
{
	const struct prefix *last = &n->answer[n->answers];
	struct prefix wide = prefix_cut(last, 32);

	for (unsigned i = 0; i < n->answers; i++)
		if (prefix_covers(&wide, &n->answer[i]))
			return true;
	return false;
}

static void on_answer(int result, char type, int count, int ttl, void *addresses, void *arg)
{
	struct name *n = arg;
	unsigned size = type == DNS_IPv6_AAAA ? 16 : 4;
	int af = type == DNS_IPv6_AAAA ? AF_INET6 : AF_INET;
	const char *at = addresses;

	(void)ttl;
	if (result != DNS_ERR_NONE || (type != DNS_IPv4_A && type != DNS_IPv6_AAAA))
		count = 0;
	for (int i = 0; i < count && n->answers < RESOLVE_ANSWER_MAX; i++, at += size)
		n->answers += prefix_from_bytes(&n->answer[n->answers], af, at, 8 * size) &&
			      !is_repeated(n);
	if (!--n->asking)
		answered(n);
}

/* evdns counts a question it could not even send as not asked: no callback comes. */
static void ask(struct name *n)
{
	struct evdns_base *dns = n->asked->dns;

	n->asking = 3; /* one more than there are, so that no answer is the last before both
			  were asked */
	n->asking -= !evdns_base_resolve_ipv4(dns, n->at, DNS_QUERY_NO_SEARCH, on_answer, n);
	n->asking -= !evdns_base_resolve_ipv6(dns, n->at, DNS_QUERY_NO_SEARCH, on_answer, n);
	if (!--n->asking)
		answered(n);
}

static struct name *find_name(struct asked *a, const char *text)
{
	uint32_t slot = hash_index_find(&a->index, hash_of(a, text), is_name, a->names, text);
	struct name *n = slot == HASH_NONE ? NULL : &a->names[slot];

	if (n && n->state == NAME_KNOWN && moment_ticks() - n->since > RESOLVE_KEEP_MS) {
		forget(a, n);
		return NULL;
	}
	return n;
}

static struct name *new_name(struct asked *a, const char *text)
{
	struct name *n = make_place(a);

	if (!n || hash_index_add(&a->index, hash_of(a, text), (uint32_t)(n - a->names)))
		return NULL;
	*n = (struct name){.asked = a, .state = NAME_ASKING};
	n->len = (uint8_t)strlen(text);
	memcpy(n->at, text, n->len + 1u);
	return n;
}

void asked_name(struct asked *a, const struct wait *wait)
{
	char text[NAME_MAX_BYTES + 1];
	struct wait mine = *wait;
	struct name *n;
	bool fresh;

	if (!clean_name(text, wait->subject)) {
		a->counts->dropped++;
		return;
	}
	n = find_name(a, text);
	if (n && n->state == NAME_KNOWN) {
		tell(a, n, wait->offence, wait->line);
		return;
	}
	mine.subject = text_of(text);
	fresh = !n;
	if (fresh)
		n = new_name(a, text);
	if (!n || waiters_add(&n->waiters, &a->waiting, &mine))
		a->counts->crowded++;
	if (n && fresh && a->dns) {
		a->counts->asked++;
		ask(n);
	}
}

struct waiting *asked_waiting(struct asked *a)
{
	return &a->waiting;
}

/* ---- start and end ---- */

static int open_dns(struct asked *a, struct event_base *base, const char *server)
{
	/* A question that times out must not keep the loop from ending. */
	a->dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (!a->dns)
		return -ENOMEM;
	evdns_base_set_option(a->dns, "timeout", "3");
	evdns_base_set_option(a->dns, "attempts", "3");
	evdns_base_set_option(a->dns, "randomize-case", "0");
	if (server)
		return evdns_base_nameserver_ip_add(a->dns, server) ? -EINVAL : 0;
	if (evdns_base_resolv_conf_parse(a->dns, DNS_OPTION_NAMESERVERS, "/etc/resolv.conf"))
		return -EIO;
	return 0;
}

int asked_open(struct asked **out, struct event_base *base, const char *server,
	       struct resolve_counts *counts, asked_done *done, void *arg)
{
	struct asked *a = calloc(1, sizeof(*a));
	int err = -ENOMEM;

	if (!a)
		return -ENOMEM;
	*a = (struct asked){.counts = counts, .done = done, .arg = arg};
	a->key = hash_key_random();
	a->names = calloc(RESOLVE_NAMES_MAX, sizeof(*a->names));
	if (!a->names || hash_index_reserve(&a->index, RESOLVE_NAMES_MAX))
		goto fail;
	err = base ? open_dns(a, base, server) : 0;
	if (err)
		goto fail;
	*out = a;
	return 0;
fail:
	asked_close(a);
	return err;
}

void asked_close(struct asked *a)
{
	if (!a)
		return;
	if (a->dns)
		evdns_base_free(a->dns, 0);
	for (size_t i = 0; a->names && i < RESOLVE_NAMES_MAX; i++)
		waiters_clear(&a->names[i].waiters, &a->waiting);
	hash_index_free(&a->index);
	free(a->names);
	free(a);
}
