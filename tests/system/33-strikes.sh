#!/bin/bash
# Bans that grow with each repetition, over kill -9 and over a snapshot; what `why` and `list` say
# of it, and what an unban forgets.
. "$(dirname "$0")/lib.sh"

# Length and number of the address's ban, while it lasts.
ban_of() { ask list --json | jq -r "select(.ip==\"$1\") | \"\(.until - .since) \(.bancount)\""; }
grown() { [ "$(ban_of "$1")" = "$2" ]; }
# That it was banned for so long, which may be over by now; that is seen in every case.
lasted() { grep -q "Ban $1 for $2 " "$LOG"; }
before() { ask why --json "$1" | jq -r '[.before[] | "\(.jail) \(.bancount)"] | join(",")'; }
over() { not_banned "$1" && [ "$(before "$1")" = "$2" ]; }
says() { grep -q "$1" <<<"$("${@:2}")"; }
offend() { sshd_line "$1" >>"$T/auth.log"; }

: >"$T/auth.log"
configure <<E2
[DEFAULT]
target = nft
maxretry = 2
bantime = 2
bantime.increment = yes
bantime.multipliers = 1 5 500 1000
[sshd]
filter = sshd
logpath = $T/auth.log
E2
check "check says how bans grow" says '^  increment times 1 5 500 1000$' banish check -c "$CONF"
start
offend 203.0.113.9
offend 203.0.113.9
soon "two offences ban for bantime" lasted 203.0.113.9 2s
soon "the ban ends and is remembered" over 203.0.113.9 "sshd 1"
check "why says so" says '^before: 203.0.113.9 was banned 1 time in sshd, last ' ask why 203.0.113.9
stop KILL
start
equal "also after kill -9" "sshd 1" "$(before 203.0.113.9)"
offend 203.0.113.9
soon "one offence is now enough, and the ban is longer" grown 203.0.113.9 "10 2"
stop KILL
start
check "a live ban keeps its number over kill -9" grown 203.0.113.9 "10 2"
soon "it ends, and is remembered" over 203.0.113.9 "sshd 2"
stop # which writes a snapshot
start
equal "also in a snapshot" "sshd 2" "$(before 203.0.113.9)"
offend 203.0.113.9
soon "the third is longer still" grown 203.0.113.9 "1000 3"
check "list says which it is" says 'ban number 3$' ask list
stop
start
check "a live ban keeps its number in a snapshot" grown 203.0.113.9 "1000 3"
equal "and is not one of those that are over" "" "$(before 203.0.113.9)"

check "an unban" ask unban 203.0.113.9
stop KILL
start
equal "forgets it for good" "" "$(before 203.0.113.9)"
offend 203.0.113.9
sleep 0.3
check "so that one offence is not enough" not_banned 203.0.113.9
offend 203.0.113.9
soon "and the next ban is the first" lasted 203.0.113.9 2s
soon "which ends" over 203.0.113.9 "sshd 1"
check "an unban of what is not banned now" ask unban 203.0.113.9
equal "forgets as well" "" "$(before 203.0.113.9)"
stop KILL
start
equal "for good" "" "$(before 203.0.113.9)"
refuse "and then nothing is known" 1 "is not banned" ask unban 203.0.113.9

# Twice as often in one round: a kill in between never counts a ban twice.
offend 203.0.113.7
offend 203.0.113.7
soon "an address is banned" lasted 203.0.113.7 2s
for i in 1 2 3; do
	stop KILL
	start
done
soon "restarts do not count it again" over 203.0.113.7 "sshd 1"

check "a ban by hand" ask ban --jail sshd --for 1h 203.0.113.7
check "is not counted" grown 203.0.113.7 "3600 0"
equal "and what was before stays" "sshd 1" "$(before 203.0.113.7)"
sed -i 's/^bantime.increment.*/bantime.increment = no/' "$CONF"
check "bans that do not grow" ask reload
offend 203.0.113.8
offend 203.0.113.8
soon "are counted, too" over 203.0.113.8 "sshd 1"
offend 203.0.113.8
offend 203.0.113.8
soon "and have their number" over 203.0.113.8 "sshd 2"
