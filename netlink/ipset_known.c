/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "netlink/ipset_known.h"

void ipset_known_drop(struct ipset_known *k)
{
	free(k->elements);
	*k = (struct ipset_known){0};
}

void ipset_known_begin(struct ipset_known *k, int64_t begun)
{
	ipset_known_drop(k);
	k->at = begun;
}

bool ipset_known_add(struct ipset_known *k, const struct ipset_element *e)
{
	struct ipset_known_element *more;

	if (k->count == k->room) {
		size_t room = k->room ? k->room * 2 : 1024;

		more = realloc(k->elements, room * sizeof *more);
		if (!more)
			return false;
		k->elements = more;
		k->room = room;
	}
	k->elements[k->count++] = (struct ipset_known_element){
		.prefix = e->prefix, .nomatch = e->nomatch, .seconds = e->seconds};
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct ipset_known_element *x = a, *y = b;

	return memcmp(&x->prefix, &y->prefix, sizeof x->prefix);
}

void ipset_known_end(struct ipset_known *k, int64_t until)
{
	if (k->count)
		qsort(k->elements, k->count, sizeof *k->elements, compare);
	k->until = until;
}

bool ipset_known_fresh(const struct ipset_known *k, int64_t now)
{
	return now < k->until;
}

static struct ipset_known_element *find(const struct ipset_known *k,
					const struct prefix *prefix)
{
	const struct ipset_known_element key = {.prefix = *prefix};

	if (!k->count)
		return NULL;
	return bsearch(&key, k->elements, k->count, sizeof key, compare);
}

void ipset_known_wrote(struct ipset_known *k, const struct prefix *prefix)
{
	struct ipset_known_element *e = find(k, prefix);

	if (e)
		e->ours = true;
}

bool ipset_known_find(struct ipset_element *out, const struct ipset_known *k,
		      const struct prefix *prefix, int64_t now)
{
	const struct ipset_known_element *e = find(k, prefix);
	int64_t passed = (now - k->at) / 1000;

	if (!e || e->ours || (e->seconds && e->seconds <= passed))
		return false;
	*out = (struct ipset_element){.prefix = e->prefix,
				      .nomatch = e->nomatch,
				      .seconds =
					      e->seconds ? e->seconds - (uint32_t)passed : 0};
	return true;
}
