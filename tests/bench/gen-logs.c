/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gen-logs mail|ssh LINES: a syslog of that many lines on standard output, the same ones each
 * time. One line in twenty is an offence, from 20,000 addresses of which some come much more
 * often.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START 1763600000
#define DAYS 2
#define OFFENDERS 20000

static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

/* xorshift64* (Vigna 2016). */
static uint32_t any(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % below;
}

static const char *const users[] = {"alice", "bob",   "carol",	 "dave",      "erin",
				    "frank", "grace", "heidi",	 "ivan",      "judy",
				    "info",  "sales", "support", "webmaster", "postmaster"};
static const char *const guesses[] = {"root",	"admin", "test",    "oracle", "postgres",
				      "ubuntu", "git",	 "ftpuser", "user",   "guest",
				      "mysql",	"pi",	 "nagios",  "hadoop", "www"};
static const char *const domains[][2] = {{"mx", "com"}, {"mail", "net"}, {"smtp", "org"}};
static const unsigned nets[] = {5,   23,  37,  45,  61,	 77,  80,  91,
				103, 118, 141, 159, 178, 185, 193, 212};

struct kind {
	uint32_t weight;
	const char *format;
};

#define PICK(list) ((list)[any(sizeof(list) / sizeof(*(list)))])

/*
 * %D host name, %U mailbox, %A good address, %B the offender's, %I guessed user, %N user, %p
 * process, of which each line has its own, %P port, %Q queue id, %S sendmail's, %K number, %T
 * hundredths, %Z size.
 */
static const struct kind mail_good[] = {
	{14, "postfix/smtpd[%p]: connect from %D[%A]"},
	{14, "postfix/smtpd[%p]: disconnect from %D[%A] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 "
	     "quit=1 commands=7"},
	{10, "postfix/smtpd[%p]: %Q: client=%D[%A]"},
	{10, "postfix/cleanup[%p]: %Q: message-id=<%K.%Q@%D>"},
	{10, "postfix/qmgr[%p]: %Q: from=<%U>, size=%Z, nrcpt=1 (queue active)"},
	{10, "postfix/smtp[%p]: %Q: to=<%U>, relay=%D[%A]:25, delay=%T, "
	     "delays=0.1/0.02/0.4/0.6, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %Q)"},
	{10, "postfix/qmgr[%p]: %Q: removed"},
	{5, "postfix/lmtp[%p]: %Q: to=<%U>, relay=mail.example.com[private/dovecot-lmtp], "
	    "delay=0.3, delays=0.2/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 <%U> %Q Saved)"},
	{5, "postfix/anvil[%p]: statistics: max connection rate 3/60s for (smtp:%A) at Nov 20 "
	    "01:02:03"},
	{5, "sm-mta[%p]: %S: from=<%U>, size=%Z, class=0, nrcpts=1, msgid=<%Q@%D>, "
	    "proto=ESMTP, daemon=MTA, relay=%D [%A]"},
	{5, "sm-mta[%p]: %S: to=<%U>, delay=00:00:01, xdelay=00:00:01, mailer=local, "
	    "pri=31000, dsn=2.0.0, stat=Sent"},
	{12, "dovecot: imap-login: Login: user=<%U>, method=PLAIN, rip=%A, lip=203.0.113.5, "
	     "mpid=%P, TLS, session=<%Q>"},
	{8, "dovecot: imap(%U)<%P><%Q>: Disconnected: Logged out in=%P out=%Z deleted=0 "
	    "expunged=0 trashed=0 hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0"},
	{6, "dovecot: lmtp(%U)<%P><%Q>: msgid=<%Q@%D>: saved mail to INBOX"},
	{3, "CRON[%p]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"},
	{0},
};

static const char *const mail_bad[] = {
	"postfix/smtpd[%p]: NOQUEUE: reject: RCPT from unknown[%B]: 554 5.7.1 <%U>: Relay "
	"access denied; from=<%U> to=<%U> proto=ESMTP helo=<%D>",
	"postfix/smtpd[%p]: NOQUEUE: reject: RCPT from unknown[%B]: 450 4.7.1 Client host "
	"rejected: cannot find your hostname, [%B]; from=<%U> to=<%U> proto=SMTP helo=<[%B]>",
	"postfix/smtpd[%p]: NOQUEUE: reject: RCPT from %D[%B]: 550 5.1.1 <%U>: Recipient "
	"address rejected: User unknown in local recipient table; from=<%U> to=<%U> "
	"proto=ESMTP helo=<%D>",
	"postfix/smtpd[%p]: warning: unknown[%B]: SASL LOGIN authentication failed: "
	"UGFzc3dvcmQ6",
	"postfix/smtpd[%p]: warning: unknown[%B]: SASL PLAIN authentication failed: "
	"authentication failure",
	"postfix/smtpd[%p]: improper command pipelining after EHLO from unknown[%B]: "
	"QUIT\\r\\n",
	"postfix/postscreen[%p]: PREGREET 14 after 0.08 from [%B]:%P: EHLO ylmf-pc\\r\\n",
	"sm-mta[%p]: %S: ruleset=check_rcpt, arg1=<%U>, relay=[%B], reject=550 5.7.1 <%U>... "
	"Relaying denied. IP name lookup failed [%B]",
	"sm-mta[%p]: %S: [%B] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA",
	"dovecot: imap-login: Disconnected (auth failed, 3 attempts in 14 secs): user=<%I>, "
	"method=PLAIN, rip=%B, lip=203.0.113.5, TLS, session=<%Q>",
	"dovecot: auth-worker(%p): pam(%I,%B): pam_authenticate() failed: Authentication "
	"failure (password mismatch?)",
	"dovecot: pop3-login: Aborted login (auth failed, 1 attempts in 2 secs): user=<%I>, "
	"method=PLAIN, rip=%B, lip=203.0.113.5, session=<%Q>",
};

static const struct kind ssh_good[] = {
	{10, "sshd[%p]: Connection from %A port %P on 203.0.113.5 port 22 rdomain \"\""},
	{15, "sshd[%p]: Accepted publickey for %N from %A port %P ssh2: ED25519 "
	     "SHA256:%Q%Q%Q"},
	{15, "sshd[%p]: pam_unix(sshd:session): session opened for user %N(uid=1000) by "
	     "(uid=0)"},
	{15, "sshd[%p]: pam_unix(sshd:session): session closed for user %N"},
	{12, "sshd[%p]: Received disconnect from %A port %P:11: disconnected by user"},
	{12, "sshd[%p]: Disconnected from user %N %A port %P"},
	{10, "systemd-logind[612]: New session %P of user %N."},
	{6, "sudo:   %N : TTY=pts/0 ; PWD=/home/x ; USER=root ; COMMAND=/usr/bin/apt update"},
	{5, "CRON[%p]: pam_unix(cron:session): session closed for user root"},
	{0},
};

static const char *const ssh_bad[] = {
	"sshd[%p]: Failed password for invalid user %I from %B port %P ssh2",
	"sshd[%p]: Failed password for root from %B port %P ssh2",
	"sshd[%p]: Invalid user %I from %B port %P",
	"sshd[%p]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh "
	"ruser= rhost=%B  user=root",
	"sshd[%p]: error: maximum authentication attempts exceeded for root from %B port %P "
	"ssh2 [preauth]",
};

static const char *pick(const struct kind *kinds)
{
	uint32_t total = 0, n;

	for (const struct kind *k = kinds; k->format; k++)
		total += k->weight;
	n = any(total);
	while (n >= kinds->weight)
		n -= kinds++->weight;
	return kinds->format;
}

/* Spread the bits of a small number: each number is an address of its own. */
static uint32_t spread(uint32_t n)
{
	n = (n + 1) * UINT32_C(2654435761);
	return (n ^ n >> 15) * UINT32_C(2246822519);
}

static void put_v4(uint32_t n)
{
	uint32_t a = spread(n);

	printf("%u.%u.%u.%u", nets[a >> 28], (a >> 16) & 255, (a >> 8) & 255, 1 + a % 254);
}

static void put_good(uint32_t n)
{
	if (n < 3000)
		printf("198.51.%u.%u", 100 + n % 4, 1 + spread(n) % 254);
	else
		put_v4(n);
}

static void put_bad(uint32_t n)
{
	uint32_t a = spread(n), b = spread(a);

	if (n % 20 < 3)
		printf("2a0%x:%x:%x:%x::%x", a & 15, a >> 16, b >> 16, b & 0xffff,
		       1 + (a & 0xfffe));
	else
		put_v4(n);
}

/* Few come very often. */
static uint32_t any_offender(void)
{
	uint64_t n = any(OFFENDERS << 10);

	return 100000 + (uint32_t)((n * n / OFFENDERS) >> 20);
}

static void put_id(uint32_t letters, const char *alphabet, uint32_t of)
{
	while (letters--)
		putchar(alphabet[any(of)]);
}

static void put(char what, uint32_t offender, uint64_t process)
{
	uint32_t n;

	switch (what) {
	case 'U':
		printf("%s@", PICK(users));
		/* fall through */
	case 'D':
		n = any(3);
		printf("%s%u.example.%s", domains[n][0], any(200), domains[n][1]);
		break;
	case 'A':
		put_good(any(8000));
		break;
	case 'B':
		put_bad(offender);
		break;
	case 'I':
		fputs(PICK(guesses), stdout);
		break;
	case 'N':
		fputs(PICK(users), stdout);
		break;
	case 'p':
		printf("%" PRIu64, process);
		break;
	case 'P':
		printf("%u", 1000 + any(31000));
		break;
	case 'Z':
		printf("%u", 500 + any(89500));
		break;
	case 'T':
		printf("%u.%02u", any(9), any(100));
		break;
	case 'Q':
		put_id(10, "0123456789ABCDEF", 16);
		break;
	case 'S':
		fputs("4AK", stdout);
		put_id(5, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789", 46);
		printf("%06u", 100000 + any(900000));
		break;
	default:
		printf("%06u%06u", any(1000000), any(1000000));
	}
}

static void put_line(uint64_t i, uint64_t lines, const char *format)
{
	uint32_t offender = any_offender();
	time_t now = START + (time_t)(i * 86400 * DAYS / lines);
	char stamp[32];
	struct tm tm;

	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", gmtime_r(&now, &tm));
	printf("%s mx1 ", stamp);
	for (; *format; format++) {
		if (*format == '%')
			put(*++format, offender, 1000 + i);
		else
			putchar(*format);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	int mail = argc == 3 && !strcmp(argv[1], "mail");
	uint64_t lines = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;

	if (!lines || (!mail && strcmp(argv[1], "ssh"))) {
		fputs("usage: gen-logs mail|ssh LINES\n", stderr);
		return 2;
	}
	for (uint64_t i = 0; i < lines; i++) {
		int bad = any(20) == 0;

		if (!bad)
			put_line(i, lines, pick(mail ? mail_good : ssh_good));
		else if (mail && any(20) < 17)
			put_line(i, lines, PICK(mail_bad));
		else
			put_line(i, lines, PICK(ssh_bad));
	}
	return fflush(stdout) || ferror(stdout);
}
