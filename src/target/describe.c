/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target as one line for a person. */
#include <stdio.h>

#include "target/options.h"

static void describe_ports(const struct options *o, char *out, size_t size)
{
	char word[32];
	int used = snprintf(out, size,
			    "nft: sets of %s table inet banish, which drops what they "
			    "hold on its way to",
			    o->owner ? "its own" : "its own, unowned");

	for (size_t i = 0; i < o->ports.count && used >= 0 && (size_t)used < size; i++)
		used += snprintf(out + used, size - (size_t)used, "%s %s", i ? "," : "",
				 ports_print(&o->ports.at[i], word, sizeof word));
	if (used >= 0 && (size_t)used < size)
		snprintf(out + used, size - (size_t)used, ": no rule is needed");
}

static void describe_nft(const struct options *o, char *out, size_t size)
{
	const char *and = o->set4 && o->set6 ? " and " : "";

	if (o->table[0])
		snprintf(out, size, "nft: %s %s%s%s%s%s of table %s, named by your rules",
			 *and? "sets" : "set", o->set4 ? o->set4 : "", o->set4 ? " (IPv4)" : "",
			 and, o->set6 ? o->set6 : "",
			 o->set6 ? " (IPv6; without \"flags interval\" a /64 by its base "
				   "address)"
				 : "",
			 o->table);
	else if (o->ports.count)
		describe_ports(o, out, size);
	else
		snprintf(
			out, size,
			"nft: sets ban4, ban6 (ban4_LEN, ban6_LEN for other prefix lengths) of "
			"%s table inet banish, which drops what they hold: no rule is needed",
			o->owner ? "its own" : "its own, unowned");
}

static void describe_ipset(const struct options *o, char *out, size_t size)
{
	snprintf(out, size,
		 "ipset: sets %s (IPv4), %s (IPv6 by /64), %s-net and %s-net (other "
		 "prefixes), "
		 "named by your rules",
		 o->name, o->name6, o->name, o->name6);
}

static void describe_route(const struct options *o, char *out, size_t size)
{
	const char *name = options_table_name(o->route_table);

	if (name)
		snprintf(out, size, "route: %s routes in table %s, protocol %u", o->type, name,
			 o->protocol);
	else
		snprintf(out, size,
			 "route: %s routes in table %u, protocol %u; an \"ip rule\" of yours "
			 "must "
			 "look that table up",
			 o->type, o->route_table, o->protocol);
}

static void describe_tcprules(const struct options *o, char *out, size_t size)
{
	int used = snprintf(out, size, "tcprules: deny rules in %s", o->file);

	if (o->cdb && used >= 0 && (size_t)used < size)
		used += snprintf(out + used, size - (size_t)used, ", and for tcpserver in %s",
				 o->cdb);
	if (o->fixed && used >= 0 && (size_t)used < size)
		snprintf(out + used, size - (size_t)used, " before the rules of %s", o->fixed);
}

const char *options_describe(const struct options *options, char *out, size_t size)
{
	switch (options->kind) {
	case OPTIONS_NFT:
		describe_nft(options, out, size);
		break;
	case OPTIONS_IPSET:
		describe_ipset(options, out, size);
		break;
	case OPTIONS_ROUTE:
		describe_route(options, out, size);
		break;
	case OPTIONS_TCPRULES:
		describe_tcprules(options, out, size);
		break;
	case OPTIONS_NULL:
		snprintf(out, size, "null: nothing is put anywhere");
		break;
	}
	return out;
}
