#!/bin/bash
# Others take everything out, in each way there is, while a flood of bans comes in: afterwards each
# target holds what is wanted. Nobody asks for a sync.
. "$(dirname "$0")/lib.sh"
EACH=${EACH:-1000} # bans of each way

cat >"$T/rules" <<'E2'
flush ruleset
table inet filter {
	set b4 { type ipv4_addr; flags timeout; }
	set b6 { type ipv6_addr; flags interval, timeout; }
	chain input { type filter hook input priority 0; ip saddr @b4 drop; ip6 saddr @b6 drop; }
}
E2
cat >"$T/held.py" <<'E2'
"""Is what each target holds what is wanted? Says what is not."""
import json, re, subprocess, sys

def out(command):
    return subprocess.run(command, shell=True, capture_output=True, text=True).stdout

def short(prefix):
    return re.sub(r'/(32|64)$', '', prefix)

def nft(table, only=None):
    held = set()
    for o in json.loads(out(f'nft -j list table {table}') or '{"nftables":[]}')['nftables']:
        for e in o.get('set', {}).get('elem', []):
            e = e['elem']['val'] if 'elem' in e else e
            held.add(e['prefix']['addr'] if isinstance(e, dict) else e)
    return held

def ipset(*names):
    return {short(m.split()[0]) for n in names
            for m in out(f'ipset list {n}').partition('Members:\n')[2].splitlines()}

def route():
    return {short(line.split()[1]) for six in ('', '-6')
            for line in out(f'ip {six} route show proto 157').splitlines()}

wanted = {short(json.loads(line)['ip']) for line in sys.stdin}
good = len(wanted) >= int(sys.argv[1])
for name, held in (('own nft table', nft('inet banish')), ('the user\'s table', nft('inet filter')),
                   ('own ipset', ipset('ours', 'ours6')), ('an ipset of others', ipset('bl', 'bl6')),
                   ('routes', route())):
    if held != wanted:
        good = False
        print(f'{name}: {len(wanted)} wanted, {len(wanted - held)} missing, {len(held - wanted)} too much')
sys.exit(not good)
E2
addresses() { # from count
	python3 -c "
for i in range($1, $1 + $2):
    print(f'20.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}')
    if i % 10 == 0: print(f'2001:db8:{i >> 16:x}:{i & 65535:x}::/64')"
}
equal_all() { ask list --json 2>/dev/null | python3 "$T/held.py" "$1"; }
# As `soon`, for what takes a look at the ipsets, ten seconds apart.
comes() {
	local claim=$1 i
	shift
	for i in $(seq 600); do
		"$@" >"$T/out" 2>&1 && { pass "$claim"; return; }
		sleep 0.1
	done
	fail "$claim"
	sed 's/^/        /' "$T/out"
}

lists() { ipset create bl hash:ip timeout 0 maxelem 100000; ipset create bl6 hash:net family inet6 timeout 0; }
rules() { iptables -I INPUT -m set --match-set bl src -j DROP; } 2>/dev/null
flush_ruleset() { nft flush ruleset; nft -f "$T/rules"; }
delete_tables() { nft delete table inet banish; nft delete table inet filter; nft -f "$T/rules"; }
flush_sets() { for s in b4 b6; do nft flush set inet filter $s; done; for s in ban4 ban4b ban6 ban6b; do nft flush set inet banish $s; done; }
reload_nftables() { nft -f "$T/rules"; }
flush_routes() { ip route flush proto 157; ip -6 route flush proto 157; }
replace_routes() { ip route show proto 157 | sed -n '1,50s/^blackhole \([^ ]*\).*/route replace unreachable \1/p' | ip -batch -; }
flush_ipsets() { ipset flush; }
# A firewall that destroys its sets and makes them anew, as shorewall does without SAVE_IPSETS.
restart_firewall() { iptables -F; ipset destroy bl; ipset destroy bl6; lists; rules; }
destroy_ipsets() { ipset destroy ours; ipset destroy ours6; ipset flush; }

nft -f "$T/rules"
lists
rules
configure <<'E2'
maxbans = 100000
[DEFAULT]
bantime = 1d
target = nft[owner=no]
         nft[table="inet filter", set4=b4, set6=b6]
         ipset[name=ours]
         ipset[name=bl, name6=bl6]
         route
E2
start
addresses 0 "$EACH" | ask ban - >"$T/out" 2>&1
total=$((EACH + EACH / 10))
check "everything is everywhere" equal_all $total
from=$EACH
for way in flush_ruleset delete_tables flush_sets reload_nftables flush_routes replace_routes flush_ipsets restart_firewall destroy_ipsets; do
	addresses $from "$EACH" | while mapfile -t -n 50 lines && [ ${#lines[@]} -gt 0 ]; do
		printf '%s\n' "${lines[@]}" | ask ban - >/dev/null 2>&1
		ask unban "${lines[0]}" >/dev/null 2>&1
	done &
	flood=$!
	times=0
	while kill -0 $flood 2>/dev/null; do
		$way 2>/dev/null
		times=$((times + 1))
		sleep 0.1
	done
	wait $flood
	from=$((from + EACH))
	total=$((total + EACH - EACH / 100))
	check "$way came in between" [ $times -gt 1 ]
	comes "$way: all is back" equal_all $((total - EACH / 10))
done
check "the log says who it was" grep -q 'entries were removed by nft (pid [0-9]*)' "$LOG"
stop
