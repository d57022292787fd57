#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# banish-netlink against the real kernel, in a network namespace of its own.
#   BANISH_NETLINK  the program (build/banish-netlink)
#   BANISH_OLD      set: the program was built with EXTRA=-DNFT_OLD_KERNEL and behaves as on 6.1
#   UNSHARE         how to make the namespace (-Urn: works for anyone; -n: as real root)
# Arguments: names of parts (nft, ipset, route, life, ...); none: all.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
BANISH_NETLINK=${BANISH_NETLINK:-$top/build/banish-netlink}
export BANISH_NETLINK
if [ ! -x "$BANISH_NETLINK" ]; then
	echo "$0: no program $BANISH_NETLINK" >&2
	exit 2
fi
BANISH_NETLINK=$(realpath "$BANISH_NETLINK")
PATH=$PATH:/usr/sbin:/sbin PYTHONDONTWRITEBYTECODE=1
export PATH PYTHONDONTWRITEBYTECODE
# shellcheck disable=SC2086
# Some sandboxes let root make a network namespace and no user namespace.
if [ -z "${UNSHARE:-}" ]; then
	if unshare -Urn true 2>/dev/null; then UNSHARE=-Urn; else UNSHARE=-n; fi
fi
exec unshare $UNSHARE python3 "$top/tests/kernel/all.py" "$@"
