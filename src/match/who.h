/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who it was: what the groups of a filter matched as the subject of a finding. */
#ifndef BANISH_MATCH_WHO_H
#define BANISH_MATCH_WHO_H

#include <stdbool.h>

#include "base/finding.h"
#include "match/captures.h"

/*
 * Fill subject, prefix and name as filter_find() says. *said is the text that decided; at NULL:
 * there was none. False: it is nobody.
 */
bool who_read(struct finding *out, struct text *said, const struct captures *captures,
	      bool names);

#endif
