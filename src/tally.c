/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "look.h"
#include "tally.h"

#define JAIL 1 /* the number of the only jail */

struct taking {
	struct tally *tally;
	const struct setup *setup;
	const struct conf_jail *jail;
	int index_of; /* the jail's in the match of the feed being read */
	int64_t now;
	struct judge *judge; /* knows who may never be banned */
	size_t room;
	struct hash_key key;
	struct hash_index index;
};

/* ---- counting ---- */

static bool is_same(const void *array, uint32_t slot, const void *key)
{
	return prefix_equal(&((const struct tally_entry *)array)[slot].prefix, key);
}

static struct tally_entry *entry_add(struct taking *taking, const struct prefix *prefix,
				     uint32_t hash)
{
	struct tally *tally = taking->tally;

	if (tally->count == taking->room) {
		size_t room = taking->room ? 2 * taking->room : 1024;
		struct tally_entry *grown =
			room > TALLY_MAX
				? NULL
				: realloc(tally->entries, room * sizeof *tally->entries);

		if (!grown)
			return NULL;
		tally->entries = grown;
		taking->room = room;
	}
	if (hash_index_add(&taking->index, hash, (uint32_t)tally->count))
		return NULL;
	tally->entries[tally->count] = (struct tally_entry){.prefix = *prefix};
	return &tally->entries[tally->count++];
}

static void count(struct taking *taking, const struct prefix *prefix, int64_t time)
{
	struct tally *tally = taking->tally;
	uint32_t hash = (uint32_t)hash_bytes(taking->key, prefix, sizeof *prefix);
	uint32_t slot = hash_index_find(&taking->index, hash, is_same, tally->entries, prefix);
	struct tally_entry *entry =
		slot == HASH_NONE ? entry_add(taking, prefix, hash) : &tally->entries[slot];

	if (!entry) {
		tally->crowded++;
		return;
	}
	entry->count++;
	if (entry->count == 1 || time > entry->latest)
		entry->latest = time;
}

static void on_found(void *arg, size_t index, const struct finding *finding)
{
	struct taking *taking = arg;
	struct tally *tally = taking->tally;
	struct prefix prefix;

	if ((int)index != taking->index_of || finding->kind != FINDING_FAILURE ||
	    finding->subject != SUBJECT_ADDRESS || !prefix_is_single(&finding->prefix))
		return;
	if (finding->time == TIME_NONE) {
		tally->undated++;
		return;
	}
	if (finding->time > taking->now ||
	    finding->time < taking->now - taking->jail->findtime) {
		tally->old++;
		return;
	}
	prefix = judge_subject(taking->judge, JAIL, &finding->prefix);
	if (judge_never(taking->judge, JAIL, &finding->prefix) ||
	    judge_never(taking->judge, JAIL, &prefix))
		tally->ignored++;
	else
		count(taking, &prefix, finding->time);
}

/* ---- reading ---- */

static int judge_open(struct taking *taking)
{
	static const struct judge_limits limits = {.bans = 1, .accounts = 1};
	const struct judge_jail jail = {
		.name = JAIL,
		.maxretry = taking->jail->maxretry,
		.findtime = taking->jail->findtime,
		.bantime = taking->jail->bantime,
		.prefix6 = taking->jail->prefix6,
		.ignoreip = taking->jail->ignoreip,
		.ignoreip_count = taking->jail->ignoreip_count,
	};
	int error = judge_new(&taking->judge, &limits);

	if (!error)
		error = judge_set_jails(taking->judge, &jail, 1);
	return error ? error : look_own(taking->judge);
}

static int read_feed(struct taking *taking, const struct setup_feed *feed)
{
	struct position position = {0};
	struct reading reading = {0};
	int error = reading_aim(&reading, NULL, taking->setup, feed);

	if (!error)
		error = look_at(&reading, feed->path, &position, taking->now, TIME_NONE,
				on_found, taking);
	reading_clear(&reading);
	taking->tally->lines += match_counts(feed->match).lines;
	if (error)
		fprintf(stderr, "banish: %s: %s\n", feed->path,
			error == -ENODATA ? "nothing of it is kept that could be read"
					  : strerror(-error));
	return error;
}

int tally_take(struct tally *out, const struct setup *setup, size_t jail, int64_t now)
{
	struct taking taking = {.tally = out,
				.setup = setup,
				.jail = &setup->conf->jails[jail],
				.now = now,
				.key = hash_key_random()};
	int error, first;

	*out = (struct tally){0};
	first = judge_open(&taking);
	if (first)
		fprintf(stderr, "banish: %s\n", strerror(-first));
	for (size_t i = 0; i < setup->feed_count; i++) {
		taking.index_of = look_index(&setup->feeds[i], jail);
		if (taking.index_of < 0 || !taking.judge)
			continue;
		error = read_feed(&taking, &setup->feeds[i]);
		first = first ? first : error;
	}
	hash_index_free(&taking.index);
	judge_free(taking.judge);
	return first;
}

void tally_clear(struct tally *tally)
{
	free(tally->entries);
	*tally = (struct tally){0};
}

static int by_address(const void *a, const void *b)
{
	const struct prefix *one = &((const struct tally_entry *)a)->prefix;
	const struct prefix *two = &((const struct tally_entry *)b)->prefix;
	int order = one->family - two->family;

	return order ? order : memcmp(one->addr, two->addr, sizeof one->addr);
}

static int by_time(const void *a, const void *b)
{
	const struct tally_entry *one = a, *two = b;

	if (one->latest != two->latest)
		return one->latest < two->latest ? 1 : -1;
	return by_address(a, b);
}

void tally_sort(struct tally *tally, bool latest)
{
	if (tally->count)
		qsort(tally->entries, tally->count, sizeof *tally->entries,
		      latest ? by_time : by_address);
}
