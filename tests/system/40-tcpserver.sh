#!/bin/bash
# Debian's tcpserver and multilog: who connects too often is refused by tcpserver itself, by the
# rules and the database that the unprivileged daemon writes, or that cron makes with tcpblock.
PEER=${B:-build}/peers/tcpserver
PEER6=${B:-build}/peers/tcpserver6
[ -n "${IN_SCRATCH:-}" ] || (cd "$(dirname "$0")/../.." &&
	tests/unpack.sh "$PEER" ucspi-tcp daemontools &&
	tests/unpack.sh "$PEER6" ucspi-tcp-ipv6) || exit 1
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 1
HERE=$ROOT/tests/system/tcpserver
PATH=$ROOT/$PEER/usr/bin:$PATH
V6=$ROOT/$PEER6/usr/bin
PIDS=
finish_peers() { { kill $PIDS; wait $PIDS; } 2>/dev/null; finish; }
trap finish_peers EXIT

# ---- the original's captured logs, as the original is called ----

ln -s "$BANISH" "$T/tcpblock"
tcpblock() { "$T/tcpblock" "$@"; }
golden() { tcpblock -d "$HERE/golden" "$@" | tr '\n' ' '; }
equal "the golden log: who connected too often" \
	"198.51.100.10:deny 198.51.100.30:deny 203.0.113.35:deny " "$(golden --now 1795219400)"
equal "the golden log: of those who were let in" "198.51.100.10:deny 198.51.100.30:deny " \
	"$(golden --now 1795219400 --count accepted)"
equal "the golden log 31 minutes later: nobody" "" "$(golden --now 1795221200)"
equal "the last second of the window counts" "198.51.100.10:deny 198.51.100.30:deny 203.0.113.35:deny " \
	"$(golden --now 1795221152)"
equal "20 connections are not more than 20" "198.51.100.10:deny 198.51.100.20:deny 198.51.100.30:deny 203.0.113.35:deny " \
	"$(golden -c 19 --now 1795219400)"
equal "-t: a shorter time" "" "$(golden -t 1 --now 1795219500)"
printf '# ours\n203.0.113.\n\n198.51.100.1\r\n198.51.100.30\n' >"$T/exceptions"
equal "exceptions: 198.51.100.1 does not exempt 198.51.100.10, an empty line nobody" \
	"198.51.100.10:deny " "$(golden --now 1795219400 -e "$T/exceptions")"
printf '198.51.\n10.1\n' >"$T/bad"
refuse "junk among the exceptions" 1 "bad:2: " tcpblock -d "$HERE/golden" -e "$T/bad"
equal "and no rule is printed then" "" "$(golden -e "$T/bad" --now 1795219400 2>/dev/null)"
refuse "exceptions that are not there" 1 "No such file" tcpblock -d "$HERE/golden" -e "$T/none"
refuse "a folder that is not there" 1 "No such file" tcpblock -d "$T/none"
refuse "a folder without a log" 1 "No such file" tcpblock -d "$T"
refuse "no folder" 2 "usage:" tcpblock -c 20
refuse "a count that is none" 2 "no number" tcpblock -d "$HERE/golden" -c many
tcpblock -d "$HERE/golden" -D --now 1795219400 2>"$T/debug" >/dev/null
check "-D says on standard error who is how near" grep -q '^198.51.100.20 20$' "$T/debug"
configure <<E2
[smtp]
logpath = $HERE/golden
filter = tcpserver
maxretry = 21
findtime = 30m
prefix6 = 128
target = null
E2
equal "scan of a jail is the same" "$(golden --now 1795219400)" \
	"$(ask scan --jail smtp --now 1795219400 | tr '\n' ' ')"
equal "scan --json" '"198.51.100.10" 25' \
	"$(ask scan --jail smtp --json --now 1795219400 | head -n 1 | jq -c '.ip, .count' | tr '
' ' ' | sed 's/ $//')"
check "a scan writes no state" test ! -e "$T/state"
# IPv6 and mapped addresses, with names and idents of hostile peers around them.
mkdir "$T/captured"
sed 's/^/@400000006b00d72d106f2d1c /' "$HERE/tcpserver-ipv6.raw.log" \
	"$HERE/tcpserver-hostname-ident.raw.log" >"$T/captured/current"
for count in attempts accepted; do
	tcpblock -d "$T/captured" -c 1 -t 525600 --count $count >"$T/captured.$count" 2>/dev/null
	echo "  seen with count=$count: $(tr '\n' ' ' <"$T/captured.$count")"
done
equal "captured: nobody but whom tcpserver names" "" \
	"$(grep -hvE '^(198\.51\.100\.[12]0|203\.0\.113\.[24]0|2001:db8:1::10):deny$' "$T"/captured.a*)"

# ---- a server and clients in another namespace ----

unshare -n sleep 600 &
CLIENT=$!
PIDS=$CLIENT
soon "the clients' namespace" sh -c "! [ /proc/$CLIENT/ns/net -ef /proc/$$/ns/net ]"
ip link add srv type veth peer name cli netns "$CLIENT"
there() { nsenter -t "$CLIENT" -n "$@"; }
ip addr add 192.0.2.1/24 dev srv && ip -6 addr add 2001:db8::1/64 dev srv nodad && ip link set srv up
there ip addr add 192.0.2.2/24 dev cli && there ip -6 addr add 2001:db8::2/64 dev cli nodad
there ip link set lo up && there ip link set cli up
for last in 10 11 12 13 14; do there ip addr add 198.51.100.$last/32 dev cli; done
there ip -6 addr add 2001:db8:0:5::10/128 dev cli nodad
ip route add 198.51.100.0/24 via 192.0.2.2 && there ip route add 198.51.100.0/24 dev cli
ip -6 route add 2001:db8:0:5::/64 via 2001:db8::2

# connect ADDRESS [PORT] [TIMES]: prints what the server says, once for each time.
connect() {
	there /usr/bin/python3 - "$1" "${2:-25}" "${3:-1}" <<'PY'
import socket, sys
source, port, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
six = ':' in source
for i in range(times):
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
    s.settimeout(20)
    s.bind((source, 0))
    s.connect(('2001:db8::1' if six else '192.0.2.1', port))
    try:
        print(s.recv(100).decode().strip() or 'refused')
    except ConnectionResetError:
        print('refused')
    s.close()
PY
}
served() { [ "$(connect "$@" | sort -u)" = "220 hi" ]; }
refused() { [ "$(connect "$@" | sort -u)" = refused ]; }
# What tcpserver would do, asked without a connection, which would count.
denied() { TCPREMOTEIP=$1 tcprulescheck "${2:-$T/etc}/cdb" | grep -q '^deny'; }
allowed() { TCPREMOTEIP=$1 tcprulescheck "${2:-$T/etc}/cdb" | grep -q '^allow'; }

# serve FOLDER PORT PROGRAM HOST: tcpserver of that folder's rules, logging to FOLDER/log.
serve() {
	mkfifo "$1/pipe"
	multilog t s99999 n10 "$1/log" <"$1/pipe" &
	PIDS="$PIDS $!"
	MULTILOG=$!
	"$3" -v -H -R -l mx -x "$1/cdb" "$4" "$2" sh -c 'echo 220 hi; read x' >"$1/pipe" 2>&1 &
	PIDS="$PIDS $!"
	SERVER=$!
}

chmod 755 "$T"
for etc in "$T/etc" "$T/etc6"; do
	# The folder's group lets the daemon's user write there.
	mkdir "$etc" && chgrp nogroup "$etc" && chmod 2775 "$etc"
	mkdir -m 755 "$etc/log"
done
cat >"$T/etc/static" <<'E2'
# rules of the administrator, in every form
198.51.100.10:allow,RELAYCLIENT=""
127.:allow,RELAYCLIENT="",X=/a b/
10-12.:deny
203.0.113.37-39:allow,A='"'
1.2.3.10-5:deny
=.example.com:allow
198.51.100.99 :deny
no rule
:allow
E2
printf ':allow\n' >"$T/etc6/static"
{
	printf '[banish]\nstatedir = %s/state\nsocket = %s/control\nuser = nobody\n' "$T" "$T"
	cat <<E2
[DEFAULT]
filter = tcpserver
maxretry = 21
findtime = 30m
prefix6 = 128
ignoreip = 192.0.2.2

[tcpserver]
logpath = $T/etc/log
target = tcprules[file=$T/etc/block, cdb=$T/etc/cdb, static=$T/etc/static]

[tcpserver6]
logpath = $T/etc6/log
target = tcprules[file=$T/etc6/block, cdb=$T/etc6/cdb, static=$T/etc6/static, ipv6=yes]
E2
} >"$CONF"
check "banish check takes it" ask check
start
soon "a database is there before anybody connects" test -s "$T/etc/cdb"
check "the daemon is not root" sh -c "ps -o user= -p $DAEMON | grep -q nobody"
serve "$T/etc6" 26 "$V6/tcpserver" 0
serve "$T/etc" 25 "$(command -v tcpserver)" 0
soon "tcpserver serves" served 198.51.100.11
soon "and the one of IPv6" served 2001:db8:0:5::10 26

same_as_tcprules() { # FOLDER TCPRULES
	cat "$1/block" "$1/static" | "$2" "$1/reference" "$1/reference.tmp" && cmp "$1/cdb" "$1/reference"
}
check "the database is byte for byte that of tcprules" same_as_tcprules "$T/etc" tcprules

echo "  seen: 21 connections of 198.51.100.10: $(connect 198.51.100.10 25 21 | sort | uniq -c)"
soon "the ban" banned 198.51.100.10
soon "is in the database" denied 198.51.100.10
check "the 22nd is refused by tcpserver" refused 198.51.100.10
echo "  seen: the next: $(connect 198.51.100.10)"
soon "tcpserver says so" grep -q 'tcpserver: deny [0-9]* mx:192.0.2.1:25 :198.51.100.10:' "$T/etc/log/current"
grep 'tcpserver: deny' "$T/etc/log/current" | tail -n 1 | sed 's/^/  seen: /'
check "another client is served" served 198.51.100.11
equal "the file has the ban and nothing else" "198.51.100.10:deny" "$(cat "$T/etc/block")"
check "byte for byte that of tcprules, the ban first" same_as_tcprules "$T/etc" tcprules
equal "tcprulescheck reads it" "rule 198.51.100.10: deny connection" \
	"$(TCPREMOTEIP=198.51.100.10 tcprulescheck "$T/etc/cdb" | tr '\n' ' ' | sed 's/ $//')"
check "servers of other users can read it" test "$(stat -c %a "$T/etc/cdb")" = 644
connect 192.0.2.2 25 25 >/dev/null

connect 2001:db8:0:5::10 26 21 >/dev/null
soon "IPv6: the ban" banned 2001:db8:0:5::10
soon "IPv6: in the database" sh -c "TCPREMOTEIP=2001:db8:0:5::10 '$V6/tcprulescheck' '$T/etc6/cdb' | grep -q '^deny'"
check "IPv6: refused by tcpserver" refused 2001:db8:0:5::10 26
echo "  seen: $(cat "$T/etc6/block")"
check "who is in ignoreip is served whatever he does" served 192.0.2.2
check "and not banned" not_banned 192.0.2.2
check "IPv6: byte for byte that of its tcprules" same_as_tcprules "$T/etc6" "$V6/tcprules"

# ---- rotation, restart, expiry ----

kill -ALRM "$MULTILOG"
soon "multilog rotates" sh -c "ls $T/etc/log/@*.s"
connect 198.51.100.12 25 10 >/dev/null
kill -9 "$DAEMON"; wait "$DAEMON" 2>/dev/null
connect 198.51.100.12 25 5 >/dev/null
kill -ALRM "$MULTILOG"
connect 198.51.100.12 25 6 >/dev/null
check "while the daemon is dead tcpserver refuses whom it did" refused 198.51.100.10
start
soon "21 connections across rotations and a crash" banned 198.51.100.12
soon "are too many" denied 198.51.100.12
check "unban" ask unban 198.51.100.12
check "is served again" served 198.51.100.12
check "a ban by hand" ask ban --jail tcpserver --for 10s 198.51.100.13
check "holds when the command returns" refused 198.51.100.13
soon "and ends with its time" allowed 198.51.100.13
check "a network by hand" ask ban --jail tcpserver 198.51.100.12/31
check "is refused" refused 198.51.100.13
check "byte for byte that of tcprules, ranges too" same_as_tcprules "$T/etc" tcprules
equal "as a range" "198.51.100.10:deny 198.51.100.12-13:deny" "$(tr '\n' ' ' <"$T/etc/block" | sed 's/ $//')"
refuse "IPv6 where tcprules knows none" 1 "refused by a target" ask ban --jail tcpserver 2001:db8:9::1
check "flush" ask flush
check "takes all out" served 198.51.100.13
check "sync" ask sync
check "puts them back" refused 198.51.100.13
check "unban all" ask unban 198.51.100.12/31
ask unban 2001:db8:9::1

# ---- what others do to the files ----

long() { local i=0; until "$@" >/dev/null 2>&1; do i=$((i + 1)); [ $i -lt 600 ] || return 1; sleep 0.1; done; }
rm "$T/etc/cdb"
check "a database that was deleted comes back" long test -s "$T/etc/cdb"
printf '198.51.100.11:deny\n:allow\n' >"$T/etc/static"
check "rules of the administrator are followed" long denied 198.51.100.11
printf '198.51.100.11:deni\n:allow\n' >"$T/etc/static"
check "with a mistake in them" long grep -q "static:1: \"198.51.100.11:deni\" is no rule" "$LOG"
check "the old database stays" denied 198.51.100.11
check "status says it" sh -c "'$BANISH' status -c '$CONF' | grep -q 'is no rule'"
printf ':allow\n' >"$T/etc/static"
check "and when it is mended all is well" long allowed 198.51.100.11
soon "the bans too" denied 198.51.100.10
printf '127.:allow\n' >"$T/etc/block"
check "a file of others' rules in its place is not overwritten" long grep -q "block:1: \"127.:allow\" is no rule of banish's" "$LOG"
equal "it is as it was" "127.:allow" "$(cat "$T/etc/block")"
rm "$T/etc/block"
check "without it the bans come back" long grep -q 198.51.100.10:deny "$T/etc/block"
stop
check "when it stops the files stay" refused 198.51.100.10

# ---- cron, without a daemon ----

rm "$T/etc/block" "$T/etc/cdb"
cp "$T/etc/static" "$T/etc/tcp.smtp.static"
PATH=$T:$PATH LOG=$T/etc/log ETC=$T/etc check "the cron job" "$ROOT/contrib/tcpserver/tcp.smtp.sh" -c 20 -t 30
echo "  seen: $(tr '\n' ' ' <"$T/etc/tcp.smtp.block")"
mv "$T/etc/tcp.smtp.cdb" "$T/etc/cdb"
check "refuses the same client" refused 198.51.100.10
check "and serves others" served 198.51.100.14
cp "$T/etc/cdb" "$T/etc/tcp.smtp.cdb"
PATH=$T:$PATH LOG=$T/none ETC=$T/etc check "a log that is gone" sh -c "! '$ROOT/contrib/tcpserver/tcp.smtp.sh'"
check "changes nothing" cmp "$T/etc/cdb" "$T/etc/tcp.smtp.cdb"
