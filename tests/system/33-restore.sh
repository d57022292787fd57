#!/bin/bash
# banish restore, before the network and with /var read-only: all that can be put back is.
. "$(dirname "$0")/lib.sh"

configure <<E2
[DEFAULT]
target = nft
         ipset[name=blacklistip]
E2
start
seq 0 4999 | awk '{printf "10.1.%d.%d\n", $1 / 256, $1 % 256}' >"$T/addresses"
check "bans" ask ban --for 1h - <"$T/addresses"
check "one for ever" ask ban --for forever 203.0.113.1 2001:db8::/64
check "one that will be over" ask ban --for 1s 203.0.113.2
stop KILL
sleep 1.1

# In an empty kernel, where not even lo is up.
boot() { # command...: its words in $T/said, the tables in $T/kernel
	cat >"$T/boot" <<-E2
		$*
		echo \$? >'$T/code'
		nft list ruleset
		ipset list
	E2
	unshare -n sh "$T/boot" >"$T/kernel" 2>"$T/said"
}
restored() { # TARGET-WORD: how many of the 5000 are in the kernel
	grep -oE '10\.1\.[0-9]+\.[0-9]+ timeout' "$T/kernel" | sort | uniq -c | awk -v n="$1" '$1 == n' | wc -l
}

mount --bind "$T/state" "$T/state" && mount -o remount,bind,ro "$T/state" || fail "a read-only mount"
before=$(ls -lR --time-style=full-iso "$T/state" | cksum)
boot "'$BANISH' restore -c '$CONF'"
equal "restore with no network, /var read-only" 0 "$(cat "$T/code")"
equal "every ban is in both targets" 5000 "$(restored 2)"
check "one for ever, too" grep -q '203.0.113.1 ' "$T/kernel"
check "and a prefix" grep -q '2001:db8::' "$T/kernel"
check "what is over is not" not grep -q '203.0.113.2 ' "$T/kernel"
check "it says how many" grep -q '5002 bans restored' "$T/said"
equal "the folder is as it was" "$before" "$(ls -lR --time-style=full-iso "$T/state" | cksum)"
boot "'$BANISH' restore -c '$CONF' && '$BANISH' restore -c '$CONF'"
equal "restore twice is restore" "0 5000" "$(cat "$T/code") $(restored 2)"
umount "$T/state"

# Part of it fails: the rest is there, and somebody is told.
boot "ipset create blacklistip hash:net && '$BANISH' restore -c '$CONF'"
equal "a target that cannot be used: exit 1" 1 "$(cat "$T/code")"
equal "the other has every ban" 5000 "$(restored 1)"
check "the words name it" grep -q 'blacklistip' "$T/said"

head -c 300 /dev/zero | dd of="$(ls "$T"/state/journal.* | tail -n 1)" bs=1 seek=100000 conv=notrunc status=none
boot "'$BANISH' restore -c '$CONF'"
equal "a damaged journal: what is whole is restored" 0 "$(cat "$T/code")"
check "all but a few" test "$(restored 2)" -gt 4980 -a "$(restored 2)" -lt 5000
check "the words say where" grep -qE 'journal\.[0-9]+: [0-9]+ bytes at offset [0-9]+ are damaged' "$T/said"

sed "s|^target = nft|target = nft\nmaxretry = many|" "$CONF" >"$T/bad.conf"
boot "'$BANISH' restore -c '$T/bad.conf'"
check "a configuration with a mistake is told with its place" grep -q 'bad.conf:[0-9]' "$T/said"
rm -r "$T/state"
boot "'$BANISH' restore -c '$CONF'"
equal "no state yet is no mistake" 0 "$(cat "$T/code")"
