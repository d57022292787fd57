#!/bin/sh
# Install the packages given that are not there yet. Says nothing when all are.
set -eu
missing=
for package in "$@"; do
	dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
		missing="$missing $package"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ apt-get update -q && apt-get install -y -q -o DPkg::Lock::Timeout=600 --no-install-recommends $missing; } >"$log" 2>&1 </dev/null || {
	tail -n 20 "$log" >&2
	echo "deps: apt-get failed (is this Debian, and are you root?)" >&2
	exit 1
}
