/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values with their references resolved, as fail2ban resolves them: %(name)s when a key is
 * read, then <name> in what came of it.
 */
#ifndef BANISH_CONF_EXPAND_H
#define BANISH_CONF_EXPAND_H

#include "base/diag.h"
#include "conf/ini.h"
#include "conf/value.h"

/* Where names are looked up. */
struct scope {
	const struct ini *ini;
	const char *section;
	/* Options given with the filter's name, keys as written: they win over every key.
	 * May be NULL. */
	const struct ini_section *options;
	struct diag *diag;
};

/*
 * The value of `key` (lower case) in the scope's options, its section or [DEFAULT], with every
 * %(name)s, %(section/name)s and %(known/name)s in it replaced and %% made %.
 * 0, -ENOENT, -EINVAL after a diag_error, -ENOMEM. *out must be empty.
 */
int expand_get(struct value *out, const struct scope *scope, const char *key);
bool expand_has(const struct scope *scope, const char *key); /* not -ENOENT */

/* The value that the scope's options or else [Init] give to `name`; both win over [Definition].
 */
int expand_init(struct value *out, const struct scope *scope, const char *name);

/* What the keys of the scope's section were before later files replaced them; may be NULL. */
const struct ini_section *expand_known(const struct scope *scope);

/*
 * Replace each <name>, <section/name> and <known/name> in *value by its value, again and again
 * until nothing changes, so that <a-<b>> works. Names that are defined nowhere remain:
 * <HOST> and <F-USER> mean something to regular expressions. `key` is what *value is the value
 * of. 0, -EINVAL after a diag_error, -ENOMEM.
 */
int expand_tags(struct value *value, const struct scope *scope, const char *key);

#endif
