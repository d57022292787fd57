#!/bin/bash
# Do the bans have an effect? check --live says what is in the way and what to do, and status that
# there is something.
. "$(dirname "$0")/lib.sh"

PEER=banish-23-$$
ip netns add "$PEER"
trap 'ip netns del "$PEER"; finish' EXIT
ip link add veth0 type veth peer name veth1 netns "$PEER"
ip addr add 203.0.113.1/24 dev veth0
ip link set veth0 up
ip netns exec "$PEER" ip addr add 203.0.113.2/24 dev veth1
ip netns exec "$PEER" ip link set veth1 up
ETC=$T/etc.conf
echo '# table inet banish in a comment' >"$ETC"
touch /etc/nftables.conf 2>/dev/null
mount --bind "$ETC" /etc/nftables.conf
live() { ask check --live "$@"; }
# warns "claim" "what is wrong" "what to do"
warns() {
	live >"$T/live" 2>&1
	code=$?
	if [ $code -eq 1 ] && grep -qF -- "$2" "$T/live" && grep -qF -- "do: $3" "$T/live"; then
		pass "$1"
	else
		fail "$1: exit $code:"
		sed 's/^/        /' "$T/live"
	fi
}
silent() { live | grep -qF -- "$2" && fail "$1" || pass "$1"; }
sysctl() { # NAME VALUE
	echo "$2" >"/proc/sys/net/$1"
}
setup() { # targets on standard input
	stop 2>/dev/null
	rm -rf "$T/state"
	{
		echo '[DEFAULT]'
		sed '1s/^/target = /; 2,$s/^/         /'
	} | configure
	: >"$LOG"
	start
}

DAEMON=
refuse "without a daemon" 3 "daemon" banish check --live -s "$T/none"
refuse "an operand" 2 "usage" banish check --live x
sysctl ipv4/ip_forward 0
sysctl ipv4/conf/all/rp_filter 1

setup <<<nft
check "our own table: nothing is found" live
equal "and said" "0 found in the way of the bans" "$(live | tail -n 1)"
equal "as JSON" '[]' "$(live --json | jq -c .warnings)"
equal "status has nothing to warn of" 0 "$(ask status --json | jq .warnings)"
ask ban 203.0.113.2
check "packets that were dropped are counted" sh -c "
	ip netns exec $PEER bash -c 'echo x >/dev/udp/203.0.113.1/9; echo x >/dev/udp/203.0.113.1/9'
	'$BANISH' check --live --json -c '$CONF' | jq -e '.targets[0].packets > 0'"
echo 'table inet banish {}' >>"$ETC"
warns "a saved ruleset with our table" "/etc/nftables.conf contains table inet banish" "take that table out"
soon "status counts it" sh -c "'$BANISH' status --json -c '$CONF' | jq -e '.warnings == 1'"
check "and says where to look" sh -c "'$BANISH' status -c '$CONF' | grep -q 'check --live'"
echo >"$ETC"

nft -f - <<'E2'
table inet filter {
	set b4 { type ipv4_addr; flags timeout; }
	set b6 { type ipv6_addr; flags timeout; }
	chain input { type filter hook input priority 0; policy accept; ct state established accept; }
	chain prerouting { type filter hook prerouting priority 0; policy accept; }
}
E2
setup <<<'nft[table="inet filter", set4=b4, set6=b6]'
warns "a set that no rule names" "no rule uses the set b4" "nft insert rule inet filter CHAIN ip saddr @b4 drop"
warns "for IPv6 as well" "no rule uses the set b6" "nft insert rule inet filter CHAIN ip6 saddr & ffff:ffff:ffff:ffff:: @b6 drop"
nft add rule inet filter input ip saddr @b4 drop
nft add rule inet filter input ip6 saddr '&' ffff:ffff:ffff:ffff:: @b6 drop
silent "with a rule that is over" "no rule uses"
warns "a rule behind one that accepts" "accept, or may, before the one that drops" "move the rule"
sysctl ipv4/ip_forward 1
warns "a host that forwards, and a rule for input alone" "chain input sees only those for itself" "add such a rule to a chain of the hook forward"
nft flush chain inet filter input
nft add rule inet filter prerouting ip saddr @b4 drop
nft add rule inet filter prerouting ip6 saddr '&' ffff:ffff:ffff:ffff:: @b6 drop
check "in prerouting there is nothing to say" live
sysctl ipv4/ip_forward 0

setup <<<'ipset[name=bl]'
warns "an ipset that no rule uses" "no rule uses the set bl:" "iptables -I INPUT -m set --match-set bl src -j DROP"
silent "sets that are empty need no rule" "bl-net"
ask ban 198.51.100.0/24 2001:db8:7::/64
warns "a prefix in bl-net" "no rule uses the set bl-net" "iptables -I INPUT -m set --match-set bl-net src -j DROP"
warns "IPv6" "no rule uses the set bl6:" "ip6tables -I INPUT -m set --match-set bl6 src -j DROP"
if iptables -I INPUT -m set --match-set bl src -j DROP 2>/dev/null; then
	silent "a rule that uses it" "no rule uses the set bl:"
	sysctl ipv4/ip_forward 1
	warns "a host that forwards" "one rule alone uses the set bl:" "iptables -I FORWARD -m set --match-set bl src -j DROP"
	iptables -I FORWARD -m set --match-set bl src -j DROP
	silent "with both" "one rule alone uses the set bl:"
	sysctl ipv4/ip_forward 0
	setup <<<'ipset[name=bl]'
	iptables -F
	# The helper looks every 10 s.
	soon "that no rule uses it any more is said in the log" grep -q 'no rule uses a set of it any more' "$LOG"
fi

setup <<<route
check "routes with rp_filter" live
sysctl ipv4/conf/all/rp_filter 0
sysctl ipv4/conf/veth0/rp_filter 0
warns "an interface without rp_filter" "rp_filter is 0 on veth0" "sysctl -w net.ipv4.conf.all.rp_filter=2"
sysctl ipv4/conf/veth0/rp_filter 2
check "the larger of the two counts" live
ask ban 2001:db8:7::/64
warns "routes and IPv6" "no rp_filter for IPv6" "use nft or ipset"

ipset create full hash:ip timeout 0 maxelem 1
ipset add full 192.0.2.1
setup <<<'ipset[name=full]'
ask ban 198.51.100.1 >/dev/null 2>&1
warns "a full set" "1 bans are left out" "make room"

setup <<<'nft[table="inet none", set4=x]
nft'
warns "a target that cannot be used" "it holds nothing: there is no table inet none" "do that"
stop
umount /etc/nftables.conf
