/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "judge/jails.h"

static int compare(const void *left, const void *right)
{
	const struct jail *a = left, *b = right;

	return (a->name > b->name) - (a->name < b->name);
}

static struct jail *find(const struct jails *jails, uint32_t name)
{
	struct jail key = {.name = name};

	if (!jails->count)
		return NULL;
	return bsearch(&key, jails->at, jails->count, sizeof(key), compare);
}

static bool named(const struct judge_jail *list, size_t count, uint32_t name)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].name == name)
			return true;
	return false;
}

static int add(struct jails *jails, const struct judge_jail *from)
{
	struct jail *jail = &jails->at[jails->count];

	*jail = (struct jail){
		.name = from->name,
		.maxretry = from->maxretry ? from->maxretry : 1,
		.findtime = from->findtime,
		.bantime = from->bantime,
		.increment = from->increment,
		.unverified = from->unverified && from->maxretry > 1,
		.prefix6 = from->prefix6 <= 128 ? from->prefix6 : 128,
	};
	if (ignore_set(&jail->ignore, from->ignoreip, from->ignoreip_count) < 0)
		return -ENOMEM;
	jails->count++;
	return 0;
}

static int add_all(struct jails *jails, const struct judge_jail *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!named(list + i + 1, count - i - 1, list[i].name) &&
		    add(jails, &list[i]) < 0)
			return -ENOMEM;
	return 0;
}

static void add_gone(struct jails *jails, const struct jails *former,
		     const struct judge_jail *list, size_t count)
{
	for (size_t i = 0; i < former->count; i++) {
		if (named(list, count, former->at[i].name))
			continue;
		jails->at[jails->count] = former->at[i];
		jails->at[jails->count].ignore = (struct ignore){0};
		jails->at[jails->count++].gone = true;
	}
}

int jails_set(struct jails *jails, const struct judge_jail *list, size_t count)
{
	struct jails fresh = {0};

	fresh.at = calloc(count + jails->count + 1, sizeof(*fresh.at));
	if (!fresh.at || add_all(&fresh, list, count) < 0) {
		jails_clear(&fresh);
		return -ENOMEM;
	}
	add_gone(&fresh, jails, list, count);
	qsort(fresh.at, fresh.count, sizeof(*fresh.at), compare);
	jails_clear(jails);
	*jails = fresh;
	return 0;
}

void jails_clear(struct jails *jails)
{
	for (size_t i = 0; i < jails->count; i++)
		ignore_clear(&jails->at[i].ignore);
	free(jails->at);
	*jails = (struct jails){0};
}

const struct jail *jails_find(const struct jails *jails, uint32_t name)
{
	return find(jails, name);
}
