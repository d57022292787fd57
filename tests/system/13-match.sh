#!/bin/bash
# banish match: one line for each match and nothing else on standard output.
. "$(dirname "$0")/lib.sh"

{
	sshd_line 203.0.113.70
	echo "Nov 20 23:33:42 host sshd[1]: Accepted publickey for root from 192.0.2.1 port 22 ssh2"
	sshd_line 2001:db8::70
} >"$T/log"
check "a file" banish match sshd "$T/log"
banish match sshd "$T/log" >"$T/o" 2>"$T/e"
equal "a line for each match" 2 "$(grep -c . "$T/o")"
check "the summary is on standard error" test -s "$T/e"
equal "standard input" "203.0.113.70 2001:db8::70" "$(banish match --json sshd - <"$T/log" 2>/dev/null | jq -r .host | xargs)"
equal "line numbers" "1 3" "$(banish match sshd --json "$T/log" 2>/dev/null | jq .line | xargs)"
equal "keys" '["extra","filter","host","line","time"]' "$(banish match --json sshd "$T/log" 2>/dev/null | head -n 1 | jq -c keys)"
equal "--now completes a date without a year" 1763681622 \
	"$(echo 'Nov 20 23:33:42 h sshd[1]: Failed password for root from 203.0.113.1 port 2 ssh2' | TZ=UTC banish match --json --now 1763700000 sshd - 2>/dev/null | jq .time)"
equal "RFC 3339" 1763681622 \
	"$(echo '2025-11-20T23:33:42.5+00:00 h sshd[1]: Failed password for root from 203.0.113.1 port 2 ssh2' | banish match --json sshd - 2>/dev/null | jq '.time|floor')"
check "a filter by its path" banish match "$ROOT/src/filter.d/sshd.conf" "$T/log"
check "options" banish match "sshd[mode=aggressive]" "$T/log"
refuse "a filter that is not there" 1 "no-such" banish match no-such "$T/log"
refuse "a file that is not there" 1 "$T/none" banish match sshd "$T/none"
check "no match is no error" banish match sshd /dev/null
head -c 1000000 /dev/urandom >"$T/random"
check "random bytes" banish match "postfix[mode=aggressive]" "$T/random"

banish match --explain sshd "$T/log" >"$T/o" 2>"$T/e"
equal "--explain: every line" 3 "$(grep -c '^line ' "$T/o")"
check "the date that is cut" grep -q 'date .*is cut out: ' "$T/o"
check "the expression that matches" grep -q 'failregex .* matches: ' "$T/o"
check "how far another got" grep -q 'failregex .* no: reads ' "$T/o"
check "what is found" grep -q 'found *203.0.113.70, user "root"' "$T/o"
banish match --stats -f sshd -f 'postfix[mode=auth]' "$T/log" >"$T/o" 2>"$T/e"
equal "--stats: no line for a match" "lines 3" "$(head -n 1 "$T/o")"
equal "the matches of each filter" "filter sshd 2 filter postfix[mode=auth] 0" "$(grep ^filter "$T/o" | xargs)"
check "the time of an expression" grep -q '^regex sshd .* ns/search ' "$T/o"
two='Nov 20 23:33:42 h sshd[1]: Failed password for root from 203.0.113.1 port 2 ssh2'
equal "which of several filters found it" "sshd[mode=ddos]" \
	"$(banish match -f 'postfix[mode=auth]' -f 'sshd[mode=ddos]' - <<<"$two" 2>/dev/null | cut -f 3)"
equal "and in JSON" "sshd[mode=ddos]" \
	"$(banish match --json -f 'postfix[mode=auth]' -f 'sshd[mode=ddos]' - <<<"$two" 2>/dev/null | jq -r .filter)"
equal "--input journal: no date is looked for" 1763700000 \
	"$(echo 'h sshd[1]: Failed password for root from 203.0.113.1 port 2 ssh2' | banish match --json --input journal --now 1763700000 sshd - 2>/dev/null | jq .time)"
refuse "another input" 2 "neither file nor journal" banish match --input tape sshd "$T/log"
check "an expression that a peer can lead astray is warned of" eval \
	"printf '[Definition]\nfailregex = user .* from <HOST>\n' >$T/greedy.conf; printf '[banish]\nstatedir = $T/s\n[x]\nlogpath = $T/log\nfilter = $T/greedy.conf\n' >$T/lint.conf; \"$BANISH\" check -c $T/lint.conf 2>&1 | grep -q 'greedy.conf:2: warning'"
