/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of configuration files as sections, keys and raw values, by the rules of Python's
 * ConfigParser (strict, inline comments by ";") that fail2ban's files are written to.
 */
#ifndef BANISH_CONF_INI_H
#define BANISH_CONF_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/text.h"
#include "conf/value.h"

#define INI_DEFAULT "DEFAULT"
#define INI_INCLUDES "INCLUDES"
#define INI_KNOWN "KNOWN/" /* and a section's name: what its keys were before a later file */

struct ini_entry {
	char *key;	    /* lower case */
	struct value value; /* at least one line, at the key's place */
};

struct ini_section {
	char *name;
	struct place place; /* of its first header */
	bool known;	    /* made by ini_merge, in no file */
	struct ini_entry *entries;
	size_t count, room;
};

struct ini {
	struct ini_section *sections;
	size_t count, room;
};

/*
 * Parse one file's text and add it to an empty *ini. Places point to `file`. 0, -ENOMEM, or
 * -EINVAL after a diag_error for each mistake; what was good is in *ini then, too.
 */
int ini_parse(struct ini *ini, struct text text, const char *file, struct diag *diag);
/*
 * Lay what is in `from` over `ini`: its keys win, and values they replace remain in the
 * section KNOWN/NAME. Nothing is left in `from`. 0, or -ENOMEM with `ini` in parts changed.
 */
int ini_merge(struct ini *ini, struct ini *from);
/* The section of that name, new or known; NULL: out of memory. Good until the next is made. */
struct ini_section *ini_section(struct ini *ini, struct text name, struct place place);
/* Append a key. Takes both, also when it fails, which it does when `key` is NULL. 0 or -ENOMEM.
 */
int ini_put(struct ini_section *section, char *key, struct value *value);
void ini_clear(struct ini *ini);

/* NULL when there is none, and for a key of no section. Keys are the same in either case. */
const struct ini_section *ini_find(const struct ini *ini, struct text name);
const struct ini_entry *ini_entry(const struct ini_section *section, struct text key);

#endif
