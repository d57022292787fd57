/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon.h"
#include "imported.h"
#include "look.h"
#include "offline.h"

#define SECONDS_MAX INT64_C(253402300799) /* the year 9999 */
#define REFUSALS_SHOWN 10
#define FOREVER "forever"

/* ---- a line ---- */

void imported_line(FILE *lines, const struct prefix *prefix, int64_t since, int64_t until)
{
	char text[PREFIX_TEXT_MAX];

	fprintf(lines, "%s %" PRId64 " ", prefix_print(prefix, text), since / 1000);
	if (until == TIME_FOREVER)
		fputs(FOREVER "\n", lines);
	else
		fprintf(lines, "%" PRId64 "\n", until / 1000);
}

static bool parse_line(struct ban *out, const struct memory *memory, struct text line)
{
	struct text word[3], rest = line;
	int64_t since, until = 0;
	bool forever;

	for (int i = 0; i < 3; i++)
		if (!text_word(&rest, &word[i]))
			return false;
	forever = text_equal(word[2], FOREVER);
	if (!text_number(word[1], 0, SECONDS_MAX, &since) ||
	    (!forever && !text_number(word[2], 0, SECONDS_MAX, &until)))
		return false;
	if (rest.len || !prefix_parse(&out->prefix, word[0].at, word[0].len))
		return false;
	out->since = steady_from_wall(&memory->clock, since * 1000);
	out->until = forever ? TIME_FOREVER : steady_from_wall(&memory->clock, until * 1000);
	return true;
}

/* Is there one that ends later? That stays. */
static bool is_banned(const struct judge *judge, const struct ban *ban)
{
	uint32_t slot = judge_first(judge, &ban->prefix);

	for (; slot != UINT32_MAX; slot = judge_next(judge, slot))
		if (judge_at(judge, slot)->jail == ban->jail)
			return judge_at(judge, slot)->until >= ban->until;
	return false;
}

/* Why this line is no ban; NULL: it is one, or *over. */
static const char *take_line(struct memory *memory, uint32_t jail, struct text line,
			     struct ban *ban, bool *changed, bool *over)
{
	const char *never;
	int result;

	*ban = (struct ban){.jail = jail};
	*changed = *over = false;
	if (!parse_line(ban, memory, line))
		return "is not \"ADDR SINCE UNTIL\"";
	never = judge_never(memory->judge, jail, &ban->prefix);
	if (never)
		return never;
	*over = ban->until <= memory_now(memory);
	if (*over || is_banned(memory->judge, ban))
		return NULL;
	result = memory_ban(memory, ban);
	*changed = result >= 0;
	return *changed ? NULL : "no room: maxbans are live";
}

/* ---- without a daemon ---- */

struct offline_import {
	const char *jail;
	FILE *lines;
	struct imported_counts *counts;
};

static int on_work(void *arg, const struct setup *setup, struct memory *memory)
{
	struct offline_import *own = arg;
	uint32_t jail = names_add(memory->names, text_of(own->jail));
	char line[256];
	int error = jail ? look_own(memory->judge) : -ENOMEM;

	(void)setup;
	while (!error && fgets(line, sizeof line, own->lines)) {
		struct text text = {line, strcspn(line, "\n")};
		bool changed, over;
		struct ban ban;
		const char *why = take_line(memory, jail, text, &ban, &changed, &over);

		if (why)
			fprintf(stderr, "banish: %.*s: %s\n", (int)strcspn(line, " \n"), line,
				why);
		own->counts->refused += why != NULL;
		own->counts->over += over;
		own->counts->taken += !why && !over;
	}
	return error;
}

/* ---- with one ---- */

static int ask_daemon(const char *socket, const char *jail, FILE *lines,
		      struct imported_counts *counts)
{
	struct control_request request = {
		.verb = "import", .args = &jail, .arg_count = 1, .body = lines};
	struct imported_counts got = {0};
	char *out = NULL;
	size_t size = 0;
	FILE *answer = open_memstream(&out, &size);
	int code = EXIT_REFUSED;

	if (answer)
		code = control_ask(socket, &request, answer, stderr);
	if (answer)
		fclose(answer);
	if (!out || sscanf(out, "%" SCNu64 " %" SCNu64 " %" SCNu64, &got.taken, &got.over,
			   &got.refused) != 3)
		code = code ? code : EXIT_REFUSED;
	free(out);
	counts->taken += got.taken;
	counts->over += got.over;
	counts->refused += got.refused;
	return code ? -EIO : 0;
}

int imported_send(const char *file, const char *socket, const char *jail, FILE *lines,
		  struct imported_counts *counts)
{
	struct offline_import own = {jail, lines, counts};
	const struct offline_work work = {.work = on_work, .arg = &own};
	char *configured = NULL;
	size_t bans;
	int error;

	rewind(lines);
	log_level = LOG_LEVEL_WARNING;
	error = offline_run(file, &work, &bans);
	if (error != -EBUSY)
		return error > 0 ? -EIO : error;
	if (!socket)
		socket = configured = conf_read_socket(file);
	/* It reads the descriptor, which is still at the start: offline_run() read nothing. */
	error = ask_daemon(socket ? socket : CONF_DEFAULT_SOCKET, jail, lines, counts);
	free(configured);
	return error;
}

/* ---- the daemon's side ---- */

struct import_call {
	uint32_t jail;
	struct imported_counts counts;
};

void import_start(void *arg, struct call *call)
{
	struct daemon *daemon = arg;
	struct import_call *own = calloc(1, sizeof *own);

	call_set(call, own);
	if (own && call_args(call) == 1)
		own->jail = daemon_jail(daemon, call_arg(call, 0));
	if (own && own->jail)
		return;
	call_err(call, "banish: import: %s", own ? "no jail of this name" : "out of memory");
	call_finish(call, EXIT_REFUSED);
}

void import_body(void *arg, struct call *call, struct text line, size_t number)
{
	struct daemon *daemon = arg;
	struct import_call *own = call_own(call);
	bool changed, over;
	struct ban ban;
	const char *why;

	line = text_trim(line);
	if (!line.len || !own)
		return;
	why = take_line(daemon->memory, own->jail, line, &ban, &changed, &over);
	if (why && own->counts.refused < REFUSALS_SHOWN)
		call_err(call, "banish: line %zu: %s", number, why);
	own->counts.refused += why != NULL;
	own->counts.over += over;
	own->counts.taken += !why && !over;
	if (changed) {
		enforce_change(daemon->enforce, ban.jail, &ban.prefix);
		daemon_touch(daemon);
	}
	if (enforce_crowded(daemon->enforce))
		wait_stall(daemon, call);
}

static void import_done(struct daemon *daemon, struct call *call, int durable)
{
	const struct import_call *own = call_own(call);

	(void)daemon;
	call_out(call, "%" PRIu64 " %" PRIu64 " %" PRIu64, own->counts.taken, own->counts.over,
		 own->counts.refused);
	if (durable)
		call_err(call, "banish: not durable: %s", strerror(-durable));
	call_finish(call, durable ? EXIT_REFUSED : EXIT_DONE);
}

void import_end(void *arg, struct call *call)
{
	if (call_own(call))
		wait_add(arg, call, false, import_done);
}
