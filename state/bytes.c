/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <string.h>

#include "state/bytes.h"

uint8_t *put_bytes(uint8_t *at, const void *from, size_t len)
{
	memcpy(at, from, len);
	return at + len;
}

uint8_t *put_u8(uint8_t *at, uint8_t v)
{
	*at = v;
	return at + 1;
}

uint8_t *put_u16(uint8_t *at, uint16_t v)
{
	v = htole16(v);
	return put_bytes(at, &v, sizeof(v));
}

uint8_t *put_u32(uint8_t *at, uint32_t v)
{
	v = htole32(v);
	return put_bytes(at, &v, sizeof(v));
}

uint8_t *put_u64(uint8_t *at, uint64_t v)
{
	v = htole64(v);
	return put_bytes(at, &v, sizeof(v));
}

void get_bytes(void *out, const uint8_t **at, size_t len)
{
	memcpy(out, *at, len);
	*at += len;
}

uint8_t get_u8(const uint8_t **at)
{
	return *(*at)++;
}

uint16_t get_u16(const uint8_t **at)
{
	uint16_t v;

	get_bytes(&v, at, sizeof(v));
	return le16toh(v);
}

uint32_t get_u32(const uint8_t **at)
{
	uint32_t v;

	get_bytes(&v, at, sizeof(v));
	return le32toh(v);
}

uint64_t get_u64(const uint8_t **at)
{
	uint64_t v;

	get_bytes(&v, at, sizeof(v));
	return le64toh(v);
}
