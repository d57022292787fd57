#!/bin/bash
# Debian's Postfix with SASL: who guesses passwords gets a route that leads nowhere, as smtpban did
# it, from cron and from the daemon; and each of smtpban's bugs is not there.
. "$(dirname "$0")/postfix.sh"
HERE=$ROOT/tests/system/smtpban
ip link add up0 type veth peer name up1 && ip link set up1 up && ip addr add 192.0.2.1/24 dev up0 && ip link set up0 up
ip route add default via 192.0.2.2
ip -6 addr add 2001:db8::1/64 dev up0 nodad && ip -6 route add default via 2001:db8::2
ln -s "$BANISH" "$T/smtpban"
smtpban() { "$T/smtpban" -c "$CONF" "$@"; }
no_route() { ! in_route "$@"; }

jail() { # LOG [MORE...]
	local log=$1
	shift
	configure <<E2
[DEFAULT]
maxretry = 5
findtime = 1d
bantime = 7d
target = route
[smtpban]
logpath = $log
filter = postfix[mode=auth]
$(printf '%s\n' "$@")
E2
}
forget() { rm -rf "$T/state"; ip route flush proto 157; ip -6 route flush proto 157; }

# failures ADDRESS TIMES [HOST] [MECHANISM] [REASON]: lines that Postfix writes, dated now.
failures() {
	local i
	for ((i = 0; i < $2; i++)); do
		printf '%s mx postfix/smtpd[1917]: warning: %s[%s]: SASL %s authentication failed: %s, sasl_username=alice\n' \
			"$(LC_ALL=C date '+%b %e %H:%M:%S')" "${3:-unknown}" "$1" "${4:-LOGIN}" "${5:-authentication failure}"
	done
}

# ---- smtpban's bugs, each of which the original had ----

L=$T/maillog
jail "$L" "findtime = 10d" "bantime = 10s"
failures 198.51.100.4 5 >"$L"
check "1. block" smtpban -b -q
check "1. the route" in_route 198.51.100.4
sleep 11
check "1. expire, of all there is" smtpban -e -q
check "1. ends the route" no_route 198.51.100.4
check "1. and a block does not bring it back" smtpban -b -q
check "1. it is over" no_route 198.51.100.4
check "1. expire with nothing to do says nothing" test -z "$(smtpban -e 2>&1)"

forget; jail "$L"
failures 198.51.100.40 5 >"$L"
smtpban -b -q
failures 198.51.100.4 5 >>"$L"
check "2. one address is the start of another" smtpban -b -q
check "2. both are blocked" in_route 198.51.100.4
check "2. both are blocked" in_route 198.51.100.40

forget
failures 198.51.100.3 5 | sed "s/^.\{15\}/$(date +%Y-%m-%dT%H:%M:%S.123456%:z)/" >"$L"
check "3. dates of RFC 3339" smtpban -b -q
check "3. are read" in_route 198.51.100.3

forget
failures 198.51.100.5 5 1.2.3.999.dyn.example >"$L"
check "4. a host name like no address" smtpban -b -q
check "4. stops nothing" in_route 198.51.100.5

forget
failures 198.51.100.30 6 203.0.113.99.dyn.evil.example >"$L"
check "5. a host name like another's address" smtpban -b -q
check "5. blocks who it was" in_route 198.51.100.30
check "5. and nobody else" no_route 203.0.113.99

forget
{
	failures 198.51.100.6 9 unknown LOGIN "generic failure"
	failures 198.51.100.6 9 unknown LOGIN "Connection lost to authentication server"
	failures 198.51.100.6 9 unknown PLAIN "temporary authentication failure"
} >"$L"
check "6. failures of the authentication server" smtpban -b -q
check "6. block nobody" no_route 198.51.100.6

forget; jail "$L"
failures 198.51.100.7 4 | sed "s/^.\{15\}/$(LC_ALL=C date -d '-40 days' '+%b %e %H:%M:%S')/" >"$L"
failures 198.51.100.7 1 >>"$L"
check "7. four failures of long ago and one of now" smtpban -b -q
check "7. are not too many" no_route 198.51.100.7
jail "$L" "bantime = 8s"
failures 198.51.100.7 4 >>"$L"
smtpban -b -q
check "7. five of now are" in_route 198.51.100.7
sleep 9
smtpban -e -q
check "7. after the block is over" smtpban -b -q
check "7. the old lines do not block again" no_route 198.51.100.7

forget; jail "$L"
for i in 1 2 3 4 5 6; do failures 198.51.100.1$i $i; done >"$L"
smtpban -b -q
smtpban -p >"$T/report"
for i in 1 2 3 4 5 6; do
	check "8. the report has each address: $i" grep -qE "^198\.51\.100\.1$i +$i " "$T/report"
done
sed 's/^/  seen: /' "$T/report"
check "the report: state" grep -qE '^198\.51\.100\.15 +5 .*\[blocked\]$' "$T/report"
check "the report: state" grep -qE '^198\.51\.100\.14 +4 .*\[open\]$' "$T/report"
check "the report: no colours without a terminal" sh -c "! grep -q '$(printf '\033')' '$T/report'"
script -qc "$T/smtpban -c $CONF -p" /dev/null >"$T/terminal" </dev/null
check "the report: colours on a terminal" grep -q "$(printf '\033\[31m')198.51.100.15" "$T/terminal"

check "9. nothing is said on either output with -q" test -z "$(smtpban -b -e -q 2>&1)"

forget
failures 198.51.100.8 3 >"$L"
smtpban -b -q
failures 198.51.100.8 1 >>"$L"
mv "$L" "$L.1"
failures 198.51.100.8 1 >"$L"
check "10. failures before and after a rotation" smtpban -b -q
check "10. are added up" in_route 198.51.100.8

# ---- the command ----

refuse "no option" 1 "usage: smtpban" smtpban
refuse "an unknown option" 1 "usage: smtpban" smtpban -x
check "-h" smtpban -h
forget
failures 198.51.100.8 5 >"$L"
smtpban -v -b >"$T/said"
check "-v says who" grep -q '198.51.100.8 blocked after 5 failures' "$T/said"
check "state is for the daemon's user alone" test "$(stat -c %a "$T/state")" = 700
ip route flush proto 157
check "after a boot block restores the routes" smtpban -b -q
check "all of them" in_route 198.51.100.8
jail "$L" "ignoreip = 198.51.100.0/28"
check "a whitelist that came later" smtpban -b -q
check "ends a block, too" no_route 198.51.100.8
jail "$T/no.log"
refuse "a log that is not there" 1 "no.log" smtpban -b

# ---- the original's database ----

forget; jail "$L"
: >"$L"
year=$(date +%Y)
{
	printf 'store 198.51.100.50 "%s"\n' "$(LC_ALL=C date -d '-2 days' '+%Y %b %d %H:%M:%S')"
	printf 'store 198.51.100.51 "%s"\n' "$(LC_ALL=C date -d '-8 days' '+%Y %b %d %H:%M:%S')"
	printf 'store 192.0.2.1 "%s"\n' "$(LC_ALL=C date '+%Y %b %d %H:%M:%S')"
	printf 'store 198.51.100.52 "%s Foo 33 25:00:00"\n' "$year"
	printf 'store junk "%s"\n' "$(LC_ALL=C date '+%Y %b %d %H:%M:%S')"
} | gdbmtool -n "$T/own.db" >/dev/null
imported() { "$BANISH" import smtpban -c "$CONF" "$@" 2>"$T/err"; }
equal "import: taken, over, refused" "taken 1, over 1, refused 3" "$(imported "$T/own.db")"
sed 's/^/  seen: /' "$T/err"
check "import: the route is there" in_route 198.51.100.50
smtpban -p >"$T/report"
check "import: it began when it began" grep -q "^198.51.100.50 *since $(date -d '-2 days' +%Y-%m-%d)" "$T/report"
start
equal "the daemon takes over, and lasts a week from then" 5 \
	"$(ask list --json | jq -r 'select(.ip=="198.51.100.50")|(.until-now)/86400+0.5|floor')"
jail "$L" "bantime = 3650d"
ask reload
equal "import into a running daemon: the original's own file" "taken 3, over 0, refused 0" \
	"$(imported "$HERE/smtpban.db")"
for address in 198.51.100.40 198.51.100.10 203.0.113.99; do
	check "import: $address" in_route $address
done
equal "import: the time of the original, local as it was" "2026-11-20 23:35:36" \
	"$(date -d "@$(ask list --json | jq 'select(.ip=="198.51.100.40").since')" '+%F %T')"
equal "import again: the same" "taken 3, over 0, refused 0" "$(imported "$HERE/smtpban.db")"
equal "import into a zone of its own" "taken 3, over 0, refused 0" "$(TZ=Asia/Tokyo imported "$HERE/smtpban.db")"
smtpban -p >"$T/report" 2>&1
check "the report with a daemon" grep -q '^198.51.100.40 *since 2026-11-20' "$T/report"
refuse "block with a daemon" 1 "a daemon is running" smtpban -b
refuse "import of no database" 1 "is damaged" "$BANISH" import smtpban -c "$CONF" "$CONF"
head -c 10000 "$HERE/smtpban.db" >"$T/short.db"
refuse "import of half a database" 1 "is damaged" "$BANISH" import smtpban -c "$CONF" "$T/short.db"
refuse "import of a file that is not there" 1 "No such file" "$BANISH" import smtpban -c "$CONF" "$T/none.db"
refuse "import into no jail" 1 "no jail" "$BANISH" import smtpban -c "$CONF" --jail none "$HERE/smtpban.db"
refuse "import of nothing" 2 "usage:" "$BANISH" import smtpban -c "$CONF"
# Bytes of chance anywhere in it: an answer each time, and the daemon lives.
cat >"$T/damage.py" <<'PY'
import random, subprocess, sys
whole = bytearray(open(sys.argv[1], 'rb').read())
random.seed(1)
for i in range(12):
    bad = bytearray(whole)
    for _ in range(random.choice([1, 4, 40])):
        at = random.randrange(0, 200) if random.random() < .7 else random.randrange(len(bad))
        bad[at] = random.choice([0, 255, 127, random.randrange(256)])
    open(sys.argv[2], 'wb').write(bad)
    code = subprocess.run(sys.argv[3:] + [sys.argv[2]], capture_output=True, timeout=120).returncode
    if code not in (0, 1):
        sys.exit('exit %d' % code)
PY
check "damaged databases" /usr/bin/python3 "$T/damage.py" "$HERE/smtpban.db" "$T/bad.db" "$BANISH" import smtpban -c "$CONF"
check "the daemon lives" ask status
stop
forget

# ---- Postfix itself ----

jail "$MAILLOG" "findtime = 10m" "bantime = 20s" "ignoreip = 192.0.2.2"
: >"$MAILLOG"; chmod 666 "$MAILLOG"
postfix_up
start
try() { local i; for i in 1 2 3 4 5; do smtp "$@" "LOGIN alice wrong" QUIT; done >/dev/null 2>&1; }
try 198.51.100.60 unknown
soon "five wrong passwords are a ban" banned 198.51.100.60
soon "and a route" in_route 198.51.100.60
grep -a 'SASL LOGIN authentication failed' "$MAILLOG" | tail -n 1 | sed 's/^/  seen: /'
ip route show proto 157 | sed 's/^/  seen: /'
check "nothing can be sent there" sh -c "! ip route get 198.51.100.60"
equal "an innocent's mail passes" "250" "$(smtp 198.51.100.61 unknown "MAIL-TO bob@example.net" QUIT | sed -n '1s/ .*//p')"
soon "and is delivered" grep -aq 'to=<bob@example.net>.*status=sent' "$MAILLOG"
check "the innocent's wrong password" smtp 198.51.100.61 unknown "LOGIN alice wrong" "LOGIN alice secret" QUIT
check "is forgiven" no_route 198.51.100.61
try --port 587 198.51.100.62 203.0.113.99.dyn.evil.example
soon "a hostile PTR: the right address" in_route 198.51.100.62
check "and no other" no_route 203.0.113.99
try 2001:db8:9::7 unknown
soon "IPv6 by its network" in_route 2001:db8:9::/64 6
for i in 1 2 3 4 5 6; do smtp 198.51.100.63 unknown "PLAIN [203.0.113.98]: alice wrong" QUIT; done >/dev/null
soon "a user like an address: who it was" in_route 198.51.100.63
check "and no other" no_route 203.0.113.98
try 192.0.2.2 unknown

# The authentication server is dead: right passwords are refused, and nobody is banned.
sed -i 's/^pwcheck_method.*/pwcheck_method: saslauthd/' /etc/postfix/sasl/smtpd.conf
postfix_reload
outage() { smtp 198.51.100.64 unknown "LOGIN alice secret" QUIT | grep -q ^454; }
soon "an outage" outage
for i in 1 2 3 4 5 6 7; do smtp 198.51.100.64 unknown "LOGIN alice secret" "PLAIN alice secret" QUIT; done >/dev/null
grep -a '198.51.100.64.*authentication failed' "$MAILLOG" | tail -n 1 | sed 's/^/  seen: /'
sed -i 's/^pwcheck_method.*/pwcheck_method: auxprop/' /etc/postfix/sasl/smtpd.conf
postfix_reload
back() { smtp 198.51.100.64 unknown "LOGIN alice secret" QUIT | grep -q ^235; }
soon "is over" back
try 198.51.100.65 unknown
soon "who guesses afterwards is banned" in_route 198.51.100.65
check "who only met the outage is not" no_route 198.51.100.64
check "nor who is in ignoreip" no_route 192.0.2.2
i=0
until no_route 198.51.100.60 || [ $i -ge 600 ]; do i=$((i + 1)); sleep 0.1; done
check "the ban ends with its time" no_route 198.51.100.60
stop
ask list >/dev/null 2>&1
try 198.51.100.66 unknown
check "without the daemon, from cron" smtpban -b -v
check "the same failures are the same ban" in_route 198.51.100.66
smtpban -p | sed 's/^/  seen: /'
