/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drop-established: whoever a jail has banned loses the connections to the jail's ports that
 * are open already, once the kernel has the ban. Peers gather while one batch is under way.
 */
#ifndef BANISH_CLOSING_H
#define BANISH_CLOSING_H

#include "base/names.h"
#include "conf/conf.h"
#include "connections.h"
#include "enforce.h"
#include "judge/judge.h"

#define CLOSING_MAX 65536 /* peers that wait; beyond, their connections stay until they end */

struct closing_jail {
	bool drops;
	bool conntrack;
	struct port_range ports[PORTS_MAX];
	size_t port_count;
};

struct closing_peer {
	struct prefix prefix;
	uint32_t jail;
};

enum closing_state {
	CLOSING_IDLE,
	CLOSING_WAITS, /* for the kernel to have the bans */
	CLOSING_ASKED,
};

struct closing {
	struct closing_jail *jails; /* by name; owned */
	uint32_t size;
	struct closing_peer *peers; /* the first `batch` of them are being closed; owned */
	size_t count, room, batch;
	enum closing_state state;
	struct enforce_mark mark;
	struct enforce_closed closed;
	struct connections_asker asker;
};

/* 0 or -ENOMEM, then nothing changed. */
int closing_set(struct closing *closing, const struct names *names, const struct conf *conf);
void closing_clear(struct closing *closing); /* frees what it holds */
/* The bans of (jail, prefix) are not what they were. */
void closing_change(struct closing *closing, const struct judge *judge, uint32_t jail,
		    const struct prefix *prefix);
/* Take it on, if there is anything to do. */
void closing_pump(struct closing *closing, const struct enforce *enforce,
		  struct connections *connections, struct targets *targets);

#endif
