#!/bin/bash
# A firewall that is stopped, and started later: what banish put into it comes back by itself. After
# "banish flush" nothing does but what is banned since.
. "$(dirname "$0")/lib.sh"

cat >"$T/rules" <<'E2'
table inet filter {
	set b4 { type ipv4_addr; flags timeout; }
	chain input { type filter hook input priority 0; policy accept; ip saddr @b4 drop; }
}
E2
nft -f "$T/rules"
ipset create bl hash:ip timeout 3600
configure <<'E2'
[DEFAULT]
target = nft[table="inet filter", set4=b4]
         ipset[name=bl]
         ipset[name=ours]
         nft[owner=no]
E2
in_b4() { nft list set inet filter b4 2>/dev/null | grep -q "$1 "; }
said() { grep -c "$1" "$LOG"; }
start
check "ban" ask ban 203.0.113.5 203.0.113.6
nft flush ruleset
soon "a table that is gone is said" grep -q 'there is no table inet filter: nft add table' "$LOG"
soon "our own is there again" in_nft 203.0.113.5
check "ban meanwhile" sh -c "'$BANISH' ban -c '$CONF' 203.0.113.7 2>&1 | grep -q 'holds nothing'"
sleep 2.5
equal "it is not said each time that it is tried" 1 "$(said 'there is no table')"
nft -f "$T/rules"
soon "loaded again, it has its bans" in_b4 203.0.113.5
soon "and that of meanwhile" in_b4 203.0.113.7
soon "which is said" grep -q 'in use again' "$LOG"
printf 'flush ruleset\ninclude "%s/rules"\n' "$T" | nft -f -
soon "a reload in one transaction" in_b4 203.0.113.6
soon "of our own table, too" in_nft 203.0.113.6
soon "the log says who" grep -q 'entries were removed by nft (pid [0-9]*): putting them back' "$LOG"
ipset destroy bl
ipset destroy ours
soon "an ipset of ours is made anew" in_ipset ours 203.0.113.5
ipset create bl hash:ip timeout 3600 2>/dev/null
soon "and one of the admin's is filled" in_ipset bl 203.0.113.5

check "flush" ask flush
for set in bl ours; do check "$set is empty" not in_ipset $set 203.0.113.5; done
nft flush ruleset
nft -f "$T/rules"
ipset destroy ours
sleep 1.5
check "what others do then brings nothing back: a set of the user's" not in_b4 203.0.113.5
check "our own" not in_nft 203.0.113.5
ask ban 203.0.113.9 >/dev/null 2>&1
soon "a new ban goes in" in_nft 203.0.113.9
soon "everywhere" in_ipset ours 203.0.113.9
soon "also in a set of the user's" in_b4 203.0.113.9
sleep 1.5
check "and stays: nft" in_nft 203.0.113.9
check "ipset" in_ipset ours 203.0.113.9
check "a set of the user's" in_b4 203.0.113.9
check "alone: nft" not in_nft 203.0.113.5
check "ipset" not in_ipset ours 203.0.113.5
check "sync" ask sync
for set in bl ours; do check "brings all back: $set" in_ipset $set 203.0.113.5; done
check "and nft" in_nft 203.0.113.5
stop
