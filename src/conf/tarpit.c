/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/moment.h"
#include "conf/endpoint.h"
#include "conf/field.h"
#include "conf/ignoreip.h"
#include "conf/tarpit.h"

#define CHECK_DEFAULT "127.0.0.1:60001"
#define STORE_DEFAULT "127.0.0.1:60002"
#define COMMAND_DEFAULT "127.0.0.1:60003"
#define SLEEP_DEFAULT INT64_C(65000)
#define SLEEP_MIN INT64_C(1000) /* Postfix waits for whole seconds */
#define SLEEP_MAX INT64_C(3600000)
#define EXPIRE_DEFAULT (INT64_C(90) * 24 * 3600 * 1000)
#define SLEEPERS_DEFAULT 50 /* half of Postfix's default_process_limit */
#define SLEEPERS_MAX 4096
#define CREDITS_DEFAULT 262144
#define CREDITS_MAX 16000000
#define SOCKET_MAX (sizeof((struct sockaddr_un *)NULL)->sun_path - 1)
#define ANSWER_MAX 400
#define POLICY "policy:"
#define SHOWN 200

static bool is_path(struct text text)
{
	return text.len > 1 && *text.at == '/' && text.len <= SOCKET_MAX &&
	       !memchr(text.at, ' ', text.len);
}

const char *policy_mistake(struct text name)
{
	bool loopback;

	return is_path(name) || endpoint_parse(name, &loopback)
		       ? NULL
		       : "is neither ADDRESS:PORT, such as 127.0.0.1:60001, nor an absolute "
			 "path of at most 107 bytes";
}

/* ---- [policy tarpit] ---- */

static void look_at_port(const struct scope *scope, const char *key, const struct value *value)
{
	struct text text = value_text(value);
	bool loopback = false;
	char shown[SHOWN];

	text_show(text, shown, sizeof shown);
	if (is_path(text))
		return;
	if (!endpoint_parse(text, &loopback))
		diag_error(scope->diag, value_place(value),
			   "%s must be ADDRESS:PORT, such as 127.0.0.1:60001, an absolute path "
			   "of at most %zu bytes, or 0 for none, not \"%s\"",
			   key, SOCKET_MAX, shown);
	else if (!loopback)
		diag_warning(scope->diag, value_place(value),
			     "%s \"%s\" is not on loopback: whoever can reach it is trusted",
			     key, shown);
}

static int read_port(char **out, const struct scope *scope, const char *key,
		     const char *otherwise)
{
	struct value value = {0};
	struct text text;
	int err;

	if (!field_value(&value, scope, key, &err)) {
		*out = err ? NULL : strdup(otherwise);
		return *out ? 0 : -ENOMEM;
	}
	text = value_text(&value);
	if (!text_equal(text, "0") && !text_equal(text, "off")) {
		look_at_port(scope, key, &value);
		*out = text_dup(text);
		err = *out ? 0 : -ENOMEM;
	}
	value_clear(&value);
	return err;
}

static int read_ports(struct conf_tarpit *tarpit, const struct scope *scope)
{
	const char *names[] = {"check", "store", "command"};
	char *const *ports[] = {&tarpit->check, &tarpit->store, &tarpit->command};
	int err = read_port(&tarpit->check, scope, "check", CHECK_DEFAULT);

	if (!err)
		err = read_port(&tarpit->store, scope, "store", STORE_DEFAULT);
	if (!err)
		err = read_port(&tarpit->command, scope, "command", COMMAND_DEFAULT);
	for (size_t i = 0; i < 3 && !err; i++)
		for (size_t j = 0; j < i; j++)
			if (*ports[i] && *ports[j] && !strcmp(*ports[i], *ports[j]))
				diag_error(scope->diag, tarpit->place,
					   "%s and %s are both \"%s\"", names[j], names[i],
					   *ports[i]);
	return err;
}

static int read_sleep(struct conf_tarpit *tarpit, const struct scope *scope)
{
	int64_t sleep = SLEEP_DEFAULT;
	struct value value = {0};
	int err = field_duration(&sleep, scope, "sleep", false);

	if (!err && (sleep < SLEEP_MIN || sleep > SLEEP_MAX) &&
	    field_value(&value, scope, "sleep", &err)) {
		diag_error(scope->diag, value_place(&value),
			   sleep < SLEEP_MIN ? "sleep is shorter than 1s"
					     : "sleep is longer than 1h; senders give up after "
					       "minutes");
		value_clear(&value);
	}
	tarpit->sleep = (unsigned)(sleep / 1000);
	return err;
}

static int read_number(unsigned *out, const struct scope *scope, const char *key,
		       int64_t otherwise, int64_t most)
{
	int err = field_number(&otherwise, scope, key, 1, most);

	*out = (unsigned)otherwise;
	return err;
}

static int read_rule(struct conf_tarpit *tarpit, const struct scope *scope)
{
	int err = read_sleep(tarpit, scope);

	if (!err)
		err = read_number(&tarpit->threshold, scope, "threshold", 1, 1000);
	if (!err)
		err = read_number(&tarpit->prefix4, scope, "prefix4", 24, 32);
	if (!err)
		err = read_number(&tarpit->prefix6, scope, "prefix6", 64, 128);
	if (!err)
		err = read_number(&tarpit->sleepers, scope, "sleepers", SLEEPERS_DEFAULT,
				  SLEEPERS_MAX);
	if (!err)
		err = read_number(&tarpit->credits, scope, "maxcredits", CREDITS_DEFAULT,
				  CREDITS_MAX);
	tarpit->expire = EXPIRE_DEFAULT;
	return err ? err : field_duration(&tarpit->expire, scope, "expire", true);
}

static int read_ignoreip(struct conf_tarpit *tarpit, const struct scope *scope)
{
	struct conf_jail jail = {0};
	int err = ignoreip_read(&jail, scope);

	tarpit->ignoreip = jail.ignoreip;
	tarpit->ignoreip_count = jail.ignoreip_count;
	return err;
}

int tarpit_read(struct conf_tarpit *tarpit, const struct scope *scope)
{
	const struct ini_section *section = ini_find(scope->ini, text_of(scope->section));
	int err;

	if (!section)
		return 0;
	tarpit->on = true;
	tarpit->place = section->place;
	err = read_ports(tarpit, scope);
	if (!err)
		err = read_rule(tarpit, scope);
	return err ? err : read_ignoreip(tarpit, scope);
}

void tarpit_clear(struct conf_tarpit *tarpit)
{
	free(tarpit->check);
	free(tarpit->store);
	free(tarpit->command);
	free(tarpit->ignoreip);
	*tarpit = (struct conf_tarpit){0};
}

void tarpit_check_jails(const struct conf *conf, struct diag *diag)
{
	for (size_t i = 0; conf->tarpit.command && i < conf->jail_count; i++) {
		const struct conf_jail *jail = &conf->jails[i];

		for (size_t j = 0; j < jail->source_count; j++) {
			const char *name = jail->sources[j].name;

			if (!strncmp(name, POLICY, strlen(POLICY)) &&
			    !strcmp(name + strlen(POLICY), conf->tarpit.command))
				diag_error(diag, jail->sources[j].place,
					   "policy \"%s\" is the command port of "
					   "[" SECTION_TARPIT "]",
					   conf->tarpit.command);
		}
	}
}

/* ---- the answer of a jail ---- */

/* As in access(5); what only a table of Postfix's own can know is not among them. */
static const char *const actions[] = {
	"dunno",	   "reject", "defer",  "discard", "defer_if_reject",
	"defer_if_permit", "hold",   "info",   "prepend", "warn",
	"redirect",	   "bcc",    "filter", NULL};

/* "521" or "450 4.7.1 Not now": what the client is told begins with it. */
static bool is_code(struct text word)
{
	return word.len == 3 && (*word.at == '4' || *word.at == '5') && word.at[1] >= '0' &&
	       word.at[1] <= '9' && word.at[2] >= '0' && word.at[2] <= '9';
}

static const char *answer_mistake(struct text answer, struct text word)
{
	char low[24];

	if (answer.len > ANSWER_MAX)
		return "is longer than 400 bytes";
	for (size_t i = 0; i < answer.len; i++)
		if (answer.at[i] < ' ' || answer.at[i] > '~')
			return "must be one line of ASCII";
	if (is_code(word))
		return NULL;
	for (size_t i = 0; i < word.len && i < sizeof low; i++)
		low[i] = (char)(word.at[i] | ('A' <= word.at[i] && word.at[i] <= 'Z' ? 32 : 0));
	for (size_t i = 0; word.len < sizeof low && actions[i]; i++)
		if (text_equal((struct text){low, word.len}, actions[i]))
			return NULL;
	return "does not begin with an action of Postfix's access(5): a code such as 521 or "
	       "450, or reject, defer, defer_if_permit, discard, hold ...";
}

static bool is_policy(const struct conf_jail *jail)
{
	return jail->source_count && !strncmp(jail->sources[0].name, POLICY, strlen(POLICY));
}

int answer_read(struct conf_jail *jail, const struct scope *scope)
{
	struct value value = {0};
	struct text rest, word = {0};
	const char *mistake;
	char shown[SHOWN];
	int err;

	if (!field_value(&value, scope, "answer", &err))
		return err;
	rest = value_text(&value);
	text_word(&rest, &word);
	mistake = is_policy(jail) || !jail->source_count
			  ? answer_mistake(value_text(&value), word)
			  : "answers nobody: the jail has no \"policy\"";
	if (mistake)
		diag_error(scope->diag, value_place(&value), "answer \"%s\" %s",
			   text_show(value_text(&value), shown, sizeof shown), mistake);
	else
		jail->answer = text_dup(value_text(&value));
	value_clear(&value);
	return mistake || jail->answer ? 0 : -ENOMEM;
}
