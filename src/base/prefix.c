/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/prefix.h"

static_assert(sizeof(struct prefix) == 18, "no padding: prefixes are compared as bytes");

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

unsigned prefix_bits(const struct prefix *p)
{
	return p->family == 4 ? 32 : 128;
}

int prefix_af(const struct prefix *p)
{
	return p->family == 4 ? AF_INET : AF_INET6;
}

bool prefix_is_single(const struct prefix *p)
{
	return p->len == prefix_bits(p);
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return !memcmp(a, b, sizeof *a);
}

struct prefix prefix_cut(const struct prefix *p, unsigned len)
{
	struct prefix cut = {.family = p->family, .len = p->len};
	unsigned whole, rest;

	if (len < cut.len)
		cut.len = (uint8_t)len;
	whole = cut.len / 8;
	rest = cut.len % 8;
	memcpy(cut.addr, p->addr, whole);
	if (rest)
		cut.addr[whole] = p->addr[whole] & (uint8_t)(0xff00 >> rest);
	return cut;
}

bool prefix_covers(const struct prefix *wide, const struct prefix *narrow)
{
	unsigned whole = wide->len / 8, rest = wide->len % 8;

	if (wide->family != narrow->family || wide->len > narrow->len)
		return false;
	if (memcmp(wide->addr, narrow->addr, whole) != 0)
		return false;
	return !rest || !((wide->addr[whole] ^ narrow->addr[whole]) & (0xff00 >> rest) & 0xff);
}

bool prefix_valid(const struct prefix *p)
{
	static const uint8_t zeros[sizeof p->addr];
	unsigned whole, rest;

	if ((p->family != 4 && p->family != 6) || p->len > prefix_bits(p))
		return false;
	if (p->family == 6 && p->len >= 96 && !memcmp(p->addr, mapped, sizeof mapped))
		return false;
	whole = p->len / 8;
	rest = p->len % 8;
	if (rest && p->addr[whole++] & (0xff >> rest))
		return false;
	return !memcmp(p->addr + whole, zeros, sizeof zeros - whole);
}

/* An IPv4-mapped prefix of 96 bits or more becomes IPv4. */
static void prefix_unmap(struct prefix *p)
{
	if (p->family != 6 || p->len < 96 || memcmp(p->addr, mapped, sizeof mapped) != 0)
		return;
	memcpy(p->addr, p->addr + 12, 4);
	memset(p->addr + 4, 0, 12);
	p->family = 4;
	p->len -= 96;
}

bool prefix_from_bytes(struct prefix *out, int af, const void *addr, unsigned len)
{
	struct prefix p = {0};

	if ((af != AF_INET && af != AF_INET6) || len > (af == AF_INET ? 32u : 128u))
		return false;
	p.family = af == AF_INET ? 4 : 6;
	p.len = (uint8_t)len;
	memcpy(p.addr, addr, af == AF_INET ? 4 : 16);
	p = prefix_cut(&p, len);
	prefix_unmap(&p);
	*out = p;
	return true;
}

/* The address part, copied so that it ends in NUL for inet_pton(3), which is strict about
 * leading zeros, missing parts and scopes. */
static bool parse_addr(struct prefix *out, const char *at, size_t len)
{
	char copy[PREFIX_TEXT_MAX];
	bool six;

	if (!len || len >= sizeof copy || memchr(at, 0, len))
		return false;
	memcpy(copy, at, len);
	copy[len] = 0;
	six = memchr(copy, ':', len) != NULL;
	*out = (struct prefix){.family = six ? 6 : 4, .len = six ? 128 : 32};
	return inet_pton(six ? AF_INET6 : AF_INET, copy, out->addr) == 1;
}

static bool parse_len(uint8_t *out, const char *at, size_t len, unsigned max)
{
	unsigned value = 0;

	if (!len || len > 3 || (len > 1 && at[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		value = value * 10 + (unsigned)(at[i] - '0');
	}
	if (value > max)
		return false;
	*out = (uint8_t)value;
	return true;
}

bool prefix_parse_masked(struct prefix *out, const char *at, size_t len)
{
	const char *slash = len ? memchr(at, '/', len) : NULL;
	size_t head = slash ? (size_t)(slash - at) : len;
	struct prefix p;

	if (!parse_addr(&p, at, head))
		return false;
	if (slash && !parse_len(&p.len, slash + 1, len - head - 1, prefix_bits(&p)))
		return false;
	p = prefix_cut(&p, p.len);
	prefix_unmap(&p);
	*out = p;
	return true;
}

bool prefix_parse(struct prefix *out, const char *at, size_t len)
{
	const char *slash = len ? memchr(at, '/', len) : NULL;
	struct prefix p, whole;

	if (!prefix_parse_masked(&p, at, len))
		return false;
	if (slash) {
		/* What a "/len" leaves out must be zero. */
		if (!prefix_parse_masked(&whole, at, (size_t)(slash - at)))
			return false;
		if (whole.family == p.family && memcmp(whole.addr, p.addr, sizeof p.addr) != 0)
			return false;
	}
	*out = p;
	return true;
}

/* "10." or "192.168.": whole bytes, each with its dot. */
static bool parse_dotted_prefix(struct prefix *out, const char *at, size_t len)
{
	struct prefix p = {.family = 4};
	unsigned value = 0, digits = 0, parts = 0;

	for (size_t i = 0; i < len; i++) {
		if (at[i] == '.') {
			if (!digits || parts == 3)
				return false;
			p.addr[parts++] = (uint8_t)value;
			value = digits = 0;
			continue;
		}
		if (at[i] < '0' || at[i] > '9' || (digits && !value))
			return false;
		value = value * 10 + (unsigned)(at[i] - '0');
		digits++;
		if (value > 255)
			return false;
	}
	if (!parts || digits)
		return false;
	p.len = (uint8_t)(8 * parts);
	*out = p;
	return true;
}

/* "10.0.0.0/255.0.0.0" */
static bool parse_dotted_mask(struct prefix *out, const char *at, size_t len)
{
	const char *slash = len ? memchr(at, '/', len) : NULL;
	struct prefix p, mask;
	uint32_t bits;

	if (!slash || !parse_addr(&p, at, (size_t)(slash - at)) || p.family != 4)
		return false;
	if (!parse_addr(&mask, slash + 1, len - (size_t)(slash + 1 - at)) || mask.family != 4)
		return false;
	memcpy(&bits, mask.addr, 4);
	bits = ntohl(bits);
	if (~bits & (~bits + 1)) /* ones after a zero */
		return false;
	*out = prefix_cut(&p, (unsigned)__builtin_popcount(bits));
	return true;
}

bool prefix_parse_loose(struct prefix *out, const char *at, size_t len)
{
	return prefix_parse_masked(out, at, len) || parse_dotted_prefix(out, at, len) ||
	       parse_dotted_mask(out, at, len);
}

const char *prefix_print_addr(const struct prefix *p, char *text)
{
	inet_ntop(prefix_af(p), p->addr, text, PREFIX_TEXT_MAX);
	return text;
}

const char *prefix_print(const struct prefix *p, char *text)
{
	size_t len;

	prefix_print_addr(p, text);
	len = strlen(text);
	if (!prefix_is_single(p))
		snprintf(text + len, PREFIX_TEXT_MAX - len, "/%u", (unsigned)p->len);
	return text;
}
