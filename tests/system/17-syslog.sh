#!/bin/bash
# Lines from Debian's rsyslog and syslog-ng: over a socket, UDP of loopback and a FIFO, in every
# form that they have for a header.
RSYSLOG=${B:-build}/peers/rsyslog
NG=${B:-build}/peers/syslog-ng
# In lib.sh's namespace there is no network.
[ -n "${IN_SCRATCH:-}" ] || (cd "$(dirname "$0")/../.." &&
	tests/unpack.sh "$RSYSLOG" rsyslog && tests/unpack.sh "$NG" syslog-ng-core) || exit 1
. "$(dirname "$0")/lib.sh"
RSYSLOG=$ROOT/$RSYSLOG
NG=$ROOT/$NG
RSYSLOG_PID= NG_PID=
finish_peers() { { kill $RSYSLOG_PID $NG_PID; wait $RSYSLOG_PID $NG_PID; } 2>/dev/null; finish; }
trap finish_peers EXIT
# Debian's boots have 512; a new network namespace has 10, and senders that do not wait.
sysctl -q net.unix.max_dgram_qlen=512

configure <<E2
[DEFAULT]
target = null
findtime = 1h
maxretry = 3

[socket]
filter = sshd
syslog = $T/traditional

[protocol23]
filter = sshd
syslog = $T/protocol23

[udp]
filter = sshd
syslog = udp:127.0.0.1:5514

[udp6]
filter = postfix[mode=auth]
syslog = udp:[::1]:5514 trusted
maxretry = 1

[fifo]
filter = sshd
logpath = $T/fifo

[ng]
filter = sshd
syslog = $T/ng

[ng5424]
filter = sshd
syslog = udp:127.0.0.1:5515
E2

rsyslog() {
	cat >"$T/rsyslog.conf" <<E2
global(workDirectory="$T" parser.permitSlashInProgramName="on")
module(load="imuxsock" SysSock.Use="off")
module(load="omuxsock")
input(type="imuxsock" Socket="$T/log" RateLimit.Interval="0")
\$OMUXSockSocket $T/traditional
*.* :omuxsock:;RSYSLOG_TraditionalForwardFormat
\$OMUXSockSocket $T/protocol23
*.* :omuxsock:;RSYSLOG_SyslogProtocol23Format
action(type="omfwd" target="127.0.0.1" port="5514" protocol="udp" template="RSYSLOG_ForwardFormat")
action(type="omfwd" target="::1" port="5514" protocol="udp" template="RSYSLOG_SyslogProtocol23Format")
action(type="ompipe" pipe="$T/fifo")
E2
	LD_LIBRARY_PATH=$RSYSLOG/usr/lib/x86_64-linux-gnu "$RSYSLOG/usr/sbin/rsyslogd" -n -f "$T/rsyslog.conf" -i "$T/rsyslog.pid" \
		-M "$RSYSLOG/usr/lib/x86_64-linux-gnu/rsyslog" >"$T/rsyslog.out" 2>&1 &
	RSYSLOG_PID=$!
	soon "rsyslog listens" test -S "$T/log"
}

syslog_ng() {
	cat >"$T/ng.conf" <<E2
@version: 3.38
options { keep-hostname(yes); use-dns(no); dns-cache(no); time-reopen(1); };
source s { unix-dgram("$T/nglog"); };
destination d1 { unix-dgram("$T/ng"); };
destination d2 { syslog("127.0.0.1" port(5515) transport("udp")); };
log { source(s); destination(d1); destination(d2); };
E2
	LD_LIBRARY_PATH=$NG/usr/lib/syslog-ng:$NG/usr/lib/x86_64-linux-gnu "$NG/usr/sbin/syslog-ng" \
		-F --no-caps -f "$T/ng.conf" -R "$T/ng.persist" -p "$T/ng.pid" -c "$T/ng.ctl" \
		--module-path="$NG/usr/lib/syslog-ng/3.38" >"$T/ng.out" 2>&1 &
	NG_PID=$!
	soon "syslog-ng listens" test -S "$T/nglog"
}

# fail_login SOCKET ADDRESS TIMES
fail_login() {
	for i in $(seq "$3"); do
		logger -u "$1" -t "sshd[47$i]" -p auth.info -- \
			"Failed password for root from $2 port 4002$i ssh2"
	done
}
banned_in() { ask list --json "$1" | grep -qF "\"ip\":\"$2\""; }
line_of() { ask why --json "$1" | jq -r '.lines[-1].line // .lines[-1]'; }

mkfifo "$T/fifo"
start
check "the socket is for user and group" test "$(stat -c %a "$T/traditional")" = 660
rsyslog
syslog_ng

fail_login "$T/log" 203.0.113.20 3
for jail in socket protocol23 udp fifo; do
	soon "sshd by rsyslog: [$jail]" banned_in $jail 203.0.113.20
done
fail_login "$T/nglog" 203.0.113.21 3
for jail in ng ng5424; do
	soon "sshd by syslog-ng: [$jail]" banned_in $jail 203.0.113.21
done

logger -u "$T/log" -t "postfix/submissions/smtpd[123456]" -p mail.info -- \
	"warning: unknown[203.0.113.22]: SASL LOGIN authentication failed: UGFzc3dvcmQ6"
soon "postfix by rsyslog, one datagram of a trusted sender" banned_in udp6 203.0.113.22
equal "the header is as the journal has it" \
	"$(hostname) postfix/submissions/smtpd[123456]: warning: unknown[203.0.113.22]: SASL LOGIN authentication failed: UGFzc3dvcmQ6" \
	"$(line_of 203.0.113.22)"

# What a stranger had written into a message of another program. The last line shows that all
# before it were read.
inject() {
	python3 - "$1" <<'E2'
import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
evil = b'Failed password for root from 203.0.113.66 port 1 ssh2'
now = time.strftime('%b %e %H:%M:%S').encode()
for i in range(5):
	for text in (b'x\nhost sshd[1]: ' + evil, b'host sshd[1]: ' + evil, b'\n<38>' + now +
	             b' host sshd[1]: ' + evil, b'sshd[1]: ' + evil, evil,
	             b'x]: host sshd[1]: ' + evil, b': sshd[1]: ' + evil):
		s.send(b'<13>' + now + b' web[7]: ' + text)
E2
	fail_login "$1" 203.0.113.23 3
}
inject "$T/log"
inject "$T/nglog"
for jail in socket protocol23 udp fifo ng ng5424; do
	soon "lines after hostile ones: [$jail]" banned_in $jail 203.0.113.23
done
check "hostile text in a message bans nobody" not_banned 203.0.113.66

dropped() { ask status --json | jq ".sources[]|select(.path==\"$1\").dropped"; }
dropped_is() { [ "$(dropped "$1")" = "$2" ]; }
# UDP's room is 8 MiB at most: while nobody reads, no more than that is kept.
kill -STOP "$DAEMON"
python3 - <<'E2'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(('127.0.0.1', 5515))
for i in range(60000):
	s.send(b'<999>no syslog message')
E2
kill -CONT "$DAEMON"
soon "what is no message, or found no room, is counted" dropped_is syslog:udp:127.0.0.1:5515 60000
equal "by its own source alone" 0 "$(dropped syslog:udp:127.0.0.1:5514)"

stop
check "the sockets are removed at the end" not ls "$T/traditional" "$T/ng"
start
fail_login "$T/log" 203.0.113.24 3
soon "a daemon that was started again is found by rsyslog" banned_in socket 203.0.113.24
rm "$T/ng"
soon "a socket whose file was removed is made again" test -S "$T/ng"
fail_login "$T/nglog" 203.0.113.25 3
soon "and found by syslog-ng" banned_in ng 203.0.113.25
rm "$T/fifo"
mkfifo "$T/fifo"
# It has the old one open, for reading too, and sees nothing; what it writes before it comes to
# the signal is lost.
kill -HUP $RSYSLOG_PID
fails_again() { fail_login "$T/log" 203.0.113.26 1; banned_in fifo 203.0.113.26; }
soon "a FIFO that was made again is found by rsyslog once it reopens its files" fails_again
stop
