#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A kernel without nftables and ipset: each target that needs them says so and how that is mended,
# and routes are in force all the same. A configuration with nothing else starts as well.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${B:-build}")
script=$(mktemp)
trap 'rm -f "$script"' EXIT
cat >"$script" <<END2
passed=0 failed=0
banish=$build/banish
mkdir /tmp/s && cd /tmp/s
check() { # claim command...
	local claim="\$1"
	shift
	if "\$@" >out 2>&1; then passed=\$((passed + 1)) && echo "ok   \$claim"
	else failed=\$((failed + 1)) && echo "FAIL \$claim: \$*" && cat out; fi
}
start() { # targets
	{
		printf '[banish]\nstatedir = /tmp/s/state\nsocket = /tmp/s/control\nuser = root\n'
		printf '[DEFAULT]\ntarget = '
		for target in "\$@"; do printf '%s\n         ' "\$target"; done
	} >conf
	: >log
	\$banish run -c conf >log 2>&1 &
	daemon=\$!
	n=0
	until grep -q ready: log || [ \$n -gt 200 ]; do n=\$((n + 1)); sleep 0.2; done
}
said() { grep -q "target \$1: the kernel has no \$2: modprobe \$3\\$" log; }
once() { [ "\$(grep -c "the kernel has no" log)" -eq 2 ]; }
routed() { ip route show proto 157 | grep -q "^blackhole \$1"; }
start nft 'ipset[name=b]' route
check "nftables are missed" said nft nf_tables nf_tables
check "ipset is missed" said 'ipset.name=b.' ipset ip_set
\$banish ban -c conf 203.0.113.9 2>err
check "a ban says where it is not" grep -q "target nft holds nothing: the kernel has no nf_tables" err
check "and is a route" routed 203.0.113.9
sleep 3
check "each is said once, though it is tried again" once
check "nothing else is warned of" sh -c "! grep -v 'running as root' log | grep warning"
kill \$daemon
wait \$daemon
start nft
\$banish ban -c conf 203.0.113.10 2>err
check "with nothing that holds it a ban is kept" sh -c "\$banish list -c conf | grep -q 203.0.113.10"
kill \$daemon
wait \$daemon
start route
check "and is there when something can" routed 203.0.113.10
kill \$daemon
wait \$daemon
echo "\$passed passed, \$failed failed"
exit \$failed
END2
tests/qemu/boot.sh -t 600 -m dummy "$script" /usr/sbin/ip "$build/banish" "$build/banish-netlink"
