/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gen-logs mail|ssh LINES: a syslog of that many lines on standard output, the same ones each
 * time. One line in twenty is an offence, from 20,000 addresses of which some come much more
 * often.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START 1763600000
#define DAYS 2

static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

/* xorshift64* (Vigna 2016). */
static uint32_t any(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % below;
}

static const char *const users[] = {"alice", "bob",  "carol",	"dave",	 "erin",
				    "frank", "info", "support", "sales", "postmaster"};
static const char *const guesses[] = {"root", "admin", "test",	 "oracle", "postgres",
				      "git",  "pi",    "ubuntu", "nagios", "www"};

/*
 * %D host name, %U mailbox, %A good address, %B bad one, %I guessed user, %N user, %P pid or
 * port, %Q queue id, %K key.
 */
static const char *const mail_good[] = {
	"postfix/smtpd[%P]: connect from %D[%A]",
	"postfix/smtpd[%P]: connect from %D[%A]",
	"postfix/smtpd[%P]: disconnect from %D[%A] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 "
	"quit=1 "
	"commands=7",
	"postfix/smtpd[%P]: disconnect from %D[%A] ehlo=1 mail=1 rcpt=1 data=1 quit=1 "
	"commands=5",
	"postfix/smtpd[%P]: %Q: client=%D[%A]",
	"postfix/cleanup[%P]: %Q: message-id=<%K@%D>",
	"postfix/qmgr[%P]: %Q: from=<%U>, size=%P, nrcpt=1 (queue active)",
	"postfix/smtp[%P]: %Q: to=<%U>, relay=%D[%A]:25, delay=1.3, delays=0.1/0.02/0.4/0.6, "
	"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %Q)",
	"postfix/qmgr[%P]: %Q: removed",
	"postfix/lmtp[%P]: %Q: to=<%U>, relay=mail.example.com[private/dovecot-lmtp], "
	"delay=0.3, "
	"delays=0.2/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 <%U> %Q Saved)",
	"postfix/anvil[%P]: statistics: max connection rate 3/60s for (smtp:%A) at Nov 20 "
	"01:02:03",
	"sm-mta[%P]: %Q: from=<%U>, size=%P, class=0, nrcpts=1, msgid=<%Q@%D>, proto=ESMTP, "
	"daemon=MTA, relay=%D [%A]",
	"dovecot: imap-login: Login: user=<%U>, method=PLAIN, rip=%A, lip=203.0.113.5, "
	"mpid=%P, "
	"TLS, session=<%Q>",
	"dovecot: imap(%U)<%P><%Q>: Disconnected: Logged out in=%P out=%P deleted=0 expunged=0 "
	"trashed=0 hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0",
	"dovecot: lmtp(%U)<%P><%Q>: msgid=<%Q@%D>: saved mail to INBOX",
	"CRON[%P]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
};

static const char *const mail_bad[] = {
	"postfix/smtpd[%P]: NOQUEUE: reject: RCPT from unknown[%B]: 554 5.7.1 <%U>: Relay "
	"access "
	"denied; from=<%U> to=<%U> proto=ESMTP helo=<%D>",
	"postfix/smtpd[%P]: NOQUEUE: reject: RCPT from %D[%B]: 550 5.1.1 <%U>: Recipient "
	"address "
	"rejected: User unknown in local recipient table; from=<%U> to=<%U> proto=ESMTP "
	"helo=<%D>",
	"postfix/smtpd[%P]: warning: unknown[%B]: SASL LOGIN authentication failed: "
	"UGFzc3dvcmQ6",
	"postfix/smtpd[%P]: warning: unknown[%B]: SASL PLAIN authentication failed: "
	"authentication failure",
	"postfix/smtpd[%P]: improper command pipelining after EHLO from unknown[%B]: "
	"QUIT\\r\\n",
	"dovecot: imap-login: Disconnected (auth failed, 3 attempts in 14 secs): user=<%I>, "
	"method=PLAIN, rip=%B, lip=203.0.113.5, TLS, session=<%Q>",
	"sshd[%P]: Failed password for invalid user %I from %B port %P ssh2",
	"sshd[%P]: Invalid user %I from %B port %P",
};

static const char *const ssh_good[] = {
	"sshd[%P]: Connection from %A port %P on 203.0.113.5 port 22 rdomain \"\"",
	"sshd[%P]: Accepted publickey for %N from %A port %P ssh2: ED25519 SHA256:%K",
	"sshd[%P]: pam_unix(sshd:session): session opened for user %N(uid=1000) by (uid=0)",
	"sshd[%P]: pam_unix(sshd:session): session closed for user %N",
	"sshd[%P]: Received disconnect from %A port %P:11: disconnected by user",
	"sshd[%P]: Disconnected from user %N %A port %P",
	"systemd-logind[612]: New session %P of user %N.",
	"sudo:   %N : TTY=pts/0 ; PWD=/home/x ; USER=root ; COMMAND=/usr/bin/apt update",
};

static const char *const ssh_bad[] = {
	"sshd[%P]: Failed password for invalid user %I from %B port %P ssh2",
	"sshd[%P]: Failed password for root from %B port %P ssh2",
	"sshd[%P]: Invalid user %I from %B port %P",
	"sshd[%P]: error: maximum authentication attempts exceeded for root from %B port %P "
	"ssh2 "
	"[preauth]",
};

static void put_address(uint32_t n)
{
	uint32_t a = n * UINT32_C(2654435761);

	if (n % 7 == 0)
		printf("2001:db8:%x:%x::%x", a >> 16, n & 0xffff, (n % 500) + 1);
	else
		printf("%u.%u.%u.%u", 5 + (a >> 24) % 200, (a >> 16) & 255, (a >> 8) & 255,
		       1 + a % 250);
}

static void put_bad(void)
{
	uint32_t n = any(20000), m = any(20000);

	put_address(100000 + (uint32_t)((uint64_t)n * m / 20000));
}

static void put(char what)
{
	switch (what) {
	case 'D':
		printf("mx%u.example%u.com", any(40), any(200));
		break;
	case 'U':
		printf("%s@mx%u.example.net", users[any(10)], any(200));
		break;
	case 'A':
		put_address(any(8000));
		break;
	case 'B':
		put_bad();
		break;
	case 'I':
		fputs(guesses[any(10)], stdout);
		break;
	case 'N':
		fputs(users[any(10)], stdout);
		break;
	case 'P':
		printf("%u", 1000 + any(31000));
		break;
	case 'Q':
		printf("%08X%02X", any(UINT32_MAX), any(256));
		break;
	default:
		printf("%08x%08x%08x", any(UINT32_MAX), any(UINT32_MAX), any(UINT32_MAX));
	}
}

static void put_line(uint64_t i, uint64_t lines, const char *format)
{
	time_t now = START + (time_t)(i * 86400 * DAYS / lines);
	char stamp[32];
	struct tm tm;

	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", gmtime_r(&now, &tm));
	printf("%s mx1 ", stamp);
	for (; *format; format++) {
		if (*format == '%')
			put(*++format);
		else
			putchar(*format);
	}
	putchar('\n');
}

#define PICK(list) ((list)[any(sizeof(list) / sizeof(*(list)))])

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

		if (mail)
			put_line(i, lines, bad ? PICK(mail_bad) : PICK(mail_good));
		else
			put_line(i, lines, bad ? PICK(ssh_bad) : PICK(ssh_good));
	}
	return fflush(stdout) || ferror(stdout);
}
