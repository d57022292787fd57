/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stddef.h>

#include <libipset/parse.h>
#include <libipset/session.h>
#include <libipset/types.h>

#include "netlink/ipset_create.h"

#define HASHSIZE_MIN 1024u
#define HASHSIZE_MAX (1u << 24)

/* Two to a bucket. It holds twelve, and with four to each on the average some of a million
 * would get more: the kernel then makes a table of twice the size while it is being filled. */
uint32_t ipset_hashsize(uint32_t expect, uint32_t maxelem)
{
	uint32_t wanted = (expect < maxelem ? expect : maxelem) / 2, size = HASHSIZE_MIN;

	while (size < wanted && size < HASHSIZE_MAX)
		size *= 2;
	return size;
}

/* libipset prints lists; we never ask it for one. */
static int silent(struct ipset_session *session, void *arg, const char *format, ...)
{
	(void)session;
	(void)arg;
	(void)format;
	return 0;
}

static int put_options(struct ipset_session *s, const struct ipset_plan *plan)
{
	const uint32_t timeout = 0;
	int failed = 0;

	failed |= ipset_session_data_set(s, IPSET_OPT_TIMEOUT, &timeout);
	failed |= ipset_session_data_set(s, IPSET_OPT_MAXELEM, &plan->maxelem);
	failed |= ipset_session_data_set(s, IPSET_OPT_HASHSIZE, &plan->hashsize);
	failed |= ipset_session_data_set(s, IPSET_OPT_INITVAL, &plan->initval);
	if (plan->netmask)
		failed |= ipset_session_data_set(s, IPSET_OPT_NETMASK, &plan->netmask);
	return failed;
}

static int create(struct ipset_session *s, const struct ipset_plan *plan)
{
	if (ipset_parse_setname(s, IPSET_SETNAME, plan->name) < 0 ||
	    ipset_parse_typename(s, IPSET_OPT_TYPENAME, plan->type) < 0 ||
	    ipset_session_data_set(s, IPSET_OPT_FAMILY, &plan->family) < 0 ||
	    !ipset_type_get(s, IPSET_CMD_CREATE) || put_options(s, plan))
		return -EOPNOTSUPP;
	return ipset_cmd(s, IPSET_CMD_CREATE, 0) < 0 ? -EOPNOTSUPP : 0;
}

int ipset_create(const struct ipset_plan *plan)
{
	struct ipset_session *s;
	int error;

	if (!ipset_types())
		ipset_load_types();
	s = ipset_session_init(silent, NULL);
	if (!s)
		return -ENOMEM;
	error = create(s, plan);
	ipset_session_fini(s);
	return error;
}
