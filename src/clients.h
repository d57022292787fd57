/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections as the helper lists them, and as they matter to a mail server. */
#ifndef BANISH_CLIENTS_H
#define BANISH_CLIENTS_H

#include "resolve/resolve.h"
#include "target/target.h"

/* A connection that a server may be serving: established, or closed by the peer alone. */
bool clients_read(struct resolve_socket *out, const struct target_socket *socket);

#endif
