#!/bin/sh
# `make rooms` must fail when a room includes another's private header: a copy of the tree with
# one such line added proves it.
set -eu
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r Makefile src netlink state tests "$copy"
cd "$copy"
compile() { # the .d file of one source, as the Makefile would make it
	mkdir -p "build/$(dirname "$1")"
	${CC:-cc} -std=gnu17 -D_GNU_SOURCE -Isrc -I. -DVERSION='""' -MMD -MP -MF "build/${1%.c}.d" \
		-fsyntax-only "$1" -MT "build/${1%.c}.o"
}
compile src/judge/judge.c
tests/rooms.sh build >/dev/null || { echo "the tree as it is trespasses"; exit 1; }
private=$(ls src/match/*.h | grep -v match/match.h | head -n 1)
for trespass in "judge/judge.c:match/$(basename "$private")" "judge/judge.c:match/match.h"; do
	file=src/${trespass%%:*}
	cp "$file" saved
	sed -i "1a #include \"${trespass##*:}\"" "$file"
	compile "$file"
	if tests/rooms.sh build >out; then
		echo "not caught: $trespass"
		exit 1
	fi
	cat out
	cp saved "$file"
done
echo "2 passed, 0 failed"
