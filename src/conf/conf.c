/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "conf/conf.h"
#include "conf/field.h"
#include "conf/jail.h"
#include "conf/keys.h"
#include "conf/load.h"
#include "conf/once.h"
#include "conf/reaper.h"
#include "conf/sources.h"
#include "conf/tarpit.h"

#define SOCKET_DEFAULT CONF_DEFAULT_SOCKET
#define MAXBANS_DEFAULT 2000000
#define DBPURGEAGE_DEFAULT (INT64_C(86400) * 1000)
#define GROUPCOMMIT_DEFAULT 50
#define GROUPCOMMIT_MAX 10000
#define MAXBANS_MIN 1000
#define MAXBANS_MAX 16000000
#define STATEDIR_MAX 3000 /* leaves room for the names of the files within */
#define SOCKET_MAX (sizeof((struct sockaddr_un *)NULL)->sun_path - 1)

/* What a configuration is built through. */
struct builder {
	struct conf *conf;
	struct ini ini;
	struct load load;
	struct once once;
	const struct conf_dirs *dirs;
};

/* ---- targets ---- */

static bool includes_options(const struct spec *a, const struct spec *b)
{
	for (size_t i = 0; i < b->count; i++) {
		const char *mine = spec_get(a, b->options[i].name);

		if (!mine || strcmp(mine, spec_get(b, b->options[i].name)) != 0)
			return false;
	}
	return true;
}

/* The same kind with the same options, in whatever order they are written. */
static bool is_same(const struct spec *a, const struct spec *b)
{
	return !strcmp(a->name, b->name) && includes_options(a, b) && includes_options(b, a);
}

/* The number of the target that *spec means; what *spec holds is taken when it is a new one. */
static int intern_target(size_t *out, struct conf *conf, struct spec *spec)
{
	struct spec *grown;

	for (size_t i = 0; i < conf->target_count; i++) {
		if (is_same(&conf->targets[i], spec)) {
			*out = i;
			return 0;
		}
	}
	grown = realloc(conf->targets, (conf->target_count + 1) * sizeof *grown);
	if (!grown)
		return -ENOMEM;
	conf->targets = grown;
	grown[conf->target_count] = *spec;
	*spec = (struct spec){.place = spec->place};
	*out = conf->target_count++;
	return 0;
}

static bool has_target(const struct conf_jail *jail, size_t number)
{
	for (size_t i = 0; i < jail->target_count; i++)
		if (jail->targets[i] == number)
			return true;
	return false;
}

static int add_targets(struct conf_jail *jail, struct builder *b, struct jail_targets *targets)
{
	size_t number;
	int err = 0;

	jail->targets = calloc(targets->count + 1, sizeof *jail->targets);
	if (!jail->targets)
		return -ENOMEM;
	for (size_t i = 0; i < targets->count && !err; i++) {
		err = intern_target(&number, b->conf, &targets->specs[i]);
		if (!err && has_target(jail, number))
			diag_error(&b->once.diag, targets->specs[i].place,
				   "target \"%s\" is repeated", b->conf->targets[number].name);
		else if (!err)
			jail->targets[jail->target_count++] = number;
	}
	return err;
}

/* ---- jails ---- */

static struct scope scope_of(struct builder *b, const char *section)
{
	return (struct scope){.ini = &b->ini, .section = section, .diag = &b->once.diag};
}

/* Takes what *jail and *targets hold, also when it fails. */
static int add_jail(struct builder *b, struct conf_jail *jail, struct jail_targets *targets)
{
	struct conf *conf = b->conf;
	struct conf_jail *grown =
		realloc(conf->jails, (conf->jail_count + 1) * sizeof *conf->jails);
	int err = -ENOMEM;

	if (grown) {
		conf->jails = grown;
		err = add_targets(jail, b, targets);
	}
	if (err)
		jail_clear(jail);
	else
		grown[conf->jail_count++] = *jail;
	jail_targets_clear(targets);
	return err;
}

static int add_manual(struct builder *b)
{
	struct scope scope = scope_of(b, CONF_MANUAL);
	struct jail_targets targets = {0};
	struct conf_jail jail = {0};
	int err = jail_read_manual(&jail, &targets, &scope);

	if (!err)
		return add_jail(b, &jail, &targets);
	jail_clear(&jail);
	jail_targets_clear(&targets);
	return err;
}

static void check_needed(struct builder *b, const struct ini_section *section)
{
	struct scope scope = scope_of(b, section->name);

	if (!expand_has(&scope, "filter"))
		diag_error(&b->once.diag, section->place, "jail [%s] has no \"filter\"",
			   section->name);
	if (!sources_named(&scope))
		diag_error(&b->once.diag, section->place,
			   "jail [%s] has no source of lines: \"logpath\", \"journalmatch\", "
			   "\"backend = systemd\", \"syslog\" or \"policy\"",
			   section->name);
}

/* A jail that is not enabled is read for its mistakes alone. */
static int add_section(struct builder *b, const struct ini_section *section)
{
	struct scope scope = scope_of(b, section->name);
	struct jail_targets targets = {0};
	struct conf_jail jail = {0};
	bool enabled;
	int err = jail_read(&jail, &targets, &enabled, &scope, b->dirs);

	if (!err && enabled)
		return add_jail(b, &jail, &targets);
	jail_clear(&jail);
	jail_targets_clear(&targets);
	return err;
}

static int add_reaper(struct builder *b)
{
	struct scope scope = scope_of(b, SECTION_REAPER);
	struct conf_reaper reaper;
	bool enabled;
	int err;

	if (!ini_find(&b->ini, text_of(SECTION_REAPER)))
		return 0;
	err = reaper_read(&reaper, &enabled, &scope);
	if (err || !enabled)
		return err;
	b->conf->reaper = malloc(sizeof reaper);
	if (!b->conf->reaper)
		return -ENOMEM;
	*b->conf->reaper = reaper;
	return 0;
}

/* When a file could not be read whole, what seems to be missing may be in what was lost. */
static int add_sections(struct builder *b, bool whole)
{
	int err = add_manual(b);

	for (size_t i = 0; i < b->ini.count && !err; i++) {
		if (!keys_is_jail(&b->ini.sections[i]))
			continue;
		if (whole)
			check_needed(b, &b->ini.sections[i]);
		err = add_section(b, &b->ini.sections[i]);
	}
	return err;
}

/* ---- [banish] ---- */

static int read_banish(struct builder *b)
{
	static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
	struct scope scope = scope_of(b, SECTION_BANISH);
	struct conf *conf = b->conf;
	unsigned level = LOG_LEVEL_INFO;
	int64_t maxbans = MAXBANS_DEFAULT, groupcommit = GROUPCOMMIT_DEFAULT;
	int err = 0;

	conf->statedir = strdup(CONF_DEFAULT_STATEDIR);
	conf->socket = strdup(SOCKET_DEFAULT);
	if (!conf->statedir || !conf->socket)
		return -ENOMEM;
	err = field_path(&conf->statedir, &scope, "statedir", STATEDIR_MAX);
	if (!err)
		err = field_path(&conf->socket, &scope, "socket", SOCKET_MAX);
	if (!err)
		err = field_word(&conf->user, &scope, "user");
	if (!err)
		err = field_choice(&level, &scope, "loglevel", levels);
	if (!err)
		err = field_number(&maxbans, &scope, "maxbans", MAXBANS_MIN, MAXBANS_MAX);
	conf->dbpurgeage = DBPURGEAGE_DEFAULT;
	if (!err)
		err = field_duration(&conf->dbpurgeage, &scope, "dbpurgeage", true);
	if (!err)
		err = field_number(&groupcommit, &scope, "groupcommit", 0, GROUPCOMMIT_MAX);
	conf->groupcommit = (unsigned)groupcommit;
	conf->loglevel = level;
	conf->maxbans = (size_t)maxbans;
	return err;
}

/* ---- the whole ---- */

static int load_all(struct builder *b, const char *file)
{
	int err = load_file(&b->load, file), more;
	char *dir;

	if (err == -ENOMEM)
		return err;
	dir = load_path_beside(file, "jail.d");
	more = dir ? load_dir(&b->load, dir, ".conf") : -ENOMEM;
	free(dir);
	return more ? more : err;
}

static int read_tarpit(struct builder *b)
{
	struct scope scope = scope_of(b, SECTION_TARPIT);

	return tarpit_read(&b->conf->tarpit, &scope);
}

static int build(struct builder *b, const char *file)
{
	int loaded = load_all(b, file), err;

	if (loaded == -ENOMEM)
		return loaded;
	keys_check(&b->ini, &b->once.diag);
	err = read_banish(b);
	if (!err)
		err = read_tarpit(b);
	if (!err)
		err = add_sections(b, !loaded);
	if (!err)
		err = add_reaper(b);
	if (!err)
		tarpit_check_jails(b->conf, &b->once.diag);
	if (!err && (loaded || b->once.diag.errors))
		err = -EINVAL;
	return err;
}

int conf_read(struct conf **out, const char *file, const struct conf_dirs *dirs,
	      struct diag *diag)
{
	struct conf *conf = calloc(1, sizeof *conf);
	struct builder *b = calloc(1, sizeof *b);
	int err = -ENOMEM;

	if (!conf || !b)
		goto fail;
	b->conf = conf;
	b->dirs = dirs;
	once_init(&b->once, diag);
	b->load = (struct load){.ini = &b->ini, .diag = &b->once.diag};
	err = build(b, file);
	ini_clear(&b->ini);
	conf->files = b->load.files;
	conf->file_count = b->load.file_count;
	if (err)
		goto fail;
	free(b);
	*out = conf;
	return 0;
fail:
	free(b);
	conf_free(conf);
	return err;
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->jail_count; i++)
		jail_clear(&conf->jails[i]);
	free(conf->jails);
	for (size_t i = 0; i < conf->target_count; i++)
		spec_clear(&conf->targets[i]);
	free(conf->targets);
	for (size_t i = 0; i < conf->file_count; i++)
		free(conf->files[i]);
	free(conf->files);
	tarpit_clear(&conf->tarpit);
	free(conf->statedir);
	free(conf->socket);
	free(conf->user);
	free(conf->reaper);
	free(conf);
}
