/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Titles as sendmail 8.17 writes them, and as a client would have them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/title.h"

#define MAIL "mail.client.example [203.0.113.40]"

static const struct {
	const char *title, *peer; /* NULL: it is none */
	bool reads;
} titles[] = {
	/* Captured from Debian's 8.17.1. */
	{"sendmail: MTA: server mail.client.example [203.0.113.40] (may be forged) cmd read",
	 "203.0.113.40", true},
	{"sendmail: MTA: server [IPv6:2001:db8:1:0:0:0:0:40] cmd read", "2001:db8:1::40", true},
	{"sendmail: MTA: server [198.51.100.10] startup", "198.51.100.10", false},
	{"sendmail: MTA: 6AKNiftu018512 mail.client.example [203.0.113.40] (may be forged): "
	 "DATA",
	 "203.0.113.40", false},
	{"sendmail: MTA: accepting connections", NULL, false},
	{"sendmail: MTA: ./6AKNiftu018512 from queue", NULL, false},
	{"sendmail: MTA: Queue runner@00:10:00 for /var/spool/mqueue", NULL, false},
	/* Upstream's, without "MTA: ". */
	{"sendmail: server " MAIL " cmd read", "203.0.113.40", true},
	{"sendmail: 6AKNiftu018512 " MAIL ": RCPT TO:<a@b>", "203.0.113.40", false},
	{"sendmail: NOQUEUE [203.0.113.40]: EHLO x", "203.0.113.40", false},
	{"sendmail: 6AKNiftu1018512 [IPv6:2001:db8::1]: DATA", "2001:db8::1", false},
	{"sendmail: server [IPv6:::ffff:198.51.100.7] cmd read", "198.51.100.7", true},
	{"sendmail: server user@" MAIL " cmd read   ", "203.0.113.40", true},
	/* The name is the client's DNS's. */
	{"sendmail: server x [203.0.113.9] cmd read [198.51.100.30] cmd read", "198.51.100.30",
	 true},
	{"sendmail: server [203.0.113.9] (may be forged) [198.51.100.30] cmd read",
	 "198.51.100.30", true},
	{"sendmail: server 203.0.113.9.evil.example [198.51.100.30] cmd read", "198.51.100.30",
	 true},
	{"sendmail: server x[203.0.113.9] cmd read", NULL, false},
	{"sendmail: 6AKNiftu018512 x [203.0.113.9]: y [198.51.100.30]: DATA", "203.0.113.9",
	 false},
	{"sendmail: 6AKNiftu018512 x y [203.0.113.9]: DATA", NULL, false},
	{"sendmail: 6AKNiftu018512 x]y [203.0.113.9]: DATA", NULL, false},
	/* The command is the client's. */
	{"sendmail: 6AKNiftu018512 [198.51.100.30]: RCPT TO:<x [203.0.113.9] cmd read",
	 "198.51.100.30", false},
	{"sendmail: 6AKNiftu018512 a.example [198.51.100.30]: server [203.0.113.9] cmd read",
	 "198.51.100.30", false},
	{"sendmail: NOQUEUE [198.51.100.30]: x [203.0.113.9]: y", "198.51.100.30", false},
	/* Not whole, or no address. */
	{"sendmail: server " MAIL " cmd rea", NULL, false},
	{"sendmail: server " MAIL, NULL, false},
	{"sendmail: server [203.0.113.40 cmd read", NULL, false},
	{"sendmail: server 203.0.113.40] cmd read", NULL, false},
	{"sendmail: server [] cmd read", NULL, false},
	{"sendmail: server ] cmd read", NULL, false},
	{"sendmail: server  cmd read", NULL, false},
	{"sendmail: server cmd read", NULL, false},
	{"sendmail: server [localhost] cmd read", NULL, false},
	{"sendmail: server [203.0.113.0/24] cmd read", NULL, false},
	{"sendmail: server [203.0.113.40/32] cmd read", NULL, false},
	{"sendmail: server [IPv6:203.0.113.40] cmd read", NULL, false},
	{"sendmail: server [203.0.113.040] cmd read", NULL, false},
	{"sendmail: 6AKN [203.0.113.40]: DATA", NULL, false},
	{"sendmail: 6AKNiftu018512[203.0.113.40]: DATA", NULL, false},
	{"sendmail: 6AKNiftu018512 [203.0.113.40] DATA", NULL, false},
	{"sendmail: 6AKNiftu018512 [203.0.113.40", NULL, false},
	{"sendmail: 6AKNiftu018512 ", NULL, false},
	{"sendmail: 6AKNiftu018512", NULL, false},
	{"sendmail: ", NULL, false},
	{"sendmail:", NULL, false},
	{"", NULL, false},
	/* Another program. */
	{"./sendmail: server " MAIL " cmd read", NULL, false},
	{"smtpd: server " MAIL " cmd read", NULL, false},
};

/* At the end of memory, so that reading further is seen by ASan. */
static bool parse(struct title *out, const char *at, size_t len)
{
	char *copy = malloc(len + !len);
	bool good;

	cr_assert(copy);
	memcpy(copy, at, len);
	good = title_parse(out, (struct text){copy, len});
	free(copy);
	return good;
}

Test(title, says_whose_session_it_is)
{
	char peer[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++) {
		struct title title;
		bool good = parse(&title, titles[i].title, strlen(titles[i].title));

		cr_expect_eq(good, titles[i].peer != NULL, "%s", titles[i].title);
		if (!good || !titles[i].peer)
			continue;
		cr_expect_str_eq(prefix_print(&title.peer, peer), titles[i].peer, "%s",
				 titles[i].title);
		cr_expect_eq(title.reads, titles[i].reads, "%s", titles[i].title);
	}
}

Test(title, ends_at_the_first_nul)
{
	static const char cmdline[] = "sendmail: server [203.0.113.40] cmd read\0\0[1.2.3.4]";
	struct title title;

	cr_assert(parse(&title, cmdline, sizeof(cmdline) - 1));
	cr_expect_eq(title.peer.addr[0], 203);
	cr_expect(!parse(&title, "sendmail: ser\0ver [203.0.113.40] cmd read", 41));
}

Test(title, no_start_of_a_title_says_another_address)
{
	static const char whole[] =
		"sendmail: MTA: 6AKNiftu018512 m.example [203.0.113.40] (may be forged): DATA";
	struct title title;

	for (size_t len = 0; len < sizeof(whole); len++)
		if (parse(&title, whole, len))
			cr_expect(len >= sizeof(whole) - 1 - 5 && title.peer.addr[3] == 40,
				  "%zu", len);
}
