#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What our filters find in tests/filters/*.log. In such a file
#
#	# now EPOCH				completes dates without a year
#	# run NAME FILTER			NAME is ours, FILTER a file of filter.d with options
#	# mode=NAME,NAME expect=ADDRESS [time=EPOCH]
#	# expect=none
#
# `mode=all` means every run. An expectation holds for the lines below it up to the next one;
# in a run that it does not name, and with `none` in every run, a line must find nothing.
# Other comments are for people. Prints a line a file, and a line for each mistake.

here=$(cd "$(dirname "$0")" && pwd)
banish=${BANISH:-$here/../../build/banish}
filters=${FILTERS:-$here/../../src/filter.d}
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT INT TERM
TZ=UTC
export TZ
all=0 bad=0

# One run of one file: "checked mistakes", with the mistakes on standard error.
check() {
	awk -v run="$2" -v name="$(basename "$1")" '
	function field(line, key) {
		if (!match(line, key)) return ""
		line = substr(line, RSTART + RLENGTH)
		sub(/[",}].*/, "", line)
		return line
	}
	FNR == NR { n = field($0, "\"line\":"); host[n] = field($0, "\"host\":\""); time[n] = field($0, "\"time\":"); next }
	/^# (mode|expect)=/ {
		want = "none"; when = ""; here = 1
		for (i = 2; i <= NF; i++) {
			if ($i ~ /^mode=/) here = ("," substr($i, 6) "," ~ ",(" run "|all),")
			if ($i ~ /^expect=/) want = substr($i, 8)
			if ($i ~ /^time=/) when = substr($i, 6)
		}
		if (!here) { want = "none"; when = "" }
		next
	}
	/^#/ || /^$/ { next }
	{
		got = (FNR in host) ? host[FNR] : "none"
		checked++
		if (want == "") { want = "an expectation" }
		if (got != want || (when != "" && time[FNR] != when)) {
			mistakes++
			printf "%s:%d: %s: expected %s %s, found %s %s\n", name, FNR, run, want, when, got, time[FNR] > "/dev/stderr"
		}
	}
	END { print checked + 0, mistakes + 0 }' "$out" "$1"
}

[ $# -gt 0 ] || set -- "$here"/*.log
for file in "$@"; do
	now=$(sed -n 's/^# now //p' "$file")
	checked=0 mistakes=0
	while read -r _ _ name filter; do
		"$banish" match --json --now "$now" "$filters/$filter" "$file" >"$out" 2>/dev/null ||
			{ echo "$file: $filter: banish match failed" >&2; bad=$((bad + 1)); continue; }
		result=$(check "$file" "$name")
		checked=$((checked + ${result% *})) mistakes=$((mistakes + ${result#* }))
	done <<-END
	$(grep '^# run ' "$file")
	END
	[ "$checked" -gt 0 ] || mistakes=$((mistakes + 1))
	echo "$(basename "$file"): $checked checks, $mistakes mistakes"
	all=$((all + checked)) bad=$((bad + mistakes))
done
echo "$((all > bad ? all - bad : 0)) passed, $bad failed"
[ "$bad" -eq 0 ]
