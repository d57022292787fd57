#!/bin/bash
# A million addresses in one go: the good ones are banned, refusals are counted and ten are shown.
. "$(dirname "$0")/lib.sh"
MANY=${MANY:-1000000}

configure <<E2
[DEFAULT]
target = nft
         ipset[name=many]
E2
python3 - "$MANY" >"$T/many" <<'E2'
import sys
n = int(sys.argv[1])
for i in range(n):
    print("%d.%d.%d.%d" % (20 + (i >> 16), i >> 8 & 255, i & 255, 1 + i % 250))
    if i % (n // 20) == 7:
        print("junk %d" % i)
E2
start
begin=$(date +%s%N)
ask ban --for 1h - <"$T/many" >"$T/out" 2>"$T/err"
code=$?
end=$(date +%s%N)
echo "  $MANY bans from standard input into nft and ipset, durable, in $(((end - begin) / 1000000)) ms"
equal "refusals make exit 1" 1 $code
equal "ten refusals are shown" 10 "$(grep -c 'is not an address' "$T/err")"
check "with line numbers" grep -q 'line 9: junk 7: is not an address' "$T/err"
check "and counted" grep -q "$MANY banned, 20 refused" "$T/err"
equal "ipset holds them" "$MANY" "$(ipset list -t many | sed -n 's/^Number of entries: //p')"
equal "list prints them" "$MANY" "$(ask list --json | grep -c '"ip"')"
check "status answers meanwhile and after" ask status
grep VmHWM "/proc/$DAEMON/status" | sed 's/^/  daemon /'
stop KILL
begin=$(date +%s%N)
check "restore of a million" unshare -n "$BANISH" restore -c "$CONF"
end=$(date +%s%N)
echo "  restored in $(((end - begin) / 1000000)) ms"
