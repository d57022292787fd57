# Sourced in place of lib.sh: Debian's Postfix, with SASL, in the test's own namespaces. Nothing is
# installed: the unpacked packages lie over /usr and /etc as overlays, and a tmpfs over what it
# writes, for this mount namespace alone.
#
#	postfix_up ["name = value"...]	start, with these settings of main.cf; its log is $MAILLOG
#	postfix_set "name = value"...	change settings while it runs
#	smtp ADDRESS NAME COMMAND...	a session as this client (XCLIENT); prints what is answered
#	postfix_reload			after changes of its files
#	postfix_down			stop; the end of a test does it, too
#
# SASL knows alice with the password "secret". example.net is its own domain, and what
# is sent there is taken and thrown away. It listens on 25 and 587 of every address.

POSTFIX=${B:-build}/peers/postfix
# In lib.sh's namespace there is no network.
[ -n "${IN_SCRATCH:-}" ] || (cd "$(dirname "$0")/../.." && tests/unpack.sh "$POSTFIX" \
	postfix sasl2-bin libsasl2-modules libsasl2-modules-db) || exit 1
. "$(dirname "$0")/lib.sh"
case $POSTFIX in /*) ;; *) POSTFIX=$ROOT/$POSTFIX ;; esac
MAILLOG=$T/mail.log
trap 'postfix_down; umount -l /etc /usr /var/lib /var/spool "$T/over" 2>/dev/null; finish' EXIT

postfix_overlay() {
	mkdir -p "$T/over"
	mount -t tmpfs tmpfs "$T/over" || return 1
	for dir in usr etc; do
		mkdir -p "$T/over/$dir.up" "$T/over/$dir.work"
		mount -t overlay overlay -o "lowerdir=$POSTFIX/$dir:/$dir,upperdir=$T/over/$dir.up,workdir=$T/over/$dir.work" \
			"/$dir" || return 1
	done
	mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /var/spool
}

postfix_accounts() {
	grep -q '^postfix:' /etc/passwd && return
	echo 'postfix:x:925:925::/var/spool/postfix:/usr/sbin/nologin' >>/etc/passwd
	printf 'postfix:x:925:\npostdrop:x:926:\n' >>/etc/group
}

postfix_configure() {
	cat >/etc/postfix/main.cf <<E2
compatibility_level = 3.6
myhostname = mx.example.net
mydestination = example.net, mx.example.net, localhost
mynetworks = 127.0.0.0/8
inet_interfaces = all
maillog_file = $MAILLOG
maillog_file_prefixes = $T
smtpd_tls_security_level = none
smtpd_authorized_xclient_hosts = 127.0.0.0/8 [::1]/128
smtpd_sasl_auth_enable = yes
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
local_transport = discard
default_transport = discard
local_recipient_maps =
alias_maps =
E2
	cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
	postconf -F '*/*/chroot = n' &&
		postconf -M 'submission/inet=587 inet n - n - - smtpd -o syslog_name=postfix/submission'
	mkdir -p /etc/postfix/sasl /var/lib/postfix /var/spool/postfix
	chown postfix /var/lib/postfix
	chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop
	chmod 2755 /usr/sbin/postqueue /usr/sbin/postdrop
	printf '%s\n' 'pwcheck_method: auxprop' 'auxprop_plugin: sasldb' 'mech_list: PLAIN LOGIN' \
		>/etc/postfix/sasl/smtpd.conf
	echo secret | saslpasswd2 -p -c -u mx.example.net alice
	chown postfix /etc/sasldb2
	printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
}

# Processes of before answer as before, until they have ended.
postfix_reload() {
	local pid end=$((SECONDS + 40))
	local before
	before=$(pgrep -x smtpd -P "$(xargs </var/spool/postfix/pid/master.pid)")
	postfix reload >/dev/null 2>&1
	for pid in $before; do
		while kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt $end ]; do sleep 0.05; done
	done
}

postfix_set() {
	postconf -e "$@" && postfix_reload
}

postfix_up() {
	{ postfix_overlay && postfix_accounts && postfix_configure; } >"$T/postfix.out" 2>&1 &&
		{ [ $# -eq 0 ] || postconf -e "$@"; } >>"$T/postfix.out" 2>&1 &&
		postfix start >>"$T/postfix.out" 2>&1 || cat "$T/postfix.out"
	soon "Postfix answers" smtp 127.0.0.1 localhost QUIT || cat "$MAILLOG"
}

postfix_down() {
	[ ! -s /var/spool/postfix/pid/master.pid ] || postfix stop >/dev/null 2>&1
}

smtp() {
	/usr/bin/python3 "$ROOT/tests/system/smtp.py" "$@"
}
