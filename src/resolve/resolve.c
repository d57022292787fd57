/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/names.h"
#include "resolve/resolve.h"

struct resolve {
	struct event_base *base;
	struct asked *asked; /* made when the first name is to be asked for */
	char *server;	     /* NULL: the system's */
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
	free(resolve->server);
	free(resolve);
}

int resolve_server(struct resolve *resolve, const char *address)
{
	char *copy = strdup(address);

	if (!copy)
		return -ENOMEM;
	free(resolve->server);
	resolve->server = copy;
	return 0;
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

static void ask(struct resolve *resolve, const struct offence *offence,
		const struct finding *finding)
{
	if (!resolve->asked && asked_open(&resolve->asked, resolve->base, resolve->server,
					  &resolve->counts, offend, resolve))
		resolve->counts.unknown++;
	else
		asked_name(resolve->asked, finding->name, offence, finding->line);
}

void resolve_finding(struct resolve *resolve, uint32_t jail, bool names, bool live,
		     const struct finding *finding)
{
	struct offence offence = {
		.prefix = finding->prefix,
		.jail = jail,
		.time = finding->time,
		.live = live,
	};

	if (finding->subject == SUBJECT_ADDRESS)
		offend(resolve, &offence, finding->line);
	else if (finding->subject == SUBJECT_NAME && names)
		ask(resolve, &offence, finding);
	else
		resolve->counts.dropped++;
}

struct resolve_counts resolve_counts(const struct resolve *resolve)
{
	return resolve->counts;
}
