#!/bin/bash
# Two jails ban the same address: the entry ends with the last ban and falls back to the next.
. "$(dirname "$0")/lib.sh"

configure <<E2
[a]
filter = sshd
logpath = $T/a.log
target = ipset[name=both]
[b]
filter = sshd
logpath = $T/b.log
target = ipset[name=both]
         nft
E2
start
left() { ipset list both | sed -nE 's/^203.0.113.50 timeout ([0-9]+).*/\1/p'; }
between() { [ "$(left)" -ge "$1" ] && [ "$(left)" -le "$2" ]; }
ask ban --jail a --for 1h 203.0.113.50
check "one hour" between 3500 3600
ask ban --jail b --for 2h 203.0.113.50
check "the longer ban counts" between 7100 7200
check "the other target has it" in_nft 203.0.113.50
equal "two bans" 2 "$(ask list --json | grep -c 203.0.113.50)"
ask unban --jail b 203.0.113.50
check "one undone: the entry falls back to the other" between 3500 3600
check "and leaves the target that only the one had" not in_nft 203.0.113.50
ask ban --jail b --for 1s 203.0.113.50
soon "a shorter ban ends" sh -c "[ \$('$BANISH' list --json -c '$CONF' | grep -c 203.0.113.50) = 1 ]"
check "and the entry stays" between 3400 3600
ask ban --jail a --for 90s 203.0.113.50
check "a ban by hand replaces the jail's, also by a shorter one" between 1 90
ask unban 203.0.113.50
check "unban ends every ban of it" not in_ipset both 203.0.113.50
