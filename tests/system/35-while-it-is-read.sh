#!/bin/bash
# A large state goes into the kernel while it is read: what the journal ends or changes is never
# there as the snapshot had it, and in the end all is as the daemon knew it.
. "$(dirname "$0")/lib.sh"

COUNT=60000
configure <<E2
[DEFAULT]
target = nft
         ipset[name=blacklistip]
E2
addresses() { # OCTET STEP FROM: every STEPth
	awk -v n=$COUNT -v o="$1" -v s="$2" -v f="$3" 'BEGIN { for (i = f; i < n; i += s)
		printf "%s.%d.%d.%d\n", o, i / 65536, i / 256 % 256, i % 256 }'
}
start
check "bans" sh -c "$(declare -f addresses); COUNT=$COUNT; addresses 10 1 0 | '$BANISH' ban -c '$CONF' --for 1h -"
stop # with a snapshot of them
start
addresses 10 3 1 | xargs -n 1000 "$BANISH" unban -c "$CONF" >/dev/null || fail "every third is let off"
addresses 10 300 2 | ask ban --for 30d - >/dev/null || fail "some last longer"
addresses 11 300 0 | ask ban --for 1h - >/dev/null || fail "some are new"
ask list --json | jq -r 'select(.ip) | .ip' 2>/dev/null | sort >"$T/listed"
stop KILL
check "the snapshot has them all, the journal what came later" \
	test "$(banish state dump "$T/state" 2>/dev/null | jq -c 'select(.kind == "unban")' | wc -l)" -eq $((COUNT / 3))

# In an empty kernel, with somebody who listens to what is put in.
boot() {
	cat >"$T/boot" <<-E2
		nft monitor >'$T/monitor' 2>/dev/null & monitor=\$!
		until [ -s '$T/monitor' ]; do
			nft 'add table inet probe; delete table inet probe'
			sleep 0.1
		done
		'$BANISH' restore -c '$CONF'
		echo \$? >'$T/code'
		for i in \$(seq 100); do
			[ \$(grep -c ' 10\.' '$T/monitor') -le 1000 ] || break
			sleep 0.1
		done
		kill \$monitor
		nft list ruleset >'$T/nft'
		ipset list >'$T/ipset'
	E2
	unshare -n sh "$T/boot" 2>"$T/said"
}
in_kernel() { grep -oE '1[01]\.[0-9]+\.[0-9]+\.[0-9]+ timeout' "$T/$1" | cut -d ' ' -f 1 | sort; }
holds_what_was_listed() { [ "$(in_kernel "$1" | cksum)" = "$(cksum <"$T/listed")" ]; }
boot
equal "restore" 0 "$(cat "$T/code")"
check "the kernel told what was put in" test "$(grep -c ' 10\.' "$T/monitor")" -gt 1000
addresses 10 3 1 | sort >"$T/off"
grep -oE '10\.[0-9]+\.[0-9]+\.[0-9]+' "$T/monitor" | sort -u | comm -12 - "$T/off" >"$T/wrong"
equal "and nobody who was let off was among them" 0 "$(wc -l <"$T/wrong")"
check "nft holds what was listed" holds_what_was_listed nft
check "ipset, too" holds_what_was_listed ipset
equal "what lasts longer does" $((COUNT / 300)) "$(grep -cE '^10\..* timeout 2[0-9]{6}$' "$T/ipset")"

# A repair keeps each record in one snapshot.
check "repair" banish state repair "$T/state"
boot
check "nft holds the same then" holds_what_was_listed nft
check "ipset, too" holds_what_was_listed ipset
