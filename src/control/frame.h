/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a policy request ends, and what is in it. Pure. */
#ifndef BANISH_CONTROL_FRAME_H
#define BANISH_CONTROL_FRAME_H

#include <stddef.h>

#include "base/text.h"
#include "control/control.h"

enum frame {
	FRAME_PART,  /* its end has not come */
	FRAME_WHOLE, /* *len bytes, the empty line at its end among them */
	FRAME_CRLF,  /* its lines end by CR LF: whoever sends that waits for another answer */
	FRAME_LONG,
};

/* `have` is what came since the last request. *seen goes from call to call, 0 for a new
 * request: the start of its line that is not whole. */
enum frame frame_next(struct text have, size_t *seen, size_t *len);
/* The attributes of a whole request; they point into it. False: it is none that we answer. */
bool frame_parse(struct policy_request *out, struct text whole);

#endif
