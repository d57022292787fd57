/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ADDRESS:PORT as the configuration writes it, IPv6 in brackets. */
#ifndef BANISH_CONF_ENDPOINT_H
#define BANISH_CONF_ENDPOINT_H

#include <stdbool.h>

#include "base/text.h"

/* *loopback: nobody but this host can send there. False: it is none. */
bool endpoint_parse(struct text text, bool *loopback);

#endif
