#!/bin/bash
# Everything that must hold: `make check` runs it, and CI through that. One line a step with its
# time; of a step that fails the end of its output is shown. The last line counts the steps.
set -u
cd "$(dirname "$0")/.."
build=${B:-build}
mkdir -p "$build/check"
results=$build/check/results
: >"$results"

step() { # name command...
	local name=$1 log=$build/check/${1//[ \/]/-}.log start=$SECONDS code
	shift
	"$@" >"$log" 2>&1 </dev/null
	code=$?
	{
		flock 9
		report "$code" "$name" "$log" $((SECONDS - start))
	} 9>>"$results"
}

report() { # code name log seconds
	if [ "$1" -eq 0 ]; then
		echo ok >&9
		printf 'ok    %-28s %4d s  %s\n' "$2" "$4" \
			"$(grep -aE '[0-9]+ passed|Tested:|compile alone|trespasses' "$3" | tail -n 1 | tr -d '\033' | sed 's/\[[0-9;]*m//g' | cut -c 1-90)"
	else
		echo "FAIL $2" >&9
		printf 'FAIL  %-28s %4d s\n' "$2" "$4"
		grep -av 'warnings generated' "$3" | tail -n 100 | cut -c 1-240
	fi
}

# What mostly computes runs beside what mostly waits.
computing() {
	step "asan" make -j2 asan
	step "tidy" make tidy
	step "kernel 6.1" tests/qemu/kernel.sh
	step "kernel without netfilter" tests/qemu/bare.sh
}

waiting() {
	step "crash" make -j2 crash
	step "power cut" make -j2 cut
	step "storm" make -j2 storm
	for test in tests/system/[0-9]*.sh tests/system/units.sh; do
		step "system $(basename "$test" .sh)" "$test"
	done
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
step "fail2ban differential" make -j2 differential SEED=1
step "fail2ban strikes" make -j2 strikes SEED=1
step "fuzz corpora" make -j2 fuzz-replay
step "kernel" tests/kernel/run.sh
step "crash, built" make -j2 crash-build
(renice -n 5 "$BASHPID" >/dev/null && computing) &
waiting
wait
echo "banish: $SECONDS s"
# Once more and last, where nothing cuts it off: what failed, and the lines that say why.
failed=$(grep -c FAIL "$results")
sed -n 's/^FAIL //p' "$results" | while read -r name; do
	echo "failed: $name"
	grep -a FAIL "$build/check/${name//[ \/]/-}.log" | head -n 5 | cut -c 1-240
done
echo "$(grep -c ok "$results") passed, $failed failed"
[ "$failed" -eq 0 ]
