/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the targets report, handed to whom it concerns: a holding, closing, or whoever opened
 * enforcing. */
#ifndef BANISH_REPORTS_H
#define BANISH_REPORTS_H

#include "target/target.h"

extern const struct targets_events reports_events; /* their `arg`: struct enforce */

#endif
