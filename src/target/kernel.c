/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "target/kernel.h"

#define OPTIONS_SENT_MAX 8
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
}

static void say_ipset(struct option_list *list, const struct options *o)
{
	say_text(list, WIRE_OPT_KIND, "ipset");
	say_text(list, WIRE_OPT_NAME, o->name);
	say_number(list, WIRE_OPT_MAXBANS, o->maxbans);
}

static void say_route(struct option_list *list, const struct options *o)
{
	say_text(list, WIRE_OPT_KIND, "route");
	say_text(list, WIRE_OPT_TYPE, o->type);
	say_number(list, WIRE_OPT_TABLE, o->route_table);
	say_number(list, WIRE_OPT_PROTOCOL, o->protocol);
}

bool kernel_pack_define(struct request *out, size_t target, const struct options *options,
			uint32_t identity, size_t expect)
{
	struct option_list list = {0};

	if (options->kind == OPTIONS_NFT)
		say_nft(&list, options);
	else if (options->kind == OPTIONS_IPSET)
		say_ipset(&list, options);
	else
		say_route(&list, options);
	say_number(&list, WIRE_OPT_IDENTITY, identity);
	say_number(&list, WIRE_OPT_EXPECT, expect < UINT32_MAX ? expect : UINT32_MAX);
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
		records[i].left = del ? 0 : change->left;
		records[i].whole = del ? 0 : change->whole;
		/* A clock that was set back since the ban began leaves more than there was. */
		if (records[i].whole < records[i].left)
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

/* ---- what is wrong, in words ---- */

/* A set or table that an error is about. */
struct subject {
	const struct options *o;
	char name[64];
	bool six, net;
};

/* The helper has room for 31 characters of a name. */
static const char *whole_name(const struct options *o, const char *where)
{
	size_t len = strlen(where);
	const char *const names[] = {o->set4, o->set6};

	for (size_t i = 0; i < 2; i++)
		if (names[i] && len && !strncmp(names[i], where, len) &&
		    (!names[i][len] || len == sizeof(((struct wire_defined *)0)->where) - 1))
			return names[i];
	return where;
}

static struct subject subject_of(const struct options *o, const char *where)
{
	struct subject s = {.o = o};
	const char *tail = where;

	snprintf(s.name, sizeof s.name, "%s", whole_name(o, where));
	if (o->kind == OPTIONS_NFT)
		s.six = o->set6 && !strcmp(s.name, o->set6);
	if (o->kind != OPTIONS_IPSET || strncmp(where, o->name, strlen(o->name)) != 0)
		return s;
	tail += strlen(o->name);
	s.six = *tail == '6';
	s.net = !strcmp(tail + s.six, "-net");
	return s;
}

static int say_create_set(char *out, size_t size, const struct subject *s)
{
	if (s->o->kind == OPTIONS_NFT)
		return snprintf(out, size, "nft add set %s %s '{ type %s; flags timeout; }'",
				s->o->table, s->name, s->six ? "ipv6_addr" : "ipv4_addr");
	return snprintf(out, size, "ipset create %s hash:%s%s%s timeout 0", s->name,
			s->net ? "net" : "ip", s->six ? " family inet6" : "",
			s->six && !s->net ? " netmask 64" : "");
}

static void say_replace_set(char *out, size_t size, const struct subject *s, const char *what)
{
	bool nft = s->o->kind == OPTIONS_NFT;
	int used = snprintf(out, size, "%s %s %s: ", nft ? "set" : "ipset", s->name, what);

	if (nft)
		used += snprintf(out + used, size - (size_t)used, "nft delete set %s %s; ",
				 s->o->table, s->name);
	else
		used += snprintf(out + used, size - (size_t)used, "ipset destroy %s; ",
				 s->name);
	if ((size_t)used < size)
		say_create_set(out + used, size - (size_t)used, s);
}

static void say_no_table(char *out, size_t size, const struct subject *s)
{
	snprintf(out, size, "there is no table %s: nft add table %s", s->o->table, s->o->table);
}

static void say_no_set(char *out, size_t size, const struct subject *s)
{
	int used = snprintf(out, size, "there is no set %s: ", s->name);

	say_create_set(out + used, size - (size_t)used, s);
}

/* The kernel's errno, in terms of what is missing. */
static void say_errno(char *out, size_t size, const struct subject *s, int error)
{
	const char *about = s->name[0] ? s->name : "the target";

	if (error == -EPERM && s->o->kind == OPTIONS_NFT)
		snprintf(
			out, size,
			"not permitted: banish-netlink lacks CAP_NET_ADMIN, or another process "
			"owns table %s",
			s->o->table[0] ? s->o->table : "inet banish");
	else if (error == -EPERM)
		snprintf(out, size, "not permitted: banish-netlink lacks CAP_NET_ADMIN");
	else if (s->o->kind == OPTIONS_IPSET && error == -ENOENT)
		snprintf(out, size, "the kernel has no ipset: modprobe ip_set");
	else
		snprintf(out, size, "%s: %s", about, strerror(-error));
}

static void say_error(char *out, size_t size, const struct subject *s, int error)
{
	switch (error) {
	case WIRE_FAULT_TYPE:
		say_replace_set(out, size, s, "holds something else than addresses");
		break;
	case WIRE_FAULT_FAMILY:
		say_replace_set(out, size, s, s->six ? "is not for IPv6" : "is not for IPv4");
		break;
	case WIRE_FAULT_TIMEOUT:
		say_replace_set(out, size, s, "has no timeouts");
		break;
	case WIRE_FAULT_NETMASK:
		say_replace_set(out, size, s, "is not by /64");
		break;
	case WIRE_FAULT_NO_TABLE:
		say_no_table(out, size, s);
		break;
	case WIRE_FAULT_NO_SET:
		say_no_set(out, size, s);
		break;
	case WIRE_FAULT_OPTION:
		snprintf(out, size, "option %s is missing or makes no sense", s->name);
		break;
	default:
		if (error > 0)
			snprintf(out, size, "%s: fault %d", s->name, error);
		else
			say_errno(out, size, s, error);
	}
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
	struct subject s = subject_of(o, where);

	*out = (struct target_info){.error = error < 0 ? error : -EINVAL};
	say_error(out->text, sizeof out->text, &s, error);
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
		.identity = defined->identity,
		.created = defined->created != 0,
	};
	return true;
}

void kernel_explain(struct target_info *out, const struct options *options, int error)
{
	refuse(out, options, "", error);
}
