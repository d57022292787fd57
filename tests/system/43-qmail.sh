#!/bin/bash
# The recipe of swatch, ipset and shorewall for qmail: Debian's rblsmtpd under tcpserver and
# multilog, a DNS that knows block lists, the captured log of CHKUSER, and Debian's shorewall 5.2.8
# with rules that name the set. What is banned cannot connect; shorewall may come, go and come back.
cd "$(dirname "$0")/../.." || exit 1
# Before there is a namespace, for the network is needed.
tests/unpack.sh build/peers/qmail ucspi-tcp daemontools dnsmasq-base || exit 1
tests/unpack.sh build/peers/shorewall shorewall shorewall6 || exit 1
tests/unpack.sh build/peers/swatch swatch || exit 1
. tests/system/lib.sh

PEERS=$ROOT/build/peers
Q=$PEERS/qmail/usr/bin

# Shorewall lies in this test's /usr, /etc and /var/lib alone.
mkdir "$T/top"
mount -t tmpfs none "$T/top"
for d in etc/upper etc/work lib/upper lib/work; do mkdir -p "$T/top/$d"; done
mount -t overlay none -o "lowerdir=$PEERS/shorewall/usr:/usr" /usr
mount -t overlay none -o "lowerdir=$PEERS/shorewall/etc:/etc,upperdir=$T/top/etc/upper,workdir=$T/top/etc/work" /etc
mount -t overlay none -o "lowerdir=/var/lib,upperdir=$T/top/lib/upper,workdir=$T/top/lib/work" /var/lib
mkdir -p /var/lib/shorewall /var/lib/shorewall6
shorewall() { "$PEERS/shorewall/sbin/shorewall" "$@"; }

# A client with many addresses, as the block lists know them.
PEER=banish-43-$$
ip netns add "$PEER"
peer() { ip netns exec "$PEER" "$@"; }
STARTED=
leave() {
	[ -z "$STARTED" ] || kill $STARTED 2>/dev/null
	ip netns del "$PEER"
	umount /var/lib /etc /usr "$T/top" 2>/dev/null
	finish
}
trap leave EXIT
ip link add eth0 type veth peer name eth1 netns "$PEER"
ip addr add 192.0.2.1/24 dev eth0
ip addr add 2001:db8::1/64 dev eth0 nodad
ip link set eth0 up
peer ip addr add 192.0.2.2/24 dev eth1
peer ip link set eth1 up
peer ip link set lo up
for address in 203.0.113.{10,20,30,35,40} 198.51.100.{10,20,40}; do
	peer ip addr add $address/32 dev lo
done
ip route add 203.0.113.0/24 via 192.0.2.2
ip route add 198.51.100.0/24 via 192.0.2.2

# What the lists say, in their own words.
"$PEERS/qmail/usr/sbin/dnsmasq" --keep-in-foreground --no-resolv --no-hosts --conf-file=/dev/null --pid-file= \
	--port=53 --listen-address=127.0.0.1 --bind-interfaces --user=root \
	--local=/spamhaus.org/ --local=/spamcop.net/ --local=/arpa/ \
	--txt-record=20.113.0.203.zen.spamhaus.org,http://www.spamhaus.org/query/bl?ip=203.0.113.20 \
	--txt-record=30.113.0.203.zen.spamhaus.org,https://www.spamhaus.org/query/ip/203.0.113.30 \
	"--txt-record=35.113.0.203.zen.spamhaus.org,Error: open resolver; https://check.spamhaus.org/returnc/pub/192.0.2.53/" \
	"--txt-record=10.113.0.203.bl.spamcop.net,Blocked - see http://www.spamcop.net/bl.shtml?203.0.113.10" \
	"--txt-record=40.100.51.198.bl.spamcop.net,Blocked - see https://www.spamcop.net/bl.shtml?198.51.100.40" \
	>"$T/dns.log" 2>&1 &
STARTED="$STARTED $!"

# qmail-smtpd is not in Debian; a greeting stands in its place, behind the real rblsmtpd.
mkdir "$T/smtpd"
printf '#!/bin/sh\necho "220 mx.example.net ESMTP"\nread line\n' >"$T/greet"
chmod +x "$T/greet"
printf '203.0.113.40:allow,RBLSMTPD=""\n:allow\n' |
	"$Q/tcprules" "$T/tcp.smtp.cdb" "$T/tcp.smtp.tmp"
DNSCACHEIP=127.0.0.1 "$Q/tcpserver" -v -R -l mx.example.net -x "$T/tcp.smtp.cdb" 192.0.2.1 25 \
	"$Q/rblsmtpd" -r zen.spamhaus.org -r bl.spamcop.net "$T/greet" 2>&1 </dev/null |
	"$Q/multilog" t "$T/smtpd" &
STARTED="$STARTED $(pgrep -P $$ -f tcpserver) $!"
until ss -Htln 'sport = 25' | grep -q .; do sleep 0.05; done

# says FROM: the first thing that the server says to it.
cat >"$T/says.py" <<'E2'
import socket, sys
s = socket.create_connection(('192.0.2.1', 25), 3, (sys.argv[1], 0))
s.settimeout(60)
print(s.recv(200).decode('latin1').strip())
s.sendall(b'QUIT\r\n')
E2
says() { peer python3 "$T/says.py" "$1" 2>/dev/null; }
greets() { [ "$(says "$1")" = "220 mx.example.net ESMTP" ]; }

# Shorewall, for one interface; the rules that name the sets are those of contrib.
cd /etc/shorewall || exit 1
conf() { sed -i "s|^$1=.*|$1=$2|" /etc/shorewall/shorewall.conf; }
conf STARTUP_ENABLED Yes
printf 'fw firewall\nnet ipv4\n' >zones
printf '?FORMAT 2\nnet eth0\n' >interfaces
printf 'fw all ACCEPT\nnet all DROP\nall all REJECT\n' >policy
printf '?SECTION NEW\nPing(ACCEPT) net fw\nACCEPT net fw tcp 25,80\n' >rules
cat "$ROOT/contrib/shorewall/blrules" >blrules
cd "$ROOT" || exit 1

check "without the sets shorewall's check passes" shorewall check
check "and its start fails" not shorewall start
check "and leaves all shut" not greets 198.51.100.20

: >"$T/chkuser.log"
configure <<E2
[DEFAULT]
maxretry = 1
bantime  = 1d
target   = ipset[name=blacklistip]

[rblsmtpd]
logpath  = $T/smtpd/current
filter   = rblsmtpd

[chkuser]
logpath  = $T/chkuser.log
filter   = qmail-chkuser
E2
check "banish makes the sets" ask restore
check "shorewall starts with them" shorewall start
start

echo "  rblsmtpd says:"
for a in 203.0.113.20 203.0.113.30 203.0.113.10; do echo "    $a: $(says $a)"; done
for a in 203.0.113.20 203.0.113.30 203.0.113.10; do
	soon "rblsmtpd's $a is in the set" in_ipset blacklistip $a
	equal "and cannot connect" "" "$(says $a)"
done
left=$(ipset list blacklistip | sed -n 's/^203.0.113.20 timeout //p')
check "for a day" test "${left:-0}" -gt 86300 -a "${left:-0}" -le 86400
check "who is on no list is greeted" greets 198.51.100.20
check "who has RBLSMTPD=\"\" is greeted" greets 203.0.113.40
equal "a list that has an error to tell refuses" "220 rblsmtpd.local" "$(says 203.0.113.35)"
soon "which is in the log" grep -q "returnc" "$T/smtpd/current"
soon "and an alarm" grep -q "rblsmtpd.*alarm.*Error: open resolver" "$LOG"
equal "and no ban" "220 rblsmtpd.local" "$(says 203.0.113.35)"

# CHKUSER, as it was captured, with senders, HELOs and recipients that name others.
cat "$ROOT/tests/system/43-chkuser.log" >>"$T/chkuser.log"
for a in 198.51.100.10 198.51.100.20 198.51.100.30 203.0.113.36; do
	soon "CHKUSER's $a is banned" in_ipset blacklistip $a
done
equal "and nobody else" "198.51.100.10 198.51.100.20 198.51.100.30 203.0.113.36" \
	"$(ask list --json | jq -r 'select(.jail=="chkuser").ip' | sort | xargs)"
equal "a peer of CHKUSER's cannot connect" "" "$(says 198.51.100.20)"

# Nobody without a session, whatever is written about him; the readings that are doubtful are told.
t=@$(printf '%016x00000000' $((0x4000000000000000 + $(date +%s) + 10)))
{
	echo "$t tcpserver: pid 4242 from 198.51.100.77"
	echo "$t CHKUSER rejected rcpt: from <a::> remote <x:unknown:203.0.113.40> rcpt <b@example.net> : not existing recipient"
	echo "$t CHKUSER rejected rcpt: from <a> remote <h:h:203.0.113.40> rcpt <b::> remote <x:unknown:198.51.100.77> rcpt <c@example.net> : not existing recipient"
	echo "$t CHKUSER rejected rcpt: from <a::> remote <x:unknown:198.51.100.77> rcpt <b@example.net> : not existing recipient"
} >>"$T/chkuser.log"
soon "who has a session is counted" in_ipset blacklistip 198.51.100.77
check "who has none is not" not_banned 203.0.113.40
equal "and it is said how many lines were doubtful" 2 \
	"$(ask status --json | jq '.sources[] | select(.path | endswith("chkuser.log")).doubtful')"

# A repeat gives the whole time again, as "ipset -exist add" does.
ipset -exist add blacklistip 198.51.100.77 timeout 100
echo "$t CHKUSER rejected rcpt: from <a::> remote <x:unknown:198.51.100.77> rcpt <b@example.net> : not existing recipient" >>"$T/chkuser.log"
time_left() { [ "$(ipset list blacklistip | sed -n "s/^$1 timeout //p")" -gt "$2" ]; }
soon "a repeat refreshes the time" time_left 198.51.100.77 86300

check "shorewall restarts" shorewall restart
check "and the bans are there" in_ipset blacklistip 203.0.113.20
equal "and have an effect" "" "$(says 203.0.113.20)"

# With SAVE_IPSETS there are two who remember.
conf SAVE_IPSETS Yes
check "shorewall restarts with SAVE_IPSETS" shorewall restart
: >"$LOG" # the restarts may have been seen as well
check "it stops" shorewall stop
check "and has saved the set" grep -q '^add blacklistip 203.0.113.20 ' /var/lib/shorewall/ipsets.save
# Seen at the next look, of which there is one in 10 s.
waited=0
until grep -q "no rule" "$LOG" || [ $((waited += 1)) -gt 600 ]; do sleep 0.05; done
check "unban while it is stopped" ask unban 203.0.113.20
check "it starts" shorewall start
waited=0
while in_ipset blacklistip 203.0.113.20 && [ $((waited += 1)) -lt 600 ]; do sleep 0.05; done
check "what was ended ends again, though shorewall had saved it" not in_ipset blacklistip 203.0.113.20
check "the rest is there" in_ipset blacklistip 203.0.113.30
equal "and has an effect" "" "$(says 203.0.113.30)"
conf SAVE_IPSETS No

check "an innocent is greeted through it all" greets 203.0.113.40
says 198.51.100.40 >/dev/null
soon "who a list names is not" in_ipset blacklistip 198.51.100.40

# The recipe's own rules, read by banish and by swatch itself.
check "the recipe is imported" sh -c "'$BANISH' import swatch --awk-field-syntax -t '$T/smtpd/current' \
	-o '$T/imported' '$ROOT/contrib/qmail/swatch.conf' >'$T/imported.log' 2>&1"
check "with what is not carried over" \
	grep -q 'swatch.conf:8: .*ipblock.*nothing is ever executed' "$T/imported.log"
check "a file that is there stays" not "$BANISH" import swatch -o "$T/imported" "$ROOT/contrib/qmail/swatch.conf"
configure <<E2
E2
cp -r "$T/imported/." "$T/"
check "what was made can run" ask check
check "with the recipe's time and set" sh -c "'$BANISH' check -c '$CONF' | grep -A3 'bantime   1d' | grep -q 'target.*blacklistip'"
sed 's|exec .*\$3.*|exec "echo ADD $3"|; /ipblock/d' "$ROOT/contrib/qmail/swatch.conf" >"$T/swatch.conf"
perl5=$PEERS/swatch/usr
PERL5LIB=$perl5/share/perl5:$(echo "$perl5"/lib/*/perl5/5.*) perl "$perl5/bin/swatchdog" --awk-field-syntax \
	--config-file="$T/swatch.conf" --examine="$T/smtpd/current" --script-dir="$T" >"$T/swatch.out" 2>&1
theirs=$(sed -n 's/^ADD //p' "$T/swatch.out" | sort -u | xargs)
ours=$(for filter in "$T"/filter.d/swatch-*.conf; do
	"$BANISH" match "$filter" "$T/smtpd/current" 2>/dev/null
done | cut -f 2 | sort -u | xargs)
echo "  swatchdog finds: $theirs"
equal "the filters find what swatchdog finds" "$theirs" "$ours"
check "which is not nothing" test -n "$theirs"
rm -r "$T/jail.d" "$T/filter.d"

# The sets of shorewall's own "dynamic blacklist": no line of its rules changes.
stop
conf DYNAMIC_BLACKLIST ipset-only
: >/etc/shorewall/blrules
check "shorewall restarts with its own set" shorewall restart
check "which it has made" sh -c "ipset list -t SW_DBL4 | grep -q hash:net"
check "shorewall's own command fills it" shorewall blacklist 203.0.113.77 timeout 3600
configure <<E2
[DEFAULT]
maxretry = 1
bantime  = 1d
target   = ipset[name=SW_DBL4, name6=SW_DBL6]

[rblsmtpd]
logpath  = $T/smtpd/current
filter   = rblsmtpd
E2
start
says 203.0.113.20 >/dev/null
soon "banish fills it, too" in_ipset SW_DBL4 203.0.113.20
equal "with an effect" "" "$(says 203.0.113.20)"
check "unban" ask unban --all
check "takes out what banish put in" not in_ipset SW_DBL4 203.0.113.20
check "and not what shorewall did" in_ipset SW_DBL4 203.0.113.77
