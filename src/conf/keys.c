/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "conf/conf.h"
#include "conf/keys.h"
#include "conf/tarpit.h"

#define SHOWN 80
#define REAPER "reaper "
#define POLICY "policy "

static const char *const banish_keys[] = {"statedir", "socket",	    "user",	   "loglevel",
					  "maxbans",  "dbpurgeage", "groupcommit", NULL};
static const char *const jail_keys[] = {"filter",
					"logpath",
					"journalmatch",
					"backend",
					"syslog",
					"policy",
					"answer",
					"usedns",
					"logtimezone",
					"maxretry",
					"findtime",
					"bantime",
					"prefix6",
					"ignoreip",
					"target",
					"enabled",
					"port",
					"protocol",
					"scope",
					"drop-established",
					"bantime.increment",
					"bantime.factor",
					"bantime.formula",
					"bantime.multipliers",
					"bantime.maxtime",
					"bantime.rndtime",
					"bantime.overalljails",
					NULL};
static const char *const tarpit_keys[] = {"check",	"store",   "command",  "sleep",
					  "threshold",	"prefix4", "prefix6",  "sleepers",
					  "maxcredits", "expire",  "ignoreip", NULL};
static const char *const manual_keys[] = {"bantime", "target", NULL};
static const char *const reaper_keys[] = {"state", "older", "by", "port", "enabled", NULL};
static const char *const include_keys[] = {"before", "after", NULL};

static const struct {
	const char *section;
	const char *const *keys;
} sections[] = {
	{SECTION_BANISH, banish_keys}, {INI_DEFAULT, jail_keys},
	{INI_INCLUDES, include_keys},  {CONF_MANUAL, manual_keys},
	{SECTION_REAPER, reaper_keys}, {SECTION_TARPIT, tarpit_keys},
};

/* Keys that fail2ban's users bring along, and what they write here instead. A last "*" stands
 * for any ending. */
static const struct {
	const char *key, *instead;
} foreign[] = {
	{"action", "use \"target\""},
	{"action_*", "use \"target\""},
	{"banaction", "use \"target\""},
	{"banaction_allports", "use \"target\""},
	{"blocktype", "use \"target\", such as route[type=unreachable]"},
	{"chain", NULL},
	{"datepattern", "it belongs in the filter"},
	{"dbfile", "use \"statedir\" in [banish]"},
	{"dbmaxmatches", NULL},
	{"destemail", NULL},
	{"fail2ban_agent", NULL},
	{"failregex", "it belongs in the filter"},
	{"ignorecache", NULL},
	{"ignorecommand", NULL},
	{"ignoreregex", "it belongs in the filter"},
	{"ignoreself", "the addresses of this host are never banned"},
	{"logencoding", NULL},
	{"logtarget", "messages go to standard error"},
	{"maxlines", "it belongs in the filter"},
	{"maxmatches", NULL},
	{"mode", "write \"filter = NAME[mode=...]\""},
	{"mta", NULL},
	{"owner", NULL},
	{"pidfile", NULL},
	{"prefregex", "it belongs in the filter"},
	{"sender", NULL},
	{"skip_if_nologs", "a file that is missing is waited for"},
	{"syslogsocket", NULL},
};

static const char *const *keys_of(const char *section)
{
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		if (!strcmp(section, sections[i].section))
			return sections[i].keys;
	return jail_keys;
}

bool keys_is_jail(const struct ini_section *section)
{
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		if (!strcmp(section->name, sections[i].section))
			return false;
	return !section->known;
}

static bool is_in(const char *key, const char *const *keys)
{
	while (*keys)
		if (!strcmp(key, *keys++))
			return true;
	return false;
}

static bool matches(const char *key, const char *pattern)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] == '*')
		return !strncmp(key, pattern, len - 1);
	return !strcmp(key, pattern);
}

static bool refuse_foreign(const struct ini_entry *entry, struct diag *diag)
{
	char shown[SHOWN];

	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		if (!matches(entry->key, foreign[i].key))
			continue;
		diag_error(diag, value_place(&entry->value), "key \"%s\" is not supported%s%s",
			   text_show(text_of(entry->key), shown, sizeof shown),
			   foreign[i].instead ? "; " : "",
			   foreign[i].instead ? foreign[i].instead : "");
		return true;
	}
	return false;
}

/* A key of another kind of section. */
static bool refuse_misplaced(const struct ini_entry *entry, const char *section,
			     struct diag *diag)
{
	if (!strcmp(section, CONF_MANUAL) && is_in(entry->key, jail_keys))
		diag_error(diag, value_place(&entry->value),
			   "key \"%s\" means nothing in [%s]; it takes bantime and target",
			   entry->key, section);
	else if (is_in(entry->key, banish_keys))
		diag_error(diag, value_place(&entry->value),
			   "key \"%s\" belongs in [%s], not in [%s]", entry->key,
			   SECTION_BANISH, section);
	else if (is_in(entry->key, jail_keys))
		diag_error(diag, value_place(&entry->value),
			   "key \"%s\" belongs in a jail or [%s], not in [%s]", entry->key,
			   INI_DEFAULT, section);
	else
		return false;
	return true;
}

static void refuse_key(const struct ini_entry *entry, const char *section,
		       const char *const *keys, struct diag *diag)
{
	const char *near = text_nearest(text_of(entry->key), keys);
	char shown[SHOWN];

	text_show(text_of(entry->key), shown, sizeof shown);
	if (near)
		diag_error(diag, value_place(&entry->value),
			   "unknown key \"%s\" in [%s]; did you mean \"%s\"?", shown, section,
			   near);
	else
		diag_error(diag, value_place(&entry->value), "unknown key \"%s\" in [%s]",
			   shown, section);
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			return false;
	return len && len <= CONF_JAIL_NAME_MAX;
}

static void check_name(const struct ini_section *section, struct diag *diag)
{
	char shown[SHOWN];

	if (!strncmp(section->name, REAPER, sizeof REAPER - 1)) {
		diag_error(diag, section->place,
			   "[%s]: the sessions of sendmail alone can be reaped: [%s]",
			   text_show(text_of(section->name), shown, sizeof shown),
			   SECTION_REAPER);
		return;
	}
	if (!strncmp(section->name, POLICY, strlen(POLICY))) {
		diag_error(diag, section->place,
			   "[%s] is not there; of policies there is [" SECTION_TARPIT "]",
			   text_show(text_of(section->name), shown, sizeof shown));
		return;
	}
	if (!is_name(section->name)) {
		diag_error(diag, section->place,
			   "\"%s\" cannot be the name of a jail: 1 to %d letters, digits, "
			   "\"-\", \"_\" and \".\" are allowed",
			   text_show(text_of(section->name), shown, sizeof shown),
			   CONF_JAIL_NAME_MAX);
		return;
	}
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		if (!strcasecmp(section->name, sections[i].section))
			diag_error(diag, section->place, "[%s] is written [%s]", section->name,
				   sections[i].section);
}

static void check_section(const struct ini_section *section, struct diag *diag)
{
	const char *const *keys = keys_of(section->name);
	char shown[SHOWN];

	text_show(text_of(section->name), shown, sizeof shown);
	if (keys_is_jail(section))
		check_name(section, diag);
	for (size_t i = 0; i < section->count; i++) {
		const struct ini_entry *entry = &section->entries[i];

		if (!is_in(entry->key, keys) && !refuse_misplaced(entry, shown, diag) &&
		    !refuse_foreign(entry, diag))
			refuse_key(entry, shown, keys, diag);
	}
}

void keys_check(const struct ini *ini, struct diag *diag)
{
	for (size_t i = 0; i < ini->count; i++)
		if (!ini->sections[i].known)
			check_section(&ini->sections[i], diag);
}
