/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish tarpit [--del] [ADDR] */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "daemon.h"
#include "show.h"

#define LIST_STEP 500 /* credits written before the peer must have taken them */

struct tarpit_call {
	uint32_t slot;
	bool json;
	struct credit gone; /* what was forgotten */
};

int cmd_tarpit(int argc, char **argv)
{
	static const char *const flags[] = {"json", "del", NULL};
	static const struct client client = {
		.verb = "tarpit",
		.usage = "[--json] [ADDR[/LEN]]\n"
			 "       banish tarpit --del [-c FILE] [-s SOCKET] ADDR[/LEN]",
		.flags = flags,
		.most = 1,
	};

	return client_run(&client, argc, argv);
}

static void print(const struct daemon *daemon, struct call *call, const struct credit *held)
{
	const struct credit shown = memory_shown_credit(daemon->memory, held), *credit = &shown;
	const struct tarpit_call *own = call_own(call);
	char text[PREFIX_TEXT_MAX], line[SHOW_CREDIT_MAX];

	if (own->json)
		call_out(call,
			 "{\"ip\":\"%s\",\"prefixlen\":%u,\"messages\":%" PRIu32
			 ",\"first\":%" PRId64 ",\"last\":%" PRId64 "}",
			 prefix_print_addr(&credit->prefix, text), credit->prefix.len,
			 credit->count, credit->first / 1000, credit->last / 1000);
	else
		call_out(call, "%s", show_credit(credit, line));
}

static void refuse(struct call *call, const char *what, const char *why)
{
	call_err(call, "banish: %s%s", what, why);
	call_finish(call, EXIT_REFUSED);
}

static void deleted(struct daemon *daemon, struct call *call, int durable)
{
	struct tarpit_call *own = call_own(call);

	print(daemon, call, &own->gone);
	if (durable)
		call_err(call, "banish: forgotten, but not on disk: %s", strerror(-durable));
	call_finish(call, durable ? EXIT_REFUSED : EXIT_DONE);
}

static void tarpit_one(struct daemon *daemon, struct call *call)
{
	struct tarpit_call *own = call_own(call);
	struct memory *memory = daemon->memory;
	const char *text = call_arg(call, 0);
	int64_t now = memory_now(memory);
	struct credit credit;
	struct prefix prefix;

	if (!prefix_parse(&prefix, text, strlen(text))) {
		refuse(call, text, ": is not an address");
	} else if (call_option(call, "del")) {
		if (memory_discredit(memory, &prefix, now, &own->gone))
			wait_add(daemon, call, false, deleted);
		else
			refuse(call, text, ": has no credit");
	} else if (tarpit_get(memory->tarpit, &prefix, now, &credit)) {
		print(daemon, call, &credit);
		call_finish(call, EXIT_DONE);
	} else {
		refuse(call, text, ": has no credit");
	}
}

void tarpit_start(void *arg, struct call *call)
{
	struct tarpit_call *own = calloc(1, sizeof *own);

	call_set(call, own);
	if (!own) {
		refuse(call, "", "out of memory");
		return;
	}
	own->json = call_option(call, "json") != NULL;
	if (call_args(call)) {
		tarpit_one(arg, call);
	} else if (call_option(call, "del")) {
		call_err(call, "banish: tarpit --del: of which address?");
		call_finish(call, EXIT_USAGE);
	} else {
		tarpit_more(arg, call);
	}
}

void tarpit_more(void *arg, struct call *call)
{
	const struct daemon *daemon = arg;
	const struct tarpit *tarpit = daemon->memory->tarpit;
	struct tarpit_call *own = call_own(call);
	unsigned written = 0;

	for (; own->slot < tarpit_slots(tarpit) && written < LIST_STEP; own->slot++) {
		if (!tarpit_at(tarpit, own->slot))
			continue;
		print(daemon, call, tarpit_at(tarpit, own->slot));
		written++;
	}
	if (own->slot < tarpit_slots(tarpit))
		call_more(call);
	else
		call_finish(call, EXIT_DONE);
}
