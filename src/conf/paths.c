/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths that are needed of a configuration, which may be broken otherwise. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/un.h>

#include "conf/conf.h"
#include "conf/field.h"
#include "conf/load.h"

static char *read_path(const char *file, const char *key, size_t max)
{
	struct diag diag = {0};
	struct ini ini = {0};
	struct load load = {.ini = &ini, .diag = &diag};
	struct scope scope = {.ini = &ini, .section = "banish", .diag = &diag};
	char *path = NULL;

	/* Mistakes leave in the ini what was good. */
	if (load_file(&load, file) != -ENOMEM && field_path(&path, &scope, key, max)) {
		free(path);
		path = NULL;
	}
	load_clear(&load);
	ini_clear(&ini);
	return path;
}

char *conf_read_socket(const char *file)
{
	return read_path(file, "socket", sizeof((struct sockaddr_un *)NULL)->sun_path - 1);
}

char *conf_read_statedir(const char *file)
{
	return read_path(file, "statedir", PATH_MAX - 1);
}
