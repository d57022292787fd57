#!/bin/bash
# Offences found at start that led to a ban which would be over by now are spent: not counted again
# after kill -9, neither where nobody is banned nor beside a ban.
. "$(dirname "$0")/lib.sh"

line() { echo "$(date -d "$2" '+%Y-%m-%d %H:%M:%S') denied $1" >>"$T/old.log"; } # ADDRESS WHEN
# What was read is on disk before this command returns.
on_disk() { ask ban --for 1h 192.0.2.99; }

cat >"$T/old.conf" <<'E2'
[Definition]
failregex = ^ denied <ADDR>$
E2
configure <<E2
[DEFAULT]
target = null
maxretry = 3
findtime = 2h
bantime = 10m
[old]
filter = $T/old.conf
logpath = $T/old.log
E2
for i in 1 2 3; do line 203.0.113.1 '-30 min'; done
start
soon "three old failures are read" read_up_to "$T/old.log" 3
check "and ban nobody" not_banned 203.0.113.1
equal "for what they led to is over, and they with it" 0 "$(counted 203.0.113.1)"
check "which is on disk" on_disk
stop KILL
start
equal "after kill -9 as well" 0 "$(counted 203.0.113.1)"
line 203.0.113.1 now
soon "one more is read" read_up_to "$T/old.log" 1
check "and is not enough" not_banned 203.0.113.1
equal "but counts" 1 "$(counted 203.0.113.1)"

check "a ban by hand" ask ban --jail old --for 1h 203.0.113.2
stop KILL
for i in 1 2 3; do line 203.0.113.2 '-30 min'; done
start
soon "old failures of the banned are read" read_up_to "$T/old.log" 3
equal "and are spent" 0 "$(counted 203.0.113.2)"
check "which is on disk" on_disk
stop KILL
start
check "the ban is there" banned 203.0.113.2
equal "and they are not" 0 "$(counted 203.0.113.2)"
