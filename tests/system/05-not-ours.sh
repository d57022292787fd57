#!/bin/bash
# What banish did not make, it does not touch; what is stale in what it did make, goes.
. "$(dirname "$0")/lib.sh"

ipset create admins hash:ip timeout 86400
ipset add admins 192.0.2.77
nft -f - <<'E2'
table inet filter {
	set blackhole4 { type ipv4_addr; flags timeout; }
	set blackhole6 { type ipv6_addr; flags timeout; }
	chain input {
		type filter hook input priority 0; policy accept;
		ip saddr @blackhole4 drop
		ip6 saddr & ffff:ffff:ffff:ffff:: @blackhole6 drop
	}
}
add element inet filter blackhole4 { 192.0.2.78 timeout 1d }
E2
ip route add blackhole 192.0.2.79
configure <<E2
[DEFAULT]
target = ipset[name=admins]
         ipset[name=ours]
         nft[table="inet filter", set4=blackhole4, set6=blackhole6]
         nft[owner=no]
         route
E2
start
check "ban" ask ban 203.0.113.5 2001:db8:5:5::/64
check "in the admin's set" in_ipset admins 203.0.113.5
check "in the user's table" sh -c "nft list set inet filter blackhole4 | grep -q '203.0.113.5 '"
check "in the user's table, IPv6 by its /64" sh -c "nft list set inet filter blackhole6 | grep -q '2001:db8:5:5:: '"
# Stale: in our own sets, put there by hand.
ipset add ours 198.51.100.66 timeout 999
nft add element inet banish "$(nft list table inet banish | sed -nE 's/.*set (ban4b?) \{.*/\1/p' | head -n 1)" '{ 198.51.100.67 timeout 999s }'
ip route add blackhole 198.51.100.68 proto 157
check "sync" ask sync
check "a stale entry in our ipset is gone" not in_ipset ours 198.51.100.66
check "a stale element in our nft set is gone" not in_nft 198.51.100.67
check "a stale route of ours is gone" not in_route 198.51.100.68
check "ours are still there: ipset" in_ipset ours 203.0.113.5
check "ours are still there: nft" in_nft 203.0.113.5
check "ours are still there: route" in_route 203.0.113.5
for after in "sync" "unban --all" "flush"; do
	[ "$after" = sync ] || ask ban 203.0.113.5 >/dev/null 2>&1
	check "banish $after" ask $after
	check "the admin's entry survives $after" in_ipset admins 192.0.2.77
	check "the user's element survives $after" sh -c "nft list set inet filter blackhole4 | grep -q '192.0.2.78 '"
	check "the admin's route survives $after" in_route 192.0.2.79
done
check "flush has taken ours out of the admin's set" not in_ipset admins 203.0.113.5
check "and out of the user's table" sh -c "! nft list set inet filter blackhole4 | grep -q '203.0.113.5 '"
left() { ipset list admins | sed -n "s/^$1 timeout \([0-9]*\).*/\1/p"; }
ask sync || fail "sync"
check "a ban of ten hours" ask ban --for 10h 203.0.113.9
check "is in the admin's set" test "$(left 203.0.113.9)" -gt 35000
check "a shorter one instead" ask ban --for 1m 203.0.113.9
check "ends sooner there as well" test "$(left 203.0.113.9)" -le 60
ipset add admins 192.0.2.99 timeout 80000
check "a ban of an address that the admin has put in for longer" ask ban --for 1m 192.0.2.99
check "leaves that" test "$(left 192.0.2.99)" -gt 79000
check "unban" ask unban 192.0.2.99
check "leaves it, too" test "$(left 192.0.2.99)" -gt 79000
check "another sync does not bring it to mind" ask sync
check "or take it out" test "$(left 192.0.2.99)" -gt 79000
# Short bans that are over before the helper, which is stopped, has heard of them all.
ipset add admins 192.0.2.98 timeout 80000
worker=$(pgrep -P "$(ask status --json | jq .helper_pid)")
kill -STOP "$worker"
for i in $(seq 12); do ask ban --for 1s 198.51.100.$i >/dev/null 2>&1 & done
sleep 0.3
ask ban --for 1s 192.0.2.98 >/dev/null 2>&1 &
sleep 2
kill -CONT "$worker"
soon "a ban that ended while it waited" sh -c "'$BANISH' status -c '$CONF' --json | jq -e '[.targets[].pending] | add == 0'"
check "sync" ask sync
check "leaves the admin's entry" test "$(left 192.0.2.98)" -gt 79000
stop
ipset destroy ours
ipset create ours hash:ip
: >"$LOG"
start
check "a set without timeouts is refused" grep -q 'target ipset\[name=ours\].*timeout' "$LOG"
check "with the command that fixes it" grep -q 'ipset create ours hash:ip timeout' "$LOG"
check "other targets go on" in_nft 203.0.113.5
ipset destroy ours
ipset create ours hash:ip timeout 0
check "the set is made anew, and sync" ask sync
check "uses it" in_ipset ours 203.0.113.5
stop

# A set of ours that somebody destroys is made anew; one that takes its name is not ours.
ipset destroy ours
: >"$LOG"
start
ask ban 203.0.113.6 || fail "ban"
ipset destroy ours
check "sync after ipset destroy" ask sync
check "makes the set anew" in_ipset ours 203.0.113.6
ipset destroy ours
ask ban 203.0.113.7 >/dev/null 2>&1
soon "and a ban alone does within a second" in_ipset ours 203.0.113.6
ipset destroy ours
ipset create ours hash:ip timeout 0
ipset add ours 192.0.2.99
sleep 1.1 # sets are made anew once a second at the most
check "sync after another took its name" ask sync
check "leaves what is in it" in_ipset ours 192.0.2.99
check "and adds ours" in_ipset ours 203.0.113.7
stop

# A set of intervals: nothing of the user's goes or grows by what we delete.
nft -f - <<'E2'
table inet filter {
	set nets4 { type ipv4_addr; flags interval, timeout; elements = { 10.0.0.0/8, 20.0.0.0/8, 172.16.0.0/24 } }
}
E2
configure <<'E2'
[DEFAULT]
target = nft[table="inet filter", set4=nets4]
E2
: >"$LOG"
start
elements() { nft list set inet filter nets4 | tr -d '\n\t' | grep -o 'elements = {.*}' | sed 's/timeout[^,}]*//g; s/ //g'; }
ask unban --all
before=$(elements)
ask ban 10.0.0.0/16 172.16.0.0 10.255.0.0/16 203.0.113.0/24 >/dev/null 2>&1
check "a prefix beside the user's goes in" sh -c "nft list set inet filter nets4 | grep -q 203.0.113.0/24"
check "unban" ask unban --all
equal "the user's intervals are as they were" "$before" "$(elements)"

# Addresses inside the user's intervals are out already; those beside them go in.
python3 -c "
for i in range(1000): print('20.0.%d.%d' % (i // 250, i % 250 + 1) if i % 10 == 0 else '30.0.%d.%d' % (i // 200, i % 200 + 1))" >"$T/mixed"
"$BANISH" ban -c "$CONF" - <"$T/mixed" >/dev/null 2>&1
equal "what is out already is no refusal" 0 $?
equal "900 of 1000 go in" 900 "$(nft list set inet filter nets4 | tr ',' '\n' | grep -c '30\.0\.')"
