/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the judge is made of. */
#ifndef BANISH_JUDGE_PARTS_H
#define BANISH_JUDGE_PARTS_H

#include "judge/bans.h"
#include "judge/jails.h"
#include "judge/judge.h"
#include "judge/ledger.h"
#include "judge/strikes.h"

struct judge {
	struct jails jails;
	struct ignore own;
	struct bans bans;
	struct strikes strikes;
	struct ledger ledger;
	struct hash_key secret; /* what rndtime adds is made of it */
	struct judge_counts counts;
};

/* As judge_subject(). */
struct prefix judge_subject_in(const struct judge *judge, const struct jail *jail,
			       const struct prefix *address);
/* Fill in until and strikes of a ban that is new: prefix, jail and since are known. */
void judge_measure(const struct judge *judge, const struct jail *jail, struct ban *ban);
/* Before `ban` takes the place of what there is: that is remembered, unless it is the same ban
 * with another end, which keeps its number. One that says its number takes the place of all. */
void judge_keep(struct judge *judge, struct ban *ban);

#endif
