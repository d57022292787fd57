/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/field.h"
#include "conf/ignoreip.h"
#include "conf/increment.h"
#include "conf/jail.h"
#include "conf/service.h"
#include "conf/sources.h"
#include "conf/tarpit.h"

#define MAXRETRY_DEFAULT 5
#define FINDTIME_DEFAULT (INT64_C(600) * 1000)
#define BANTIME_DEFAULT (INT64_C(3600) * 1000)
#define PREFIX6_DEFAULT 64
#define PREFIX6_MANUAL 128 /* a bare address banned by hand is itself and no more */
#define TARGET_DEFAULT "nft"
#define MAXRETRY_MAX 1000
#define SHOWN 200

static void complain(const struct scope *scope, struct place place, const char *what,
		     struct text text, const char *why)
{
	char shown[SHOWN];

	diag_error(scope->diag, place, "%s \"%s\" %s", what,
		   text_show(text, shown, sizeof shown), why);
}

/* ---- numbers ---- */

static int read_numbers(struct conf_jail *jail, const struct scope *scope)
{
	int64_t maxretry = MAXRETRY_DEFAULT, prefix6 = PREFIX6_DEFAULT;
	int err;

	jail->findtime = FINDTIME_DEFAULT;
	jail->bantime = BANTIME_DEFAULT;
	err = field_number(&maxretry, scope, "maxretry", 1, MAXRETRY_MAX);
	if (!err)
		err = field_number(&prefix6, scope, "prefix6", 32, 128);
	if (!err)
		err = field_duration(&jail->findtime, scope, "findtime", false);
	if (!err)
		err = field_duration(&jail->bantime, scope, "bantime", true);
	jail->maxretry = (unsigned)maxretry;
	jail->prefix6 = (unsigned)prefix6;
	return err;
}

/* ---- specs ---- */

/* As many lines from the cursor on as it takes to close every bracket: one spec. */
static bool next_spec(const struct value *value, struct value_cursor *c, struct text *spec,
		      struct place *place)
{
	char quote = 0;
	bool open = false;

	do {
		if (!value_next(value, c))
			return false;
	} while (!c->text.len);
	*spec = c->text;
	*place = c->place;
	for (;;) {
		for (size_t i = 0; i < c->text.len; i++) {
			char at = c->text.at[i];

			if (quote)
				quote = at == quote ? 0 : quote;
			else if (open && (at == '"' || at == '\''))
				quote = at;
			else if (at == '[' || at == ']')
				open = at == '[';
		}
		if (!open || !value_next(value, c))
			return true;
		spec->len = (size_t)(c->text.at + c->text.len - spec->at);
	}
}

/* 0 and *out empty when the value is broken. */
static int parse_spec(struct spec *out, struct text text, struct place place,
		      const struct scope *scope)
{
	int err = spec_parse(out, text, place, scope->diag);

	return err == -ENOMEM ? err : 0;
}

static int add_target(struct jail_targets *targets, struct text text, struct place place,
		      const struct scope *scope)
{
	struct spec *grown = realloc(targets->specs, (targets->count + 1) * sizeof *grown);
	int err;

	if (!grown)
		return -ENOMEM;
	targets->specs = grown;
	grown[targets->count] = (struct spec){0};
	err = parse_spec(&grown[targets->count], text, place, scope);
	if (!err && grown[targets->count].name)
		targets->count++;
	return err;
}

static int read_targets(struct jail_targets *targets, const struct scope *scope,
			struct place place)
{
	struct value value = {0};
	struct value_cursor c = {0};
	struct text spec;
	int err = expand_get(&value, scope, "target");

	if (err == -ENOENT)
		return add_target(targets, text_of(TARGET_DEFAULT), place, scope);
	if (err)
		return err == -ENOMEM ? err : 0;
	place = value_place(&value);
	while (!err && next_spec(&value, &c, &spec, &place))
		err = add_target(targets, spec, place, scope);
	if (!err && !value_text(&value).len)
		diag_error(scope->diag, place, "target is empty");
	value_clear(&value);
	return err;
}

static int read_filter(struct conf_jail *jail, const struct scope *scope,
		       const struct conf_dirs *dirs)
{
	struct value value = {0};
	unsigned errors;
	int err;

	if (!field_value(&value, scope, "filter", &err))
		return err;
	if (value.len)
		err = parse_spec(&jail->filter, value_text(&value), value_place(&value), scope);
	else
		diag_error(scope->diag, value_place(&value), "filter is empty");
	value_clear(&value);
	if (err || !jail->filter.name)
		return err;
	errors = scope->diag->errors;
	err = conf_read_filter(&jail->rules, &jail->filter, jail->journal, dirs, scope->diag);
	if (err && err != -ENOMEM && dirs->lenient) {
		scope->diag->errors = errors;
		jail->disabled = true;
		diag_warning(scope->diag, jail->filter.place,
			     "the jail [%s] is disabled: its filter cannot be used",
			     scope->section);
		return 0;
	}
	if (err == -EINVAL)
		complain(scope, jail->filter.place, "filter", text_of(jail->filter.name),
			 "cannot be used");
	return err == -ENOMEM ? err : 0;
}

/* ---- what a jail changes of its filter ---- */

/* The words are fail2ban's; only "yes" looks a name up, so that nobody's log makes this host
 * ask for what a stranger chose. */
static int read_usedns(bool *out, const struct scope *scope)
{
	struct value value = {0};
	const char *why = "must be yes or no";
	int err;

	if (!field_value(&value, scope, "usedns", &err))
		return err;
	if (!text_flag(value_text(&value), out)) {
		if (text_equal(value_text(&value), "warn"))
			why = "must be yes or no; names are looked up with yes alone";
		else if (text_equal(value_text(&value), "raw"))
			why = "must be yes or no; a name itself cannot be banned";
		complain(scope, value_place(&value), "usedns", value_text(&value), why);
	}
	value_clear(&value);
	return 0;
}

/* What a filter's own option says is meant for it alone. */
static int read_timezone(struct rules *rules, const struct scope *scope)
{
	struct value value = {0};
	int err;

	if (!field_value(&value, scope, "logtimezone", &err))
		return err;
	if (!rules->logtimezone && value.len) {
		rules->logtimezone = text_dup(value_text(&value));
		err = rules->logtimezone ? 0 : -ENOMEM;
	}
	value_clear(&value);
	return err;
}

static int adapt_filter(struct conf_jail *jail, const struct scope *scope)
{
	bool usedns = false;
	int err = read_usedns(&usedns, scope);

	if (err || !jail->rules)
		return err;
	jail->rules->names &= usedns;
	err = read_timezone(jail->rules, scope);
	return err ? err : sources_read_filter(jail, scope);
}

/* ---- the whole ---- */

/* What both kinds of jail have. */
static int read_common(struct conf_jail *jail, struct jail_targets *targets,
		       const struct scope *scope)
{
	const struct ini_section *section = ini_find(scope->ini, text_of(scope->section));
	int err;

	if (section)
		jail->place = section->place;
	jail->name = strdup(scope->section);
	err = jail->name ? read_numbers(jail, scope) : -ENOMEM;
	if (!err)
		err = ignoreip_read(jail, scope);
	return err ? err : read_targets(targets, scope, jail->place);
}

int jail_read(struct conf_jail *jail, struct jail_targets *targets, bool *enabled,
	      const struct scope *scope, const struct conf_dirs *dirs)
{
	int err = read_common(jail, targets, scope);

	*enabled = true;
	if (!err)
		err = field_flag(enabled, scope, "enabled");
	if (!err)
		err = increment_read(&jail->increment, scope);
	if (!err)
		err = service_read(jail, targets, scope);
	if (!err)
		err = sources_read(jail, scope);
	if (!err)
		err = answer_read(jail, scope);
	if (!err)
		err = read_filter(jail, scope, dirs);
	return err ? err : adapt_filter(jail, scope);
}

int jail_read_manual(struct conf_jail *jail, struct jail_targets *targets,
		     const struct scope *scope)
{
	int err = read_common(jail, targets, scope);

	jail->prefix6 = PREFIX6_MANUAL;
	return err;
}

void jail_targets_clear(struct jail_targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		spec_clear(&targets->specs[i]);
	free(targets->specs);
	*targets = (struct jail_targets){0};
}

void jail_clear(struct conf_jail *jail)
{
	sources_clear(jail);
	free(jail->name);
	free(jail->answer);
	spec_clear(&jail->filter);
	rules_free(jail->rules);
	free(jail->ignoreip);
	free(jail->targets);
	*jail = (struct conf_jail){0};
}
