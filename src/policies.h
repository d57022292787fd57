/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy sockets: which there are, and what is answered on each. */
#ifndef BANISH_POLICIES_H
#define BANISH_POLICIES_H

#include <stdbool.h>

#include "control/control.h"

struct daemon;
struct feed;
struct cJSON;

enum role {
	ROLE_NONE, /* for jails alone */
	ROLE_CHECK,
	ROLE_STORE,
	ROLE_COMMAND,
};

/* One socket. */
struct outlet {
	struct daemon *daemon;
	char *name;
	struct policy *policy; /* NULL: it cannot be opened at the moment */
	int error;	       /* the last one told */
	enum role role;
	struct feed *feed; /* of the jails that read it, or NULL */
	bool wanted;
	struct outlet *next;
};

/* What is answered, each with its outlet as argument. */
extern const struct policy_events policies_requests, policies_commands;

/* Listen where the setup in use says; sockets that stay keep their connections. After
 * feeds_use(). */
void policies_use(struct daemon *daemon);
/* Try again to listen where it failed. */
void policies_tick(struct daemon *daemon);
void policies_free(struct daemon *daemon);

/* For `banish status`. */
void policies_text(const struct daemon *daemon, struct call *call);
struct cJSON *policies_json(const struct daemon *daemon);
struct cJSON *policies_tarpit_json(const struct daemon *daemon); /* NULL: no tarpit */

#endif
