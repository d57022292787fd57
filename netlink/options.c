/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/rtnetlink.h>

#include "netlink/options.h"

struct word {
	const char *text;
	uint8_t value;
};

static bool read_word(uint8_t *out, const struct word *words, const char *text, size_t len)
{
	for (; words->text; words++)
		if (strlen(words->text) == len && !memcmp(words->text, text, len)) {
			*out = words->value;
			return true;
		}
	return false;
}

static bool read_number(uint32_t *out, const char *text, uint64_t min, uint64_t max)
{
	uint64_t n = 0;
	const char *at = text;

	for (; isdigit((unsigned char)*at) && at < text + 10; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	if (at == text || *at || n < min || n > max)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Names go to the kernel as they are; blanks and control characters are never meant. */
static bool read_name(char *out, size_t size, const char *text)
{
	const char *at = text;

	while (isgraph((unsigned char)*at))
		at++;
	if (*at || at == text || (size_t)(at - text) >= size)
		return false;
	memcpy(out, text, (size_t)(at - text) + 1);
	return true;
}

static bool read_kind(struct options *o, const char *text)
{
	static const struct word words[] = {
		{"nft", OPTIONS_NFT}, {"ipset", OPTIONS_IPSET}, {"route", OPTIONS_ROUTE}, {0}};
	uint8_t kind;

	if (!read_word(&kind, words, text, strlen(text)))
		return false;
	o->kind = kind;
	return true;
}

/* "FAMILY NAME" for nft, a number for routes. */
static bool read_table(struct options *o, const char *text)
{
	static const struct word families[] = {
		{"ip", NFPROTO_IPV4},	    {"ip6", NFPROTO_IPV6},	{"inet", NFPROTO_INET},
		{"bridge", NFPROTO_BRIDGE}, {"netdev", NFPROTO_NETDEV}, {0}};
	const char *blank = strchr(text, ' ');

	if (!blank)
		return read_number(&o->route_table, text, 1, UINT32_MAX);
	return read_word(&o->nft_family, families, text, (size_t)(blank - text)) &&
	       read_name(o->nft_table, sizeof o->nft_table, blank + 1);
}

static bool read_type(struct options *o, const char *text)
{
	static const struct word types[] = {{"blackhole", RTN_BLACKHOLE},
					    {"unreachable", RTN_UNREACHABLE},
					    {"prohibit", RTN_PROHIBIT},
					    {0}};

	return read_word(&o->route_type, types, text, strlen(text));
}

static bool read_owner(struct options *o, const char *text)
{
	o->owner = strcmp(text, "no") != 0;
	return !o->owner || !strcmp(text, "yes");
}

static bool read_protocol(struct options *o, const char *text)
{
	uint32_t number;

	if (!read_number(&number, text, 5, 255))
		return false;
	o->protocol = (uint8_t)number;
	return true;
}

static bool read_set_name(struct options *o, const char *text)
{
	return read_name(o->name, sizeof o->name, text);
}

static bool read_name6(struct options *o, const char *text)
{
	return read_name(o->name6, sizeof o->name6, text);
}

static bool read_set4(struct options *o, const char *text)
{
	return read_name(o->set4, sizeof o->set4, text);
}

static bool read_set6(struct options *o, const char *text)
{
	return read_name(o->set6, sizeof o->set6, text);
}

static bool read_maxbans(struct options *o, const char *text)
{
	return read_number(&o->maxbans, text, 1, INT32_MAX);
}

static bool read_identity(struct options *o, const char *text)
{
	return read_number(&o->identity, text, 0, UINT32_MAX);
}

static bool read_expect(struct options *o, const char *text)
{
	return read_number(&o->expect, text, 0, UINT32_MAX);
}

/* "tcp 25" or "udp 1000-2000". */
static bool read_port(struct options *o, const char *text)
{
	static const struct word protocols[] = {
		{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {0}};
	const char *blank = strchr(text, ' '), *dash;
	char number[12] = {0};
	uint32_t first, last;
	uint8_t protocol;

	if (!blank || o->port_count == OPTIONS_PORTS_MAX ||
	    !read_word(&protocol, protocols, text, (size_t)(blank - text)))
		return false;
	dash = strchr(blank, '-');
	if (!dash)
		dash = blank + strlen(blank);
	if ((size_t)(dash - blank) >= sizeof number)
		return false;
	memcpy(number, blank + 1, (size_t)(dash - blank) - 1);
	if (!read_number(&first, number, 1, UINT16_MAX) ||
	    !read_number(&last, *dash ? dash + 1 : number, first, UINT16_MAX))
		return false;
	o->ports[o->port_count++] =
		(struct options_port){protocol, (uint16_t)first, (uint16_t)last};
	return true;
}

static const struct {
	const char *name;
	bool (*read)(struct options *o, const char *text);
} readers[] = {
	[WIRE_OPT_KIND] = {"kind", read_kind},
	[WIRE_OPT_NAME] = {"name", read_set_name},
	[WIRE_OPT_TABLE] = {"table", read_table},
	[WIRE_OPT_SET4] = {"set4", read_set4},
	[WIRE_OPT_SET6] = {"set6", read_set6},
	[WIRE_OPT_OWNER] = {"owner", read_owner},
	[WIRE_OPT_TYPE] = {"type", read_type},
	[WIRE_OPT_PROTOCOL] = {"protocol", read_protocol},
	[WIRE_OPT_MAXBANS] = {"maxbans", read_maxbans},
	[WIRE_OPT_IDENTITY] = {"identity", read_identity},
	[WIRE_OPT_EXPECT] = {"expect", read_expect},
	[WIRE_OPT_NAME6] = {"name6", read_name6},
	[WIRE_OPT_PORT] = {"port", read_port},
};

/* What is missing for a target of this kind, or NULL. */
static const char *missing(const struct options *o)
{
	if (!o->kind)
		return "kind";
	if (o->kind == OPTIONS_IPSET && !o->name[0])
		return "name";
	if (o->kind == OPTIONS_NFT && o->nft_family && !o->set4[0] && !o->set6[0])
		return "set4";
	if (o->kind == OPTIONS_NFT && !o->nft_family && (o->set4[0] || o->set6[0]))
		return "table";
	if (o->kind == OPTIONS_NFT && !o->nft_family && o->route_table)
		return "table";
	if (o->port_count && (o->kind != OPTIONS_NFT || o->nft_family))
		return "port";
	if (o->kind == OPTIONS_ROUTE && !o->route_type)
		return "type";
	if (o->kind == OPTIONS_ROUTE && !o->protocol)
		return "protocol";
	return NULL;
}

static int by_port(const void *a, const void *b)
{
	const struct options_port *x = a, *y = b;

	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* However they were given, the same ports look the same. */
static void order_ports(struct options *o)
{
	unsigned i, count = 0;

	qsort(o->ports, o->port_count, sizeof *o->ports, by_port);
	for (i = 0; i < o->port_count; i++) {
		struct options_port *before = count ? &o->ports[count - 1] : NULL;

		if (!before || before->protocol != o->ports[i].protocol ||
		    o->ports[i].first > before->last + 1)
			o->ports[count++] = o->ports[i];
		else if (o->ports[i].last > before->last)
			before->last = o->ports[i].last;
	}
	o->port_count = count;
}

int options_parse(struct options *out, const char **where, const struct wire_option *records,
		  size_t count)
{
	struct options o = {.owner = true, .maxbans = OPTIONS_MAXBANS};
	size_t i;

	for (i = 0; i < count; i++) {
		const struct wire_option *r = &records[i];

		*where = "an unknown option";
		if (r->option >= sizeof readers / sizeof *readers || !readers[r->option].read)
			return WIRE_FAULT_OPTION;
		*where = readers[r->option].name;
		if (!memchr(r->text, 0, sizeof r->text) ||
		    !readers[r->option].read(&o, r->text))
			return WIRE_FAULT_OPTION;
	}
	*where = missing(&o);
	if (*where)
		return WIRE_FAULT_OPTION;
	order_ports(&o);
	if (o.kind == OPTIONS_ROUTE && !o.route_table)
		o.route_table = RT_TABLE_MAIN;
	*out = o;
	return 0;
}
