/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "base/moment.h"
#include "match/session.h"

struct session *session_new(void)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s)
		s->last_date = TIME_NONE;
	return s;
}

void session_free(struct session *s)
{
	free(s);
}
