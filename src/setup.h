/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration that could run: read, every filter compiled, every target checked. Made
 * without touching anything that runs, so that a thread can make it during a reload and a bad
 * one changes nothing.
 */
#ifndef BANISH_SETUP_H
#define BANISH_SETUP_H

#include "conf/conf.h"
#include "match/match.h"

#define SETUP_TARPIT "policy tarpit" /* whom it never concerns, as a jail of the judge */

/* One file to follow and what is looked for in it: match's filter i is for jails[i]. */
struct setup_feed {
	const char *path;
	struct match *match;
	size_t *jails; /* into conf->jails */
	size_t count;
};

struct setup {
	struct conf *conf;
	struct setup_feed *feeds;
	size_t feed_count;
};

enum setup_mode {
	SETUP_STRICT,  /* one filter that cannot be used and there is no setup: to check, and to
			  reload, where what runs is better than what has a mistake */
	SETUP_LENIENT, /* then its jail is `disabled`, and the others work: to start */
};

/* 0, or -errno after at least one diag_error. */
int setup_new(struct setup **out, const char *file, enum setup_mode mode, struct diag *diag);
/* Tell the judge about the jails. 0 or -ENOMEM. */
struct memory;
int setup_judge(struct memory *memory, const struct conf *conf);
void setup_free(struct setup *setup); /* takes NULL */

/* Where filters are looked for: in filter.d beside the configuration FILE, among ours, in
 * fail2ban's. Ours and the helper program are found beside this program in a build tree, else
 * where they were installed. Ended by NULL; good until the next call. */
const char *const *setup_filter_dirs(const char *file);
const char *setup_helper(void);

#endif
