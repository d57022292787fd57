/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf/conf.h"

/*
 * A file of any bytes as our own configuration. What is refused is refused with a message that
 * names a file; what is accepted came without one, and every jail has a filter and a source.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(claim)                                                                            \
	do {                                                                                   \
		if (!(claim))                                                                  \
			abort();                                                               \
	} while (0)

static void say(void *arg, bool error, struct place place, const char *text)
{
	(void)arg, (void)error;
	MUST(place.file && *place.file && *text && !strchr(text, '\n'));
}

static void read_conf(const char *path)
{
	const char *const own[] = {"tests/fuzz", NULL};
	struct conf_dirs dirs = {.filter_dirs = own};
	struct diag diag = {.say = say};
	struct conf *conf = NULL;
	int err = conf_read(&conf, path, &dirs, &diag);

	MUST(!err == !diag.errors && !err == (conf != NULL));
	if (err)
		return;
	MUST(conf->jail_count && !strcmp(conf->jails[0].name, CONF_MANUAL));
	for (size_t i = 1; i < conf->jail_count; i++)
		MUST(conf->jails[i].rules && conf->jails[i].source_count);
	conf_free(conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	read_conf(path);
	close(fd);
	return 0;
}
