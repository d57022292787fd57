/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Little-endian fields of a file. put returns where the next field goes; get takes the field
 * at *at and moves on. The caller has checked that there is room.
 */
#ifndef BANISH_STATE_BYTES_H
#define BANISH_STATE_BYTES_H

#include <stddef.h>
#include <stdint.h>

uint8_t *put_bytes(uint8_t *at, const void *from, size_t len);
uint8_t *put_u8(uint8_t *at, uint8_t v);
uint8_t *put_u16(uint8_t *at, uint16_t v);
uint8_t *put_u32(uint8_t *at, uint32_t v);
uint8_t *put_u64(uint8_t *at, uint64_t v);

void get_bytes(void *out, const uint8_t **at, size_t len);
uint8_t get_u8(const uint8_t **at);
uint16_t get_u16(const uint8_t **at);
uint32_t get_u32(const uint8_t **at);
uint64_t get_u64(const uint8_t **at);

#endif
