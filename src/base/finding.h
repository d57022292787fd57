/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a filter found in a line. */
#ifndef BANISH_BASE_FINDING_H
#define BANISH_BASE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/moment.h"
#include "base/prefix.h"
#include "base/text.h"

enum subject_kind {
	SUBJECT_ADDRESS = 1, /* `prefix` is the offender */
	SUBJECT_NAME,	     /* `name` is its host name: nothing is known of its address */
	SUBJECT_ID,	     /* `name` is what <F-ID> matched, and no address */
};

/* What a line means for its subject. All but a failure are words of ours: banish-filters(7). */
enum finding_kind {
	FINDING_FAILURE,
	FINDING_ALARM,	/* <F-ALARM>: a person should know, and nobody is to blame */
	FINDING_OPENED, /* <F-SESSION_OPEN>: the subject has a session, `about` is its id */
	FINDING_ENDED,	/* <F-SESSION_END>: it is over */
	FINDING_TELLS, /* <F-TELLS>: the message that the subject is the id of is of `prefix` */
};

#define FINDING_EXTRAS 16

struct finding_extra {
	const char *name; /* "user"; lives as long as the match */
	struct text value;
};

/* Slices point into the caller's line, the extra values perhaps into a copy that is valid
 * UTF-8, and die with the callback that delivered them. */
struct finding {
	int64_t time; /* the line's; TIME_NONE when its date is missing or impossible */
	enum subject_kind subject;
	struct prefix prefix; /* of a SUBJECT_ADDRESS; wider than one address after <CIDR> */
	struct text name;     /* of a SUBJECT_NAME or SUBJECT_ID */
	enum finding_kind kind;
	bool checked;	   /* <F-SESSION>: a failure only of who has a session open */
	struct text about; /* what the tag of its kind matched; of a failure nothing */
	struct text line;  /* as it was logged, without its newline */
	size_t number;	   /* of the line in its run, from 1 */
	struct finding_extra extra[FINDING_EXTRAS];
	size_t extras;
};

#endif
