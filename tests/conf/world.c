/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "tests/conf/world.h"

/* `text` onto `out` with every "DIR/" taken away. */
static void add_stripped(struct world *w, const char *text)
{
	size_t used = strlen(w->said), len = strlen(w->dir);

	while (*text && used + 1 < sizeof w->said) {
		if (!strncmp(text, w->dir, len) && text[len] == '/')
			text += len + 1;
		else
			w->said[used++] = *text++;
	}
	w->said[used] = 0;
}

static void say(void *arg, bool error, struct place place, const char *text)
{
	char line[2048], at[24] = "";

	if (place.line)
		snprintf(at, sizeof at, ":%u", place.line);
	snprintf(line, sizeof line, "%s%s: %s%s\n", place.file ? place.file : "-", at,
		 error ? "" : "warning: ", text);
	add_stripped(arg, line);
}

void world_open(struct world *w)
{
	strcpy(w->dir, "/tmp/banish-conf-XXXXXX");
	cr_assert(mkdtemp(w->dir));
	w->diag = (struct diag){.say = say, .arg = w};
	w->journal = false;
	*w->said = 0;
	cr_assert_eq(mkdir(world_path(w, "filter.d"), 0700), 0);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void world_close(struct world *w)
{
	nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *world_path(struct world *w, const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", w->dir, name);
	return path;
}

void world_write(struct world *w, const char *name, const void *bytes, size_t len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	for (char *slash = path + strlen(w->dir) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		cr_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	f = fopen(path, "w");
	cr_assert(f, "%s", path);
	cr_assert_eq(fwrite(bytes, 1, len, f), len);
	cr_assert_eq(fclose(f), 0);
}

void world_text(struct world *w, const char *name, const char *text)
{
	world_write(w, name, text, strlen(text));
}

int world_conf(struct world *w, struct conf **out)
{
	const char *const list[] = {world_path(w, "filter.d"), NULL};
	struct conf_dirs dirs = {.filter_dirs = list};

	return conf_read(out, world_path(w, "banish.conf"), &dirs, &w->diag);
}

int world_filter(struct world *w, struct rules **out, const char *text)
{
	const char *const list[] = {world_path(w, "etc"), world_path(w, "filter.d"), NULL};
	struct conf_dirs dirs = {.filter_dirs = list};
	struct spec spec;
	int err = spec_parse(&spec, text_of(text), (struct place){0}, &w->diag);

	if (err)
		return err;
	err = conf_read_filter(out, &spec, w->journal, &dirs, &w->diag);
	spec_clear(&spec);
	return err;
}
