/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is answered on a policy socket. */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "daemon.h"
#include "policies.h"
#include "show.h"

#define COMMAND_STEP 500 /* credits listed before the peer must have taken them */

/* ---- requests ---- */

static bool address_of(struct prefix *out, const struct policy_request *request)
{
	struct text address = policy_value(request, "client_address");

	return prefix_parse(out, address.at, address.len) && prefix_is_single(out);
}

/* By hand somebody may have banned a prefix around it. */
static bool is_banned(const struct judge *judge, uint32_t jail, const struct prefix *address)
{
	for (unsigned len = 0; len <= address->len; len++) {
		struct prefix wide = prefix_cut(address, len);

		if (!judge_has_length(judge, wide.family, len))
			continue;
		for (uint32_t s = judge_first(judge, &wide); s != UINT32_MAX;
		     s = judge_next(judge, s))
			if (judge_at(judge, s)->jail == jail)
				return true;
	}
	return false;
}

/* Let the jails see it. The answer of the first that bans its client, or NULL. */
static const char *ask_jails(struct feed *feed, const struct policy_request *request,
			     const struct prefix *address)
{
	const struct judge *judge = feed->daemon->memory->judge;
	char line[POLICY_PRINT_MAX];

	source_give(feed->source, (struct text){line, policy_print(request, line)},
		    moment_now());
	for (size_t i = 0; address && i < feed->reading.count; i++)
		if (feed->reading.jails[i].answer &&
		    is_banned(judge, feed->reading.jails[i].resolve.name, address))
			return feed->reading.jails[i].answer;
	return NULL;
}

/* Whom the tarpit does not concern: ignoreip, this host, and who has logged in. */
static bool is_free(const struct daemon *daemon, const struct policy_request *request,
		    const struct prefix *address)
{
	const struct memory *memory = daemon->memory;
	uint32_t jail = names_find(memory->names, text_of(SETUP_TARPIT));

	return policy_value(request, "sasl_username").len ||
	       judge_never(memory->judge, jail, address);
}

static void check(struct daemon *daemon, const struct policy_request *request,
		  const struct prefix *address, char *answer)
{
	struct tarpit *tarpit = daemon->memory->tarpit;
	char text[PREFIX_TEXT_MAX];

	if (text_equal(policy_value(request, "stress"), "yes") ||
	    is_free(daemon, request, address))
		return;
	if (tarpit_check(tarpit, address, memory_now(daemon->memory)) != TARPIT_SLEEP)
		return;
	snprintf(answer, POLICY_ANSWER_MAX, "sleep %u", tarpit_rule(tarpit)->sleep);
	/* Postfix does not log it. No more of these than may wait at a time. */
	log_info("tarpit: %s waits %us", prefix_print(address, text),
		 tarpit_rule(tarpit)->sleep);
}

static void store(struct daemon *daemon, const struct policy_request *request,
		  const struct prefix *address)
{
	char text[PREFIX_TEXT_MAX];
	struct credit credit;

	if (!text_equal(policy_value(request, "protocol_state"), "END-OF-MESSAGE") ||
	    is_free(daemon, request, address))
		return;
	memory_credit(daemon->memory, address, memory_now(daemon->memory), &credit);
	if (credit.count == tarpit_rule(daemon->memory->tarpit)->threshold)
		log_info("tarpit: %s is known now", prefix_print(&credit.prefix, text));
	daemon_touch(daemon);
}

static void on_request(void *arg, const struct policy_request *request, char *answer)
{
	struct outlet *outlet = arg;
	struct prefix address;
	bool known = address_of(&address, request);
	const char *jails;

	if (outlet->feed) {
		jails = ask_jails(outlet->feed, request, known ? &address : NULL);
		if (jails) {
			snprintf(answer, POLICY_ANSWER_MAX, "%s", jails);
			return;
		}
	}
	if (known && outlet->role == ROLE_CHECK)
		check(outlet->daemon, request, &address, answer);
	else if (known && outlet->role == ROLE_STORE)
		store(outlet->daemon, request, &address);
}

/* ---- commands ---- */

static void on_more(void *arg, struct policy_peer *peer, uint32_t slot)
{
	const struct outlet *outlet = arg;
	const struct memory *memory = outlet->daemon->memory;
	const struct tarpit *tarpit = memory->tarpit;
	char line[SHOW_CREDIT_MAX];
	struct credit shown;

	for (unsigned i = 0; i < COMMAND_STEP && slot < tarpit_slots(tarpit); slot++) {
		if (!tarpit_at(tarpit, slot))
			continue;
		shown = memory_shown_credit(memory, tarpit_at(tarpit, slot));
		policy_say(peer, "%s", show_credit(&shown, line));
		i++;
	}
	if (slot < tarpit_slots(tarpit))
		policy_more(peer, slot);
	else
		policy_say(peer, "%s", "");
}

static void say_info(const struct daemon *daemon, struct policy_peer *peer)
{
	struct tarpit_counts counts = tarpit_counts(daemon->memory->tarpit);

	policy_say(peer, "%" PRIu32 " objs", counts.live);
	policy_say(peer, "%" PRIu64 " known", counts.known);
	policy_say(peer, "%" PRIu64 " slept", counts.slept);
	policy_say(peer, "%" PRIu64 " crowded", counts.crowded);
	policy_say(peer, "%u sleeping\n",
		   tarpit_sleepers(daemon->memory->tarpit, memory_now(daemon->memory)));
}

static void on_line(void *arg, struct policy_peer *peer, struct text line)
{
	struct outlet *outlet = arg;
	struct memory *memory = outlet->daemon->memory;
	struct tarpit_command command;
	const char *why = tarpit_command(&command, line);
	struct credit credit = {0};
	int64_t now = memory_now(memory);

	if (why) {
		policy_say(peer, "error: %s\n", why);
		return;
	}
	switch (command.verb) {
	case TARPIT_VERB_CHECK:
		tarpit_get(memory->tarpit, &command.prefix, now, &credit);
		policy_say(peer, "%" PRIu32 " objs\n", credit.count);
		break;
	case TARPIT_VERB_DEL:
		policy_say(peer, "%d objs\n",
			   memory_discredit(memory, &command.prefix, now, &credit));
		daemon_touch(outlet->daemon);
		break;
	case TARPIT_VERB_INFO:
		say_info(outlet->daemon, peer);
		break;
	case TARPIT_VERB_ALL:
		on_more(outlet, peer, 0);
		break;
	}
}

const struct policy_events policies_requests = {.request = on_request};
const struct policy_events policies_commands = {.line = on_line, .more = on_more};
