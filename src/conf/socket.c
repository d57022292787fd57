/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client needs to know of the configuration, which may be broken otherwise. */
#include <errno.h>
#include <stdlib.h>
#include <sys/un.h>

#include "conf/conf.h"
#include "conf/field.h"
#include "conf/load.h"

char *conf_read_socket(const char *file)
{
	struct diag diag = {0};
	struct ini ini = {0};
	struct load load = {.ini = &ini, .diag = &diag};
	struct scope scope = {.ini = &ini, .section = "banish", .diag = &diag};
	char *path = NULL;

	/* Mistakes leave in the ini what was good. */
	if (load_file(&load, file) != -ENOMEM &&
	    field_path(&path, &scope, "socket",
		       sizeof((struct sockaddr_un *)NULL)->sun_path - 1)) {
		free(path);
		path = NULL;
	}
	load_clear(&load);
	ini_clear(&ini);
	return path;
}
