/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is never banned, and what an address is banned as so that it is not. */
#include "judge/parts.h"

static const struct prefix loopback4 = {.family = 4, .len = 8, .addr = {127}};
static const struct prefix loopback6 = {.family = 6, .len = 128, .addr = {[15] = 1}};
static const struct prefix unspecified4 = {.family = 4, .len = 32};
static const struct prefix unspecified6 = {.family = 6, .len = 128};

static bool overlaps(const struct prefix *a, const struct prefix *b)
{
	return prefix_covers(a, b) || prefix_covers(b, a);
}

static const struct ignore *ignore_of(const struct judge *judge, uint32_t jail)
{
	const struct jail *found = jails_find(&judge->jails, jail);

	return found ? &found->ignore : NULL;
}

const char *judge_never(const struct judge *judge, uint32_t jail, const struct prefix *prefix)
{
	const struct ignore *ignore = ignore_of(judge, jail);

	if (prefix->len < (prefix->family == 4 ? 8 : 32))
		return prefix->family == 4 ? "wider than /8" : "wider than /32";
	if (overlaps(prefix, &loopback4) || overlaps(prefix, &loopback6))
		return "loopback";
	if (overlaps(prefix, &unspecified4) || overlaps(prefix, &unspecified6))
		return "the unspecified address";
	if (ignore_covers(&judge->own, prefix))
		return "this host's own address";
	if (ignore_inside(&judge->own, prefix))
		return "covers this host's own address";
	if (ignore && ignore_covers(ignore, prefix))
		return "in ignoreip";
	if (ignore && ignore_inside(ignore, prefix))
		return "covers an address in ignoreip";
	return NULL;
}

struct prefix judge_subject_in(const struct judge *judge, const struct jail *jail,
			       const struct prefix *address)
{
	struct prefix wide;

	if (address->family != 6)
		return *address;
	wide = prefix_cut(address, jail->prefix6);
	return judge_never(judge, jail->name, &wide) ? *address : wide;
}

struct prefix judge_subject(const struct judge *judge, uint32_t jail,
			    const struct prefix *address)
{
	const struct jail *found = jails_find(&judge->jails, jail);

	return found ? judge_subject_in(judge, found, address) : *address;
}
