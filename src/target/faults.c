/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "netlink/wire.h"
#include "target/faults.h"

/* A set or table that an error is about. */
struct subject {
	const struct options *o;
	char name[64];
	bool six, net;
};

/* The helper has room for 31 characters of a name. */
static const char *whole_name(const struct options *o, const char *where)
{
	size_t len = strlen(where);
	const char *const names[] = {o->set4, o->set6};

	for (size_t i = 0; i < 2; i++)
		if (names[i] && len && !strncmp(names[i], where, len) &&
		    (!names[i][len] || len == sizeof(((struct wire_defined *)0)->where) - 1))
			return names[i];
	return where;
}

static struct subject subject_of(const struct options *o, const char *where)
{
	struct subject s = {.o = o};
	char names[OPTIONS_SETS][OPTIONS_SET_SIZE];

	snprintf(s.name, sizeof s.name, "%s", whole_name(o, where));
	if (o->kind == OPTIONS_NFT)
		s.six = o->set6 && !strcmp(s.name, o->set6);
	if (o->kind != OPTIONS_IPSET)
		return s;
	options_set_names(o, names);
	for (size_t i = 0; i < OPTIONS_SETS; i++)
		if (!strcmp(where, names[i])) {
			s.six = i & 1;
			s.net = i & 2;
		}
	return s;
}

static int say_create_set(char *out, size_t size, const struct subject *s)
{
	if (s->o->kind == OPTIONS_NFT)
		return snprintf(out, size, "nft add set %s %s '{ type %s; flags timeout; }'",
				s->o->table, s->name, s->six ? "ipv6_addr" : "ipv4_addr");
	return snprintf(out, size, "ipset create %s hash:%s%s%s timeout 0", s->name,
			s->net ? "net" : "ip", s->six ? " family inet6" : "",
			s->six && !s->net ? " netmask 64" : "");
}

static void say_replace_set(char *out, size_t size, const struct subject *s, const char *what)
{
	bool nft = s->o->kind == OPTIONS_NFT;
	int used = snprintf(out, size, "%s %s %s: ", nft ? "set" : "ipset", s->name, what);

	if (nft)
		used += snprintf(out + used, size - (size_t)used, "nft delete set %s %s; ",
				 s->o->table, s->name);
	else
		used += snprintf(out + used, size - (size_t)used, "ipset destroy %s; ",
				 s->name);
	if ((size_t)used < size)
		say_create_set(out + used, size - (size_t)used, s);
}

static void say_no_table(char *out, size_t size, const struct subject *s)
{
	snprintf(out, size, "there is no table %s: nft add table %s", s->o->table, s->o->table);
}

static void say_no_set(char *out, size_t size, const struct subject *s)
{
	int used = snprintf(out, size, "there is no set %s: ", s->name);

	say_create_set(out + used, size - (size_t)used, s);
}

/* The kernel's errno, in terms of what is missing. */
static void say_errno(char *out, size_t size, const struct subject *s, int error)
{
	const char *about = s->name[0] ? s->name : "the target";

	if (error == -EPERM && s->o->kind == OPTIONS_NFT)
		snprintf(
			out, size,
			"not permitted: banish-netlink lacks CAP_NET_ADMIN, or another process "
			"owns table %s",
			s->o->table[0] ? s->o->table : "inet banish");
	else if (error == -EPERM)
		snprintf(out, size, "not permitted: banish-netlink lacks CAP_NET_ADMIN");
	else if (s->o->kind == OPTIONS_IPSET && (error == -ENOENT || error == -EPROTONOSUPPORT))
		snprintf(out, size, "the kernel has no ipset: modprobe ip_set");
	else if (s->o->kind == OPTIONS_NFT &&
		 (error == -EOPNOTSUPP || error == -EPROTONOSUPPORT))
		snprintf(out, size, "the kernel has no nf_tables: modprobe nf_tables");
	else
		snprintf(out, size, "%s: %s", about, strerror(-error));
}

static void say_error(char *out, size_t size, const struct subject *s, int error)
{
	switch (error) {
	case WIRE_FAULT_TYPE:
		say_replace_set(out, size, s, "holds something else than addresses");
		break;
	case WIRE_FAULT_FAMILY:
		say_replace_set(out, size, s, s->six ? "is not for IPv6" : "is not for IPv4");
		break;
	case WIRE_FAULT_TIMEOUT:
		say_replace_set(out, size, s, "has no timeouts");
		break;
	case WIRE_FAULT_NETMASK:
		say_replace_set(out, size, s, "is not by /64");
		break;
	case WIRE_FAULT_NO_TABLE:
		say_no_table(out, size, s);
		break;
	case WIRE_FAULT_NO_SET:
		say_no_set(out, size, s);
		break;
	case WIRE_FAULT_BUSY:
		snprintf(out, size,
			 "%s is in use by another banish of this host: give one of "
			 "them another",
			 s->name);
		break;
	case WIRE_FAULT_OPTION:
		snprintf(out, size, "option %s is missing or makes no sense", s->name);
		break;
	default:
		if (error > 0)
			snprintf(out, size, "%s: fault %d", s->name, error);
		else
			say_errno(out, size, s, error);
	}
}

void faults_say(char *out, size_t size, const struct options *options, const char *where,
		int error)
{
	struct subject s = subject_of(options, where);

	say_error(out, size, &s, error);
}

bool faults_rule(char *out, size_t size, const struct options *options, const char *set)
{
	struct subject s = subject_of(options, set);

	if (options->kind == OPTIONS_IPSET)
		snprintf(out, size, "%s -I INPUT -m set --match-set %s src -j DROP",
			 s.six ? "ip6tables" : "iptables", s.name);
	else
		snprintf(out, size, "nft insert rule %s CHAIN %s @%s drop", options->table,
			 s.six ? "ip6 saddr & ffff:ffff:ffff:ffff::" : "ip saddr", s.name);
	return s.six;
}
