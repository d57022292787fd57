/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/faults.h"
#include "target/kernel.h"
#include "target/null.h"
#include "target/targets.h"
#include "target/tcprule.h"
#include "target/tcprules.h"

int target_check(const struct spec *spec, struct diag *diag)
{
	struct options options;

	return options_read(&options, spec, diag);
}

int target_check_pair(const struct spec *a, const struct spec *b, struct diag *diag)
{
	struct diag silent = {0};
	struct options one, two;
	const char *what;

	if (options_read(&one, a, &silent) || options_read(&two, b, &silent))
		return 0;
	what = options_clash(&one, &two);
	if (!what)
		return 0;
	diag_error(diag, b->place,
		   "two different targets, \"%s\" and \"%s\", would use the same %s (the jail "
		   "manual has [DEFAULT]'s, or nft)",
		   a->name, b->name, what);
	return -EINVAL;
}

const char *target_describe(const struct spec *spec, char *out, size_t size)
{
	struct diag silent = {0};
	struct options options;

	if (options_read(&options, spec, &silent) < 0) {
		if (size)
			*out = 0;
		return out;
	}
	return options_describe(&options, out, size);
}

int targets_open(struct targets **out, struct event_base *base, const char *helper,
		 const struct targets_events *events, void *arg)
{
	struct targets *targets = calloc(1, sizeof *targets);
	int error;

	if (!targets)
		return -ENOMEM;
	targets->events = events;
	targets->arg = arg;
	targets->helper.fd = -1;
	error = helper_open(&targets->helper, helper);
	if (error)
		goto fail;
	targets->counts.helper_pid = targets->helper.pid;
	error = targets_watch(targets, base);
	if (error)
		goto fail;
	*out = targets;
	return 0;
fail:
	targets_close(targets);
	return error;
}

static void slots_clear(struct slot *slots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		tcprules_close(slots[i].tcprules);
		spec_clear(&slots[i].spec);
	}
}

void targets_close(struct targets *targets)
{
	if (!targets)
		return;
	if (targets->readable)
		event_free(targets->readable);
	if (targets->writable)
		event_free(targets->writable);
	if (targets->soon)
		event_free(targets->soon);
	helper_close(&targets->helper);
	window_clear(&targets->window);
	window_clear(&targets->local);
	slots_clear(targets->slots, targets->count);
	free(targets->own);
	free(targets);
}

static int copy_spec(struct spec *out, const struct spec *from)
{
	*out = (struct spec){.place = from->place, .name = strdup(from->name)};
	if (from->count)
		out->options = calloc(from->count, sizeof *out->options);
	if (!out->name || (from->count && !out->options))
		return -ENOMEM;
	for (; out->count < from->count; out->count++) {
		struct spec_option *copy = &out->options[out->count];

		copy->name = strdup(from->options[out->count].name);
		copy->value = strdup(from->options[out->count].value);
		if (!copy->name || !copy->value) {
			out->count++;
			return -ENOMEM;
		}
	}
	return 0;
}

static int slot_fill(struct slot *slot, const struct spec *spec, uint32_t identity)
{
	struct diag silent = {0};
	int error = copy_spec(&slot->spec, spec);

	slot->identity = identity;
	slot->state = SLOT_WANTED;
	return error ? error : options_read(&slot->options, &slot->spec, &silent);
}

/* Their objects know their options by the slot. */
static int files_define(struct targets *targets)
{
	int error = 0;

	for (size_t t = 0; t < targets->count && !error; t++) {
		struct slot *slot = &targets->slots[t];

		if (slot->options.kind != OPTIONS_TCPRULES)
			continue;
		error = tcprules_open(&slot->tcprules, targets, t);
		if (!error)
			tcprules_define(slot->tcprules);
	}
	return error;
}

int targets_define(struct targets *targets, const struct spec *specs,
		   const uint32_t *identities, const struct targets_scale *scale, size_t count)
{
	struct slot fresh[TARGETS_MAX] = {0};
	int error = count > TARGETS_MAX ? -EINVAL : 0;

	for (size_t i = 0; i < count && !error; i++)
		error = slot_fill(&fresh[i], &specs[i], identities ? identities[i] : 0);
	if (error) {
		slots_clear(fresh, TARGETS_MAX);
		return error;
	}
	slots_clear(targets->slots, targets->count);
	memcpy(targets->slots, fresh, sizeof fresh);
	memcpy(targets->forget, targets->known, sizeof targets->forget);
	targets->count = count;
	targets->scale = *scale;
	targets->generation++;
	null_define(targets);
	error = files_define(targets);
	targets_pump(targets);
	return error;
}

int target_redefine(struct targets *targets, size_t target)
{
	struct slot *slot = target < targets->count ? &targets->slots[target] : NULL;

	if (!slot)
		return -EINVAL;
	/* What was asked before is answered before, as requests are done in order. */
	if (slot->state == SLOT_READY || slot->state == SLOT_FAILED)
		slot->state = SLOT_WANTED;
	if (slot->options.kind == OPTIONS_NULL)
		targets_soon(targets);
	if (slot->tcprules)
		tcprules_define(slot->tcprules);
	targets_pump(targets);
	return 0;
}

/* As banish-netlink(8) has it: our own table has a set for each length, an ipset one for
 * addresses and one for other prefixes, and two sets of the user's take what they take. */
unsigned target_set_of(const struct targets *targets, size_t target,
		       const struct prefix *prefix)
{
	const struct options *o = &targets->slots[target].options;
	unsigned six = prefix->family == 6;

	if (o->kind == OPTIONS_NFT && !o->table[0])
		return 2u * prefix->len + six;
	if (o->kind == OPTIONS_IPSET)
		return 2u * (prefix->len != (six ? 64 : 32)) + six;
	return six;
}

unsigned targets_room(const struct targets *targets)
{
	unsigned taken = targets->window.count + targets->local.count;

	if (!targets->greeted || targets->lost || targets->broken || targets_due(targets))
		return 0;
	return taken < WIRE_WINDOW ? WIRE_WINDOW - taken : 0;
}

enum target_kind target_kind(const struct spec *spec)
{
	static const enum target_kind kinds[] = {[OPTIONS_NFT] = TARGET_OWN_TABLE,
						 [OPTIONS_IPSET] = TARGET_IPSET,
						 [OPTIONS_ROUTE] = TARGET_ROUTE,
						 [OPTIONS_NULL] = TARGET_NONE,
						 [OPTIONS_TCPRULES] = TARGET_FILE};
	struct diag silent = {0};
	struct options options;

	if (options_read(&options, spec, &silent) < 0)
		return TARGET_NONE;
	if (options.kind == OPTIONS_NFT && options.table[0])
		return TARGET_USER_TABLE;
	return kinds[options.kind];
}

bool target_rule(const struct spec *spec, const char *set, char *out, size_t size)
{
	struct diag silent = {0};
	struct options options;

	*out = 0;
	if (options_read(&options, spec, &silent) < 0)
		return false;
	return faults_rule(out, size, &options, set);
}

bool target_deny_rule(const struct prefix *prefix, char *out)
{
	static_assert(TARGET_RULE_MAX >= TCPRULE_MAX, "room for a rule");

	return tcprule_print(prefix, out);
}

static int may_ask(const struct targets *targets, size_t target)
{
	if (target >= targets->count || targets->slots[target].state == SLOT_FAILED)
		return -EINVAL;
	if (targets->slots[target].state != SLOT_READY)
		return -EAGAIN;
	if (targets->slots[target].tcprules)
		return tcprules_has_room(targets->slots[target].tcprules) ? 0 : -EAGAIN;
	return targets_room(targets) ? 0 : -EAGAIN;
}

static int ask_target(struct targets *targets, struct request *request)
{
	struct tcprules *tcprules = targets->slots[request->packet->target].tcprules;

	if (tcprules) {
		request->generation = targets->generation;
		tcprules_take(tcprules, request);
		return 0;
	}
	if (targets->slots[request->packet->target].options.kind == OPTIONS_NULL) {
		request->generation = targets->generation;
		null_take(targets, request);
		return 0;
	}
	targets_ask(targets, request);
	return 0;
}

int target_apply(struct targets *targets, size_t target, const struct target_change *changes,
		 size_t count)
{
	int error = may_ask(targets, target);
	struct request request;

	if (error)
		return error;
	if (!count || count > TARGET_BATCH_MAX)
		return -EINVAL;
	if (!kernel_pack_changes(&request, target, changes, count))
		return -ENOMEM;
	targets->counts.batches++;
	targets->counts.changes += count;
	return ask_target(targets, &request);
}

static int ask_bare(struct targets *targets, size_t target, enum wire_kind kind)
{
	int error = may_ask(targets, target);
	struct request request;

	if (error)
		return error;
	if (!request_new(&request, kind, target, 0, 0))
		return -ENOMEM;
	return ask_target(targets, &request);
}

int target_list(struct targets *targets, size_t target)
{
	return ask_bare(targets, target, WIRE_LIST);
}

int target_flush(struct targets *targets, size_t target)
{
	return ask_bare(targets, target, WIRE_FLUSH);
}

int target_refill(struct targets *targets, size_t target, enum target_phase phase,
		  size_t expect)
{
	int error = may_ask(targets, target);
	struct request request;

	if (error)
		return error;
	if (!kernel_pack_refill(&request, target, phase, expect))
		return -ENOMEM;
	return ask_target(targets, &request);
}

int target_live(struct targets *targets, size_t target)
{
	return ask_bare(targets, target, WIRE_LIVE);
}

int targets_close_sockets(struct targets *targets, const struct target_close *closes,
			  size_t count)
{
	struct request request;

	if (!count || count > TARGET_BATCH_MAX)
		return -EINVAL;
	if (!targets_room(targets))
		return -EAGAIN;
	if (!kernel_pack_closes(&request, closes, count))
		return -ENOMEM;
	targets_ask(targets, &request);
	return 0;
}

int targets_sockets(struct targets *targets, struct port_range ports)
{
	struct request request;

	if (!targets_room(targets))
		return -EAGAIN;
	if (!kernel_pack_sockets(&request, ports))
		return -ENOMEM;
	targets_ask(targets, &request);
	return 0;
}

struct targets_counts targets_counts(const struct targets *targets)
{
	return targets->counts;
}
