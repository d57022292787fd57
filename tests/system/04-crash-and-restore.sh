#!/bin/bash
# kill -9 right after `ban` returned, an empty kernel, `restore`: the ban is back with less time.
. "$(dirname "$0")/lib.sh"

configure <<E2
[DEFAULT]
target = nft
         ipset[name=blacklistip]
         route
[sshd]
filter = sshd
logpath = $T/auth.log
E2
start
check "ban returns" ask ban --for 10m --reason "3 a.m." 203.0.113.9 2001:db8:9::1
stop KILL
check "the kernel keeps the bans" in_nft 203.0.113.9
sleep 1.1 # so that the time left must be less
# A new namespace is what a reboot leaves of the kernel's state.
cat >"$T/after" <<E2
ip link set lo up
'$BANISH' restore -c '$CONF' || exit 1
nft list table inet banish
ipset list
ip route show table all
ip -6 route show table all
E2
check "restore in an empty kernel" unshare -n sh "$T/after"
cp "$T/out" "$T/restored"
check "nft: the same whole time, less left" grep -qE '203.0.113.9 timeout 10m expires ([5-8]m|9m([0-9]|[0-4][0-9]|5[0-8])s|9m[0-9]+ms)' "$T/restored"
check "nft: IPv6" grep -q '2001:db8:9::1 timeout' "$T/restored"
check "ipset" grep -qE '^203.0.113.9 timeout (59[0-8]|5[0-8][0-9]|[34][0-9][0-9])$' "$T/restored"
check "ipset: IPv6" grep -qE '^2001:db8:9::1 timeout [3-5][0-9][0-9]$' "$T/restored"
check "route" grep -q '^blackhole 203.0.113.9 ' "$T/restored"
check "route: IPv6" grep -q '^blackhole 2001:db8:9::1 ' "$T/restored"
start
equal "the daemon goes on with it" "3 a.m." "$(ask list --json | jq -r 'select(.ip=="203.0.113.9").reason')"
refuse "restore beside a daemon is refused" 1 "banish sync" banish restore -c "$CONF"
sed "s|^socket.*|socket = $T/other|" "$CONF" >"$T/second.conf"
refuse "a second daemon on the same state is refused" 1 "another daemon" banish run -c "$T/second.conf"
refuse "a second daemon on the same socket is refused" 1 "$T/control" banish run -c "$CONF"
check "which changes nothing for the first" ask status
check "unban" ask unban 203.0.113.9
stop KILL
start
check "an unban that was acknowledged stays" not_banned 203.0.113.9
check "the other ban stays" banned 2001:db8:9::1
check "and is not in the kernel" not in_nft 203.0.113.9
stop
check "stopping leaves the kernel's bans in place" in_nft 2001:db8:9::1
check "flush without a daemon" banish flush -c "$CONF"
check "empties the kernel" not in_nft 2001:db8:9::1
check "of ipset entries" not in_ipset blacklistip6-net 2001:db8:9::1
check "of routes" not in_route 2001:db8:9::1 6
start
check "and state keeps them" in_nft 2001:db8:9::1
check "flush with a daemon" ask flush
check "empties the kernel again" not in_nft 2001:db8:9::1
check "the list keeps them" banned 2001:db8:9::1
check "sync" ask sync
check "brings them back" in_nft 2001:db8:9::1
check "in the routes, too" in_route 2001:db8:9::1 6
