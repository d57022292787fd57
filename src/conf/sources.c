/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/names.h"
#include "conf/endpoint.h"
#include "conf/field.h"
#include "conf/journal.h"
#include "conf/sources.h"
#include "conf/tarpit.h"

#define JOURNAL "journal:"
#define SYSLOG "syslog:"
#define POLICY "policy:"
#define UDP "udp:"
#define TRUSTED "trusted"
#define SOCKET_MAX (sizeof((struct sockaddr_un *)NULL)->sun_path - 1)
#define MATCH_MAX (NAME_MAX_BYTES - 16) /* with "journal:" a name as base/names.h takes it */
#define SHOWN 200

static void complain(const struct scope *scope, struct place place, const char *key,
		     struct text text, const char *why)
{
	char shown[SHOWN];

	diag_error(scope->diag, place, "%s \"%s\" %s", key,
		   text_show(text, shown, sizeof shown), why);
}

/* Takes `name`, also when it fails or is NULL. */
static int add(struct conf_jail *jail, char *name, struct place place)
{
	struct conf_source *grown =
		name ? realloc(jail->sources, (jail->source_count + 1) * sizeof *grown) : NULL;

	if (!grown) {
		free(name);
		return -ENOMEM;
	}
	jail->sources = grown;
	grown[jail->source_count++] = (struct conf_source){name, place};
	return 0;
}

/* PREFIX and `text`, that was read under `key`; once. */
static int add_name(struct conf_jail *jail, const struct scope *scope, const char *key,
		    const char *prefix, struct text text, struct place place)
{
	size_t len = strlen(prefix);
	char *name = malloc(len + text.len + 1);

	if (!name)
		return -ENOMEM;
	memcpy(name, prefix, len);
	memcpy(name + len, text.at, text.len);
	name[len + text.len] = 0;
	for (size_t i = 0; i < jail->source_count; i++) {
		if (strcmp(jail->sources[i].name, name) != 0)
			continue;
		free(name);
		complain(scope, place, key, text, "is repeated");
		return 0;
	}
	return add(jail, name, place);
}

/* ---- logpath ---- */

/* NULL: nothing is wrong with it. */
static const char *path_mistake(struct text path)
{
	if (text_equal(path, "-"))
		return NULL;
	if (*path.at != '/')
		return "is not an absolute path";
	if (path.len >= PATH_MAX)
		return "is too long";
	for (size_t i = 1; i < path.len; i++)
		if (path.at[i] == '/' && strchr(" \t,", path.at[i - 1]))
			return "is more than one path; write each on a line of its own";
	if (memmem(path.at, path.len, " tail", 5) || memmem(path.at, path.len, " head", 5))
		return "has a word behind the path; where reading begins is not chosen here";
	for (size_t i = 0; i < path.len; i++)
		if (strchr("*?[", path.at[i]))
			return "is a pattern; name every file, one a line";
	return NULL;
}

static int add_path(struct conf_jail *jail, const struct scope *scope,
		    const struct value_cursor *c)
{
	const char *mistake = path_mistake(c->text);

	if (!mistake)
		return add_name(jail, scope, "logpath", "", c->text, c->place);
	complain(scope, c->place, "logpath", c->text, mistake);
	return 0;
}

/* ---- syslog ---- */

/* udp:ADDRESS:PORT with an address that only this host can send to. */
static bool is_loopback(struct text text)
{
	size_t len = strlen(UDP);
	bool loopback = false;

	return endpoint_parse((struct text){text.at + len, text.len - len}, &loopback) &&
	       loopback;
}

static bool is_udp(struct text name)
{
	return name.len >= strlen(UDP) && !memcmp(name.at, UDP, strlen(UDP));
}

/* Anybody on this host can send what looks like anybody's message: one of them may count, and
 * not ban. */
static const char *socket_mistake(struct text name, bool trusted, unsigned maxretry)
{
	if (is_udp(name)) {
		if (!is_loopback(name))
			return "must be a port of loopback, such as udp:127.0.0.1:5514";
		if (!trusted && maxretry == 1)
			return "is not to ban by one datagram, which anyone may have sent: "
			       "set maxretry to 2 or more, or write \"trusted\" after it";
		return NULL;
	}
	if (*name.at != '/')
		return "is neither an absolute path nor udp:ADDRESS:PORT";
	return name.len > SOCKET_MAX ? "is too long a path for a socket" : NULL;
}

static int add_socket(struct conf_jail *jail, const struct scope *scope,
		      const struct value_cursor *c)
{
	struct text rest = c->text, name, word = {0};
	const char *mistake;
	bool more;

	if (!text_word(&rest, &name))
		return 0;
	more = text_word(&rest, &word);
	if (more && (!text_equal(word, TRUSTED) || text_word(&rest, &word)))
		mistake = "may have the one word \"" TRUSTED "\" after the socket";
	else
		mistake = socket_mistake(name, more, jail->maxretry);
	jail->unverified |= is_udp(name) && !more;
	if (!mistake)
		return add_name(jail, scope, "syslog", SYSLOG, name, c->place);
	complain(scope, c->place, "syslog", c->text, mistake);
	return 0;
}

/* ---- policy ---- */

static int add_policy(struct conf_jail *jail, const struct scope *scope,
		      const struct value_cursor *c)
{
	const char *mistake = policy_mistake(c->text);

	if (!mistake)
		return add_name(jail, scope, "policy", POLICY, c->text, c->place);
	complain(scope, c->place, "policy", c->text, mistake);
	return 0;
}

/* ---- journalmatch ---- */

/* The lines are alternatives. Without a line, all of the journal. */
struct matches {
	struct value name;
	bool broken;
};

static int add_match(struct matches *m, const struct scope *scope, struct text line,
		     struct place place)
{
	bool first = !m->name.lines;
	int err;

	if (!line.len)
		return 0;
	if (!journal_is_match(line, first)) {
		complain(scope, place, "journalmatch", line,
			 "must be FIELD=VALUE words, with \"+\" between alternatives");
		m->broken = true;
		return 0;
	}
	if (m->name.len + line.len > MATCH_MAX) {
		diag_error(scope->diag, place, "journalmatch is longer than %d bytes",
			   MATCH_MAX);
		m->broken = true;
		return 0;
	}
	err = first ? value_line(&m->name, place) : 0;
	if (!err)
		err = value_add(&m->name, text_of(first ? JOURNAL : " + "));
	return err ? err : value_add(&m->name, line);
}

static int add_matches(struct conf_jail *jail, const struct matches *m, struct place place)
{
	struct text name = m->name.lines ? value_text(&m->name) : text_of(JOURNAL);

	return m->broken ? 0 : add(jail, text_dup(name), place);
}

static int read_journal(struct conf_jail *jail, const struct scope *scope)
{
	struct value value = {0};
	struct value_cursor c = {0};
	struct matches m = {0};
	int err;

	if (!field_value(&value, scope, "journalmatch", &err))
		return err;
	while (!err && value_next(&value, &c))
		err = add_match(&m, scope, c.text, c.place);
	if (!err)
		err = add_matches(jail, &m, value_place(&value));
	value_clear(&m.name);
	value_clear(&value);
	return err;
}

int sources_read_filter(struct conf_jail *jail, const struct scope *scope)
{
	const struct rules *rules = jail->rules;
	struct matches m = {0};
	int err = 0;

	if (!rules || !jail->journal || jail->source_count ||
	    expand_has(scope, "journalmatch") || expand_has(scope, "syslog") ||
	    expand_has(scope, "policy"))
		return 0;
	if (!rules->journal_count) {
		complain(scope, jail->filter.place, "filter", text_of(jail->filter.name),
			 "has no journalmatch of its own: name the entries of the journal "
			 "with \"journalmatch = FIELD=VALUE ...\"");
		return 0;
	}
	for (size_t i = 0; i < rules->journal_count && !err; i++)
		err = add_match(&m, scope, text_of(rules->journal[i].regex),
				rules->journal[i].place);
	if (!err)
		err = add_matches(jail, &m, jail->filter.place);
	value_clear(&m.name);
	return err;
}

/* ---- the whole ---- */

/* One entry a line, each to `add_one`. */
static int read_lines(struct conf_jail *jail, const struct scope *scope, const char *key,
		      int (*add_one)(struct conf_jail *jail, const struct scope *scope,
				     const struct value_cursor *c))
{
	struct value value = {0};
	struct value_cursor c = {0};
	bool any = false;
	int err;

	if (!field_value(&value, scope, key, &err))
		return err;
	while (!err && value_next(&value, &c)) {
		if (!c.text.len)
			continue;
		any = true;
		err = add_one(jail, scope, &c);
	}
	if (!any && !err)
		diag_error(scope->diag, value_place(&value), "%s is empty", key);
	value_clear(&value);
	return err;
}

/*
 * In fail2ban the backend is how files are followed, or the journal. Here files are followed
 * with inotify, which is what `auto` and `pyinotify` come to; `polling` is for file systems
 * whose changes the kernel does not tell.
 */
static int read_backend(bool *systemd, const struct scope *scope)
{
	enum { AUTO, SYSTEMD, PYINOTIFY, POLLING, GAMIN };
	static const char *const words[] = {"auto",    "systemd", "pyinotify",
					    "polling", "gamin",	  NULL};
	struct value value = {0};
	unsigned backend = AUTO;
	int err = field_choice(&backend, scope, "backend", words);

	*systemd = backend == SYSTEMD;
	if (err || backend != POLLING || !field_value(&value, scope, "backend", &err))
		return err;
	diag_warning(scope->diag, value_place(&value),
		     "backend \"polling\" is taken as \"auto\": what other hosts write on a "
		     "network file system may be noticed late");
	value_clear(&value);
	return 0;
}

bool sources_named(const struct scope *scope)
{
	struct scope quiet = *scope;
	struct diag none = {0};
	bool systemd = false;

	quiet.diag = &none;
	if (expand_has(scope, "logpath") || expand_has(scope, "journalmatch") ||
	    expand_has(scope, "syslog") || expand_has(scope, "policy"))
		return true;
	return !read_backend(&systemd, &quiet) && systemd;
}

/* The filter is read for one kind of line, so a jail has one kind of source. */
static bool one_kind(const struct conf_jail *jail, const struct scope *scope, bool systemd)
{
	bool match = expand_has(scope, "journalmatch");
	const char *kinds[] = {
		expand_has(scope, "logpath") ? "logpath" : NULL,
		match	  ? "journalmatch"
		: systemd ? "backend = systemd"
			  : NULL,
		expand_has(scope, "syslog") ? "syslog" : NULL,
		expand_has(scope, "policy") ? "policy" : NULL,
	};
	const char *first = NULL;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (first && kinds[i]) {
			diag_error(scope->diag, jail->place,
				   "jail [%s] has both \"%s\" and \"%s\"; make two jails%s",
				   jail->name, first, kinds[i],
				   systemd && !match ? ", or write \"backend = auto\" in this "
						       "one"
						     : "");
			return false;
		}
		first = first ? first : kinds[i];
	}
	return true;
}

int sources_read(struct conf_jail *jail, const struct scope *scope)
{
	bool systemd;
	int err = read_backend(&systemd, scope);

	if (err || !one_kind(jail, scope, systemd))
		return err;
	jail->journal = systemd || expand_has(scope, "journalmatch") ||
			expand_has(scope, "syslog") || expand_has(scope, "policy");
	err = read_lines(jail, scope, "logpath", add_path);
	if (!err)
		err = read_lines(jail, scope, "syslog", add_socket);
	if (!err)
		err = read_lines(jail, scope, "policy", add_policy);
	return err ? err : read_journal(jail, scope);
}

void sources_clear(struct conf_jail *jail)
{
	for (size_t i = 0; i < jail->source_count; i++)
		free(jail->sources[i].name);
	free(jail->sources);
	jail->sources = NULL;
	jail->source_count = 0;
}
