#!/bin/bash
# Everything that must hold, in order: `make check` runs it, and CI through that. One line a step
# with its time; the output of a step that fails is shown whole. The last line counts the steps.
set -u
cd "$(dirname "$0")/.."
build=${B:-build}
mkdir -p "$build/check"
passed=0
failed=0

step() { # name command...
	local name=$1 log=$build/check/${1//[ \/]/-}.log start=$SECONDS
	shift
	if "$@" >"$log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		printf 'ok    %-28s %4d s  %s\n' "$name" $((SECONDS - start)) \
			"$(grep -aE '[0-9]+ passed|Tested:|compile alone|trespasses' "$log" | tail -n 1 | tr -d '\033' | sed 's/\[[0-9;]*m//g' | cut -c 1-90)"
	else
		failed=$((failed + 1))
		printf 'FAIL  %-28s %4d s\n' "$name" $((SECONDS - start))
		grep -av 'warnings generated' "$log" | tail -n 100 | cut -c 1-240
	fi
}

export MAKEFLAGS=
step "build" make -j2 all
step "rooms" make rooms
step "rooms catch a trespass" tests/rooms-test.sh
step "headers" make headers
step "licences apart" tests/licences.sh
step "man pages" make man-lint
for room in base conf source match resolve judge tarpit target control state netlink; do
	step "unit $room" make "$build/unit/$room" unit TESTED="$room"
done
step "filters" tests/filters/run.sh
step "fail2ban expansions" make -j2 expansions
step "fail2ban corpus" make -j2 corpus
step "fail2ban differential" make -j2 differential
step "fail2ban strikes" make -j2 strikes
step "fuzz corpora" make -j2 fuzz-replay
step "kernel" tests/kernel/run.sh
step "kernel 6.1" tests/qemu/kernel.sh
step "kernel without netfilter" tests/qemu/bare.sh
step "crash" make -j2 crash
step "power cut" make -j2 cut
step "storm" make -j2 storm
for test in tests/system/[0-9]*.sh tests/system/units.sh; do
	step "system $(basename "$test" .sh)" "$test"
done
step "asan" make -j2 asan
step "tidy" make tidy
echo "banish: $SECONDS s"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
