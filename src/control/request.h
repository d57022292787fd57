/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control request: one line of JSON, read with its types checked. Pure. */
#ifndef BANISH_CONTROL_REQUEST_H
#define BANISH_CONTROL_REQUEST_H

#include <stddef.h>

#include "base/text.h"
#include "control/control.h"

#define REQUEST_OPTIONS_MAX 64

struct cJSON;

struct request {
	struct cJSON *tree; /* owns every string below */
	const char *verb;
	const char **args;
	size_t arg_count;
	struct {
		const char *name, *value;
	} option[REQUEST_OPTIONS_MAX];
	size_t option_count;
};

/* 0; -ENOMEM; -EINVAL with *why in words. On success the caller clears *out. */
int request_parse(struct request *out, struct text line, const char **why);
void request_clear(struct request *request);
/* An option's value, or NULL. */
const char *request_option(const struct request *request, const char *name);
/* The line for `ask`, without newline; the caller frees. NULL: out of memory. */
char *request_print(const struct control_request *ask);

#endif
