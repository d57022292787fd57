/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "match/who.h"

/* The address in a slot, with <CIDR> if that is there. */
static bool read_address(struct prefix *out, const struct captures *c, enum slot slot)
{
	struct text t = c->value[slot], cidr = c->value[SLOT_CIDR];
	char whole[PREFIX_TEXT_MAX + 8];
	int64_t len;
	int n;

	if (!cidr.len)
		return prefix_parse_masked(out, t.at, t.len);
	if (t.len >= PREFIX_TEXT_MAX || !text_number(cidr, 0, UINT16_MAX, &len) ||
	    !prefix_parse(out, t.at, t.len))
		return false;
	/* A length that is too long is that of the address, as in fail2ban. */
	if (len >= (memchr(t.at, ':', t.len) ? 128 : 32))
		return true;
	n = snprintf(whole, sizeof(whole), "%.*s/%d", (int)t.len, t.at, (int)len);
	return prefix_parse_masked(out, whole, (size_t)n);
}

/* fail2ban reads "[2001:db8::1]" and "10.0.0.0/8" as addresses where the text is all there is.
 */
static bool reads_as_address(struct prefix *out, struct text t)
{
	if (t.len > 2 && t.at[0] == '[' && t.at[t.len - 1] == ']')
		t = (struct text){t.at + 1, t.len - 2};
	return prefix_parse_masked(out, t.at, t.len);
}

static bool same(struct text a, struct text b)
{
	return a.len == b.len && !memcmp(a.at, b.at, a.len);
}

/* `ip` is an address, or with `valid` unset a text that should be one. */
static bool by_address(struct finding *out, struct text ip, struct text fid, bool valid)
{
	struct prefix prefix;

	out->subject = SUBJECT_ADDRESS;
	if (!valid)
		out->prefix = (struct prefix){0};
	if (!fid.at || same(fid, ip) ||
	    (valid && reads_as_address(&prefix, fid) && prefix_equal(&prefix, &out->prefix)))
		return valid;
	out->subject = SUBJECT_ID;
	out->name = fid;
	return true;
}

static bool by_name(struct finding *out, struct text dns, struct text fid, bool names)
{
	if (names && fid.at && !same(fid, dns)) {
		out->subject = SUBJECT_ID;
		out->name = fid;
		return true;
	}
	if (prefix_parse(&out->prefix, dns.at, dns.len)) {
		out->subject = SUBJECT_ADDRESS;
		return true;
	}
	out->subject = SUBJECT_NAME;
	out->name = dns;
	return names;
}

static bool by_id(struct finding *out, struct text fid)
{
	bool address = reads_as_address(&out->prefix, fid);

	out->subject = address ? SUBJECT_ADDRESS : SUBJECT_ID;
	if (!address)
		out->name = fid;
	return true;
}

/* <HOST> takes "192.0.2.300" for an address, where without that it would be a name. */
static bool may_be_name(const struct captures *c, enum slot slot)
{
	return slot == SLOT_IP4 && (c->have >> SLOT_DNS & 1) && !c->value[SLOT_CIDR].len;
}

bool who_read(struct finding *out, struct text *said, const struct captures *c, bool names)
{
	enum slot slot = c->value[SLOT_IP4].at ? SLOT_IP4 : SLOT_IP6;
	struct text ip = c->value[slot], dns = c->value[SLOT_DNS], fid = c->value[SLOT_FID];
	bool valid;

	out->prefix = (struct prefix){0};
	out->name = (struct text){NULL, 0};
	*said = ip.at ? ip : dns.at ? dns : fid;
	if (!ip.at && !dns.at)
		return fid.at && by_id(out, fid);
	if (!ip.at)
		return by_name(out, dns, fid, names);
	valid = read_address(&out->prefix, c, slot);
	if (!valid && names && may_be_name(c, slot))
		return by_name(out, ip, fid, names);
	return by_address(out, ip, fid, valid);
}
