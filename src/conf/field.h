/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One key's value as the type it must have. A key that is not there leaves *out untouched, so a
 * default stays; a bad value is a diag_error and leaves it, too. Results: 0 or -ENOMEM.
 */
#ifndef BANISH_CONF_FIELD_H
#define BANISH_CONF_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/expand.h"

int field_number(int64_t *out, const struct scope *scope, const char *key, int64_t min,
		 int64_t max);
/* Above zero; TIME_FOREVER only when `forever`. */
int field_duration(int64_t *out, const struct scope *scope, const char *key, bool forever);
int field_flag(bool *out, const struct scope *scope, const char *key);
/* The number of one of `words` (ended by NULL). */
int field_choice(unsigned *out, const struct scope *scope, const char *key,
		 const char *const *words);
/* One absolute path of at most `max` bytes. What was in *out is freed. */
int field_path(char **out, const struct scope *scope, const char *key, size_t max);
int field_word(char **out, const struct scope *scope, const char *key);

/* The value itself: false when the key is not there or broken; *err is then 0 or -ENOMEM. */
bool field_value(struct value *out, const struct scope *scope, const char *key, int *err);

#endif
