#!/bin/bash
# The units as make install writes them: systemd-analyze verify finds nothing in them, their man
# pages are there, what the boot needs is in them, and sysusers makes the user.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
UNITS=$ROOT/contrib/systemd
T=$(mktemp -d /tmp/banish-units.XXXXXX)
trap 'rm -rf "$T"' EXIT
passed=0
failed=0

# check "claim" command...: it must succeed and say nothing.
check() {
	claim=$1
	shift
	if "$@" >"$T/out" 2>&1 && [ ! -s "$T/out" ]; then passed=$((passed + 1)); else
		failed=$((failed + 1))
		echo "  FAIL  $claim: $*"
		sed 's/^/        /' "$T/out" | head -n 8
	fi
}
says() { grep -qxF -- "$2" "$T/units/$1" || echo "$1 lacks: $2"; }
names() { grep -qE "^$2=(.* )?$3( .*)?\$" "$T/units/$1" || echo "$1: $2= lacks $3"; }

mkdir -p "$T/units" "$T/sbin" "$T/man/man5" "$T/man/man8" "$T/root/etc"
cp "$ROOT"/src/man/*.5 "$T/man/man5"
cp "$ROOT"/src/man/*.8 "$T/man/man8"
# Any program will do: verify looks whether there is one.
cp /bin/true "$T/sbin/banish"
for unit in "$UNITS"/*.service; do
	sed "s|/usr/local/sbin|$T/sbin|g" "$unit" >"$T/units/$(basename "$unit")"
done
man=--man=yes
command -v man >/dev/null || man=--man=no
for unit in "$T"/units/*.service; do
	check "verify $(basename "$unit")" env MANPATH="$T/man" systemd-analyze verify $man "$unit"
	check "nothing is left to fill in: $(basename "$unit")" sh -c "! grep -n '@' '$unit' | grep -v '=@system'"
done
for line in Type=oneshot RemainAfterExit=yes DefaultDependencies=no PartOf=nftables.service \
	Wants=network-pre.target RequiresMountsFor=/var/lib/banish; do
	check "restore: $line" says banish-restore.service "$line"
done
check "restore: after the rules" names banish-restore.service After nftables.service
check "restore: after the disks" names banish-restore.service After local-fs.target
for later in network-pre.target shorewall.service shorewall6.service; do
	check "restore: before $later" names banish-restore.service Before "$later"
done
check "restore: comes with nftables.service" names banish-restore.service WantedBy nftables.service
check "run: Type=notify" says banish.service Type=notify
check "run: after restore" names banish.service After banish-restore.service
check "sysusers" sh -c "systemd-sysusers --root='$T/root' '$UNITS/banish.sysusers.conf' 2>/dev/null"
check "the user is there" sh -c "grep -q '^banish:x:' '$T/root/etc/passwd' || echo no"
for group in adm systemd-journal; do
	check "and in $group" sh -c "grep -q '^$group:x:.*:banish\$' '$T/root/etc/group' || echo no"
done
echo "units: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
