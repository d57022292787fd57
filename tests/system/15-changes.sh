#!/bin/bash
# Targets that come, go, fail and are taken over while bans are made and ended: what the kernel
# holds is what is wanted, and every caller is answered.
. "$(dirname "$0")/lib.sh"
N=20000

addresses() { seq 1 $N | awk '{ printf "20.%d.%d.%d\n", $1 / 65536, $1 / 256 % 256, $1 % 256 }'; }
addresses >"$T/addresses"
routes() { ip route show table all type blackhole | wc -l; }
entries() { ipset list -t aa | sed -n 's/^Number of entries: //p'; }
shared() { nft list set inet filter b4 | grep -o 'expires' | wc -l; }
worker() { pgrep -P "$(ask status --json | jq .helper_pid)"; }
two='[DEFAULT]
target = ipset[name=aa]
         route'
one='[DEFAULT]
target = ipset[name=aa]'
quickly() { timeout 120 "$@"; }
q() { verb=$1; shift; quickly "$BANISH" "$verb" -c "$CONF" "$@"; }

# A target that a reload drops is emptied, whatever else happens then.
for meanwhile in nothing ban sync worker reload; do
	echo "$two" | configure
	start
	q ban - <"$T/addresses" || fail "ban"
	echo "$one" | configure
	check "reload that drops a target ($meanwhile)" q reload
	case $meanwhile in
	ban) check "ban meanwhile" q ban 8.8.8.8 ;;
	sync) check "sync meanwhile" q sync ;;
	worker) kill -9 "$(worker)" ;;
	reload)
		echo "$two" | configure
		check "reload that takes it up again" q reload
		;;
	esac
	check "sync answers" q sync
	if [ $meanwhile = reload ]; then soon "the routes are back" sh -c "[ \$(ip route show type blackhole | wc -l) -eq $N ]"
	else soon "no route is left" sh -c "[ \$(ip route show type blackhole | wc -l) -eq 0 ]"; fi
	check "the other target holds everything" test "$(entries)" -ge $N
	check "unban --all answers ($meanwhile)" q unban --all
	equal "and leaves nothing ($meanwhile)" "0 0" "$(entries) $(routes)"
	stop
done

# A flush that loses its worker flushes all the same.
echo "$two" | configure
start
q ban - <"$T/addresses" || fail "ban"
kill -9 "$(worker)"
check "flush answers" q flush
equal "and leaves nothing" "0 0" "$(entries) $(routes)"
check "sync" q sync
equal "brings everything back" "$N $N" "$(entries) $(routes)"
q unban --all
stop

# Deletions from someone else's set are not forgotten: not with the worker, not with the daemon.
nft -f - <<'E2'
table inet filter {
	set b4 { type ipv4_addr; flags timeout; }
}
E2
configure <<'E2'
[DEFAULT]
target = nft[table="inet filter", set4=b4]
E2
for how in worker TERM KILL; do
	start
	q ban - <"$T/addresses" || fail "ban"
	q unban --all >/dev/null 2>&1 &
	asked=$!
	sleep 0.03
	if [ $how = worker ]; then kill -9 "$(worker)"; else stop $how; start; fi
	wait $asked
	check "sync after the end of $how" q sync
	equal "the set holds what is listed ($how)" "$(ask list | wc -l)" "$(shared)"
	q unban --all
	stop
done

# What could not be deleted while the table was gone is, by a restore that only reads state.
start
check "ban" q ban 20.0.0.1 20.0.0.2
stop
nft list table inet filter >"$T/table"
nft delete table inet filter
: >"$LOG"
start
check "unban while the table is gone" q unban 20.0.0.1
stop
nft -f "$T/table"
check "restore when it is back" banish restore -c "$CONF"
equal "leaves the other" 1 "$(shared)"

# A lower maxbans keeps what was acknowledged.
printf '[DEFAULT]\ntarget = null\n' | configure
start
head -n 3000 "$T/addresses" | q ban - || fail "ban"
stop
sed -i 's/^user/maxbans = 1000\nuser/' "$CONF"
start
equal "every ban is still there" 3000 "$(ask list | wc -l)"
refuse "and no other is made" 1 "no room" ask ban 9.9.9.9
stop
