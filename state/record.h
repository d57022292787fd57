/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as bytes, the same in journal and snapshot, little-endian:
 *
 *	u16 length of the body | u8 kind | u8 version of that kind | body
 *
 * The body is the fields of struct record in their order; a text comes last, as u16 length and
 * bytes. A prefix is its 18 bytes.
 */
#ifndef BANISH_STATE_RECORD_H
#define BANISH_STATE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "state/store.h"

#define RECORD_HEAD 4
#define RECORD_BODY_MAX (18 + 4 + 8 + 2 + STORE_TEXT_MAX) /* evidence */
#define RECORD_MAX (RECORD_HEAD + RECORD_BODY_MAX)

/* Bytes written to `out`, which has room for RECORD_MAX. A text that is too long is cut. */
size_t record_pack(uint8_t *out, const struct record *record);
/* The whole length of the record whose head is at `at`. */
size_t record_length(const uint8_t *at);
/* Could these RECORD_HEAD bytes begin a record that this program writes? */
int record_check_head(const uint8_t *at);
/* `len` is the whole length. Texts in *out point into `at`. 0; -EBADMSG: not a record, or a
 * field holds what it cannot hold; -EPROTONOSUPPORT: of a kind or version of another program.
 */
int record_unpack(struct record *out, const uint8_t *at, size_t len);

#endif
