/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lines said, as it is kept with their connection. */
#include <string.h>

#include "match/connections.h"

/* Of a value that says who it is only the whole is of use. */
#define WHOLE_MAX 255
#define CUT_MAX 64

/* Flags are said of a line and not of its connection, and the id is the key. */
#define KEPT (~(uint64_t)0 << SLOT_USER | ((UINT64_C(1) << SLOT_CONTENT) - 1))

/* Not longer than `most`, and whole characters of UTF-8. */
static size_t cut(struct text t, size_t most)
{
	if (t.len <= most)
		return t.len;
	while (most && ((unsigned char)t.at[most] & 0xc0) == 0x80)
		most--;
	return most;
}

/* Two bytes of lengths, name, value. Returns where the next one goes. */
static size_t put(struct connection *c, size_t used, struct text name, struct text value,
		  bool whole)
{
	size_t len = cut(value, whole ? WHOLE_MAX : CUT_MAX);
	char *at = c->bytes + used;

	if ((whole && len < value.len) || name.len > UINT8_MAX ||
	    2 + name.len + len > CONNECTION_BYTES - used)
		return used;
	at[0] = (char)name.len;
	at[1] = (char)len;
	memcpy(at + 2, name.at, name.len);
	memcpy(at + 2 + name.len, value.at, len);
	return used + 2 + name.len + len;
}

void connection_save(struct connection *c, const struct slots *slots,
		     const struct captures *captures)
{
	size_t used = 0;

	for (uint64_t have = captures->have & KEPT; have; have &= have - 1) {
		unsigned i = (unsigned)__builtin_ctzll(have);

		if (captures->value[i].at)
			used = put(c, used, text_of(slots->name[i]), captures->value[i],
				   i < SLOT_CONTENT);
	}
	c->used = (uint16_t)used;
}

static void load(struct captures *captures, const struct slots *slots, struct text name,
		 struct text value)
{
	for (size_t i = 0; i < slots->count; i++) {
		if (captures->value[i].at || !(KEPT >> i & 1) ||
		    !text_equal(name, slots->name[i]))
			continue;
		captures->value[i] = value;
		captures->have |= UINT64_C(1) << i;
	}
}

void connection_load(const struct connection *c, const struct slots *slots,
		     struct captures *captures)
{
	for (size_t at = 0; at < c->used;) {
		struct text name = {c->bytes + at + 2, (unsigned char)c->bytes[at]};
		struct text value = {name.at + name.len, (unsigned char)c->bytes[at + 1]};

		load(captures, slots, name, value);
		at += 2 + name.len + value.len;
	}
}
