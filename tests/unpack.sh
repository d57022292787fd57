#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian packages for tests alone, unpacked and not installed: no service of theirs starts and
# nothing on the machine changes. usage: unpack.sh FOLDER PACKAGE...
#
# FOLDER holds the packages, and what they need that is not installed here, as their files
# would lie below /. Done once: a second call with the same packages returns at once.
set -eu
dir=$1
shift
[ "$(cat "$dir/.packages" 2>/dev/null)" = "$*" ] && exit 0
rm -rf "$dir"
mkdir -p "$dir/.archives/partial"
log=$dir/.log
fetch() {
	apt-get install -q -y --no-install-recommends --download-only --reinstall -o DPkg::Lock::Timeout=300 \
		-o Dir::Cache::archives="$PWD/$dir/.archives" "$@" >"$log" 2>&1 </dev/null
}
case $dir in /*) PWD= ;; esac
fetch "$@" || { apt-get update -q >"$log" 2>&1 && fetch "$@"; } || {
	tail -n 20 "$log" >&2
	echo "unpack: apt-get cannot fetch $*" >&2
	exit 1
}
for package in "$dir"/.archives/*.deb; do
	dpkg-deb -x "$package" "$dir"
done
rm -rf "$dir/.archives"
echo "$*" >"$dir/.packages"
