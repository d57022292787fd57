#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints `name number unit`, each with the same for the tool a user would use instead, in one run.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-build}
LINES_MADE=${BENCH_LINES:-1000000}
ROUNDS=3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

${CC:-cc} -O2 -D_GNU_SOURCE -o "$dir/gen-logs" tests/bench/gen-logs.c

# The CPU seconds of a command, the best of ROUNDS; its output goes to $dir/out and $dir/err.
cpu() {
	local best=1000000 user sys TIMEFORMAT='%3U %3S'
	for ((i = 0; i < ROUNDS; i++)); do
		{ time "$@" >"$dir/out" 2>"$dir/err"; } 2>"$dir/time"
		read -r user sys <"$dir/time"
		best=$(echo "$user $sys $best" | awk '{ t = $1 + $2; print t < $3 ? t : $3 }')
	done
	echo "$best"
}

rate() { awk -v n="$LINES_MADE" -v t="$1" 'BEGIN { printf "%.0f", n / (t > 0 ? t : 0.001) }'; }

# NAME LOG FILTER PATTERNS: what the filter finds and what the patterns find must be as many.
lines_matched() {
	local name=$1 log=$dir/$2.log filter=$3 pattern=$dir/$4 ours theirs hits

	[ -e "$log" ] || "$dir/gen-logs" "$2" "$LINES_MADE" >"$log"
	ours=$(cpu "$B/banish" match "$filter" "$log")
	hits=$(wc -l <"$dir/out")
	theirs=$(cpu rg -j1 -c -f "$pattern" "$log")
	if [ "$hits" != "$(cat "$dir/out")" ]; then
		echo "bench: $filter finds $hits lines and the patterns $(cat "$dir/out")" >&2
		return 1
	fi
	echo "match-$name $(rate "$ours") lines/CPU-second"
	echo "match-$name-rg $(rate "$theirs") lines/CPU-second"
}

# The filters' own expressions as far as rg's syntax goes: one for each failregex.
sed 's|^|sshd(?:-session\|-auth)?(?:\\[\\d+\\])?: (?:(?:error\|fatal): )?(?:PAM: )?|; s|HOST|\\[?[0-9a-f:.]+\\]?|' \
	>"$dir/sshd" <<'END'
Failed \S+ for invalid user .* from HOST port \d+(?: ssh\d*)?\s*$
Failed [^p]\S+ for [^\s:]+ from HOST port \d+(?: ssh\d*)?\s*$
Failed password for [^\s:]+ from HOST port \d+(?: ssh\d*)?\s*$
(?:Invalid|[Ii]llegal) user .* from HOST(?: port \d+)?(?: \[preauth\])?\s*$
[Aa]uthentication (?:failure|error|failed) for .* from HOST(?: via \S+)?\s*$
User not known to the underlying authentication module for .* from HOST(?: via \S+)?\s*$
ROOT LOGIN REFUSED FROM HOST(?: port \d+)?\s*$
User .+ from HOST not allowed because (?:not listed in AllowUsers|listed in DenyUsers|not in any group)
refused connect from \S+ \(HOST\)\s*$
maximum authentication attempts exceeded for .* from HOST port \d+(?: ssh\d*)?(?: \[preauth\])?\s*$
Received disconnect from HOST(?: port \d+)?:\s*3: .*: Auth fail\s*$
Disconnecting (?:invalid|authenticating) user .* HOST port \d+: Change of username or service not allowed: \(
END
sed 's|^|postfix(?:-[\\w-]+)?(?:/[\\w.-]+)?/(?:smtpd\|postscreen)(?:\\[\\d+\\])?: |; s|WHO|[^\\[\\s]*\\[[0-9a-f:.]+\\](?::\\d+)?|' \
	>"$dir/postfix" <<'END'
warning: WHO: SASL [\w-]* authentication failed:
\w+: (?:milter-)?reject: [A-Z]{4} from WHO: [45]\d\d [45]\.\d+\.\d+ (?:<.*?>: )?(?:Relay access denied|(?:Helo command|(?:Sender|Recipient) address) rejected: (?:match\b|need fully-qualified hostname|[Uu]ser unknown|[Uu]ndeliverable address))
\w+: (?:milter-)?reject: [A-Z]{4} from WHO: 5\d\d 5\.\d+\.\d+ (?:<.*?>: )?(?:Helo command rejected: |Client host rejected: |Command rejected|Data command rejected|Sender address rejected: Domain not found)
\w+: (?:milter-)?reject: [A-Z]{4} from WHO: [45]\d\d [45]\.7\.1 Service unavailable; (?:Client host|client) \[\S+\] blocked using
improper command pipelining after [A-Z-]+ from WHO
too many errors after [A-Z-]+(?: \(\d+ bytes\))? from WHO
DNSBL rank \d+ for WHO\s*$
lost connection after [A-CE-Z][A-Z]+ from WHO
disconnect from WHO(?: \w+=\d+)* auth=0/[1-9]
(?:PREGREET \d+|HANGUP) after \S+ from WHO
COMMAND (?:TIME|COUNT|LENGTH) LIMIT from WHO
(?:COMMAND PIPELINING|NON-SMTP COMMAND|BARE NEWLINE) from WHO
warning: non-SMTP command from WHO
warning: [A-Z][A-Za-z ]{0,40} (?:rate|concurrency) limit exceeded: \d+ from WHO for service
END

lines_matched mail-postfix mail 'src/filter.d/postfix.conf[mode=aggressive]' postfix
lines_matched mail-sshd mail src/filter.d/sshd.conf sshd
lines_matched ssh-sshd ssh src/filter.d/sshd.conf sshd
