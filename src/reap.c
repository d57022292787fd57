/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish reap */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "client.h"
#include "command.h"
#include "daemon.h"

int cmd_reap(int argc, char **argv)
{
	static const char *const flags[] = {"dry-run", "json", NULL};
	static const struct client client = {
		.verb = "reap", .usage = "[--dry-run] [--json]", .flags = flags};

	return client_run(&client, argc, argv);
}

/* What becomes of a connection. */
static const char *words(const struct reap_row *row, bool dry)
{
	if (row->verdict == REAP_BUSY)
		return "spared";
	return dry ? "would end" : "ends";
}

static void print_row(struct call *call, const struct reap_row *row, bool dry)
{
	char address[PREFIX_TEXT_MAX], idle[24], age[24], process[64] = "";

	if (row->session)
		snprintf(process, sizeof process, ", process %d of %s", row->session->pid,
			 text_print_duration(row->session->age / 1000 * 1000, age));
	call_out(call, "%-9s  %s port %u, to port %u: sent nothing for %s%s%s", words(row, dry),
		 prefix_print(&row->socket.peer, address), row->socket.peer_port,
		 row->socket.own_port,
		 text_print_duration(row->socket.idle / 1000 * 1000, idle), process,
		 row->verdict == REAP_BUSY
			 ? "; another session of this peer may be at work on it"
			 : "");
}

static cJSON *row_json(const struct reap_row *row, bool dry)
{
	char address[PREFIX_TEXT_MAX];
	cJSON *one = cJSON_CreateObject();

	cJSON_AddStringToObject(one, "ip", prefix_print(&row->socket.peer, address));
	cJSON_AddNumberToObject(one, "port", row->socket.peer_port);
	cJSON_AddNumberToObject(one, "own_port", row->socket.own_port);
	cJSON_AddNumberToObject(one, "idle", (int)(row->socket.idle / 1000));
	if (row->session) {
		cJSON_AddNumberToObject(one, "pid", row->session->pid);
		cJSON_AddNumberToObject(one, "age", (int)(row->session->age / 1000));
	} else {
		cJSON_AddNullToObject(one, "pid");
		cJSON_AddNullToObject(one, "age");
	}
	cJSON_AddStringToObject(one, "verdict", words(row, dry));
	return one;
}

static void print_json(struct call *call, const struct reaper_round *round, bool dry)
{
	cJSON *root = cJSON_CreateObject(), *list = cJSON_CreateArray();
	char *text;

	for (size_t i = 0; i < round->count; i++)
		cJSON_AddItemToArray(list, row_json(&round->rows[i], dry));
	cJSON_AddItemToObject(root, "sessions", list);
	cJSON_AddNumberToObject(root, "ended", (double)round->ended);
	text = cJSON_PrintUnformatted(root);
	if (text)
		call_out(call, "%s", text);
	free(text);
	cJSON_Delete(root);
}

void reap_done(void *arg, struct call *call, const struct reaper_round *round)
{
	bool dry = call_option(call, "dry-run");

	(void)arg;
	if (round->error) {
		call_err(call, "banish: reap: %s", reaper_why(round->error));
		call_finish(call, EXIT_REFUSED);
		return;
	}
	if (call_option(call, "json")) {
		print_json(call, round, dry);
	} else {
		for (size_t i = 0; i < round->count; i++)
			print_row(call, &round->rows[i], dry);
		if (!dry)
			call_out(call, "%" PRIu64 " connections ended", round->ended);
	}
	call_finish(call, EXIT_DONE);
}

void reap_start(void *arg, struct call *call)
{
	struct daemon *daemon = arg;
	const char *why = "too many wait";

	if (!reaper_has_rule(daemon->reaper))
		why = "the configuration has no section [reaper sendmail]";
	else if (!reaper_ask(daemon->reaper, call, call_option(call, "dry-run")))
		return;
	call_err(call, "banish: reap: %s", why);
	call_finish(call, EXIT_REFUSED);
}
