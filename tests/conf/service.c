/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/conf/world.h"

#define B "banish.conf"
#define J "[j]\nfilter = x\nlogpath = /a\n"
#define NO_PORT                                                                                \
	"is no tcp service of /etc/services, no number from 1 to 65535, and no range such as " \
	"1000:2000\n"

static void open_filters(struct world *w)
{
	world_open(w);
	world_text(w, "filter.d/x.conf", "[Definition]\nfailregex = ^x <HOST>\n");
}

/* The ports of the last jail, as text. */
static const char *ports_of(const struct conf *conf, char *out, size_t size)
{
	const struct conf_jail *jail = &conf->jails[conf->jail_count - 1];
	size_t used = 0;

	*out = 0;
	for (size_t i = 0; i < jail->port_count && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%u-%u ",
					 jail->ports[i].first, jail->ports[i].last);
	return out;
}

static const struct {
	const char *text, *ports;
	bool tcp, udp, drop;
} good[] = {
	{J, "", true, false, false},
	{J "port = smtp\n", "25-25 ", true, false, false},
	{J "port = smtp,submission 2525\n  1000:2000\n", "25-25 587-587 1000-2000 2525-2525 ",
	 true, false, false},
	/* A name with a dash in it is no range. */
	{J "port = http-alt, 20-21\n", "20-21 8080-8080 ", true, false, false},
	{J "port = ftp-data:ssh\n", "20-22 ", true, false, false},
	/* What touches becomes one; the order does not matter. */
	{J "port = 30, 10:20, 21, 15:25, 26:28\n", "10-28 30-30 ", true, false, false},
	{J "port = 0:65535\n", "1-65535 ", true, false, false},
	{J "port = 65535, 65534\n", "65534-65535 ", true, false, false},
	{J "port = domain\nprotocol = udp\n", "53-53 ", false, true, false},
	{J "port = domain\nprotocol = tcp,udp\n", "53-53 ", true, true, false},
	/* A name of one of the two protocols is a number in both. */
	{J "port = smtp, tftp\nprotocol = udp tcp\n", "25-25 69-69 ", true, true, false},
	{J "port = ssh\ndrop-established = yes\n", "22-22 ", true, false, true},
	{J "port = ssh\nprotocol = udp,tcp\ndrop-established = yes\n", "22-22 ", true, true,
	 true},
	{J "port = ssh\ndrop-established = no\nscope = all\n", "22-22 ", true, false, false},
	{"[DEFAULT]\nport = smtp\ndrop-established = yes\n" J, "25-25 ", true, false, true},
};

Test(service, ports_and_protocols_are_read)
{
	struct world w;
	char text[256];

	open_filters(&w);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const struct conf_jail *jail;
		struct conf *conf = NULL;

		world_text(&w, B, good[i].text);
		*w.said = 0;
		cr_assert_eq(world_conf(&w, &conf), 0, "row %zu: %s", i, w.said);
		jail = &conf->jails[conf->jail_count - 1];
		cr_expect_str_eq(ports_of(conf, text, sizeof text), good[i].ports, "row %zu",
				 i);
		cr_expect_eq(jail->tcp, good[i].tcp, "row %zu", i);
		cr_expect_eq(jail->udp, good[i].udp, "row %zu", i);
		cr_expect_eq(jail->drop_established, good[i].drop, "row %zu", i);
		cr_expect_eq(spec_get(&conf->targets[jail->targets[0]], "ports"), NULL);
		conf_free(conf);
	}
	world_close(&w);
}

static const struct {
	const char *text, *said;
} bad[] = {
	{J "port =\n", B ":4: port must be 1 to 63 ports\n"},
	{J "port = smpt\n", B ":4: port \"smpt\" " NO_PORT},
	{J "port = 0\n", B ":4: port \"0\" " NO_PORT},
	{J "port = 65536, -1\n", B ":4: port \"65536\" " NO_PORT B ":4: port \"-1\" " NO_PORT},
	{J "port = 20:10\n", B ":4: port \"20:10\" " NO_PORT},
	{J "port = 10:\n", B ":4: port \"10:\" " NO_PORT},
	{J "port = :10\n", B ":4: port \":10\" " NO_PORT},
	{J "port = 1:2:3\n", B ":4: port \"1:2:3\" " NO_PORT},
	{J "port = a\001b\n", B ":4: port \"a\\x01b\" " NO_PORT},
	/* tftp is of udp alone. */
	{J "port = tftp\n", B ":4: port \"tftp\" " NO_PORT},
	{J "port = 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33\n",
	 B ":4: port: 17 ranges; at most 16 are possible\n"},
	{J "protocol = icmp\n", B ":4: protocol must be tcp, udp or tcp,udp, not \"icmp\"\n"},
	{J "protocol =\n", B ":4: protocol must be tcp, udp or tcp,udp, not \"\"\n"},
	{J "scope = port\n", B ":4: \"scope = port\" needs \"port\"\n"},
	{J "scope = ports\n", B ":4: scope must be all or port, not \"ports\"; did you mean "
				"\"port\"?\n"},
	{J "drop-established = yes\n", B ":4: drop-established: say with \"port\" which ports' "
					 "connections are to be closed\n"},
	{J "port = 53\nprotocol = udp\ndrop-established = yes\n",
	 B ":6: drop-established closes connections of tcp, and protocol is udp\n"},
	{J "port = 25\ndrop-established = perhaps\n",
	 B ":5: drop-established must be yes or no, not \"perhaps\"\n"},
	{J "port = 25\nscope = port\ntarget = nft[ports=\"tcp:1\"]\n",
	 B ":6: option \"ports\" of nft and \"scope = port\" exclude each other\n"},
	{"[manual]\nport = 25\n",
	 B ":2: key \"port\" means nothing in [manual]; it takes bantime and target\n"},
};

Test(service, mistakes_have_their_place)
{
	struct world w;

	open_filters(&w);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct conf *conf = NULL;

		world_text(&w, B, bad[i].text);
		*w.said = 0;
		cr_expect(world_conf(&w, &conf) < 0, "row %zu", i);
		cr_expect_str_eq(w.said, bad[i].said, "row %zu: %s", i, w.said);
		conf_free(conf);
	}
	world_close(&w);
}

Test(service, ports_make_targets_of_their_own)
{
	static const char text[] =
		"[DEFAULT]\nfilter = x\nlogpath = /a\nscope = port\ntarget = nft\n  null\n"
		"[a]\nport = 465,25\n"
		"[b]\nport = smtp\n  submissions\n"
		"[c]\nport = 25,465\nprotocol = tcp,udp\n"
		"[d]\nport = 25\nscope = all\n"
		"[e]\nport = 1000:2000\nprotocol = udp\n";
	static const char *const ports[] = {
		NULL, "tcp:25,tcp:465", "tcp:25,tcp:465", "tcp:25,tcp:465,udp:25,udp:465",
		NULL, "udp:1000-2000"};
	struct conf *conf = NULL;
	struct world w;

	open_filters(&w);
	world_text(&w, B, text);
	cr_assert_eq(world_conf(&w, &conf), 0, "%s", w.said);
	for (size_t i = 0; i < 6; i++)
		for (size_t t = 0; t < 2 && t < conf->jails[i].target_count; t++) {
			const char *option =
				spec_get(&conf->targets[conf->jails[i].targets[t]], "ports");

			cr_expect_str_eq(option ? option : "", ports[i] ? ports[i] : "",
					 "jail %zu", i);
		}
	cr_expect_eq(conf->jails[1].targets[0], conf->jails[2].targets[0],
		     "the same ports are the same target");
	cr_expect_neq(conf->jails[1].targets[0], conf->jails[3].targets[0]);
	cr_expect_eq(conf->jails[0].targets[0], conf->jails[4].targets[0],
		     "bans by hand are of all ports");
	conf_free(conf);
	world_close(&w);
}
