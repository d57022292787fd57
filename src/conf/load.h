/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration files read from disk, with the files that they include. */
#ifndef BANISH_CONF_LOAD_H
#define BANISH_CONF_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "conf/ini.h"

#define LOAD_FILE_MAX (8U << 20) /* bytes of one file */
#define LOAD_FILES_MAX 1000	 /* read into one struct load, includes counted */

struct load {
	struct ini *ini; /* gathers what is read; later files win */
	bool overlays;	 /* an included NAME.conf is followed by NAME.local, if there is one */
	struct diag *diag;
	char **files; /* every file read, in order; places point to these */
	size_t file_count;
};

/*
 * Read PATH between its includes: before, itself, after. 0, -ENOMEM, or -EINVAL after a
 * diag_error for each mistake. A file that cannot be read is a mistake.
 */
int load_file(struct load *load, const char *path);
/* The same, then PATH with .local for its last suffix, if there is such a file. */
int load_overlaid(struct load *load, const char *path);
/* Files named *SUFFIX in DIR by name, as load_file each. That DIR is not there is fine. */
int load_dir(struct load *load, const char *dir, const char *suffix);
/* The bytes of a regular file, which the caller frees. 0 or -errno, which load_reason() has
 * words for; *out and *len are untouched then. */
int load_bytes(char **out, size_t *len, const char *path);
const char *load_reason(int err);
void load_clear(struct load *load); /* frees the list of files; not the ini */

/* DIR of "DIR/name" and "/" joined to `name`, or `name` when it is absolute. Caller frees. */
char *load_path_beside(const char *file, const char *name);
/*
 * Append DIR's file names that end in SUFFIX, in no order, to a list that the caller frees.
 * 0, -ENOMEM, or -errno of opendir.
 */
int load_names(char ***names, size_t *count, const char *dir, const char *suffix);
void load_names_free(char **names, size_t count);

#endif
