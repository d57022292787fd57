/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter in fail2ban's format: where its files are, and what they say as rules. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/expand.h"
#include "conf/filter.h"
#include "conf/load.h"

#define SHOWN 200
#define OPTIONS_COMPARED 64

static bool is_path(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') || (len > 5 && !strcmp(name + len - 5, ".conf"));
}

/* ---- files ---- */

/* DIR/NAME + SUFFIX; caller frees. */
static char *file_in(const char *dir, const char *name, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/%s%s", dir, name, suffix) < 0 ? NULL : path;
}

/* What a misspelt name may have meant, of all filters in all directories. */
static int nearest_name(char **out, const char *name, const struct conf_dirs *dirs)
{
	char **names = NULL, **grown;
	const char *near;
	size_t count = 0;
	int err = 0;

	*out = NULL;
	for (const char *const *dir = dirs->filter_dirs; *dir && err != -ENOMEM; dir++)
		err = load_names(&names, &count, *dir, ".conf");
	for (size_t i = 0; i < count; i++)
		names[i][strlen(names[i]) - strlen(".conf")] = 0;
	grown = realloc(names, (count + 1) * sizeof *grown);
	if (grown) {
		grown[count] = NULL;
		near = text_nearest(text_of(name), (const char *const *)grown);
		*out = near ? strdup(near) : NULL;
		names = grown;
	}
	load_names_free(names, count);
	if (grown && err != -ENOMEM)
		return 0;
	free(*out);
	return -ENOMEM;
}

static int refuse_name(const struct spec *spec, const struct conf_dirs *dirs, struct diag *diag)
{
	char shown[SHOWN], *near;
	int err = nearest_name(&near, spec->name, dirs);

	if (err)
		return err;
	diag_error(diag, spec->place, "no filter \"%s\"%s%s%s",
		   text_show(text_of(spec->name), shown, sizeof shown),
		   near ? "; did you mean \"" : " in any of the directories for filters",
		   near ? near : "", near ? "\"?" : "");
	free(near);
	return -ENOENT;
}

/* The number of the directory that has it, or -1. */
static int find_dir(const char *name, const struct conf_dirs *dirs)
{
	for (int i = 0; dirs->filter_dirs[i]; i++) {
		char *path = file_in(dirs->filter_dirs[i], name, ".conf");
		bool found = path && access(path, F_OK) == 0;

		free(path);
		if (found)
			return i;
	}
	return -1;
}

static int load_in(struct load *load, const char *dir, const char *name, const char *suffix,
		   int (*read)(struct load *load, const char *path))
{
	char *path = file_in(dir, name, suffix);
	int err = -ENOMEM;

	if (path)
		err = access(path, F_OK) ? 0 : read(load, path);
	free(path);
	return err;
}

static int load_confs(struct load *load, const char *dir)
{
	return load_dir(load, dir, ".conf");
}

static int load_locals(struct load *load, const char *dir)
{
	return load_dir(load, dir, ".local");
}

/*
 * fail2ban's order, and then NAME.local of the directories that are looked in earlier: what the
 * admin changes of a filter that a package owns need not be written into the package's
 * directory.
 */
static int load_by_name(struct load *load, const struct spec *spec,
			const struct conf_dirs *dirs)
{
	int i = find_dir(spec->name, dirs), err;
	const char *dir;

	if (i < 0)
		return refuse_name(spec, dirs, load->diag);
	dir = dirs->filter_dirs[i];
	err = load_in(load, dir, spec->name, ".conf", load_file);
	if (!err)
		err = load_in(load, dir, spec->name, ".d", load_confs);
	if (!err)
		err = load_in(load, dir, spec->name, ".local", load_file);
	if (!err)
		err = load_in(load, dir, spec->name, ".d", load_locals);
	while (!err && i-- > 0)
		err = load_in(load, dirs->filter_dirs[i], spec->name, ".local", load_file);
	return err;
}

/* A relative path is meant from the file that names it. */
static int load_by_path(struct load *load, const struct spec *spec)
{
	const char *file = spec->place.file ? spec->place.file : "";
	char *path = load_path_beside(file, spec->name), shown[SHOWN];
	int err;

	if (!path)
		return -ENOMEM;
	if (access(path, F_OK) == 0) {
		err = load_overlaid(load, path);
	} else {
		text_show(text_of(path), shown, sizeof shown);
		diag_error(load->diag, spec->place, "filter \"%s\" cannot be read: %s", shown,
			   strerror(errno));
		err = -ENOENT;
	}
	free(path);
	return err;
}

/* ---- options as a section ---- */

/* One option as a one-section file would have it, with the spec's place for every line. */
static int add_option(struct ini_section *options, const struct spec_option *option,
		      struct place place)
{
	struct text rest = text_of(option->value), line = {0};
	struct value value = {0};
	int err = value_line(&value, place);

	while (!err && text_line(&rest, &line)) {
		err = value_add(&value, line);
		if (!err && rest.len)
			err = value_line(&value, place);
	}
	if (!err)
		err = ini_put(options, strdup(option->name), &value);
	value_clear(&value);
	return err;
}

/* "logtype" among the options, as fail2ban sets it, unless the options or [Definition] itself
 * do.
 */
static int add_logtype(struct filter *f, bool journal, const struct spec *spec)
{
	const struct ini_section *own = ini_find(&f->ini, text_of(FILTER_SECTION));
	struct spec_option option = {(char[]){"logtype"},
				     journal ? (char[]){"journal"} : (char[]){"file"}};

	if (spec_get(spec, option.name) || ini_entry(own, text_of(option.name)))
		return 0;
	return add_option(&f->options.sections[0], &option, spec->place);
}

static int read_options(struct filter *f, const struct spec *spec)
{
	struct ini_section *options =
		ini_section(&f->options, text_of(FILTER_SECTION), spec->place);
	int err = options ? 0 : -ENOMEM;

	for (size_t i = 0; i < spec->count && !err; i++)
		err = add_option(options, &spec->options[i], spec->place);
	f->scope.options = options;
	return err;
}

static int filter_open(struct filter *f, const struct spec *spec, const struct conf_dirs *dirs)
{
	int err;

	f->load.ini = &f->ini;
	f->scope.ini = &f->ini;
	err = read_options(f, spec);
	if (err)
		return err;
	return is_path(spec->name) ? load_by_path(&f->load, spec)
				   : load_by_name(&f->load, spec, dirs);
}

static void filter_close(struct filter *f)
{
	load_clear(&f->load);
	ini_clear(&f->ini);
	ini_clear(&f->options);
}

/* ---- options that it takes ---- */

/* Is it <name> or %(name)s somewhere in the value? */
static bool mentions(const struct value *value, const char *name)
{
	const char *text = value_text(value).at;
	size_t len = strlen(name);

	for (const char *at = text; at && (at = strcasestr(at, name)); at += len) {
		if (at > text && at[-1] == '<' && at[len] == '>')
			return true;
		if (at > text + 1 && at[-1] == '(' && at[-2] == '%' && at[len] == ')')
			return true;
	}
	return false;
}

/* Filters say what they take by having the key, or by naming it. */
static bool is_taken(const struct ini *ini, const char *name)
{
	for (size_t i = 0; i < ini->count; i++) {
		const struct ini_section *section = &ini->sections[i];

		for (size_t j = 0; j < section->count; j++)
			if (!strcasecmp(section->entries[j].key, name) ||
			    mentions(&section->entries[j].value, name))
				return true;
	}
	return false;
}

/* The key that may have been meant: those that filters keep for themselves begin with "_". */
static const char *nearest_option(const struct ini *ini, const char *name)
{
	static const char *const sections[] = {FILTER_SECTION, "Init", INI_DEFAULT};
	const char *words[OPTIONS_COMPARED + 1] = {NULL};
	size_t count = 0;

	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		const struct ini_section *section = ini_find(ini, text_of(sections[i]));

		for (size_t j = 0; section && j < section->count; j++)
			if (*section->entries[j].key != '_' && count < OPTIONS_COMPARED)
				words[count++] = section->entries[j].key;
	}
	return text_nearest(text_of(name), words);
}

static int check_options(const struct filter *f, const struct spec *spec, struct diag *diag)
{
	static const char *const always[] = {"mode",	    "logtype",	   "journalmatch",
					     "maxlines",    "datepattern", "usedns",
					     "logtimezone", NULL};
	int err = 0;

	for (size_t i = 0; i < spec->count; i++) {
		const char *name = spec->options[i].name, *near;
		size_t j = 0;

		while (always[j] && strcmp(always[j], name) != 0)
			j++;
		if (always[j] || is_taken(&f->ini, name))
			continue;
		near = nearest_option(&f->ini, name);
		diag_error(diag, spec->place, "the filter \"%s\" knows no option \"%s\"%s%s%s",
			   spec->name, name, near ? "; did you mean \"" : "", near ? near : "",
			   near ? "\"?" : "");
		err = -EINVAL;
	}
	return err;
}

static int read_all(struct rules *rules, struct filter *f, const struct spec *spec,
		    bool journal, const struct conf_dirs *dirs)
{
	int err = filter_open(f, spec, dirs);

	if (!err)
		err = check_options(f, spec, f->load.diag);
	if (!err)
		err = add_logtype(f, journal, spec);
	return err ? err : filter_rules(rules, f);
}

int conf_read_filter(struct rules **out, const struct spec *spec, bool journal,
		     const struct conf_dirs *dirs, struct diag *diag)
{
	struct rules *rules = calloc(1, sizeof *rules);
	struct filter f = {
		.load = {.overlays = true, .diag = diag},
		.scope = {.section = FILTER_SECTION, .diag = diag},
	};
	int err = -ENOMEM;

	if (!rules)
		return err;
	rules->name = strdup(spec->name);
	if (rules->name)
		err = read_all(rules, &f, spec, journal, dirs);
	if (!err) {
		rules->files = f.load.files;
		rules->file_count = f.load.file_count;
		f.load.files = NULL;
		f.load.file_count = 0;
		*out = rules;
	} else {
		rules_free(rules);
	}
	filter_close(&f);
	return err;
}
