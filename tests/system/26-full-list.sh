#!/bin/bash
# What no notification and no count tells is found by a full list, every ten minutes: an entry in
# whose place another was put. The daemon's clock is moved on, so that nobody has to wait.
. "$(dirname "$0")/lib.sh"

cc -shared -fPIC -O1 -o "$T/clock.so" "$ROOT/tests/system/clock.c" || fail "the test's clock"
export CLOCK_TICKS=$T/ticks
ipset create bl hash:ip timeout 3600
configure <<'E2'
[DEFAULT]
target = ipset[name=ours]
         ipset[name=bl]
         route
E2
run_with LD_PRELOAD="$T/clock.so"
echo 0 >"$T/ticks"
run

exchange() { printf 'del %s %s\nadd %s %s timeout 3600\n' "$1" "$2" "$1" "$3" | ipset restore; }
check "bans" ask ban --for 1h 203.0.113.5 203.0.113.6
check "of a network" ask ban --for 1h 192.0.2.0/24
check "in all of them" sh -c 'ipset test ours 203.0.113.5 && ipset test bl 203.0.113.5'
check "the route" in_route 203.0.113.5
for set in ours bl; do check "another in its place: $set" exchange $set 203.0.113.5 198.51.100.9; done
check "and a route that drops nothing" ip route replace 203.0.113.5/32 dev lo
# The set for networks beside an admin's set for addresses is ours, too.
for set in ours bl; do
	check "and an exception: $set" ipset add $set-net 192.0.2.0/25 nomatch
	check "which lets through: $set" not ipset test $set-net 192.0.2.1
done
sleep 2
echo 300 >"$T/ticks"
sleep 2
for set in ours bl; do check "nobody notices: $set" not in_ipset $set 203.0.113.5; done
check "the kernel tells of a route that takes a hole's place" in_route 203.0.113.5
echo 610 >"$T/ticks"
for set in ours bl; do soon "after ten minutes it is there again: $set" in_ipset $set 203.0.113.5; done
for set in ours bl; do soon "the exception is none any more: $set" ipset test $set-net 192.0.2.1; done
soon "what is not ours is taken out of our own set" not in_ipset ours 198.51.100.9
check "and of an admin's not" in_ipset bl 198.51.100.9
check "the other ban was there all the time" in_ipset ours 203.0.113.6
stop
