/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option `ports` of nft: "tcp:25,udp:1000-2000". */
#ifndef BANISH_TARGET_PORTS_H
#define BANISH_TARGET_PORTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ports.h"
#include "base/text.h"

#define PORTS_WORDS_MAX (2 * PORTS_MAX) /* each with tcp and with udp */

struct ports_word {
	bool udp;
	struct port_range range;
};

struct ports {
	struct ports_word at[PORTS_WORDS_MAX];
	size_t count; /* 0: what goes to any port */
};

/* False: it is no list of ports, or too long a one. */
bool ports_parse(struct ports *out, struct text text);
bool ports_equal(const struct ports *a, const struct ports *b);
/* One word as the helper is told it: "tcp 25", "udp 1000-2000". Returns `out`. */
const char *ports_print(const struct ports_word *word, char *out, size_t size);

#endif
