/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sendmail calls a process that serves a client, in /proc/PID/cmdline. No I/O. */
#ifndef BANISH_RESOLVE_TITLE_H
#define BANISH_RESOLVE_TITLE_H

#include <stdbool.h>

#include "base/prefix.h"
#include "base/text.h"

/* What of it is read; sendmail cuts it at the length of its first arguments and environment. */
#define TITLE_MAX 2048

struct title {
	struct prefix peer; /* a single address */
	bool reads;	    /* waits for a command: "cmd read" */
};

/*
 * The title of a session, up to the first NUL:
 *
 *	sendmail: MTA: server mail.client.example [203.0.113.40] (may be forged) cmd read
 *	sendmail: server [IPv6:2001:db8:1:0:0:0:0:40] startup
 *	sendmail: MTA: 6AKNiftu018512 mail.client.example [203.0.113.40]: RCPT
 *TO:<x@example.net>
 *
 * ("MTA: " is Debian's.) The name before the address is what the client's DNS says and the
 * command what the client does, so the address is read from where neither reaches: the end of
 * the first two, the start of the third. False: it is none, or does not say whose.
 */
bool title_parse(struct title *out, struct text cmdline);

#endif
