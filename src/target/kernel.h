/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this room says and what the helper says: one into the other. */
#ifndef BANISH_TARGET_KERNEL_H
#define BANISH_TARGET_KERNEL_H

#include "target/options.h"
#include "target/target.h"
#include "target/window.h"

/* The definition of a kernel target. False: out of memory. */
bool kernel_pack_define(struct request *out, size_t target, const struct options *options,
			uint32_t identity, const struct targets_scale *scale);
bool kernel_pack_changes(struct request *out, size_t target,
			 const struct target_change *changes, size_t count);
bool kernel_pack_refill(struct request *out, size_t target, enum target_phase phase,
			size_t expect);
bool kernel_pack_query(struct request *out);
bool kernel_pack_closes(struct request *out, const struct target_close *closes, size_t count);
bool kernel_pack_sockets(struct request *out, struct port_range ports);
/* The changes of a request again; there is room in `out` for all of them. */
void kernel_unpack_changes(struct target_change *out, const struct request *request);

/* What the helper answered to a definition. False: it makes no sense. */
bool kernel_unpack_defined(struct target_info *out, const struct options *options,
			   const struct wire_defined *defined);
/* The definition failed as a whole: -errno. */
void kernel_explain(struct target_info *out, const struct options *options, int error);

/* False: it makes no sense. */
bool kernel_unpack_socket(struct target_socket *out, const struct wire_socket *socket);
bool kernel_unpack_fact(struct target_fact *out, const struct wire_fact *fact);
/* "nft (pid 123)"; empty: not known. Returns `out`. */
const char *kernel_print_who(const struct wire_event *event, char *out, size_t size);

#endif
