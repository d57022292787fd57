/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a syslog datagram, and the line that is made of it.
 *
 *	RFC 3164	<PRI>TIME [HOST] TAG[PID]: MSG	as syslog(3), rsyslog's and syslog-ng's
 *			traditional templates write it; TIME may be RFC 3339's, and TIME, HOST
 *			and <PRI> may be missing
 *	RFC 5424	<PRI>1 TIME HOST APP-NAME PROCID MSGID SD MSG
 *
 * Who sends to the socket says what he likes: HOST and IDENT are his word, and so is the time.
 * What is held against is that MSG, which may be a stranger's, becomes anything else:
 *
 * - They are read from the front, each ends at its first delimiter, and MSG is looked at by
 *   nothing. Only where a sender puts no TAG before MSG (RFC 3164 has no mark for that) may the
 *   first word of MSG be one.
 * - HOST is there only after a time. It is the first word that has no TAG's delimiter.
 * - The line always has a HOST and an IDENT, "-" for one that was not named. Filters take each
 *   as optional: MSG would stand in its place.
 * - One datagram is one line.
 *
 * Trust in a sender is not decided here: it is configured, since anyone on this host can send
 * to a port of loopback.
 */
#ifndef BANISH_SOURCE_HEADER_H
#define BANISH_SOURCE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/line.h"
#include "base/text.h"
#include "source/clock.h"

/* Slices of the datagram. Empty is what it does not name. */
struct header {
	struct text host;  /* up to 255 bytes, no blank */
	struct text ident; /* up to 128 bytes, no blank, ":" or "[" */
	struct text pid;   /* up to 128 letters, digits, ".", "_" and "-" */
	struct text msg;   /* without blanks before and newlines and NULs behind it */
	int64_t time;	   /* ms; `now` where it is missing or absurd */
};

/* `now` in ms. False: this is no syslog message. */
bool header_parse(struct header *out, struct text datagram, int64_t now, struct clock *clock);

#define HEADER_LINE_MAX (LINE_MAX_BYTES + 1)

/*
 * Write "HOST IDENT[PID]: MSG\n", as fail2ban has it from the journal, to `out` (room for
 * HEADER_LINE_MAX): its length. A newline in MSG becomes "\n", two characters. `host` stands
 * for a HOST that was not named. *cut: MSG was too long, and the line is HEADER_LINE_MAX long.
 */
size_t header_print(const struct header *header, const char *host, char *out, bool *cut);

#endif
