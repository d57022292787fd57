/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter whose files are read, on the way to its rules. */
#ifndef BANISH_CONF_FILTER_H
#define BANISH_CONF_FILTER_H

#include "base/rules.h"
#include "conf/expand.h"
#include "conf/load.h"

#define FILTER_SECTION "Definition"

/* Everything that one filter is read through. */
struct filter {
	struct load load;
	struct ini ini;	    /* its files */
	struct ini options; /* one section: its options, keys as written */
	struct scope scope;
};

/*
 * What the filter says, into zeroed *rules; files and name stay empty. 0, -ENOMEM, or -EINVAL
 * after a diag_error. The caller frees what is in *rules in either case.
 */
int filter_rules(struct rules *rules, const struct filter *filter);

#endif
