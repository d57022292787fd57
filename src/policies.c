/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/log.h"
#include "daemon.h"
#include "policies.h"

#define PREFIX "policy:" /* of a source's name */

static const char *const role_words[] = {"jails", "check", "store", "command"};

static void outlet_open(struct outlet *outlet)
{
	int error = policy_open(
		&outlet->policy, outlet->daemon->base, outlet->name,
		outlet->role == ROLE_COMMAND ? &policies_commands : &policies_requests, outlet);

	if (error)
		outlet->policy = NULL;
	/* Of one that jails read their source tells. */
	if (outlet->feed)
		;
	else if (error && error != outlet->error)
		log_error("policy %s: cannot listen: %s; tried again", outlet->name,
			  strerror(-error));
	else if (!error)
		log_info("policy %s: listening", outlet->name);
	outlet->error = error;
}

/* Who connects to no file is let pass by Postfix, and nobody would know. */
static void outlet_look(struct outlet *outlet)
{
	if (!outlet->policy || !policy_is_lost(outlet->policy))
		return;
	log_warning("policy %s: the socket was removed; it is made again", outlet->name);
	policy_close(outlet->policy);
	outlet->policy = NULL;
}

static void outlet_free(struct outlet *outlet)
{
	policy_close(outlet->policy);
	free(outlet->name);
	free(outlet);
}

static struct outlet *outlet_find(const struct daemon *daemon, const char *name)
{
	for (struct outlet *outlet = daemon->outlets; outlet; outlet = outlet->next)
		if (!strcmp(outlet->name, name))
			return outlet;
	return NULL;
}

/* A socket that stays is not opened anew, or every smtpd would lose its connection. */
static struct outlet *want(struct daemon *daemon, const char *name, enum role role)
{
	struct outlet *outlet = name ? outlet_find(daemon, name) : NULL;

	if (!name)
		return NULL;
	if (!outlet) {
		outlet = calloc(1, sizeof *outlet);
		if (!outlet)
			return NULL;
		outlet->name = strdup(name);
		if (!outlet->name) {
			free(outlet);
			return NULL;
		}
		outlet->daemon = daemon;
		outlet->next = daemon->outlets;
		daemon->outlets = outlet;
	}
	if ((outlet->role == ROLE_COMMAND) != (role == ROLE_COMMAND)) {
		policy_close(outlet->policy);
		outlet->policy = NULL;
	}
	outlet->role = role;
	outlet->feed = NULL;
	outlet->wanted = true;
	return outlet;
}

static void want_feeds(struct daemon *daemon)
{
	for (struct feed *feed = daemon->feeds; feed; feed = feed->next) {
		const char *name = feed->path + strlen(PREFIX);
		struct outlet *outlet;

		if (strncmp(feed->path, PREFIX, strlen(PREFIX)) != 0)
			continue;
		outlet = outlet_find(daemon, name);
		if (!outlet || !outlet->wanted)
			outlet = want(daemon, name, ROLE_NONE);
		if (outlet)
			outlet->feed = feed;
	}
}

static void drop_unwanted(struct daemon *daemon)
{
	struct outlet **link = &daemon->outlets, *outlet;

	while ((outlet = *link)) {
		if (outlet->wanted) {
			link = &outlet->next;
			continue;
		}
		*link = outlet->next;
		outlet_free(outlet);
	}
}

static void use_rule(struct daemon *daemon, const struct conf_tarpit *conf)
{
	const struct tarpit_rule rule = {.sleep = conf->sleep,
					 .threshold = conf->threshold,
					 .prefix4 = conf->prefix4,
					 .prefix6 = conf->prefix6,
					 .sleepers = conf->sleepers,
					 .credits = conf->credits,
					 .expire = conf->expire};

	if (conf->on)
		tarpit_set_rule(daemon->memory->tarpit, &rule);
}

void policies_use(struct daemon *daemon)
{
	const struct conf_tarpit *conf = &daemon->setup->conf->tarpit;

	for (struct outlet *outlet = daemon->outlets; outlet; outlet = outlet->next)
		outlet->wanted = false;
	use_rule(daemon, conf);
	want(daemon, conf->check, ROLE_CHECK);
	want(daemon, conf->store, ROLE_STORE);
	want(daemon, conf->command, ROLE_COMMAND);
	want_feeds(daemon);
	drop_unwanted(daemon);
	policies_tick(daemon);
}

void policies_tick(struct daemon *daemon)
{
	for (struct outlet *outlet = daemon->outlets; outlet; outlet = outlet->next) {
		outlet_look(outlet);
		if (!outlet->policy)
			outlet_open(outlet);
		if (outlet->feed)
			source_told(outlet->feed->source, outlet->error);
	}
	tarpit_expire(daemon->memory->tarpit, memory_now(daemon->memory));
}

void policies_free(struct daemon *daemon)
{
	for (struct outlet *outlet = daemon->outlets; outlet; outlet = outlet->next)
		outlet->wanted = false;
	drop_unwanted(daemon);
}

/* ---- status ---- */

static struct policy_counts counts_of(const struct outlet *outlet)
{
	return outlet->policy ? policy_counts(outlet->policy) : (struct policy_counts){0};
}

void policies_text(const struct daemon *daemon, struct call *call)
{
	const struct tarpit *tarpit = daemon->memory->tarpit;
	struct tarpit_counts sum = tarpit_counts(tarpit);

	for (const struct outlet *outlet = daemon->outlets; outlet; outlet = outlet->next) {
		struct policy_counts counts = counts_of(outlet);

		call_out(call,
			 "policy  %-20s %s, %s: %" PRIu32 " connections, %" PRIu64
			 " requests, %" PRIu64 " bad, %" PRIu64 " closed for want of room",
			 outlet->name, role_words[outlet->role],
			 outlet->error ? strerror(-outlet->error) : "listening", counts.peers,
			 counts.requests + counts.lines, counts.bad, counts.crowded);
	}
	if (daemon->setup->conf->tarpit.on)
		call_out(call,
			 "tarpit  %" PRIu32 " credits; %" PRIu64 " known, %" PRIu64
			 " slept, %" PRIu64 " not for want of room, %" PRIu64
			 " forgotten, %u sleeping",
			 sum.live, sum.known, sum.slept, sum.crowded, sum.forgotten,
			 tarpit_sleepers(tarpit, memory_now(daemon->memory)));
}

static void add_number(cJSON *object, const char *name, uint64_t value)
{
	cJSON_AddNumberToObject(object, name, (double)value);
}

cJSON *policies_json(const struct daemon *daemon)
{
	cJSON *list = cJSON_CreateArray();

	for (const struct outlet *outlet = daemon->outlets; outlet; outlet = outlet->next) {
		struct policy_counts counts = counts_of(outlet);
		cJSON *policy = cJSON_CreateObject();

		cJSON_AddStringToObject(policy, "socket", outlet->name);
		cJSON_AddStringToObject(policy, "role", role_words[outlet->role]);
		cJSON_AddBoolToObject(policy, "listening", outlet->policy != NULL);
		if (outlet->error)
			cJSON_AddStringToObject(policy, "error", strerror(-outlet->error));
		add_number(policy, "connections", counts.peers);
		add_number(policy, "requests", counts.requests + counts.lines);
		add_number(policy, "bad", counts.bad);
		add_number(policy, "crowded", counts.crowded);
		cJSON_AddItemToArray(list, policy);
	}
	return list;
}

cJSON *policies_tarpit_json(const struct daemon *daemon)
{
	const struct tarpit *tarpit = daemon->memory->tarpit;
	struct tarpit_counts counts = tarpit_counts(tarpit);
	cJSON *object = daemon->setup->conf->tarpit.on ? cJSON_CreateObject() : NULL;

	if (!object)
		return NULL;
	add_number(object, "credits", counts.live);
	add_number(object, "known", counts.known);
	add_number(object, "slept", counts.slept);
	add_number(object, "crowded", counts.crowded);
	add_number(object, "messages", counts.messages);
	add_number(object, "forgotten", counts.forgotten);
	add_number(object, "sleeping", tarpit_sleepers(tarpit, memory_now(daemon->memory)));
	return object;
}
