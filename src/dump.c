/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/moment.h"
#include "dump.h"
#include "show.h"

/* ---- names ---- */

struct name {
	uint32_t number;
	char *text; /* JSON */
};

static int compare(const void *a, const void *b)
{
	uint32_t x = ((const struct name *)a)->number, y = ((const struct name *)b)->number;

	return (x > y) - (x < y);
}

static void free_name(void *at)
{
	struct name *name = at;

	free(name->text);
	free(name);
}

static void add_name(struct dump *dump, uint32_t number, struct text text)
{
	struct name *fresh = calloc(1, sizeof *fresh), **at;

	if (!fresh) {
		dump->failed++;
		return;
	}
	fresh->number = number;
	at = tsearch(fresh, &dump->names, compare);
	if (!at) {
		free_name(fresh);
		dump->failed++;
		return;
	}
	if (*at != fresh) {
		free(fresh);
		free((*at)->text);
	}
	(*at)->text = show_json_text(text);
}

/* A name that was lost is null. */
static void put_name(cJSON *object, const struct dump *dump, const char *key, uint32_t number)
{
	const struct name wanted = {.number = number};
	struct name *const *at = tfind(&wanted, &dump->names, compare);

	if (!number)
		cJSON_AddStringToObject(object, key, "");
	else
		cJSON_AddRawToObject(object, key, at && (*at)->text ? (*at)->text : "null");
}

/* ---- fields ---- */

static void put_number(cJSON *object, const char *key, uint64_t value)
{
	cJSON_AddNumberToObject(object, key, (double)value);
}

/* Numbers of 64 bits do not fit into one of JSON. */
static void put_hex(cJSON *object, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%016llx", (unsigned long long)value);
	cJSON_AddStringToObject(object, key, text);
}

static void put_time(cJSON *object, const char *key, int64_t at)
{
	if (at == TIME_FOREVER || at == TIME_NONE)
		cJSON_AddNullToObject(object, key);
	else
		cJSON_AddNumberToObject(object, key, (double)at / 1000);
}

static void put_text(cJSON *object, const char *key, struct text text)
{
	char *json = show_json_text(text);

	cJSON_AddRawToObject(object, key, json ? json : "null");
	free(json);
}

static void put_prefix(cJSON *object, const struct prefix *prefix)
{
	char addr[PREFIX_TEXT_MAX];

	cJSON_AddStringToObject(object, "ip", prefix_print_addr(prefix, addr));
	put_number(object, "prefixlen", prefix->len);
}

static void put_position(cJSON *object, const struct position *position)
{
	put_hex(object, "inode", position->inode);
	put_number(object, "offset", position->offset);
	put_hex(object, "head", position->head);
	put_hex(object, "tail", position->tail);
	put_number(object, "head_len", position->head_len);
	put_number(object, "tail_len", position->tail_len);
}

static void put_clock(cJSON *object, const struct record *r)
{
	put_hex(object, "boot", r->clock.boot);
	put_time(object, "uptime", r->clock.uptime);
	put_time(object, "now", r->clock.now);
	put_time(object, "shift", r->clock.shift);
	put_time(object, "ahead", r->clock.ahead);
}

static void put_fields(cJSON *object, const struct dump *dump, const struct record *r)
{
	switch (r->kind) {
	case RECORD_NAME:
		break;
	case RECORD_OFFENCE:
		put_prefix(object, &r->offence.prefix);
		put_name(object, dump, "jail", r->offence.jail);
		put_time(object, "time", r->offence.time);
		break;
	case RECORD_BAN:
		put_prefix(object, &r->ban.prefix);
		put_name(object, dump, "jail", r->ban.jail);
		put_time(object, "since", r->ban.since);
		put_time(object, "until", r->ban.until);
		put_number(object, "count", r->ban.count);
		put_name(object, dump, "reason", r->ban.reason);
		break;
	case RECORD_UNBAN:
		put_prefix(object, &r->unban.prefix);
		put_name(object, dump, "jail", r->unban.jail);
		break;
	case RECORD_POSITION:
		put_name(object, dump, "source", r->position.source);
		put_position(object, &r->position.position);
		break;
	case RECORD_EVIDENCE:
		put_prefix(object, &r->evidence.prefix);
		put_name(object, dump, "jail", r->evidence.jail);
		put_time(object, "time", r->evidence.time);
		put_text(object, "line", r->evidence.line);
		break;
	case RECORD_REMOVAL:
	case RECORD_REMOVED:
		put_name(object, dump, "target", r->removal.target);
		put_prefix(object, &r->removal.prefix);
		break;
	case RECORD_STRIKE:
		put_prefix(object, &r->strike.prefix);
		put_name(object, dump, "jail", r->strike.jail);
		put_number(object, "count", r->strike.count);
		put_time(object, "since", r->strike.since);
		put_time(object, "until", r->strike.until);
		break;
	case RECORD_MEMORY:
		put_name(object, dump, "source", r->memory.source);
		put_name(object, dump, "jail", r->memory.jail);
		put_number(object, "key", r->memory.key);
		put_text(object, "bytes", r->memory.bytes);
		break;
	case RECORD_CREDIT:
		put_prefix(object, &r->credit.prefix);
		put_number(object, "count", r->credit.count);
		put_time(object, "first", r->credit.first);
		put_time(object, "last", r->credit.last);
		break;
	case RECORD_CLOCK:
		put_clock(object, r);
		break;
	}
}

static const char *const kinds[] = {
	[RECORD_NAME] = "name",		[RECORD_OFFENCE] = "offence",
	[RECORD_BAN] = "ban",		[RECORD_UNBAN] = "unban",
	[RECORD_POSITION] = "position", [RECORD_EVIDENCE] = "evidence",
	[RECORD_REMOVAL] = "removal",	[RECORD_REMOVED] = "removed",
	[RECORD_STRIKE] = "strike",	[RECORD_MEMORY] = "memory",
	[RECORD_CREDIT] = "credit",	[RECORD_CLOCK] = "clock",
};

void dump_record(struct dump *dump, const struct record *record)
{
	cJSON *object;
	char *text;

	if (record->kind == RECORD_NAME) {
		add_name(dump, record->name.number, record->name.text);
		return;
	}
	object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "kind", kinds[record->kind]);
	put_fields(object, dump, record);
	text = cJSON_PrintUnformatted(object);
	if (text)
		fprintf(dump->out, "%s\n", text);
	dump->records += text != NULL;
	dump->failed += text == NULL;
	free(text);
	cJSON_Delete(object);
}

void dump_clear(struct dump *dump)
{
	tdestroy(dump->names, free_name);
	dump->names = NULL;
}
