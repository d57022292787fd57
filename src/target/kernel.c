/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "target/faults.h"
#include "target/kernel.h"

#define OPTIONS_SENT_MAX (8 + PORTS_WORDS_MAX)
/* ip_set.h: a longer timeout is cut to this without a word. */
#define IPSET_LONGEST_MS (INT64_C(2147483) * 1000)

static_assert(TIME_FOREVER == WIRE_FOREVER, "times go over as they are");
static_assert(TARGET_BATCH_MAX <= WIRE_RECORDS_MAX, "a batch is one packet");
static_assert(TARGETS_MAX <= WIRE_TARGETS_MAX, "targets are numbered alike");

/* ---- definitions ---- */

struct option_list {
	struct wire_option at[OPTIONS_SENT_MAX];
	size_t count;
};

static void say_text(struct option_list *list, enum wire_opt option, const char *text)
{
	struct wire_option *next = &list->at[list->count];

	if (!text || !*text)
		return;
	next->option = (uint8_t)option;
	snprintf(next->text, sizeof next->text, "%s", text);
	list->count++;
}

static void say_number(struct option_list *list, enum wire_opt option, uint64_t number)
{
	char text[24];

	if (!number)
		return;
	snprintf(text, sizeof text, "%" PRIu64, number);
	say_text(list, option, text);
}

static void say_nft(struct option_list *list, const struct options *o)
{
	say_text(list, WIRE_OPT_KIND, "nft");
	say_text(list, WIRE_OPT_TABLE, o->table);
	say_text(list, WIRE_OPT_SET4, o->set4);
	say_text(list, WIRE_OPT_SET6, o->set6);
	if (!o->owner)
		say_text(list, WIRE_OPT_OWNER, "no");
	for (size_t i = 0; i < o->ports.count; i++) {
		char word[32];

		say_text(list, WIRE_OPT_PORT, ports_print(&o->ports.at[i], word, sizeof word));
	}
}

static void say_ipset(struct option_list *list, const struct options *o)
{
	char plain[sizeof o->name6 + 1];

	say_text(list, WIRE_OPT_KIND, "ipset");
	say_text(list, WIRE_OPT_NAME, o->name);
	snprintf(plain, sizeof plain, "%s6", o->name);
	if (strcmp(plain, o->name6) != 0)
		say_text(list, WIRE_OPT_NAME6, o->name6);
}

static void say_route(struct option_list *list, const struct options *o)
{
	say_text(list, WIRE_OPT_KIND, "route");
	say_text(list, WIRE_OPT_TYPE, o->type);
	say_number(list, WIRE_OPT_TABLE, o->route_table);
	say_number(list, WIRE_OPT_PROTOCOL, o->protocol);
}

static uint64_t at_most(size_t number, uint64_t most)
{
	return number < most ? number : most;
}

bool kernel_pack_define(struct request *out, size_t target, const struct options *options,
			uint32_t identity, const struct targets_scale *scale)
{
	struct option_list list = {0};

	if (options->kind == OPTIONS_NFT)
		say_nft(&list, options);
	else if (options->kind == OPTIONS_IPSET)
		say_ipset(&list, options);
	else
		say_route(&list, options);
	if (options->kind != OPTIONS_ROUTE)
		say_number(&list, WIRE_OPT_MAXBANS,
			   options->maxbans ? options->maxbans
					    : at_most(scale->maxbans, INT32_MAX));
	say_number(&list, WIRE_OPT_IDENTITY, identity);
	say_number(&list, WIRE_OPT_EXPECT, at_most(scale->expect, UINT32_MAX));
	if (!request_new(out, WIRE_DEFINE, target, list.count, sizeof *list.at))
		return false;
	memcpy(request_records(out), list.at, list.count * sizeof *list.at);
	return true;
}

/* ---- the other requests ---- */

static const uint8_t wire_ops[] = {
	[TARGET_ADD] = WIRE_ADD, [TARGET_DEL] = WIRE_DEL, [TARGET_FILL] = WIRE_FILL};
static const uint8_t wire_phases[] = {[TARGET_REFILL_BEGIN] = WIRE_REFILL_BEGIN,
				      [TARGET_REFILL_COMMIT] = WIRE_REFILL_COMMIT,
				      [TARGET_REFILL_ABORT] = WIRE_REFILL_ABORT};

bool kernel_pack_changes(struct request *out, size_t target,
			 const struct target_change *changes, size_t count)
{
	struct wire_change *records;

	if (!request_new(out, WIRE_CHANGE, target, count, sizeof *records))
		return false;
	records = request_records(out);
	for (size_t i = 0; i < count; i++) {
		const struct target_change *change = &changes[i];
		bool del = change->op == TARGET_DEL;

		records[i].op = wire_ops[change->op];
		records[i].prefix = change->prefix;
		records[i].left = change->left;
		records[i].whole = del ? 0 : change->whole;
		/* A clock that was set back since the ban began leaves more than there was. */
		if (!del && records[i].whole < records[i].left)
			records[i].whole = records[i].left;
	}
	return true;
}

void kernel_unpack_changes(struct target_change *out, const struct request *request)
{
	const struct wire_change *records = request_records(request);

	for (size_t i = 0; i < request->packet->count; i++) {
		out[i] = (struct target_change){
			.prefix = records[i].prefix,
			.left = records[i].left,
			.whole = records[i].whole,
		};
		while (wire_ops[out[i].op] != records[i].op)
			out[i].op++;
	}
}

bool kernel_pack_refill(struct request *out, size_t target, enum target_phase phase,
			size_t expect)
{
	struct wire_refill *refill;

	if (!request_new(out, WIRE_REFILL, target, 1, sizeof *refill))
		return false;
	refill = request_records(out);
	refill->phase = wire_phases[phase];
	refill->expect = expect;
	return true;
}

bool kernel_pack_query(struct request *out)
{
	struct wire_query *query;

	if (!request_new(out, WIRE_QUERY, 0, 1, sizeof *query))
		return false;
	query = request_records(out);
	query->what = WIRE_OWN_ADDRESSES;
	return true;
}

bool kernel_pack_closes(struct request *out, const struct target_close *closes, size_t count)
{
	struct wire_close *records;

	if (!request_new(out, WIRE_CLOSE, 0, count, sizeof *records))
		return false;
	records = request_records(out);
	for (size_t i = 0; i < count; i++) {
		records[i].peer = closes[i].peer;
		records[i].peer_port = closes[i].peer_port;
		records[i].idle = closes[i].idle;
		records[i].conntrack = closes[i].conntrack;
		records[i].count = (uint8_t)closes[i].count;
		for (size_t p = 0; p < closes[i].count; p++)
			records[i].ports[p] = (struct wire_ports){closes[i].ports[p].first,
								  closes[i].ports[p].last};
	}
	return true;
}

bool kernel_pack_sockets(struct request *out, struct port_range ports)
{
	struct wire_ports *record;

	if (!request_new(out, WIRE_SOCKETS, 0, 1, sizeof *record))
		return false;
	record = request_records(out);
	*record = (struct wire_ports){ports.first, ports.last};
	return true;
}

/* ---- answers to definitions ---- */

static const enum target_way ways[] = {[WIRE_WAY_DIFF] = TARGET_DIFF,
				       [WIRE_WAY_REFILL] = TARGET_REFILL,
				       [WIRE_WAY_ADD] = TARGET_SHARED};

/* Names that end in a message come from the kernel, where anyone may have made the set. */
static bool printable(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return len < size;
}

static void refuse(struct target_info *out, const struct options *o, const char *where,
		   int error)
{
	*out = (struct target_info){.error = error < 0 ? error : -EINVAL};
	faults_say(out->text, sizeof out->text, o, where, error);
}

bool kernel_unpack_defined(struct target_info *out, const struct options *options,
			   const struct wire_defined *defined)
{
	if (!printable(defined->where, sizeof defined->where))
		return false;
	if (defined->error) {
		refuse(out, options, defined->where, defined->error);
		return true;
	}
	if (defined->way < WIRE_WAY_DIFF || defined->way > WIRE_WAY_ADD)
		return false;
	*out = (struct target_info){
		.way = ways[defined->way],
		.timeouts = defined->timeouts != 0,
		.longest = options->kind == OPTIONS_IPSET ? IPSET_LONGEST_MS : TIME_FOREVER,
		/* There is no multicast group of ipset, and a route that "ip route replace"
		 * takes the place of goes without a word. */
		.silent = options->kind != OPTIONS_NFT,
		.identity = defined->identity,
		.created = defined->created != 0,
	};
	return true;
}

void kernel_explain(struct target_info *out, const struct options *options, int error)
{
	refuse(out, options, "", error);
}

/* ---- sockets and facts ---- */

bool kernel_unpack_socket(struct target_socket *out, const struct wire_socket *socket)
{
	if (!prefix_valid(&socket->peer) || !prefix_is_single(&socket->peer) ||
	    !prefix_valid(&socket->own) || !prefix_is_single(&socket->own))
		return false;
	*out = (struct target_socket){
		.peer = socket->peer,
		.own = socket->own,
		.peer_port = socket->peer_port,
		.own_port = socket->own_port,
		.state = socket->state,
		.idle = socket->idle,
		.uid = socket->uid,
		.inode = socket->inode,
	};
	return true;
}

static const enum target_about abouts[] = {
	[WIRE_SET_REFERENCES] = TARGET_SET_REFERENCES,
	[WIRE_SET_ENTRIES] = TARGET_SET_ENTRIES,
	[WIRE_SET_SIZE] = TARGET_SET_SIZE,
	[WIRE_RULE_PACKETS] = TARGET_RULE_PACKETS,
	[WIRE_CHAIN_PRIORITY] = TARGET_CHAIN_PRIORITY,
	[WIRE_CHAIN_BEFORE] = TARGET_CHAIN_BEFORE,
	[WIRE_RULES_BEFORE] = TARGET_RULES_BEFORE,
	[WIRE_CHAIN_HOOK] = TARGET_CHAIN_HOOK,
};

bool kernel_unpack_fact(struct target_fact *out, const struct wire_fact *fact)
{
	if (!fact->what || fact->what >= sizeof abouts / sizeof *abouts ||
	    !memchr(fact->name, 0, sizeof fact->name))
		return false;
	*out = (struct target_fact){.what = abouts[fact->what], .value = fact->value};
	text_show(text_of(fact->name), out->name, sizeof out->name);
	return true;
}

/* A process chooses its name itself. */
const char *kernel_print_who(const struct wire_event *event, char *out, size_t size)
{
	char name[4 * sizeof event->comm + 1];
	struct text comm = {event->comm, strnlen(event->comm, sizeof event->comm)};

	*out = 0;
	if (event->pid)
		snprintf(out, size, "%s (pid %" PRIu32 ")",
			 comm.len ? text_show(comm, name, sizeof name) : "a process",
			 event->pid);
	return out;
}
