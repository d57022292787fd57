# SPDX-License-Identifier: GPL-2.0-or-later
# make help: the list of what can be made.

PREFIX     ?= /usr/local
DESTDIR    ?=
sbindir    = $(PREFIX)/sbin
libexecdir = $(PREFIX)/libexec/banish
datadir    = $(PREFIX)/share/banish
mandir     = $(PREFIX)/share/man
unitdir    = $(PREFIX)/lib/systemd/system
sysusers   = $(PREFIX)/lib/sysusers.d

B       ?= build
CC      ?= cc
VERSION := 0.1
CFLAGS  ?= -O2 -g
WARN     = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith -Wformat=2
STD      = -std=gnu17 -D_GNU_SOURCE -pthread -fno-strict-aliasing
HARDEN   = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
FLAGS    = $(STD) $(WARN) $(HARDEN) -Isrc -I. -DVERSION='"$(VERSION)"' $(PATHS) $(EXTRA)
PATHS    = -DDATADIR='"$(datadir)"' -DLIBEXECDIR='"$(libexecdir)"'
LINK     = -pie -pthread -Wl,-z,relro,-z,now

# Vectorscan, or Hyperscan: both are called libhs. `make HS=` builds without either, as is done
# where they are not. Asked when it is needed, since `deps` may have installed it.
HS       ?= $(shell pkg-config --exists libhs 2>/dev/null && echo yes)
HS_FLAGS  = $(if $(HS),-DHAVE_HS $(shell pkg-config --cflags libhs))
HS_LIBS   = $(if $(HS),$(shell pkg-config --libs libhs))
HS_NEEDS  = $(if $(HS),,$(firstword $(shell apt-cache pkgnames libvectorscan-dev) \
	$(shell apt-cache pkgnames libhyperscan-dev)))

# banish links GDBM and never libipset; banish-netlink the other way round: their licences
# (GPL-3.0-or-later, GPL-2.0-only) may not share an address space.
BANISH_LIBS  = -lpcre2-8 -levent_extra -levent_core -lgdbm -lcdb -lcjson -lcap-ng -lsystemd $(HS_LIBS) -lm
NETLINK_LIBS = -lmnl -lnftnl -lipset -lcap-ng

ROOMS    := base conf source match resolve judge tarpit target control
room_dir  = $(if $(filter $1,state netlink),$1,src/$1)
room_src  = $(wildcard $(call room_dir,$1)/*.c)
room_obj  = $(patsubst %.c,$(B)/%.o,$(call room_src,$1))

BANISH_SRC  := $(wildcard src/*.c) $(foreach r,$(ROOMS) state,$(call room_src,$r))
NETLINK_SRC := $(call room_src,netlink) src/base/prefix.c src/base/log.c
BANISH_OBJ   = $(BANISH_SRC:%.c=$(B)/%.o)
NETLINK_OBJ  = $(NETLINK_SRC:%.c=$(B)/%.o)
HEADERS     := $(wildcard src/*.h src/*/*.h state/*.h netlink/*.h)
SOURCES     := $(wildcard src/*.c src/*/*.c state/*.c netlink/*.c)

# make V=1 shows the commands.
Q   = $(if $(V),,@)
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@echo "  $1	$2")

all: $(B)/banish $(B)/banish-netlink

$(B)/banish: $(BANISH_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(LINK) -o $@ $^ $(BANISH_LIBS)

$(B)/banish-netlink: $(NETLINK_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(LINK) -o $@ $^ $(NETLINK_LIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/src/match/vector.o: FLAGS += $(HS_FLAGS)

# ---- unit tests: a program a room, linked with that room and base alone ----

TESTED := $(foreach r,$(ROOMS) state netlink,$(if $(wildcard tests/$r/*.c),$r))
LIBS_base    = -levent_core
LIBS_conf    =
LIBS_source  = -levent_core -lsystemd
LIBS_match   = -lpcre2-8 $(HS_LIBS)
LIBS_resolve = -levent_extra -levent_core
LIBS_judge   = -lm
LIBS_tarpit  =
LIBS_target  = -levent_core -lcdb
LIBS_control = -levent_core -lcjson
LIBS_state   = -lgdbm
LIBS_netlink = $(NETLINK_LIBS)

# netlink has a main of its own, which its unit tests leave out.
define unit
$(B)/unit/$1: $$(patsubst %.c,$(B)/%.o,$$(wildcard tests/$1/*.c)) \
		$$(filter-out %/main.o,$$(call room_obj,$1)) $$(call room_obj,base)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(CFLAGS) $$(EXTRA) $$(LINK) -o $$@ $$(sort $$^) $$(LIBS_$1) -lcriterion
endef
$(foreach r,$(TESTED),$(eval $(call unit,$r)))

unit: $(TESTED:%=$(B)/unit/%)
	@for t in $^; do echo "== $$t"; $$t $(UNIT_ARGS) || exit 1; done

# What the runners in tests/filters ask: our reader of filters, and what is found in a line alone.
$(B)/filters/dump: $(B)/tests/filters/dump.o $(call room_obj,conf) $(call room_obj,base)
$(B)/filters/each: $(B)/tests/filters/each.o $(call room_obj,match) $(call room_obj,conf) \
		$(call room_obj,base)
$(B)/filters/%:
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(LINK) -o $@ $(sort $^) $(LIBS_match) -lcjson

# Our filters' reader and matcher against fail2ban's own, its filters and its sample logs. SEED=N for
# the same lines again: `check` has always the same, and what others find is for `torture`.
MUTATIONS ?= 20
SEEDED     = $(if $(SEED),--seed $(SEED))
expansions: $(B)/filters/dump
	tests/filters/expand.py $<
corpus: $(B)/banish
	tests/filters/corpus.py $<
differential: $(B)/filters/each
	tests/filters/differential.py --mutations $(MUTATIONS) $(SEEDED) $<

# What the crash tests run: the daemon with a snapshot every other moment, and what makes system
# calls fail.
HASTY     = state/store src/memory_snapshot src/run
HASTY_OBJ = $(HASTY:%=$(B)/crash/%.o)
$(B)/crash/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -DJOURNAL_ENOUGH=16384 -DJOURNAL_RATIO=0 -DSNAPSHOT_STEP=5 \
		-DTICK_MS=100 -MMD -MP -c -o $@ $<
$(B)/crash/banish: $(HASTY_OBJ) $(filter-out $(HASTY:%=$(B)/%.o),$(BANISH_OBJ))
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(LINK) -o $@ $^ $(BANISH_LIBS)
$(B)/crash/banish-netlink: $(B)/banish-netlink
	$(Q)ln -sf ../banish-netlink $@
$(B)/crash/fault.so: tests/crash/fault.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(STD) $(WARN) $(CFLAGS) -shared -fPIC -o $@ $<
$(B)/crash/guest: tests/crash/guest.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(STD) $(WARN) $(CFLAGS) -o $@ $<
crash-build: $(B)/crash/banish $(B)/crash/banish-netlink $(B)/crash/fault.so $(B)/crash/guest

# Root: the kernel is changed in network namespaces. SEED=N plans the same rounds again.
CRASHES ?= 100
crash: all crash-build
	PYTHONDONTWRITEBYTECODE=1 tests/crash/crash.py -n $(CRASHES)

# A machine with Debian's kernel and a disk that loses what was not flushed.
CUTS ?= 3
cut: all crash-build
	PYTHONDONTWRITEBYTECODE=1 tests/crash/cut.py -n $(CUTS) --lie

# A log rotated in every way under 50,000 lines a second, and a daemon that is killed meanwhile.
STORM ?= 16
storm: all crash-build
	PYTHONDONTWRITEBYTECODE=1 tests/crash/storm.py -t $(STORM)

# How bans grow with each repetition, against fail2ban's own code.
STRIKE_ROUNDS ?= 60
$(B)/strikes/drive: $(B)/tests/strikes/drive.o $(call room_obj,judge) $(call room_obj,conf) \
		$(call room_obj,base)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(LINK) -o $@ $(sort $^) $(LIBS_judge)
strikes: $(B)/strikes/drive
	tests/strikes/compare.py --rounds $(STRIKE_ROUNDS) $(SEEDED) $<

-include $(shell find $(B) \( -name peers -o -path '$(B)/asan' \) -prune -o -name '*.d' -type f -print 2>/dev/null)

# ---- checks ----

check: deps all
	tests/check.sh

demo:
	@tests/deps.sh $(BUILD_NEEDS)
	@$(MAKE) --no-print-directory -j2 all
	@tests/demo.sh

rooms: all
	tests/rooms.sh $(B)

headers:
	@for h in $(HEADERS); do \
		$(CC) $(FLAGS) -fsyntax-only -x c $$h || { echo "$$h does not compile alone"; exit 1; }; \
	done; echo "$(words $(HEADERS)) headers compile alone"

man-lint:
	mandoc -T lint -W warning src/man/*

asan:
	LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 $(MAKE) B=$(B)/asan EXTRA="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" CFLAGS="-O1 -g" all unit

TIDY_FLAGS = $(STD) -Isrc -I. -DVERSION='"$(VERSION)"' $(HS_FLAGS)
tidy:
	printf '%s\n' $(SOURCES) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- $(TIDY_FLAGS)
	clang-format --dry-run -Werror $(SOURCES) $(HEADERS)

# Beside the store alone, a daemon whose every snapshot is followed by the next.
$(B)/bench/state: $(B)/tests/bench/state.o $(call room_obj,state) $(call room_obj,judge) \
		$(call room_obj,base)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(LINK) -o $@ $(sort $^) $(LIBS_state) $(LIBS_judge)
$(B)/bench/store.o: state/store.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -DJOURNAL_ENOUGH=1 -DJOURNAL_RATIO=0 -MMD -MP -c -o $@ $<
$(B)/bench/banish: $(B)/bench/store.o $(filter-out $(B)/state/store.o,$(BANISH_OBJ))
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(LINK) -o $@ $^ $(BANISH_LIBS)
$(B)/bench/banish-netlink: $(B)/banish-netlink
	$(Q)ln -sf ../banish-netlink $@
bench-build: $(B)/bench/state $(B)/bench/banish $(B)/bench/banish-netlink

bench: all bench-build
	@missed=0; for b in run kernel policy state; do tests/bench/$$b.sh || missed=1; done; exit $$missed

# ---- fuzzing: clang's libFuzzer, each target for FUZZ_SECONDS ----

FUZZ_SECONDS ?= 60
FUZZERS  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_SRC := $(foreach r,$(ROOMS) state,$(call room_src,$r)) src/evidence.c $(wildcard src/swatch*.c) src/smtpban_db.c
FUZZ_CC   = clang $(STD) -Isrc -I. -O1 -g -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=undefined -DVERSION='"$(VERSION)"' \
	$(HS_FLAGS)

$(B)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -MMD -MP -c -o $@ $<

$(B)/fuzz/%: $(B)/fuzz/obj/tests/fuzz/%.o $(FUZZ_SRC:%.c=$(B)/fuzz/obj/%.o)
	$(call say,FUZZ,$@)
	$(Q)$(FUZZ_CC) -o $@ $^ $(BANISH_LIBS)

# The helper's sources, with a kernel and a clock that are made up.
FUZZ_HELPER      = netlink packet
FUZZ_HELPER_SRC := $(filter-out netlink/main.c netlink/parent.c,$(NETLINK_SRC)) tests/fuzz/null/kernel.c
FUZZ_HELPER_CC   = $(FUZZ_CC) -Dpoll=null_poll -Dclock_gettime=null_clock_gettime \
	-Dnanosleep=null_nanosleep -Dgetrandom=null_getrandom
FUZZ_HELPER_WRAP = -Wl,--wrap=locks_take,--wrap=ipset_create

$(B)/fuzz/null/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(FUZZ_HELPER_CC) -MMD -MP -c -o $@ $<

$(FUZZ_HELPER:%=$(B)/fuzz/%): $(B)/fuzz/%: $(B)/fuzz/null/tests/fuzz/%.o $(FUZZ_HELPER_SRC:%.c=$(B)/fuzz/null/%.o)
	$(call say,FUZZ,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_HELPER_WRAP) -o $@ $^ $(NETLINK_LIBS)

fuzz-build: $(FUZZERS:%=$(B)/fuzz/%)

# What was found before is run again, without looking for more.
fuzz-replay: fuzz-build
	@for f in $(FUZZERS); do $(B)/fuzz/$$f -runs=0 tests/fuzz/corpus/$$f >$(B)/fuzz/$$f.log 2>&1 \
		|| { cat $(B)/fuzz/$$f.log; exit 1; }; echo "fuzz $$f: corpus replayed"; done

fuzz: fuzz-build
	@for f in $(FUZZERS); do mkdir -p $(B)/fuzz/new-$$f; \
		$(B)/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -max_len=16384 \
		$(B)/fuzz/new-$$f tests/fuzz/corpus/$$f || exit 1; done

# What takes too long for every day: some hours.
torture: all $(B)/unit/source
	ROUNDS=100 $(B)/unit/source --filter 'storm/*'
	MANY=2000000 tests/system/09-many.sh
	KILLS=200 tests/kernel/run.sh kill
	EACH=10000 tests/system/27-flushed-in-a-flood.sh
	for i in 1 2 3 4 5 6 7 8 9 10; do tests/system/15-changes.sh || exit 1; done
	$(MAKE) crash CRASHES=1000
	$(MAKE) cut CUTS=200
	$(MAKE) storm STORM=1200
	$(MAKE) differential MUTATIONS=500
	$(MAKE) strikes STRIKE_ROUNDS=2000
	$(MAKE) fuzz FUZZ_SECONDS=600

# ---- what the machine must have ----

BUILD_NEEDS = gcc make pkg-config libc6-dev libmnl-dev libnftnl-dev libipset-dev libgdbm-dev libcdb-dev \
	libpcre2-dev libevent-dev libcjson-dev libcap-ng-dev libsystemd-dev nftables ipset iproute2 \
	$(HS_NEEDS)
TEST_NEEDS  = libcriterion-dev clang libclang-rt-14-dev clang-tidy clang-format mandoc ripgrep \
	python3 jq strace gdbmtool systemd util-linux procps netbase iptables kmod perl \
	qemu-system-x86 cpio busybox e2fsprogs

deps:
	@tests/deps.sh $(BUILD_NEEDS) $(TEST_NEEDS)

# ---- installation ----

install: all
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(libexecdir) $(DESTDIR)$(datadir)/filter.d \
		$(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man7 $(DESTDIR)$(mandir)/man8 \
		$(DESTDIR)$(unitdir) $(DESTDIR)$(sysusers)
	install -m 755 $(B)/banish $(DESTDIR)$(sbindir)/banish
	install -m 755 $(B)/banish-netlink $(DESTDIR)$(libexecdir)/banish-netlink
	install -m 644 src/filter.d/*.conf $(DESTDIR)$(datadir)/filter.d
	install -m 644 src/man/*.5 $(DESTDIR)$(mandir)/man5
	install -m 644 src/man/*.7 $(DESTDIR)$(mandir)/man7
	install -m 644 src/man/*.8 $(DESTDIR)$(mandir)/man8
	install -m 644 contrib/banish.conf $(DESTDIR)$(datadir)/banish.conf.sample
	install -m 644 contrib/systemd/banish.sysusers.conf $(DESTDIR)$(sysusers)/banish.conf
	for u in contrib/systemd/*.service; do n=$$(basename $$u); \
		sed 's|/usr/local/sbin|$(sbindir)|g' $$u > $(DESTDIR)$(unitdir)/$$n && \
		chmod 644 $(DESTDIR)$(unitdir)/$$n || exit 1; done

clean:
	rm -rf $(B)

help:
	@echo "make            banish and banish-netlink in $(B)/"
	@echo "make deps       install what building and testing needs (Debian, root)"
	@echo "make demo       the main job shown in a scratch namespace (root)"
	@echo "make check      everything that CI runs (root)"
	@echo "make install    DESTDIR=, PREFIX=$(PREFIX)"
	@echo "make unit rooms headers man-lint asan tidy bench fuzz torture clean"

.PHONY: all bench-build unit check crash crash-build cut storm demo expansions corpus differential strikes rooms headers man-lint asan tidy bench fuzz fuzz-build fuzz-replay \
	torture deps install clean help
.DELETE_ON_ERROR:
.SECONDARY:
