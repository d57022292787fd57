/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams as syslog(3), rsyslog, syslog-ng and strangers send them, and their lines. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "source/header.h"

#define NOW INT64_C(1795233600000) /* 2026-11-21 04:00:00 UTC */
#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define BOM "\xef\xbb\xbf"

static void setup(void)
{
	setenv("TZ", "UTC0", 1);
	tzset();
}

TestSuite(header, .init = setup, .timeout = 600);

/* The line without its newline, or NULL: no syslog message. */
static const char *line_of(struct text datagram, int64_t *time)
{
	static char out[HEADER_LINE_MAX + 1];
	struct clock clock = {0};
	struct header header;
	bool cut;
	size_t len;

	if (!header_parse(&header, datagram, NOW, &clock))
		return NULL;
	len = header_print(&header, "here", out, &cut);
	cr_assert(len > 0 && len <= HEADER_LINE_MAX);
	cr_assert_eq(memchr(out, '\n', len), out + len - 1);
	cr_assert_not(cut);
	out[len - 1] = '\0';
	*time = header.time;
	return out;
}

struct header_case {
	const char *in, *out;
	int64_t after; /* NOW, in ms */
};

static void check(const struct header_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t time = NOW;
		const char *line = line_of(text_of(cases[i].in), &time);

		if (!cases[i].out || !line) {
			cr_expect_eq(line, cases[i].out, "%s: got %s", cases[i].in, line);
			continue;
		}
		cr_expect_str_eq(line, cases[i].out, "%s", cases[i].in);
		cr_expect_eq(time - NOW, cases[i].after, "%s: %lld ms", cases[i].in,
			     (long long)(time - NOW));
	}
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof(*(cases)))

Test(header, rfc_3164_with_and_without_host)
{
	static const struct header_case cases[] = {
		{"<38>Nov 21 03:59:50 mx sshd[4711]: Invalid user a from 192.0.2.1 port 4",
		 "mx sshd[4711]: Invalid user a from 192.0.2.1 port 4", -10 * SECOND},
		{"<38>Nov 21 03:59:50 sshd[4711]: Invalid user a from 192.0.2.1 port 4",
		 "here sshd[4711]: Invalid user a from 192.0.2.1 port 4", -10 * SECOND},
		{"<22>Nov  1 04:00:00 mx.example.net postfix/smtpd[17]: connect",
		 "mx.example.net postfix/smtpd[17]: connect", -20 * DAY},
		{"<22>Nov 1 04:00:00 mx postfix/smtpd[17]: connect",
		 "mx postfix/smtpd[17]: connect", -20 * DAY},
		{"<13>Nov 21 04:00:00 mx su: one", "mx su: one", 0},
		{"<13>Nov 21 04:00:00 su: one", "here su: one", 0},
		{"<86>Nov 21 04:00:00 mx su(pam_unix)[9]: x", "mx su(pam_unix)[9]: x", 0},
		{"<4>Nov 21 04:00:00 mx kernel: [   12.5] x", "mx kernel: [   12.5] x", 0},
		{"<13>Nov 21 04:00:00 192.0.2.7 app[1]: x", "192.0.2.7 app[1]: x", 0},
		{"<13>Nov 21 04:00:00 2001:db8::7 app[1]: x", "2001:db8::7 app[1]: x", 0},
		{"<13>Nov 21 04:00:00 [2001:db8::7] app[1]: x", "[2001:db8::7] app[1]: x", 0},
		{"<13>Nov 21 04:00:00 src@mx/relay app[1]: x", "src@mx/relay app[1]: x", 0},
		{"<13>Nov 21 04:00:00 mx app[1]:x", "mx app[1]: x", 0},
		{"<13>Nov 21 04:00:00 mx app:x", "mx app: x", 0},
		{"<13>Nov 21 04:00:00 mx app[1] x", "mx app[1]: x", 0},
		{"<13>Nov 21 04:00:00 mx app[]: x", "mx app: x", 0},
		{"<13>Nov 21 04:00:00 mx app[1]:", "mx app[1]: ", 0},
		{"<13>Nov 21 04:00:00 mx app[1]:  two", "mx app[1]: two", 0},
		{"<0>Nov 21 04:00:00 mx app: x", "mx app: x", 0},
		{"<191>Nov 21 04:00:00 mx app: x", "mx app: x", 0},
		{"Nov 21 03:59:59 mx app[1]: no PRI", "mx app[1]: no PRI", -SECOND},
		{"<13>app[1]: no time", "here app[1]: no time", 0},
		{"app: nothing else", "here app: nothing else", 0},
	};

	CHECK(cases);
}

Test(header, as_rsyslog_and_syslog_ng_forward_it)
{
	static const struct header_case cases[] = {
		/* RSYSLOG_TraditionalForwardFormat; TAG is cut to 32. */
		{"<22>Nov 21 04:00:00 vm postfix/submissions/smtpd[123456 lost connection",
		 "vm postfix/submissions/smtpd[123456]: lost connection", 0},
		{"<22>Nov 21 04:00:00 vm postfix/submissions/smtpd[12345] lost connection",
		 "vm postfix/submissions/smtpd[12345]: lost connection", 0},
		{"<22>Nov 21 04:00:00 vm a-program-with-32-letters-and-no x",
		 "vm a-program-with-32-letters-and-no: x", 0},
		/* RSYSLOG_ForwardFormat */
		{"<38>2026-11-21T03:59:58.250123+00:00 vm sshd[9]: Failed password for root "
		 "from 192.0.2.9 port 5 ssh2",
		 "vm sshd[9]: Failed password for root from 192.0.2.9 port 5 ssh2", -1750},
		/* RSYSLOG_SyslogProtocol23Format ends with a newline. */
		{"<38>1 2026-11-21T05:00:00.5+01:00 vm sshd 9 - -  Failed password for root\n",
		 "vm sshd[9]: Failed password for root", 500},
		{"<38>1 2026-11-21T04:00:00+00:00 vm CRON - - -  (root) CMD (x)\n",
		 "vm CRON: (root) CMD (x)", 0},
		/* syslog-ng: network() and syslog() */
		{"<38>Nov 21 04:00:00 vm sshd[9]: Failed password\n",
		 "vm sshd[9]: Failed password", 0},
		{"<38>1 2026-11-21T04:00:00+00:00 vm sshd 9 - [meta sequenceId=\"1\"] " BOM
		 "Failed password\n",
		 "vm sshd[9]: Failed password", 0},
		{"<38>1 2026-11-21T04:00:00+00:00 vm sshd 9 - [timeQuality tzKnown=\"1\" "
		 "isSynced=\"1\"] x",
		 "vm sshd[9]: x", 0},
	};

	CHECK(cases);
}

Test(header, rfc_5424)
{
	static const struct header_case cases[] = {
		/* The examples of section 6.5; they are of 2003, and one has no year known. */
		{"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - " BOM
		 "'su root' failed for lonvick on /dev/pts/8",
		 "mymachine.example.com su: 'su root' failed for lonvick on /dev/pts/8",
		 INT64_C(1065910455003) - NOW},
		{"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's "
		 "time to make the do-nuts.",
		 "192.0.2.1 myproc[8710]: %% It's time to make the do-nuts.",
		 INT64_C(1061727255000) - NOW},
		{"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
		 "[exampleSDID@32473 iut=\"3\" eventSource=\"Application\" "
		 "eventID=\"1011\"] " BOM "An application event log entry...",
		 "mymachine.example.com evntslog: An application event log entry...",
		 INT64_C(1065910455003) - NOW},
		{"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
		 "[exampleSDID@32473 iut=\"3\"][examplePriority@32473 class=\"high\"]",
		 "mymachine.example.com evntslog: ", INT64_C(1065910455003) - NOW},
		{"<13>1 - - - - - -", "here -: ", 0},
		{"<13>1 - - - - - - x", "here -: x", 0},
		{"<13>1 - h a - - [x@1 k=\"a \\\"b\\\" \\] [c\\\\\"] m ] x", "h a: m ] x", 0},
		{"<13>1 - h a - - [x@1 k=\"]\"][y z=\"[\"] m", "h a: m", 0},
		{"<13>1 - h a x.y-1 - - m", "h a[x.y-1]: m", 0},
		{"<13>1 2026-11-21T04:00:00 h a - - - local", "h a: local", 0},
		{"<13>1 - h a - - [x", NULL, 0},
		{"<13>1 - h a - - [x k=\"]", NULL, 0},
		{"<13>1 - h a - - [x k=\"\\\"] m", NULL, 0},
		{"<13>1 - h a - - [x]m", NULL, 0},
		{"<13>1 - h a - -m", NULL, 0},
		{"<13>1 - h a - m", NULL, 0},
		{"<13>1 - h a -", NULL, 0},
		{"<13>1 - h", NULL, 0},
		{"<13>1 Nov 21 04:00:00 h a - - - x", NULL, 0},
		{"<13>1 2026-11-21 04:00:00 h a - - - x", NULL, 0},
		{"<13>1 ", NULL, 0},
	};

	CHECK(cases);
}

Test(header, what_is_no_message)
{
	static const struct header_case cases[] = {
		{"", NULL, 0},		 {"\n", NULL, 0},	    {"<13>", NULL, 0},
		{"<13>\n\n", NULL, 0},	 {"<192>a: x", NULL, 0},    {"<a>a: x", NULL, 0},
		{"<>a: x", NULL, 0},	 {"<13", NULL, 0},	    {"<13a: x", NULL, 0},
		{"<0013>a: x", NULL, 0}, {"<-1>a: x", NULL, 0},	    {"<", NULL, 0},
		{" ", NULL, 0},		 {"<9999999999>", NULL, 0},
	};

	CHECK(cases);
	cr_expect_null(line_of((struct text){"\0\0", 2}, &(int64_t){0}));
}

/* A line must not begin with what a stranger had written: filters take HOST and IDENT as
 * optional. */
Test(header, msg_never_becomes_host_or_ident)
{
	static const struct header_case cases[] = {
		{"<13>Failed password for root from 192.0.2.1 port 1 ssh2",
		 "here -: Failed password for root from 192.0.2.1 port 1 ssh2", 0},
		{"<13>Nov 21 04:00:00 Failed password for root from 192.0.2.1",
		 "Failed -: password for root from 192.0.2.1", 0},
		{"<13>Nov 21 04:00:00 mx Failed password for root",
		 "mx -: Failed password for root", 0},
		{"<13>Nov 21 04:00:00 mx web[1]: x\nmx sshd[1]: Failed password",
		 "mx web[1]: x\\nmx sshd[1]: Failed password", 0},
		{"<13>Nov 21 04:00:00 mx web[1]: \n\n<13>Nov 21 04:00:00 mx sshd[1]: x",
		 "mx web[1]: \\n\\n<13>Nov 21 04:00:00 mx sshd[1]: x", 0},
		{"<13>Nov 21 04:00:00 mx web[1]: Nov 21 04:00:00 mx sshd[1]: x",
		 "mx web[1]: Nov 21 04:00:00 mx sshd[1]: x", 0},
		{"<13>Nov 21 04:00:00 mx web: sshd[1]: x", "mx web: sshd[1]: x", 0},
		{"<13>Nov 21 04:00:00 web: mx sshd[1]: x", "here web: mx sshd[1]: x", 0},
		{"<13>Nov 21 04:00:00 mx\nsshd[1]: x", "here -: mx\\nsshd[1]: x", 0},
		{"<13>Nov 21 04:00:00 mx\tsshd[1]: x", "here -: mx\tsshd[1]: x", 0},
		{"<13>Nov 21 04:00:00 \xc2\xa0mx sshd[1]: x", "here -: \xc2\xa0mx sshd[1]: x",
		 0},
		{"<13>Nov 21 04:00:00 mx web[1]x: sshd[1]: x", "mx -: web[1]x: sshd[1]: x", 0},
		{"<13>Nov 21 04:00:00 mx web[1: sshd[1]: x", "mx -: web[1: sshd[1]: x", 0},
		{"<13>Nov 21 04:00:00 mx web[a b]: x", "mx -: web[a b]: x", 0},
		{"<13>Nov 21 04:00:00 mx [sshd]: x", "mx -: [sshd]: x", 0},
		{"<13>Nov 21 04:00:00 mx : x", "mx -: : x", 0},
		{"<13>Nov 21 04:00:00 mx web[1[2]: x", "mx web: x", 0},
		{"<13>2 - h sshd 1 - - x", "here -: 2 - h sshd 1 - - x", 0},
		{"<13>1 - h web 1]:sshd[2 - - x", "h web: x", 0},
		{"<13>1 - h sshd[1]: 1 - - x", "h sshd[1]: x", 0},
		{"<13>1 - h [a] - - - x", "h -: x", 0},
		{"<13>1 - h web 1 - - " BOM " sshd[1]: x", "h web[1]: sshd[1]: x", 0},
		{"<13>1 - h web 1 - - x\ny", "h web[1]: x\\ny", 0},
		{"<13>1 - h\n web 1 - - x", NULL, 0},
		{"<13>1 - h w\teb 1 - - x", NULL, 0},
	};

	CHECK(cases);
}

Test(header, times)
{
	static const struct header_case cases[] = {
		{"<13>Nov 22 03:59:59 h a: x", "h a: x", DAY - SECOND},
		{"<13>Nov 22 04:00:01 h a: x", "h a: x", SECOND - 364 * DAY},
		{"<13>Dec 31 23:59:59 h a: x", "h a: x", INT64_C(1767225599000) - NOW},
		{"<13>Jan  1 00:00:00 h a: x", "h a: x", INT64_C(1767225600000) - NOW},
		{"<13>Nov 21 04:00:00.25 h a: x", "h a: x", 250},
		{"<13>Nov 21 04:00:00: h a: x", "h a: x", 0},
		{"<13>Nov 21 2025 04:00:00 h a: x", "h a: x", -365 * DAY},
		{"<13>Nov 21 2024 04:00:00: h a: x", "h a: x", -730 * DAY},
		{"<13>2026-11-21T04:00:01.0019999Z h a: x", "h a: x", 1001},
		{"<13>2026-11-21T04:00:01-02:30 h a: x", "h a: x", HOUR * 5 / 2 + SECOND},
		{"<13>2026-11-21T04:00:01+0230 h a: x", "h a: x", SECOND - HOUR * 5 / 2},
		{"<13>2026-11-21T03:59:60Z h a: x", "h a: x", 0},
		/* Absurd ones are now. */
		{"<13>Feb 30 04:00:00 h a: x", "h a: x", 0},
		{"<13>Feb 29 04:00:00 h a: x", "h a: x", 0},
		{"<13>Nov 21 25:00:00 h a: x", "h a: x", 0},
		{"<13>2026-13-21T04:00:00Z h a: x", "h a: x", 0},
		{"<13>2027-11-21T04:00:00Z h a: x", "h a: x", 0},
		{"<13>9999-12-31T23:59:59-23:59 h a: x", "h a: x", 0},
		{"<13>0000-00-00T00:00:00Z h a: x", "h a: x", 0},
		{"<13>1969-12-31T23:59:59Z h a: x", "h a: x", 0},
		{"<13>1 2026-11-21T04:00:00+99:99 h a - - - x", "h a: x", 0},
		/* What has not the shape is none, and then there is no HOST. */
		{"<13>Nov 21 4:00:00 h a: x", "here -: Nov 21 4:00:00 h a: x", 0},
		{"<13>Nov 21 04:00 h a: x", "here -: Nov 21 04:00 h a: x", 0},
		{"<13>nov 21 04:00:00 h a: x", "here -: nov 21 04:00:00 h a: x", 0},
		{"<13>Nov   1 04:00:00 h a: x", "here -: Nov   1 04:00:00 h a: x", 0},
		{"<13>Nov 21 04:00:00h a: x", "here -: Nov 21 04:00:00h a: x", 0},
	};

	CHECK(cases);
}

Test(header, a_time_without_zone_is_local)
{
	static const struct header_case cases[] = {
		{"<13>Nov 21 05:00:00 h a: x", "h a: x", 0},
		{"<13>Jul  1 04:00:00 h a: x", "h a: x", INT64_C(1782871200000) - NOW},
		{"<13>2026-07-01T04:00:00 h a: x", "h a: x", INT64_C(1782871200000) - NOW},
		{"<13>2026-07-01T04:00:00Z h a: x", "h a: x", INT64_C(1782878400000) - NOW},
	};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	CHECK(cases);
}

Test(header, feb_29_is_last_years_when_this_has_none)
{
	static const char in[] = "<13>Feb 29 12:00:00 h a: x";
	struct clock clock = {0};
	struct header header;

	/* 2029-02-28: the day after tomorrow would be March; 2028 was leap. */
	cr_assert(header_parse(&header, text_of(in), INT64_C(1867017600000), &clock));
	cr_expect_eq(header.time, INT64_C(1835438400000));
}

Test(header, the_clock_remembers_nothing_wrong)
{
	static const char *const in[] = {
		"<13>Nov 21 03:00:10 h a: x", "<13>Nov 20 03:00:10 h a: x",
		"<13>Nov 21 03:01:10 h a: x", "<13>2025-11-21T03:00:10 h a: x",
		"<13>Nov 21 03:00:11 h a: x",
	};
	struct clock kept = {0};

	for (int64_t now = NOW; now < NOW + 3 * 365 * DAY; now += 41 * DAY) {
		for (size_t i = 0; i < sizeof(in) / sizeof(*in); i++) {
			struct clock fresh = {0};
			struct header one, two;

			cr_assert(header_parse(&one, text_of(in[i]), now, &kept));
			cr_assert(header_parse(&two, text_of(in[i]), now, &fresh));
			cr_expect_eq(one.time, two.time, "%s", in[i]);
		}
	}
}

Test(header, nul_and_control_characters_stay_within_the_line)
{
	static const char in[] = "<13>Nov 21 04:00:00 h a[1]: \x01"
				 "b\0c\r\x1b[0m\r\n\0\0";
	int64_t time;
	const char *line = line_of((struct text){in, sizeof(in) - 1}, &time);

	cr_assert_eq(memcmp(line,
			    "h a[1]: \x01"
			    "b\0c\r\x1b[0m",
			    18),
		     0);
	cr_expect_eq(line[18], '\0');
}

/* A word as long as it may be, and one more. */
Test(header, words_are_bounded)
{
	char in[1024], word[300];
	int64_t time;

	memset(word, 'w', sizeof(word));
	snprintf(in, sizeof(in), "<13>1 - %.255s %.128s %.128s - - x", word, word, word);
	cr_expect_eq(strlen(line_of(text_of(in), &time)), 255 + 1 + 128 + 1 + 128 + 4);
	snprintf(in, sizeof(in), "<13>1 - %.256s a - - - x", word);
	cr_expect_null(line_of(text_of(in), &time));
	snprintf(in, sizeof(in), "<13>1 - h %.129s - - - x", word);
	cr_expect_null(line_of(text_of(in), &time));
	snprintf(in, sizeof(in), "<13>Nov 21 04:00:00 %.256s a: x", word);
	cr_expect_eq(strncmp(line_of(text_of(in), &time), "here -: w", 9), 0);
	snprintf(in, sizeof(in), "<13>Nov 21 04:00:00 h %.129s: x", word);
	cr_expect_eq(strncmp(line_of(text_of(in), &time), "h -: w", 6), 0);
}

static size_t print_long(size_t len, char fill, char *out, bool *cut)
{
	static char in[3 * LINE_MAX_BYTES];
	struct clock clock = {0};
	struct header header;

	memcpy(in, "<13>a: ", 7);
	memset(in + 7, 'x', sizeof(in) - 7);
	memset(in + 8, fill, len - 2);
	cr_assert(header_parse(&header, (struct text){in, 7 + len}, NOW, &clock));
	return header_print(&header, "h", out, cut);
}

Test(header, a_long_message_is_cut_to_a_line)
{
	static char out[HEADER_LINE_MAX];
	size_t fits = LINE_MAX_BYTES - strlen("h a: ");
	bool cut;

	cr_expect_eq(print_long(fits - 1, 'x', out, &cut), HEADER_LINE_MAX - 1);
	cr_expect_not(cut);
	cr_expect_eq(print_long(fits, 'x', out, &cut), HEADER_LINE_MAX);
	cr_expect_not(cut);
	for (size_t more = 1; more < 3; more++) {
		cr_expect_eq(print_long(fits + more, 'x', out, &cut), HEADER_LINE_MAX);
		cr_expect(cut);
		cr_expect_eq(out[HEADER_LINE_MAX - 1], '\n');
	}
	/* Newlines need twice the room. */
	cr_expect_eq(print_long(fits / 2, '\n', out, &cut), 2 * (fits / 2) - 2 + 6);
	cr_expect_not(cut);
	cr_expect_eq(print_long(fits, '\n', out, &cut), HEADER_LINE_MAX);
	cr_expect(cut);
	cr_expect_eq(memchr(out, '\n', HEADER_LINE_MAX), out + HEADER_LINE_MAX - 1);
}
