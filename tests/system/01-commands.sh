#!/bin/bash
# Wrong arguments, and commands without a daemon: exit 2 with usage, exit 3, and words on stderr.
. "$(dirname "$0")/lib.sh"

configure <<E2
[sshd]
filter = sshd
logpath = $T/auth.log
target = null
E2
refuse "no command is a usage error" 2 "usage: banish COMMAND" banish
refuse "an unknown command names the nearest" 2 'did you mean "status"' banish statsu
check "--help" banish --help
check "--version" banish --version
for verb in run restore check match status list ban unban why tarpit sync reload flush reap state; do
	refuse "$verb: an unknown option is a usage error" 2 "usage: banish $verb" banish $verb --no-such-option
	check "$verb --help" banish $verb --help
done
for verb in "status x" "list a b" "tarpit a b" "ban" "why" "why 192.0.2.1 192.0.2.2" "sync x" "reload x" "run x" "restore x" "check x" "flush x" "reap x" "match"; do
	set -- $verb
	refuse "wrong operands: banish $verb" 2 "usage: banish $1" banish "$@"
done
for verb in status list "ban 192.0.2.1" "unban 192.0.2.1" "why 192.0.2.1" tarpit sync reload; do
	set -- $verb
	refuse "no daemon: banish $verb" 3 "no daemon" banish "$1" -c "$CONF" ${2:-}
	refuse "no daemon, -s: banish $verb" 3 "no daemon" banish "$1" -s "$T/nothing" ${2:-}
done
refuse "scan: an unknown option is a usage error" 2 "usage: banish scan" banish scan --no-such-option
refuse "scan without a jail" 2 "usage: banish scan" banish scan
refuse "scan: options that exclude each other" 2 "usage: banish scan" banish scan --jail a --json --block
refuse "import of nothing" 2 "usage: banish import" banish import
check "scan --help" banish scan --help
refuse "restore without a configuration" 1 "$T/none.conf" banish restore -c "$T/none.conf"
refuse "run without a configuration" 1 "$T/none.conf" banish run -c "$T/none.conf"

start
refuse "unban without operands" 2 "give addresses" ask unban
refuse "unban --all with operands" 2 "give addresses" ask unban --all 192.0.2.1
refuse "unban of what is not banned" 1 "is not banned" ask unban 192.0.2.1
refuse "ban of no address" 1 "is not an address" ask ban 192.0.2.09
refuse "ban with host bits" 1 "bits set beyond" ask ban 192.0.2.1/24
refuse "ban in no jail" 1 "no jail" ask ban --jail nowhere 192.0.2.1
refuse "ban for a bad time" 1 "--for takes" ask ban --for 3y 192.0.2.1
refuse "list of no jail" 1 "no jail" ask list nowhere
refuse "why of no address" 1 "is not an address" ask why host.example
check "options may follow operands" ask ban 192.0.2.1 --for 2h --reason "by hand"
equal "list --json has every field" '["bancount","count","ip","jail","prefixlen","reason","since","targets","until"]' \
	"$(ask list --json | jq -c keys)"
equal "its values" '192.0.2.1 32 manual 0 by hand 7200 nft' \
	"$(ask list --json | jq -r '[.ip,.prefixlen,.jail,.count,.reason,.until-.since,.targets[0]]|join(" ")')"
check "ban for ever" ask ban --for forever 192.0.2.2
equal "for ever is null" "null" "$(ask list --json manual | jq -c 'select(.ip=="192.0.2.2").until')"
equal "status --json says durable" true "$(ask status --json | jq .state.durable)"
check "status for a person" ask status
check "another user's call is refused" sh -c "chmod 755 $T; chmod 666 $T/control; setpriv --reuid 65534 --clear-groups $BANISH status -s $T/control; [ \$? -eq 1 ]"
