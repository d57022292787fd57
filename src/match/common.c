/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "match/common.h"

/* What goes well is what is logged most, and none of it is of interest. */
static const char sample[] =
	/* syslog(3), PAM, systemd, cron, sudo */
	": pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)"
	": pam_unix(sshd:session): session closed for user root"
	": pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"
	": pam_unix(cron:session): session closed for user root"
	" systemd-logind[123]: new session 1 of user root. removed session 1."
	" systemd[1]: started session 1 of user root. starting  finished  succeeded."
	" cron[123]: (root) cmd (  sudo:  : tty=pts/0 ; pwd=/root ; user=root ; "
	"command=/usr/bin/ kernel: [ "
	/* OpenSSH */
	" sshd[123]: accepted publickey for root from 1.2.3.4 port 123 ssh2: rsa sha256:"
	" sshd[123]: accepted password for root from  connection from  port  on  port 22 "
	"received disconnect from  port 123:11: disconnected by user"
	" disconnected from user root  port 123 connection closed by  port 123"
	" authentication failure failed for invalid user "
	/* Postfix */
	" postfix/smtpd[123]: connect from unknown[1.2.3.4] disconnect from unknown[1.2.3.4] "
	"ehlo=1 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7 client=, sasl_method=plain, "
	"sasl_username= postfix/cleanup[123]: : message-id=<@example.com>"
	" postfix/qmgr[123]: : from=<@example.com>, size=123, nrcpt=1 (queue active) removed"
	" postfix/smtp[123]: : to=<@example.com>, relay=mail.example.com[1.2.3.4]:25, "
	"delay=0.3, delays=0.1/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 ok: queued as )"
	" postfix/lmtp postfix/anvil[123]: statistics: max connection rate  for (smtp: at "
	" warning: hostname  does not resolve to address : name or service not known"
	/* sendmail */
	" sm-mta[123]: : from=<>, size=123, class=0, nrcpts=1, msgid=<>, proto=esmtp, "
	"daemon=mta, relay= [1.2.3.4] to=<>, delay=00:00:01, xdelay=00:00:01, mailer=local, "
	"pri=123, dsn=2.0.0, stat=sent"
	/* Dovecot */
	" dovecot: imap-login: login: user=<>, method=plain, rip=1.2.3.4, lip=1.2.3.4, "
	"mpid=123, tls, session=<> pop3-login: login: user=<> imap(): disconnected: logged "
	"out in=123 out=123 deleted=0 expunged=0 trashed=0 hdr_count=0 hdr_bytes=0 "
	"body_count=0 body_bytes=0 lmtp(): msgid=<>: saved mail to inbox"
	/* Exim, DNS */
	" <=  h=(mail.example.com) [1.2.3.4] p=esmtps x=tls1.3 cv=no s=123 id= =>  r=dnslookup "
	"t=remote_smtp c=\"250 ok\" completed named[123]: client @0x  (example.com): query: "
	/* web servers */
	" - - [] \"get / http/1.1\" 200 123 \"-\" \"mozilla/5.0 (windows nt 10.0; win64; x64) "
	"applewebkit/537.36 (khtml, like gecko) chrome/120.0.0.0 safari/537.36\""
	" \"post /index.php http/2.0\" 404 301 \"https://www.example.com/\" .html .php .css "
	".js .png favicon.ico robots.txt (compatible; bot/1.0; +http://www."
	" [error] [client 1.2.3.4:123] , client: 1.2.3.4, server: , request: \"get /, host: ";

static size_t slot(const char *at)
{
	uint32_t four;

	memcpy(&four, at, sizeof(four));
	return (four * UINT32_C(0x9e3779b1)) >> 18;
}

void common_learn(struct common *c)
{
	*c = (struct common){0};
	for (size_t i = 0; i + 5 <= sizeof(sample); i++) {
		uint8_t *seen = &c->seen[slot(sample + i)];

		*seen = (uint8_t)(*seen + (*seen < UINT8_MAX));
		c->bytes[(unsigned char)sample[i]]++;
	}
}

unsigned common_four(const struct common *c, const char *at)
{
	return c->seen[slot(at)];
}

/* The logarithm of how often they would stand side by side by chance. */
unsigned common_bytes(const struct common *c, const char *at, size_t len)
{
	unsigned bits = 0;

	for (size_t i = 0; i < len; i++)
		bits += 31 - (unsigned)__builtin_clz(c->bytes[(unsigned char)at[i]] + 1u);
	return bits;
}

unsigned common_rarity(const struct common *c, const char *at, size_t len)
{
	unsigned rarity = 0;

	if (len < 4)
		return len < 2 ? 0 : (unsigned)len - 1;
	for (size_t i = 0; i + 4 <= len; i++) {
		unsigned seen = common_four(c, at + i);

		rarity += !seen ? 4 : seen < 3;
	}
	return rarity + 1 + (unsigned)len / 4;
}
