# Sourced by the benchmarks: numbers, and what they must hold.

missed=0

scratch() {
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
}

fail() {
	echo "bench: $*" >&2
	exit 1
}

calc() { awk "BEGIN { printf \"%.4g\", $* }"; }
true_that() { awk "BEGIN { exit !($*) }"; }
less() { if true_that "$1 < $2"; then echo "$1"; else echo "$2"; fi; }
say() { printf '%s %s %s\n' "$1" "$2" "$3"; }

# NAME VALUE UNIT RELATION LIMIT: a number to hold.
hold() {
	local verdict=PASS
	true_that "$2 $4 $5" || { verdict=FAIL; missed=$((missed + 1)); }
	printf '%s %s %s %s (to hold: %s %s)\n' "$1" "$2" "$3" "$verdict" "$4" "$5"
}
