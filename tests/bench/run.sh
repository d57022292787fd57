#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How fast logs are matched, beside the tools a user would use instead, in one run. Prints `name
# number unit`, and for each number to hold a line that says whether it does. Time is CPU time,
# user and system, with everything from the program's start; of several rounds, in which the
# programs take turns, the best counts. BENCH_LINES=1000000.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
B=${B:-build}
LINES_MADE=${BENCH_LINES:-1000000}
ROUNDS=${BENCH_ROUNDS:-5}
peers=build/peers
scratch

# ---- measuring ----

# CPU seconds of a command; its output goes to $dir/out and $dir/err.
cpu() {
	local TIMEFORMAT='%3U %3S' user sys
	{ time "$@" >"$dir/out" 2>"$dir/err"; } 2>"$dir/time"
	read -r user sys <"$dir/time"
	calc "$user + $sys"
}

rate() { awk -v n="$1" -v t="$2" 'BEGIN { printf "%.0f", n / (t > 0 ? t : 0.001) }'; }

banish() { "$B/banish" match --stats "$@"; }

# The matches that `banish match --stats` told of last.
matches() { awk '$1 == "matches" { print $2 }' "$dir/out"; }

# ---- what is compared ----

${CC:-cc} -O2 -D_GNU_SOURCE -o "$dir/gen-logs" tests/bench/gen-logs.c || exit 1
for log in mail ssh; do
	"$dir/gen-logs" $log "$LINES_MADE" >"$dir/$log.log" || exit 1
done
tests/unpack.sh $peers/sshguard sshguard && tests/unpack.sh $peers/fail2ban fail2ban || exit 1
sshg=$(find "$PWD/$peers/sshguard" -name sshg-parser | head -n 1)

own=(-f 'src/filter.d/postfix.conf[mode=aggressive]' -f src/filter.d/sshd.conf
	-f src/filter.d/dovecot.conf -f src/filter.d/sendmail-auth.conf
	-f 'src/filter.d/sendmail-reject.conf[mode=extra]')

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
sed 's|^|dovecot: |; s|HOST|[0-9a-f:.]+|' >"$dir/dovecot" <<'END'
(?:pop3|imap|managesieve|submission)-login: (?:Info: )?(?:Aborted login|Disconnected|Remote closed connection|Client has quit the connection)(?:: [^(]+)* \((?:auth failed, \d+ attempts(?: in \d+ secs)?|tried to use (?:disabled|disallowed) \S+ auth|proxy dest auth failed)\):(?: user=<[^>]*>,)?(?: method=\S+,)? rip=HOST(?:[^>]*(?:, session=<\S+>)?)\s*$
auth(?:-worker)?(?:\(\d+\))?: pam\(\S+,HOST(?:,\S*)?\): pam_authenticate\(\) failed: (?:User not known to the underlying authentication module: \d+ Time\(s\)|Authentication failure \([Pp]assword mismatch\?\)|Permission denied)\s*$
auth(?:-worker)?(?:\(\d+\))?: [a-z-]{3,15}\(\S*,HOST(?:,\S*)?\): (?:[Uu]nknown user|[Ii]nvalid credentials|[Pp]assword mismatch)
END
sed 's|^|(?:sendmail\|sm-mta)(?:\\[\\d+\\])?: \\w{14,20}: |; s|WHO|(?:\\S+ )?\\[[0-9a-f:.]+\\](?: \\(may be forged\\))?|' \
	>"$dir/sendmail" <<'END'
ruleset=check_rcpt, arg1=<\S+@\S+>, relay=WHO, reject=550 5\.7\.1(?: \S+\.\.\.)?(?: Relaying denied\.)? (?:IP name possibly forged|Proper authentication required\.|IP name lookup failed \[)
ruleset=check_relay.*reject=421 4\.3\.2 (?:Connection rate limit exceeded\.|Too many open connections\.)$
rejecting commands from WHO due to pre-greeting traffic after \d+ seconds$
WHO: (?:(?i)expn|vrfy) \S+ \[rejected\]$
WHO did not issue \S+ during connection
WHO: possible SMTP attack: command=AUTH, count=\d+$
AUTH failure \([^)]+\):(?: [^:]+:)? (?:authentication failure|user not found): [^,]*, (?:user=(?:\S+|.*?), )?relay=WHO$
END
patterns=(-f "$dir/sshd" -f "$dir/postfix" -f "$dir/dovecot" -f "$dir/sendmail")

# ---- four services, beside rg and sshguard ----

beside() {
	local log=$1 ours=1000 rg=1000 sshguard=1000 t hits round
	for ((round = 0; round < ROUNDS; round++)); do
		t=$(cpu banish "${own[@]}" "$dir/$log.log")
		ours=$(less "$ours" "$t")
		hits=$(matches)
		t=$(cpu rg -j1 -c "${patterns[@]}" "$dir/$log.log")
		rg=$(less "$rg" "$t")
		[ "$hits" = "$(cat "$dir/out")" ] ||
			fail "$log: the filters match $hits lines, the patterns $(cat "$dir/out")"
		if [ $round -lt 2 ]; then
			t=$(cpu "$sshg" <"$dir/$log.log")
			sshguard=$(less "$sshguard" "$t")
		fi
	done
	say "match-$log" "$(rate "$LINES_MADE" "$ours")" lines/CPU-second
	say "match-$log-rg" "$(rate "$LINES_MADE" "$rg")" lines/CPU-second
	say "match-$log-sshg-parser" "$(rate "$LINES_MADE" "$sshguard")" lines/CPU-second
	hold "match-$log-to-rg" "$(calc "$rg / $ours")" times '>=' 3.5
	hold "match-$log-to-sshg-parser" "$(calc "$sshguard / $ours")" times '>=' 15
	eval "ours_$log=$ours"
}

# ---- beside fail2ban: its fastest filter alone, and the same filters ----

fail2ban_regex() {
	PYTHONPATH=$peers/fail2ban/usr/lib/python3/dist-packages python3 \
		$peers/fail2ban/usr/bin/fail2ban-regex "$dir/$1" \
		"$peers/fail2ban/etc/fail2ban/filter.d/$2.conf"
}

# Without the time that it takes to start.
beside_fail2ban() {
	local lines=20000 filter t start best=1000 all=0
	head -n $lines "$dir/mail.log" >"$dir/some.log"
	head -n 1 "$dir/mail.log" >"$dir/one.log"
	for filter in postfix sshd dovecot sendmail-auth sendmail-reject; do
		start=$(cpu fail2ban_regex one.log $filter)
		t=$(cpu fail2ban_regex some.log $filter)
		grep -q "^Lines: $lines lines" "$dir/out" || fail "fail2ban-regex: $(cat "$dir/err")"
		t=$(calc "$t - $start")
		best=$(less "$best" "$t")
		all=$(calc "$all + $t")
	done
	say match-mail-fail2ban-fastest-filter "$(rate $lines "$best")" lines/CPU-second
	say match-mail-fail2ban-same-filters "$(rate $lines "$all")" lines/CPU-second
	hold match-mail-to-fail2ban-fastest-filter \
		"$(calc "$best / $lines * $LINES_MADE / $ours_mail")" times '>=' 500
	say match-mail-to-fail2ban-same-filters \
		"$(calc "$all / $lines * $LINES_MADE / $ours_mail")" times
}

# ---- one jail and 50 ----

# Filters of fail2ban that look at one line, beside our own; without those that find no word to
# look for and see all lines, and those that ban any line.
others() {
	grep -L maxlines $peers/fail2ban/etc/fail2ban/filter.d/*.conf |
		grep -v 'common\|fakegoogle\|3proxy\|/postfix\|/sshd\|/dovecot\|/sendmail\|/zzz'
}

many_jails() {
	local one=1000 many=1000 t filter round jails=("${own[@]}")
	for filter in $(others | head -n 45); do
		jails+=(-f "$filter")
	done
	[ ${#jails[@]} -eq 100 ] || fail "there are ${#jails[@]} / 2 filters"
	for ((round = 0; round < ROUNDS; round++)); do
		t=$(cpu banish -f src/filter.d/sshd.conf "$dir/ssh.log")
		one=$(less "$one" "$t")
		t=$(cpu banish "${jails[@]}" "$dir/ssh.log")
		[ -n "$(matches)" ] || fail "50 filters: $(cat "$dir/err")"
		many=$(less "$many" "$t")
	done
	say match-ssh-1-jail "$(rate "$LINES_MADE" "$one")" lines/CPU-second
	say match-ssh-50-jails "$(rate "$LINES_MADE" "$many")" lines/CPU-second
	hold match-50-jails-to-1 "$(calc "$many / $one")" times '<=' 2
}

# ---- memory ----

# The most RssAnon that is seen until the program ends.
memory() {
	local most=0 key value rest pid round
	for ((round = 0; round < 3; round++)); do
		"$B/banish" match --stats "${own[@]}" "$dir/mail.log" >"$dir/out" 2>"$dir/err" &
		pid=$!
		while [ -r /proc/$pid/status ]; do
			while read -r key value rest; do
				[ "$key" = RssAnon: ] && [ "$value" -gt "$most" ] && most=$value
			done </proc/$pid/status
		done 2>"$dir/status"
		wait $pid || fail "memory: $(cat "$dir/err")"
	done
	hold match-memory "$(calc "$most / 1024")" MiB '<' 32
}

# ---- hostile lines ----

fail2bans=()
for filter in postfix sshd dovecot sendmail-reject; do
	fail2bans+=(-f "$peers/fail2ban/etc/fail2ban/filter.d/$filter.conf[mode=aggressive]")
done

# LINE FILTER..., with blanks to 8 KiB in place of @: milliseconds a line, of all together.
slow_line() {
	local line=$1 count=100 t start blanks
	shift
	printf -v blanks '%*s' $((8000 - ${#line})) ''
	for ((i = 0; i < count; i++)); do
		echo "${line/@/$blanks}"
	done >"$dir/slow.log"
	start=$(cpu banish "$@" /dev/null)
	t=$(cpu banish "$@" "$dir/slow.log")
	[ "$(awk '$1 == "lines" { print $2 }' "$dir/out")" = $count ] || fail "slow line: $(cat "$dir/err")"
	calc "($t - $start) * 1000 / $count"
}

# NAME FILTER...
slow_lines() {
	local name=$1 worst=0 line t
	shift
	while read -r line; do
		t=$(slow_line "$line" "$@")
		true_that "$t > $worst" && worst=$t
	done <<'END'
Nov 20 00:53:20 mx1 @ sshd[1]: Failed password for root from 192.0.2.1 port 22 ssh2
Nov 20 00:53:20 mx1 sshd[1]: Failed password for invalid user @ from
Nov 20 00:53:20 mx1 sshd[1]: Connection from @ [preauth]
Nov 20 00:53:20 mx1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from @ Relay access denied
Nov 20 00:53:20 mx1 postfix/smtpd[1]: @: disconnect from auth=0/1
Nov 20 00:53:20 mx1 dovecot: imap-login: Disconnected @ (auth failed, 3 attempts
Nov 20 00:53:20 mx1 sm-mta[1]: 4AKaqo0d194018: ruleset=check_rcpt, @, reject=550
Nov 20 00:53:20 mx1 sm-mta[1]: 4AKaqo0d194018: from=@, relay=
END
	hold "$name" "$worst" ms '<' 30
}

beside mail
beside ssh
beside_fail2ban
many_jails
memory
slow_lines match-slow-line "${own[@]}"
slow_lines match-slow-line-fail2bans-filters "${fail2bans[@]}"
[ $missed -eq 0 ] || { echo "bench: $missed missed" >&2; exit 1; }
