/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <linux/rtnetlink.h>

#include "base/text.h"
#include "target/options.h"

#define DEFAULT_NAME "banish"
#define DEFAULT_TYPE "blackhole"
/* No daemon that is known uses it. FRR removes routes of any protocol number it knows as its
 * own when it starts, so those of the routing daemons would lose our bans. */
#define DEFAULT_PROTOCOL 157
#define SHOWN 80

/* One spec being read: where complaints go. */
struct reader {
	const struct spec *spec;
	struct diag *diag;
};

/* ---- complaints ---- */

static int refuse_word(struct reader *r, const char *what, const char *word,
		       const char *const *known)
{
	const char *near = text_nearest(text_of(word), known);
	char shown[SHOWN], all[SHOWN] = "";

	text_show(text_of(word), shown, sizeof shown);
	if (near) {
		diag_error(r->diag, r->spec->place, "unknown %s \"%s\"; did you mean \"%s\"?",
			   what, shown, near);
		return -EINVAL;
	}
	for (size_t used = 0; *known && used < sizeof all; known++)
		used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
					 used ? ", " : "", *known);
	diag_error(r->diag, r->spec->place, "unknown %s \"%s\"; there are: %s", what, shown,
		   all);
	return -EINVAL;
}

static int refuse_value(struct reader *r, const char *option, const char *expected)
{
	char shown[SHOWN];

	text_show(text_of(spec_get(r->spec, option)), shown, sizeof shown);
	diag_error(r->diag, r->spec->place, "%s of %s: %s expected, not \"%s\"", option,
		   r->spec->name, expected, shown);
	return -EINVAL;
}

static bool is_one_of(const char *word, const char *const *known)
{
	while (*known)
		if (!strcmp(word, *known++))
			return true;
	return false;
}

/* What nft(8), ipset(8) and a shell all take without quotes. */
static bool is_name(const char *text, size_t max)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_.-");

	return len && len <= max && !text[len] && *text != '-';
}

/* ---- nft ---- */

static int read_family(struct reader *r, const char *family)
{
	static const char *const families[] = {"inet", "ip", "ip6", "bridge", "netdev", NULL};

	if (is_one_of(family, families))
		return 0;
	return refuse_word(r, "family of a table", family, families);
}

static int read_table(struct options *o, struct reader *r)
{
	const char *value = spec_get(r->spec, "table");
	const char *blank = strpbrk(value, " \t"), *name;
	char family[8];

	if (!blank || (size_t)(blank - value) >= sizeof family)
		return refuse_value(r, "table", "FAMILY NAME, such as \"inet filter\",");
	snprintf(family, sizeof family, "%.*s", (int)(blank - value), value);
	if (read_family(r, family) < 0)
		return -EINVAL;
	name = blank + strspn(blank, " \t");
	if (!is_name(name, sizeof o->table - strlen(family) - 2))
		return refuse_value(
			r, "table",
			"after the family a name of letters, digits, \"_\" and \".\"");
	snprintf(o->table, sizeof o->table, "%s %s", family, name);
	if (strcmp(o->table, "inet banish") != 0)
		return 0;
	diag_error(r->diag, r->spec->place,
		   "table inet banish is banish's own; leave table out for it");
	return -EINVAL;
}

static int read_set(const char **out, struct reader *r, const char *option)
{
	*out = spec_get(r->spec, option);
	if (!*out || is_name(*out, OPTIONS_TEXT_MAX - 1))
		return 0;
	return refuse_value(r, option,
			    "a set's name of at most 62 letters, digits, \"_\" and \".\"");
}

/* A jail with "scope = port" puts this option into each of its targets. */
static int read_ports(struct options *o, struct reader *r)
{
	const char *value = spec_get(r->spec, "ports");

	if (!value || ports_parse(&o->ports, text_of(value)))
		return 0;
	return refuse_value(r, "ports", "at most 32 words such as tcp:25 or udp:1000-2000,");
}

static int refuse_ports(struct reader *r)
{
	diag_error(
		r->diag, r->spec->place,
		"\"scope = port\" needs nft with its own table as target: %s%s stops all that "
		"comes from an address",
		r->spec->name, spec_get(r->spec, "table") ? " with sets of yours" : "");
	return -EINVAL;
}

static int read_owner(struct options *o, struct reader *r)
{
	const char *value = spec_get(r->spec, "owner");

	if (!value || text_flag(text_of(value), &o->owner))
		return 0;
	return refuse_value(r, "owner", "yes or no");
}

/* A table of one family never sees packets of the other. */
static const char *idle_set(const struct options *o)
{
	if (o->set6 && !strncmp(o->table, "ip ", 3))
		return "set6: a table of family ip sees no IPv6";
	if (o->set4 && !strncmp(o->table, "ip6 ", 4))
		return "set4: a table of family ip6 sees no IPv4";
	return NULL;
}

static int check_nft(const struct options *o, struct reader *r)
{
	const char *wrong = NULL;

	if (!o->table[0] && (o->set4 || o->set6))
		wrong = "set4 and set6 are sets of a table of yours: table=\"FAMILY NAME\" is "
			"missing";
	else if (o->table[0] && !o->set4 && !o->set6)
		wrong = "table is for sets of yours: set4 or set6 is missing";
	else if (o->table[0] && spec_get(r->spec, "owner"))
		wrong = "owner is for banish's own table, not for one of yours";
	else
		wrong = idle_set(o);
	if (!wrong)
		return 0;
	diag_error(r->diag, r->spec->place, "%s", wrong);
	return -EINVAL;
}

static int read_nft(struct options *o, struct reader *r)
{
	static const char *const known[] = {"table", "set4", "set6", "owner", "ports", NULL};
	int error = spec_check_options(r->spec, known, r->diag);

	o->owner = true;
	if (spec_get(r->spec, "ports") && spec_get(r->spec, "table"))
		return refuse_ports(r);
	if (spec_get(r->spec, "table") && read_table(o, r) < 0)
		return -EINVAL;
	if (read_set(&o->set4, r, "set4") < 0 || read_set(&o->set6, r, "set6") < 0 ||
	    read_owner(o, r) < 0 || read_ports(o, r) < 0)
		return -EINVAL;
	return error ? error : check_nft(o, r);
}

/* ---- ipset ---- */

/* What the names of all four sets are made of. */
static int read_names(struct options *o, struct reader *r)
{
	const char *name6 = spec_get(r->spec, "name6");

	o->name = spec_get(r->spec, "name");
	if (!o->name)
		o->name = DEFAULT_NAME;
	if (!is_name(o->name, OPTIONS_IPSET_MAX))
		return refuse_value(r, "name",
				    "at most 26 letters, digits, \"_\", \".\" and \"-\"");
	if (name6 && !is_name(name6, OPTIONS_IPSET6_MAX))
		return refuse_value(r, "name6",
				    "at most 31 letters, digits, \"_\", \".\" and \"-\"");
	if (name6)
		snprintf(o->name6, sizeof o->name6, "%s", name6);
	else
		snprintf(o->name6, sizeof o->name6, "%s6", o->name);
	if (strcmp(o->name, o->name6) != 0)
		return 0;
	diag_error(r->diag, r->spec->place, "name and name6 of ipset are the same");
	return -EINVAL;
}

static int read_ipset(struct options *o, struct reader *r)
{
	static const char *const known[] = {"name", "name6", "maxbans", NULL};
	const char *maxbans = spec_get(r->spec, "maxbans");
	int64_t number = 0;
	int error;

	if (spec_get(r->spec, "ports"))
		return refuse_ports(r);
	error = spec_check_options(r->spec, known, r->diag);
	if (read_names(o, r) < 0)
		error = -EINVAL;
	if (maxbans && !text_number(text_of(maxbans), 1, INT32_MAX, &number))
		error = refuse_value(r, "maxbans", "a number from 1 to 2147483647");
	o->maxbans = (uint32_t)number;
	return error;
}

/* ---- route ---- */

static const struct {
	const char *name;
	uint32_t number;
} tables[] = {
	{"main", RT_TABLE_MAIN}, {"default", RT_TABLE_DEFAULT}, {"local", RT_TABLE_LOCAL}};

const char *options_table_name(uint32_t number)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (tables[i].number == number)
			return tables[i].name;
	return NULL;
}

static int read_route_table(struct options *o, struct reader *r)
{
	const char *value = spec_get(r->spec, "table");
	int64_t number = RT_TABLE_MAIN;

	for (size_t i = 0; value && i < sizeof tables / sizeof *tables; i++)
		if (!strcmp(value, tables[i].name)) {
			o->route_table = tables[i].number;
			return 0;
		}
	if (value && !text_number(text_of(value), 1, UINT32_MAX, &number))
		return refuse_value(r, "table", "main, default, local or a number from 1");
	o->route_table = (uint32_t)number;
	return 0;
}

/* rtnetlink.h, and what FRR calls its own beyond it. */
static const struct {
	uint8_t first, last;
	const char *user;
} daemons[] = {{8, 8, "gated"},		  {9, 9, "router advertisements"},
	       {10, 10, "mrt"},		  {11, 11, "zebra"},
	       {12, 12, "bird"},	  {13, 13, "dnrouted"},
	       {14, 14, "xorp"},	  {15, 15, "ntk"},
	       {16, 16, "DHCP clients"},  {17, 17, "mrouted"},
	       {18, 18, "keepalived"},	  {42, 42, "babeld"},
	       {99, 99, "openr"},	  {186, 186, "FRR's bgpd"},
	       {187, 187, "FRR's isisd"}, {188, 188, "FRR's ospfd"},
	       {189, 189, "FRR's ripd"},  {190, 198, "FRR"}};

static void warn_of_daemon(const struct options *o, struct reader *r)
{
	for (size_t i = 0; i < sizeof daemons / sizeof *daemons; i++)
		if (o->protocol >= daemons[i].first && o->protocol <= daemons[i].last)
			diag_warning(
				r->diag, r->spec->place,
				"protocol %u is that of %s, which may remove the routes; %d is "
				"nobody's",
				o->protocol, daemons[i].user, DEFAULT_PROTOCOL);
}

static int read_protocol(struct options *o, struct reader *r)
{
	const char *value = spec_get(r->spec, "protocol");
	int64_t number = DEFAULT_PROTOCOL;

	if (value && !text_number(text_of(value), RTPROT_STATIC + 1, 255, &number))
		return refuse_value(r, "protocol",
				    "a number from 5 to 255 (0 to 4 are the kernel's and the "
				    "administrator's)");
	o->protocol = (uint8_t)number;
	warn_of_daemon(o, r);
	return 0;
}

static int read_route(struct options *o, struct reader *r)
{
	static const char *const known[] = {"type", "table", "protocol", NULL};
	static const char *const types[] = {DEFAULT_TYPE, "unreachable", "prohibit", NULL};
	int error;

	if (spec_get(r->spec, "ports"))
		return refuse_ports(r);
	error = spec_check_options(r->spec, known, r->diag);
	o->type = spec_get(r->spec, "type");
	if (!o->type)
		o->type = DEFAULT_TYPE;
	if (!is_one_of(o->type, types))
		error = refuse_word(r, "type of route", o->type, types);
	if (read_route_table(o, r) < 0 || read_protocol(o, r) < 0)
		return -EINVAL;
	return error;
}

/* ---- tcprules ---- */

static int read_path(const char **out, struct reader *r, const char *option)
{
	const char *path = spec_get(r->spec, option);

	*out = path;
	if (!path || (path[0] == '/' && path[strlen(path) - 1] != '/' &&
		      strlen(path) + sizeof ".banish-new" <= PATH_MAX))
		return 0;
	return refuse_value(r, option, "the absolute path of a file");
}

static int check_paths(const struct options *o, struct reader *r)
{
	const char *mistake = NULL;

	if (!o->file)
		mistake =
			"tcprules needs file=/PATH, which is to hold the bans and nothing else";
	else if (o->fixed && !o->cdb)
		mistake =
			"static of tcprules: needs cdb=/PATH, in which its rules stand behind "
			"the bans";
	else if (o->cdb &&
		 (!strcmp(o->cdb, o->file) || (o->fixed && !strcmp(o->cdb, o->fixed))))
		mistake = "cdb of tcprules: must be another file than the others";
	else if (o->fixed && !strcmp(o->fixed, o->file))
		mistake = "static of tcprules: must be another file than the one of the bans";
	if (!mistake)
		return 0;
	diag_error(r->diag, r->spec->place, "%s", mistake);
	return -EINVAL;
}

static int read_tcprules(struct options *o, struct reader *r)
{
	static const char *const known[] = {"file", "cdb", "static", "ipv6", NULL};
	const char *ipv6 = spec_get(r->spec, "ipv6");

	if (spec_get(r->spec, "ports"))
		return refuse_ports(r);
	if (spec_check_options(r->spec, known, r->diag) < 0)
		return -EINVAL;
	if (ipv6 && !text_flag(text_of(ipv6), &o->ipv6))
		return refuse_value(r, "ipv6", "yes or no");
	if (read_path(&o->file, r, "file") < 0 || read_path(&o->cdb, r, "cdb") < 0 ||
	    read_path(&o->fixed, r, "static") < 0)
		return -EINVAL;
	return check_paths(o, r);
}

/* ---- all ---- */

bool options_in_kernel(const struct options *options)
{
	return options->kind != OPTIONS_NULL && options->kind != OPTIONS_TCPRULES;
}

static int read_null(struct options *o, struct reader *r)
{
	static const char *const known[] = {"ports", NULL};

	return read_ports(o, r) < 0 ? -EINVAL : spec_check_options(r->spec, known, r->diag);
}

static const char *const kind_names[] = {"nft", "ipset", "route", "null", "tcprules", NULL};

static const struct {
	enum options_kind kind;
	int (*read)(struct options *o, struct reader *r);
} kinds[] = {{OPTIONS_NFT, read_nft},
	     {OPTIONS_IPSET, read_ipset},
	     {OPTIONS_ROUTE, read_route},
	     {OPTIONS_NULL, read_null},
	     {OPTIONS_TCPRULES, read_tcprules}};

int options_read(struct options *out, const struct spec *spec, struct diag *diag)
{
	struct reader r = {spec, diag};
	struct options o = {0};
	int error;

	for (size_t i = 0; kind_names[i]; i++) {
		if (strcmp(spec->name, kind_names[i]) != 0)
			continue;
		o.kind = kinds[i].kind;
		error = kinds[i].read(&o, &r);
		if (!error)
			*out = o;
		return error;
	}
	return refuse_word(&r, "target", spec->name, kind_names);
}

void options_set_names(const struct options *o, char names[OPTIONS_SETS][OPTIONS_SET_SIZE])
{
	snprintf(names[0], OPTIONS_SET_SIZE, "%s", o->name);
	snprintf(names[1], OPTIONS_SET_SIZE, "%s", o->name6);
	snprintf(names[2], OPTIONS_SET_SIZE, "%s-net", o->name);
	snprintf(names[3], OPTIONS_SET_SIZE, "%s-net", o->name6);
}

static bool share_sets(const struct options *a, const struct options *b)
{
	char mine[OPTIONS_SETS][OPTIONS_SET_SIZE], theirs[OPTIONS_SETS][OPTIONS_SET_SIZE];

	options_set_names(a, mine);
	options_set_names(b, theirs);
	for (size_t i = 0; i < OPTIONS_SETS; i++)
		for (size_t j = 0; j < OPTIONS_SETS; j++)
			if (!strcmp(mine[i], theirs[j]))
				return true;
	return false;
}

static bool share_files(const struct options *a, const struct options *b)
{
	const char *mine[] = {a->file, a->cdb}, *theirs[] = {b->file, b->cdb};

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < 2; j++)
			if (mine[i] && theirs[j] && !strcmp(mine[i], theirs[j]))
				return true;
	return false;
}

const char *options_clash(const struct options *a, const struct options *b)
{
	if (a->kind != b->kind)
		return NULL;
	/* Those of different ports have sets of their own in it, and one owner. */
	if (a->kind == OPTIONS_NFT && !a->table[0] && !b->table[0] &&
	    (a->owner != b->owner || ports_equal(&a->ports, &b->ports)))
		return "table inet banish";
	if (a->kind == OPTIONS_IPSET && share_sets(a, b))
		return "ipset";
	if (a->kind == OPTIONS_ROUTE && a->route_table == b->route_table)
		return "routing table";
	if (a->kind == OPTIONS_TCPRULES && share_files(a, b))
		return "file";
	return NULL;
}
