/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `name[option=value,option="a,b"][more=...]`: how a configuration names a filter or a target.
 */
#ifndef BANISH_BASE_SPEC_H
#define BANISH_BASE_SPEC_H

#include <stddef.h>

#include "base/diag.h"
#include "base/text.h"

struct spec_option {
	char *name, *value;
};

struct spec {
	char *name;
	struct spec_option *options;
	size_t count;
	struct place place;
};

/* 0, -ENOMEM, or -EINVAL after a diag_error. On success the caller owns what is in *out. */
int spec_parse(struct spec *out, struct text text, struct place place, struct diag *diag);
void spec_clear(struct spec *spec); /* frees what it holds */
/* As text that parses to the same: the caller's to free; NULL: out of memory. */
char *spec_text(const struct spec *spec);
/* The value of an option, or NULL. The last of that name counts. */
const char *spec_get(const struct spec *spec, const char *name);
/* Refuse options that are not in `known` (ended by NULL), naming the nearest: 0 or -EINVAL. */
int spec_check_options(const struct spec *spec, const char *const *known, struct diag *diag);

#endif
