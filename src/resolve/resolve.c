/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/messages.h"
#include "resolve/names.h"
#include "resolve/resolve.h"

struct resolve {
	struct event_base *base;
	struct asked *asked;	   /* made when the first name is to be asked for */
	char *server;		   /* NULL: the system's */
	struct messages *messages; /* made for the first of them */
	char *proc;		   /* NULL: /proc */
	resolve_done *done;
	void *arg;
	struct resolve_counts counts;
};

struct resolve *resolve_new(struct event_base *base, resolve_done *done, void *arg)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	if (resolve)
		*resolve = (struct resolve){.base = base, .done = done, .arg = arg};
	return resolve;
}

void resolve_free(struct resolve *resolve)
{
	if (!resolve)
		return;
	asked_close(resolve->asked);
	messages_close(resolve->messages);
	free(resolve->server);
	free(resolve->proc);
	free(resolve);
}

static int keep(char **at, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*at);
	*at = copy;
	return 0;
}

int resolve_server(struct resolve *resolve, const char *address)
{
	return keep(&resolve->server, address);
}

int resolve_proc(struct resolve *resolve, const char *folder)
{
	return keep(&resolve->proc, folder);
}

/*
 * What no peer from elsewhere has: "no address", multicast, broadcast and reserved (RFC 6890),
 * IPv6's link-local addresses, of which one is often the default gateway, and the /96 that
 * NAT64 (RFC 6052) puts the whole of IPv4 in, which would be banned as one /64.
 */
static bool can_offend(const struct prefix *p)
{
	static const struct prefix never[] = {
		{4, 8, {0}},
		{4, 4, {224}},
		{4, 4, {240}},
		{6, 96, {0}},
		{6, 96, {0x00, 0x64, 0xff, 0x9b}},
		{6, 10, {0xfe, 0x80}},
		{6, 8, {0xff}},
	};

	if (!prefix_valid(p) || !prefix_is_single(p))
		return false;
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (prefix_covers(&never[i], p))
			return false;
	return true;
}

static void offend(void *arg, const struct offence *offence, struct text line)
{
	struct resolve *resolve = arg;

	if (!can_offend(&offence->prefix)) {
		resolve->counts.dropped++;
		return;
	}
	resolve->counts.resolved++;
	resolve->done(resolve->arg, offence, line);
}

static void ask(struct resolve *resolve, const struct wait *wait)
{
	if (!resolve->asked && asked_open(&resolve->asked, resolve->base, resolve->server,
					  &resolve->counts, offend, resolve))
		resolve->counts.unknown++;
	else
		asked_name(resolve->asked, wait);
}

/* ---- messages ---- */

static struct text extra_of(const struct finding *finding, const char *name)
{
	for (size_t i = 0; i < finding->extras; i++)
		if (!strcmp(finding->extra[i].name, name))
			return finding->extra[i].value;
	return (struct text){NULL, 0};
}

static bool open_messages(struct resolve *resolve)
{
	return resolve->messages ||
	       !messages_open(&resolve->messages, resolve->proc ? resolve->proc : "/proc",
			      &resolve->counts, offend, resolve);
}

static void find_message(struct resolve *resolve, const struct wait *wait,
			 const struct finding *finding)
{
	if (!open_messages(resolve)) {
		resolve->counts.crowded++;
		return;
	}
	if (finding->prefix.family)
		messages_told(resolve->messages, wait, &finding->prefix);
	if (finding->kind == FINDING_TELLS)
		return;
	if (finding->prefix.family)
		offend(resolve, &wait->offence, wait->line);
	else
		messages_offence(resolve->messages, wait);
}

bool resolve_ask(struct resolve *resolve, struct port_range *ports)
{
	return resolve->messages && messages_ask(resolve->messages, ports);
}

void resolve_socket(struct resolve *resolve, const struct resolve_socket *socket)
{
	messages_socket(resolve->messages, socket);
}

void resolve_answered(struct resolve *resolve, int error)
{
	messages_answered(resolve->messages, error);
}

/* ---- the door ---- */

void resolve_finding(struct resolve *resolve, const struct resolve_jail *jail, bool live,
		     const struct finding *finding)
{
	struct wait wait = {
		.subject = finding->name,
		.process = extra_of(finding, "process"),
		.jail = jail,
		.offence = {finding->prefix, jail->name, finding->time, live},
		.line = finding->line,
	};

	if (finding->subject == SUBJECT_ADDRESS)
		offend(resolve, &wait.offence, wait.line);
	else if (finding->subject == SUBJECT_NAME && jail->names)
		ask(resolve, &wait);
	else if (finding->subject == SUBJECT_ID && wait.process.at)
		find_message(resolve, &wait, finding);
	else
		resolve->counts.dropped++;
}

struct resolve_counts resolve_counts(const struct resolve *resolve)
{
	return resolve->counts;
}

/* ---- over a restart ---- */

static_assert(RESOLVE_PIECE_MAX == WAIT_PACKED_MAX, "a piece is one that waits");

void resolve_save(struct resolve *resolve, bool whole, resolve_piece *piece, void *arg)
{
	if (resolve->asked)
		waiting_save(asked_waiting(resolve->asked), whole, 0, piece, arg);
	if (resolve->messages)
		waiting_save(messages_waiting(resolve->messages), whole, RESOLVE_WAITING_MAX,
			     piece, arg);
}

int64_t resolve_restore(struct resolve *resolve, const struct resolve_jail *jail,
			struct text bytes)
{
	struct finding finding = {.subject = SUBJECT_NAME};
	struct wait wait;

	if (!wait_unpack(&wait, bytes))
		return TIME_NONE;
	finding.name = wait.subject;
	finding.time = wait.offence.time;
	finding.line = wait.line;
	if (wait.process.len) {
		finding.subject = SUBJECT_ID;
		finding.extra[finding.extras++] =
			(struct finding_extra){"process", wait.process};
	}
	resolve_finding(resolve, jail, false, &finding);
	return finding.time;
}
