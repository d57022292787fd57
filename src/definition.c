/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-id128.h>

#include "base/hash.h"
#include "base/log.h"
#include "definition.h"
#include "shared.h"

#define IDENTITY_APP                                                                           \
	SD_ID128_MAKE(6b, 1f, 0e, 5d, 2c, 4a, 4f, 7e, 9b, 53, a1, 88, d0, 37, e4, 12)

void definition_clear(struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++)
		holding_clear(&enforce->holdings[t]);
	free(enforce->holdings);
	enforce->holdings = NULL;
	enforce->count = 0;
}

/*
 * The mark by which sets that we create are told from those of others, a second daemon with its
 * own state among them: a secret of this boot, for it is the hash's seed in the kernel as well
 * and no set outlives a boot.
 */
static uint32_t own_identity(const struct conf *conf)
{
	struct hash_key key;
	sd_id128_t id;

	if (sd_id128_get_boot_app_specific(IDENTITY_APP, &id) < 0)
		return 0;
	memcpy(&key, id.bytes, sizeof key);
	return (uint32_t)hash_bytes(key, conf->statedir, strlen(conf->statedir));
}

int definition_make(struct enforce *enforce, const struct conf *conf)
{
	uint32_t identities[TARGETS_MAX], identity = own_identity(conf);
	const struct targets_scale scale = {memory_expect(enforce->memory), conf->maxbans};
	bool changed;

	enforce->conf = conf;
	enforce->epoch++;
	log_debug("targets are defined");
	definition_clear(enforce);
	enforce->holdings =
		calloc(conf->target_count ? conf->target_count : 1, sizeof *enforce->holdings);
	if (!enforce->holdings || wanted_set(&enforce->wanted, conf, &changed) ||
	    closing_set(&enforce->closing, enforce->memory->names, conf))
		return -ENOMEM;
	for (size_t t = 0; t < conf->target_count; t++) {
		struct holding *holding = &enforce->holdings[t];

		holding->text = spec_text(&conf->targets[t]);
		if (!holding->text)
			return -ENOMEM;
		holding->number = enforce->count++;
		holding->is.text = holding->text;
		holding->is.info.error = -EINPROGRESS;
		holding->targets = enforce->targets;
		holding->wanted = &enforce->wanted;
		holding->memory = enforce->memory;
		holding->empty_next = enforce->hold_back;
		holding->asked = 1;
		identities[t] = identity;
	}
	enforce_pump(enforce);
	return targets_define(enforce->targets, conf->targets, identities, &scale,
			      conf->target_count);
}

bool definition_has_error(const struct enforce *enforce)
{
	for (size_t t = 0; t < enforce->count; t++)
		if (enforce->holdings[t].phase == HOLDING_OUT &&
		    enforce->holdings[t].is.info.error != -EINPROGRESS)
			return true;
	return false;
}

/* Where the target stands in the configuration, or its target_count. */
static size_t find_target(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->target_count; i++) {
		char *text = spec_text(&conf->targets[i]);
		bool same = text && !strcmp(text, name);

		free(text);
		if (same)
			break;
	}
	return i;
}

/*
 * Entries of jails that leave someone else's set: nothing will want them there, and a sync
 * deletes from such a set only what is written down.
 */
static void note_leaving(struct enforce *enforce, const struct wanted *next, size_t from,
			 size_t to)
{
	const struct judge *judge = enforce->memory->judge;
	struct holding *holding = &enforce->holdings[from];

	for (uint32_t s = 0; s < judge_slots(judge); s++) {
		const struct ban *ban = judge_at(judge, s);

		if (ban && wanted_uses(&enforce->wanted, ban->jail, from) &&
		    wanted_slot(next, to, &ban->prefix) == WANTED_NO_SLOT)
			shared_take_back(holding, &ban->prefix, ban->until);
	}
}

/* What is to happen to the present targets: numbers kept, and some dropped? */
struct change {
	bool same, dropped;
};

static struct change compare_targets(struct enforce *enforce, const struct conf *conf,
				     const struct wanted *next)
{
	struct change change = {.same = enforce->count && enforce->count == conf->target_count};

	for (size_t t = 0; t < enforce->count; t++) {
		struct holding *holding = &enforce->holdings[t];
		size_t at = find_target(conf, holding->text);
		bool usable =
			holding->phase != HOLDING_OUT || holding->is.info.error == -EINPROGRESS;

		change.same &= at == t;
		holding->dropped = at == conf->target_count && usable;
		if (holding->dropped)
			holding_sync(holding, true);
		else if (at < conf->target_count && holding->is.info.way == TARGET_SHARED)
			note_leaving(enforce, next, t, at);
		change.dropped |= holding->dropped;
	}
	return change;
}

int enforce_define(struct enforce *enforce, const struct conf *conf)
{
	bool pending = enforce->next != NULL, changed = false;
	struct wanted next = {.names = enforce->memory->names, .judge = enforce->memory->judge};
	struct change change;

	if (wanted_set(&next, conf, &changed))
		return -ENOMEM;
	change = compare_targets(enforce, conf, &next);
	free(next.uses);
	/* The former configuration goes away now. */
	enforce->conf = conf;
	enforce->next = change.dropped ? conf : NULL;
	enforce_pump(enforce);
	if (change.dropped)
		return 0;
	if (!change.same || pending)
		return definition_make(enforce, conf);
	if (wanted_set(&enforce->wanted, conf, &changed) ||
	    closing_set(&enforce->closing, enforce->memory->names, conf))
		return -ENOMEM;
	if (changed || definition_has_error(enforce))
		enforce_sync(enforce);
	return 0;
}
