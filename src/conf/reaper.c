/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/field.h"
#include "conf/reaper.h"
#include "conf/service.h"

#define OLDER_DEFAULT (INT64_C(900) * 1000)
#define OLDER_MAX (INT64_C(30) * 86400 * 1000)
#define SMTP 25

static int read_older(struct conf_reaper *out, const struct scope *scope)
{
	struct value value = {0};
	int err = field_duration(&out->older, scope, "older", false);

	if (err || out->older <= OLDER_MAX)
		return err;
	if (field_value(&value, scope, "older", &err))
		diag_error(scope->diag, value_place(&value), "older must be 30 days at most");
	value_clear(&value);
	return err;
}

int reaper_read(struct conf_reaper *out, bool *enabled, const struct scope *scope)
{
	static const char *const states[] = {"cmd read", NULL};
	static const char *const ways[] = {"idle", "age", NULL};
	const struct ini_section *section = ini_find(scope->ini, text_of(scope->section));
	struct conf_jail service = {.tcp = true, .ports = {{SMTP, SMTP}}, .port_count = 1};
	unsigned state = 0, way = 0;
	int err;

	*out = (struct conf_reaper){.older = OLDER_DEFAULT, .place = section->place};
	*enabled = true;
	err = field_flag(enabled, scope, "enabled");
	if (!err)
		err = field_choice(&state, scope, "state", states);
	if (!err)
		err = read_older(out, scope);
	if (!err)
		err = field_choice(&way, scope, "by", ways);
	if (!err)
		err = service_read_ports(&service, scope);
	out->by_age = way == 1;
	memcpy(out->ports, service.ports, sizeof out->ports);
	out->port_count = service.port_count;
	return err;
}
