/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections that a filter follows through a log by what <F-MLFID> matches, each with
 * what earlier lines said of it.
 */
#ifndef BANISH_MATCH_CONNECTIONS_H
#define BANISH_MATCH_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/text.h"
#include "match/captures.h"

/* fail2ban has room for 100, so that with a hundred new connections any failure that waits for
 * its address can be pushed out. */
#define CONNECTIONS_MAX 512
#define CONNECTION_AGE (INT64_C(300) * 1000) /* fail2ban's, from its first line on */
#define CONNECTION_BYTES 384

struct connections;

/* All that is remembered is copied. */
struct connection {
	uint64_t id; /* hashed */
	int64_t born;
	uint64_t user; /* the first one, hashed */
	bool has_user, several_users;
	bool pending; /* a failure waits for a line that says whose it is */
	uint8_t list; /* connections.c's: where it is kept, and beside which */
	uint16_t previous, next;
	uint16_t pid; /* likewise */
	uint16_t used;
	char bytes[CONNECTION_BYTES]; /* names and values */
};

struct connections *connections_new(void);		/* NULL: out of memory */
void connections_free(struct connections *connections); /* takes NULL */
uint64_t connections_evicted(const struct connections *connections);

/* The connection with this id, or NULL. */
struct connection *connections_find(struct connections *connections, struct text id,
				    int64_t now);
/* False: no line with this text in it belongs to one of them, if ids are whole pieces of lines
 * but for up to two characters at the start. */
bool connections_may_know(const struct connections *connections, struct text line);
/* A new one, with the id that was looked for last. When there is no room the oldest makes some,
 * and of those with a pending failure only when all have one. */
struct connection *connections_add(struct connections *connections, int64_t now);
/* Its slot is free, but what it holds may be read until the next is added. */
void connections_del(struct connections *connections, struct connection *connection);

/*
 * ---- over a restart ----
 *
 * A slot as bytes, which another process of the same key can take over. Ids are hashed by the
 * key, so it is as secret as what it is kept with.
 */
#define CONNECTION_PACKED_MAX (26 + CONNECTION_BYTES)

struct hash_key connections_key(const struct connections *connections);
/* While there is no connection yet. */
void connections_set_key(struct connections *connections, struct hash_key key);
/* The first slot from `from` on that has changed, which is noted; CONNECTIONS_MAX: none. */
unsigned connections_changed(struct connections *connections, unsigned from);
/* How many bytes; 0: the slot is free. */
size_t connections_pack(const struct connections *connections, unsigned slot, char *out);
/* False: they are none, or of one that is known already or too old. */
bool connections_unpack(struct connections *connections, unsigned slot, struct text bytes,
			int64_t now);

/* ---- what is known of one ---- */

void connections_set_pending(struct connections *connections, struct connection *connection,
			     bool pending);
/* A user of the connection; two different ones make several. */
void connections_add_user(struct connections *connections, struct connection *connection,
			  struct text user);
/*
 * What fits of the values (fid, dns and the like up to 255 bytes, others cut to 64) takes the
 * place of what was there. It is a change that connections_set_pending() has to tell of.
 */
void connection_save(struct connection *connection, const struct slots *slots,
		     const struct captures *captures);
/* Give `captures` the values it lacks. They point to the connection. */
void connection_load(const struct connection *connection, const struct slots *slots,
		     struct captures *captures);

#endif
