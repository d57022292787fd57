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
#include "conf/load.h"

#define DEFINITION "Definition"
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

/* ---- rules ---- */

/* Everything that one filter is read through. */
struct filter {
	struct load load;
	struct ini ini;	    /* its files */
	struct ini options; /* one section: its options, keys as written */
	struct scope scope;
};

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

static int read_options(struct filter *f, const struct spec *spec)
{
	struct ini_section *options =
		ini_section(&f->options, text_of(DEFINITION), spec->place);
	int err = options ? 0 : -ENOMEM;

	for (size_t i = 0; i < spec->count && !err; i++)
		err = add_option(options, &spec->options[i], spec->place);
	f->scope.options = options;
	return err;
}

static int filter_open(struct filter *f, const struct spec *spec, const struct conf_dirs *dirs,
		       struct diag *diag)
{
	int err;

	*f = (struct filter){
		.load = {.overlays = true, .diag = diag},
		.scope = {.section = DEFINITION, .diag = diag},
	};
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

static int get(struct value *out, const struct filter *f, const char *key)
{
	int err = expand_init(out, &f->scope, key);

	if (err == -ENOENT)
		err = expand_get(out, &f->scope, key);
	return err ? err : expand_tags(out, &f->scope, key);
}

static int add_rule(struct rule **rules, size_t *count, struct text regex, struct place place)
{
	struct rule *grown = realloc(*rules, (*count + 1) * sizeof *grown);

	if (!grown)
		return -ENOMEM;
	*rules = grown;
	grown[*count] = (struct rule){text_dup(regex), place};
	return grown[(*count)++].regex ? 0 : -ENOMEM;
}

/* One regular expression a line. */
static int read_list(struct rule **rules, size_t *count, const struct filter *f,
		     const char *key)
{
	struct value value = {0};
	struct value_cursor c = {0};
	int err = get(&value, f, key);

	while (!err && value_next(&value, &c))
		if (c.text.len)
			err = add_rule(rules, count, c.text, c.place);
	value_clear(&value);
	return err == -ENOENT ? 0 : err;
}

static int read_prefix(struct rule *rule, const struct filter *f)
{
	struct value value = {0};
	int err = get(&value, f, "prefregex");

	if (!err && value.len) {
		rule->regex = text_dup(value_text(&value));
		rule->place = value_place(&value);
		err = rule->regex ? 0 : -ENOMEM;
	}
	value_clear(&value);
	return err == -ENOENT ? 0 : err;
}

/* A filter that relies on what is not done here would find less than its author meant: say so.
 */
static int warn_unsupported(const struct filter *f)
{
	static const struct {
		const char *key, *harmless, *instead;
	} keys[] = {
		{"maxlines", "1", "lines are matched one by one"},
		{"datepattern", "{^LN-BEG}", "dates of the usual forms are looked for"},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof keys / sizeof *keys && (!err || err == -ENOENT); i++) {
		struct value value = {0};

		err = get(&value, f, keys[i].key);
		if (!err && value.len && !text_equal(value_text(&value), keys[i].harmless))
			diag_warning(f->load.diag, value_place(&value),
				     "%s is not supported: %s", keys[i].key, keys[i].instead);
		value_clear(&value);
	}
	return err == -ENOENT ? 0 : err;
}

static int refuse_filter(const struct filter *f, const char *what)
{
	struct place place = {f->load.files[0], 0};

	diag_error(f->load.diag, place, "%s", what);
	return -EINVAL;
}

static int read_rules(struct rules *rules, const struct filter *f)
{
	int err;

	if (!ini_find(&f->ini, text_of(DEFINITION)))
		return refuse_filter(f, "there is no [Definition], so this is no filter");
	err = read_prefix(&rules->prefregex, f);
	if (!err)
		err = read_list(&rules->fail, &rules->fails, f, "failregex");
	if (!err)
		err = read_list(&rules->ignore, &rules->ignores, f, "ignoreregex");
	if (!err && !rules->fails)
		return refuse_filter(f, "the filter has no failregex");
	return err ? err : warn_unsupported(f);
}

/* ---- options ---- */

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
	static const char *const sections[] = {DEFINITION, "Init", INI_DEFAULT};
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
	static const char *const always[] = {"mode",	 "logtype",	"journalmatch",
					     "maxlines", "datepattern", NULL};
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

int conf_read_filter(struct rules **out, const struct spec *spec, const struct conf_dirs *dirs,
		     struct diag *diag)
{
	struct rules *rules = calloc(1, sizeof *rules);
	struct filter f;
	int err;

	if (!rules)
		return -ENOMEM;
	rules->name = strdup(spec->name);
	err = filter_open(&f, spec, dirs, diag);
	if (!err)
		err = check_options(&f, spec, diag);
	if (!err)
		err = rules->name ? read_rules(rules, &f) : -ENOMEM;
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
