#!/bin/bash
# A set that is full holds the bans that end last; the others wait, and return when there is room.
. "$(dirname "$0")/lib.sh"

ipset create theirs hash:ip timeout 86400 maxelem 100
for i in 1 2 3 4 5 6 7 8 9 10; do ipset add theirs 192.0.2.$i; done
configure <<'E2'
[DEFAULT]
target = ipset[name=ours, maxbans=200]
         ipset[name=theirs]
E2
# many FIRST COUNT TIME: bans of 198.51.x.y, numbered from FIRST.
many() {
	python3 -c "
for i in range($1, $1 + $2): print('198.51.%d.%d' % (i // 250, i % 250 + 1))" |
		ask ban --for "$3" - >"$T/many" 2>&1
}
# The kernel counts by regions of the table, and lets a few more in than maxelem.
brim() { [ "$(ipset list "$1" | grep -cE '^(198|203)')" -ge "$2" ]; }
held() { ipset list "$1" | grep -c '^198\.51\.'; }
status() { ask status --json | jq "$1"; }
# Numbers FIRST.. of COUNT that the set holds.
those() {
	ipset list "$1" | python3 -c "
import re, sys
got = set(re.findall(r'^198\.51\.\d+\.\d+', sys.stdin.read(), re.M))
print(sum('198.51.%d.%d' % (i // 250, i % 250 + 1) in got for i in range($2, $2 + $3)))"
}
# Those are in ours at most where the kernel let more in than maxelem.
beyond() {
	local more=$(($(ipset list ours | grep -cE '^(198|203)') - 200))
	[ "$(those ours "$1" "$2")" -le $((more > 0 ? more : 0)) ]
}
start
many 0 90 1h
equal "what fits is held: ours" 90 "$(held ours)"
equal "and theirs" 90 "$(held theirs)"
many 90 210 2h
check "bans that end later take the places of those that end sooner: ours" test "$(those ours 90 210)" -ge 200
equal "ours holds no other" 0 "$(those ours 0 90)"
equal "theirs" 90 "$(those theirs 90 210)"
equal "theirs keeps what is not ours" 10 "$(ipset list theirs | grep -c '^192\.0\.2\.')"
equal "that is said once for each target" 2 "$(grep -c 'a set is full' "$LOG")"
equal "the bans stay" 300 "$(status .bans)"
equal "and those left out are counted: ours" $((300 - $(held ours))) "$(status '.targets[0].evicted')"
equal "and theirs" 210 "$(status '.targets[1].evicted')"
many 300 5 1m
check "what ends soonest takes nobody's place" beyond 300 5
refuse "and that is said" 1 "refused by a target" ask ban --for 1m 198.51.200.1
ask unban 198.51.200.1 || fail "unban"
check "a new ban that ends later is in the kernel when the command returns" ask ban --for 3h 203.0.113.1
check "in ours" in_ipset ours 203.0.113.1
check "and in theirs" in_ipset theirs 203.0.113.1
check "a longer ban of one that was left out" ask ban --for 4h 198.51.0.1
check "brings it in" in_ipset ours 198.51.0.1

# Room: bans that were left out return, those that end last first.
for i in $(seq 90 139); do echo "198.51.0.$((i + 1))"; done | xargs "$BANISH" unban -c "$CONF" >/dev/null 2>&1
soon "unbanned ones make room: ours is full again" brim ours 200
soon "theirs as well" brim theirs 90
check "and those that end soonest wait on" beyond 300 5
for i in 1 2 3 4 5; do ipset del theirs 192.0.2.$i; done
soon "so does somebody else who takes entries out" brim theirs 95
ipset flush ours
check "sync after a flush by hand" ask sync
soon "fills it to the brim" brim ours 200
many 2000 1500 6h
check "many at once take all places: ours" test "$(those ours 2000 1500)" -ge 200
equal "theirs" 95 "$(those theirs 2000 1500)"
ask unban --all >/dev/null 2>&1
equal "unban of all leaves nothing: ours" 0 "$(ipset list ours | grep -cE '^(198|203)')"
equal "nor in theirs" 0 "$(ipset list theirs | grep -cE '^(198|203)')"
equal "and nobody waits" 0 "$(status '[.targets[].evicted] | add')"
stop

# nft: our own table by maxbans of [banish], and a set of the user's.
nft -f - <<'E2'
table inet filter {
	set few4 { type ipv4_addr; flags timeout; size 100; }
}
add element inet filter few4 { 192.0.2.78 timeout 1d }
E2
rm -rf "$T/state"
configure <<'E2'
maxbans = 1000
[DEFAULT]
target = nft
         nft[table="inet filter", set4=few4]
E2
in_few() { nft list set inet filter few4 | tr ',' '\n' | grep -oE '198\.51\.[0-9]+\.[0-9]+' | sort -u; }
start
many 0 300 1h
many 300 200 2h
equal "a set of the user's is full" 99 "$(in_few | wc -l)"
equal "of those that end last" 99 "$(in_few | awk -F. '{ n = $3 * 250 + $4 - 1; if (n >= 300 && n < 500) print }' | wc -l)"
check "and keeps what is the user's" sh -c "nft list set inet filter few4 | grep -q 192.0.2.78"
check "our own table holds all" in_nft 198.51.0.1
ask unban --all >/dev/null 2>&1
equal "unban leaves nothing" 0 "$(in_few | wc -l)"
stop
