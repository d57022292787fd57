#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/kernel on Debian's own kernel (Linux 6.1): there nft knows no update of an element and no
# delete of what is not there, and no table outlives its owner. The arguments are names of parts.
set -eu
cd "$(dirname "$0")/../.."
helper=$(realpath "${BANISH_NETLINK:-${B:-build}/banish-netlink}")
script=$(mktemp)
trap 'rm -f "$script"' EXIT
cat >"$script" <<END
export BANISH_NETLINK=$helper PYTHONDONTWRITEBYTECODE=1 MANY=4000 KILLS=5
exec python3 $PWD/tests/kernel/all.py ${*:-nft ports user watch ipset route traffic sockets kill}
END
tests/qemu/boot.sh -t 1800 "$script" python3 /usr/sbin/nft /usr/sbin/ipset /usr/sbin/ip \
	/usr/sbin/iptables-nft /usr/sbin/ip6tables-nft "$(dirname "$(find /usr/lib -name libxt_set.so)")" \
	/usr/bin/timeout "$helper" "$PWD/tests/kernel"
