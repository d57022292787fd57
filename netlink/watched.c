/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "netlink/nft_mark.h"
#include "netlink/nft_msg.h"
#include "netlink/route_msg.h"
#include "netlink/watched.h"

/* ---- nf_tables ---- */

/* What a message is about. Attribute 1 is the table in messages of every kind, and 2 the name
 * of the set in those of sets and elements. */
struct subject {
	uint8_t family;
	const char *table, *name;
};

static struct subject subject_of(const struct nlmsghdr *m)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(m);
	const struct nlattr *a[NFTA_SET_NAME + 1];

	nl_attributes(m, sizeof *header, a, NFTA_SET_NAME + 1);
	return (struct subject){.family = header->nfgen_family,
				.table = nl_text(a[NFTA_SET_TABLE]),
				.name = nl_text(a[NFTA_SET_NAME])};
}

/* The kernel repeats the request's own number: NFT_MSG_DESTROYSET or _DELSET. */
static bool is_of_set(uint8_t what)
{
	return what == NFT_MSG_NEWSET || what == NFT_MSG_DELSET || what == NFT_MSG_NEWSETELEM ||
	       what == NFT_MSG_DELSETELEM || what == NFT_DESTROYSET ||
	       what == NFT_DESTROYSETELEM;
}

/* Rules and chains decide whether sets have an effect, and who adds some may undo ours. From
 * Linux 6.12 on an add of an element that is there gives it another end. */
static bool about_own(const struct watched *t, uint8_t what, const char *set)
{
	char scope[NFT_SCOPE_SIZE];
	unsigned slot;
	bool second;

	if (is_of_set(what) && nft_slot_parse(&slot, &second, scope, set))
		return !strcmp(scope, t->scope);
	return true;
}

/* A set that is made again after its table went is as empty as one that was flushed. What is
 * added to it concerns us when it is an element of ours, which keeps its mark. */
static bool about_users(const struct watched *t, const struct nlmsghdr *m, const char *set)
{
	const struct options *o = &t->options;
	uint8_t what = (uint8_t)m->nlmsg_type;

	if (what == NFT_MSG_DELTABLE || what == NFT_DESTROYTABLE)
		return true;
	if (!is_of_set(what) || !set[0] ||
	    (strcmp(set, o->set4) != 0 && strcmp(set, o->set6) != 0))
		return false;
	return what != NFT_MSG_NEWSETELEM || nft_marked(m);
}

static bool is_nft(const struct nlmsghdr *m)
{
	return m->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES &&
	       mnl_nlmsg_get_payload_len(m) >= sizeof(struct nfgenmsg);
}

bool watched_nft(const struct watched *t, const struct nlmsghdr *m)
{
	const struct options *o = &t->options;
	struct subject s;
	uint8_t what = (uint8_t)m->nlmsg_type;

	if (o->kind != OPTIONS_NFT || !is_nft(m))
		return false;
	s = subject_of(m);
	if (!o->nft_family)
		return s.family == NFPROTO_INET && !strcmp(s.table, NFT_TABLE) &&
		       about_own(t, what, s.name);
	return s.family == o->nft_family && !strcmp(s.table, o->nft_table) &&
	       about_users(t, m, s.name);
}

bool watched_nft_who(struct watched *who, const struct nlmsghdr *m)
{
	const struct nlattr *a[NFTA_GEN_MAX + 1];

	if (!is_nft(m) || (uint8_t)m->nlmsg_type != NFT_MSG_NEWGEN)
		return false;
	nl_attributes(m, sizeof(struct nfgenmsg), a, NFTA_GEN_MAX + 1);
	nl_get_be32(a[NFTA_GEN_PROC_PID], &who->pid);
	memset(who->comm, 0, sizeof who->comm);
	strncpy(who->comm, nl_text(a[NFTA_GEN_PROC_NAME]), sizeof who->comm - 1);
	return true;
}

/* ---- routes ---- */

/* A route that was put in the place of another, where ours may have stood: the kernel tells of
 * the new one alone. Routing daemons do it all day, but with metrics of their own. */
static bool took_a_place(const struct nlmsghdr *m, const struct rtmsg *route, uint32_t metric)
{
	return m->nlmsg_type == RTM_NEWROUTE && m->nlmsg_flags & NLM_F_REPLACE &&
	       route->rtm_dst_len && route_metric(route->rtm_family, metric);
}

bool watched_route(const struct watched *t, const struct nlmsghdr *m)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(m);
	const struct nlattr *a[RTA_MAX + 1];
	uint32_t table, metric = 0;
	bool ours;

	if (t->options.kind != OPTIONS_ROUTE || mnl_nlmsg_get_payload_len(m) < sizeof *route)
		return false;
	table = route->rtm_table;
	nl_attributes(m, sizeof *route, a, RTA_MAX + 1);
	nl_get(a[RTA_TABLE], &table, sizeof table);
	nl_get(a[RTA_PRIORITY], &metric, sizeof metric);
	if (table != t->options.route_table)
		return false;
	ours = route->rtm_protocol == t->options.protocol;
	return m->nlmsg_type == RTM_DELROUTE ? ours : !ours && took_a_place(m, route, metric);
}

/* ---- filters ---- */

/* Loads of the filter's machine are in network order, and netlink's fields in the host's. All
 * messages of a packet are of one transaction, so the first one tells whose it is. */
#define PORT_AT offsetof(struct nlmsghdr, nlmsg_pid)
#define TYPE_AT offsetof(struct nlmsghdr, nlmsg_type)
#define FLAGS_AT offsetof(struct nlmsghdr, nlmsg_flags)
#define PROTOCOL_AT (NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol))

static const struct sock_filter keep = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
static const struct sock_filter discard = BPF_STMT(BPF_RET | BPF_K, 0);

unsigned short watched_nft_filter(struct sock_filter code[WATCHED_CODE_MAX], uint32_t port)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, PORT_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
		discard,
		keep,
	};

	memcpy(code, program, sizeof program);
	return sizeof program / sizeof *program;
}

unsigned short watched_route_filter(struct sock_filter code[WATCHED_CODE_MAX], uint32_t port,
				    const uint8_t *protocols, size_t count)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, PORT_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 4, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 4, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, FLAGS_AT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htons(NLM_F_REPLACE), 1, 0),
		discard,
		keep,
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTOCOL_AT),
	};
	unsigned short len = sizeof program / sizeof *program;
	size_t i;

	memcpy(code, program, sizeof program);
	for (i = 0; i < count; i++)
		code[len++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, protocols[i], (uint8_t)(count - i), 0);
	code[len++] = discard;
	code[len++] = keep;
	return len;
}
