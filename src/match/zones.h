/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time zones as dates name them. */
#ifndef BANISH_MATCH_ZONES_H
#define BANISH_MATCH_ZONES_H

#include <stdbool.h>

#include "base/text.h"

/*
 * Minutes east of UTC of a name ("CEST"), an offset ("+0200", "+02:00", "+02") or both
 * ("UTC+0200": their sum). The empty text is UTC. False, and *out untouched, for a name that is
 * not known.
 */
bool zone_parse(int *out, struct text text);

#endif
