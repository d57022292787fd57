/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>
#include <criterion/criterion.h>

#include "base/moment.h"
#include "target/rulefile.h"
#include "target/target.h"
#include "target/tcprule.h"
#include "tests/target/fake.h"

/* ---- the language; what is expected is what Debian's tcprules makes of the line ---- */

static int collect(void *arg, struct text key, struct text data)
{
	char *out = arg;
	size_t len = strlen(out);

	len += (size_t)sprintf(out + len, "%.*s=", (int)key.len, key.at);
	for (size_t i = 0; i < data.len; i++)
		out[len++] = data.at[i] ? data.at[i] : '0';
	strcpy(out + len, ";");
	return 0;
}

static const struct {
	const char *line, *records; /* NULL: the whole file is refused */
} lines[] = {
	{"1.2.3.4:deny", "1.2.3.4=D0;"},
	{"1.2.3.4:deny \t ", "1.2.3.4=D0;"},
	{":allow", "=;"},
	{"1.2.3.4:allow,RELAYCLIENT=\"\",X=/a b/", "1.2.3.4=+RELAYCLIENT=0+X=a b0;"},
	{"1.2.3.4:deny,A=\"x\"", "1.2.3.4=D0+A=x0;"},
	{"1.2.3.4:allow,=\"x\"", "1.2.3.4=+=x0;"},
	{"1.2.3.4:allow,X=\":deny\"", "1.2.3.4=+X=:deny0;"},
	{"1.2.3.37-39:deny", "1.2.3.37=D0;1.2.3.38=D0;1.2.3.39=D0;"},
	{"10-12.:deny", "10.=D0;11.=D0;12.=D0;"},
	{"1-3.4-6.:deny", "1.4-6.=D0;2.4-6.=D0;3.4-6.=D0;"},
	{"1.2.3.007-009:deny", "1.2.3.7=D0;1.2.3.8=D0;1.2.3.9=D0;"},
	{"1.2.3.254-999:deny", "1.2.3.254=D0;1.2.3.255=D0;"},
	{"1.2.3.10-5:deny", ""},
	{"99999999999999999999-99999999999999999999.:deny", ""},
	{"1.2.3-.:deny", ""},
	{"A@1.2.3.5-9:deny", "A@1.2.3.5-9=D0;"},
	{"=Foo.Com:deny", "=Foo.Com=D0;"},
	{" 1.2.3.4:deny", " 1.2.3.4=D0;"},
	{"1.2.3.4", ""},
	{"", ""},
	{"# 1.2.3.4:deny", ""},
	{"1.2.3.4:DENY", NULL},
	{"1.2.3.4:block", NULL},
	{"1.2.3.4:denyx", NULL},
	{"1.2.3.4:allow,FOO=bar", NULL},
	{"1.2.3.4:allow,", NULL},
	{"1.2.3.4:allow,A", NULL},
	{"1.2.3.4:allow,A=", NULL},
	{"1.2.3.4:allow,A=\"", NULL},
	{"1.2.3.A-Z:deny", NULL},
	{"1-2-3.:deny", NULL},
	{"1.2.3.4:deny\r", NULL},
	{"2001:db8::1:deny", NULL},
};

Test(tcprules, reads_lines_as_tcprules_does)
{
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char got[512] = "";
		int error = tcprule_read(text_of(lines[i].line), false, collect, got);

		cr_expect_eq(error, lines[i].records ? 0 : -EINVAL, "%s", lines[i].line);
		if (lines[i].records)
			cr_expect_str_eq(got, lines[i].records, "%s", lines[i].line);
	}
}

Test(tcprules, the_other_build_lets_colons_stand_in_addresses)
{
	char got[512] = "";

	cr_expect_eq(tcprule_read(text_of("2001:db8::1:deny"), true, collect, got), 0);
	cr_expect_eq(tcprule_read(text_of("a:b:allow,X=\":deny\""), true, collect, got), 0);
	cr_expect_str_eq(got, "2001:db8::1=D0;a:b=+X=:deny0;");
	cr_expect_eq(tcprule_read(text_of("a:b:c"), true, collect, got), -EINVAL);
}

Test(tcprules, a_ban_of_any_length_prints_and_parses_again)
{
	for (unsigned len = 1; len <= 32; len++) {
		struct prefix all = {4, 32, {198, 51, 100, 77}}, back;
		struct prefix prefix = prefix_cut(&all, len);
		char line[TCPRULE_MAX];

		cr_assert(tcprule_print(&prefix, line));
		cr_expect(tcprule_parse(&back, text_of(line)), "%s", line);
		cr_expect(prefix_equal(&back, &prefix), "%s", line);
	}
}

Test(tcprules, bans_are_printed_as_the_language_has_them)
{
	static const struct {
		const char *prefix, *line;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1:deny"},
		{"10.0.0.0/8", "10.:deny"},
		{"192.0.2.0/24", "192.0.2.:deny"},
		{"172.16.0.0/12", "172.16-31.:deny"},
		{"192.0.2.128/25", "192.0.2.128-255:deny"},
		{"192.0.2.4/31", "192.0.2.4-5:deny"},
		{"2001:db8:1::30", "2001:db8:1::30:deny"},
		{"2001:db8:1::/64", NULL},
		{"0.0.0.0/0", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct prefix prefix;
		char line[TCPRULE_MAX];

		cr_assert(prefix_parse(&prefix, rows[i].prefix, strlen(rows[i].prefix)));
		cr_assert_eq(tcprule_print(&prefix, line), rows[i].line != NULL);
		if (rows[i].line)
			cr_expect_str_eq(line, rows[i].line);
	}
}

Test(tcprules, what_banish_does_not_write_is_not_taken_for_its_own)
{
	static const char *const foreign[] = {
		"",
		"1.2.3.4",
		"1.2.3.4:allow",
		"1.2.3.4:deny ",
		" 1.2.3.4:deny",
		"1.2.3:deny",
		"1.2.3.4-6:deny",
		"10.0-3.5:deny",
		"01.2.3.4:deny",
		"1.2.3.4-5.:deny",
		"1.2.3.4:deny\r",
		"# 1.2.3.4:deny",
		":deny",
		"1.2.3.4:deny,A=''",
		"1.2.3.5-6:deny",
		"300.:deny",
		"0-255.:deny",
	};
	struct prefix prefix;

	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		cr_expect_not(tcprule_parse(&prefix, text_of(foreign[i])), "%s", foreign[i]);
}

/* ---- the files ---- */

static char dir[] = "/tmp/banish-rules-XXXXXX";

static void setup(void)
{
	cr_assert(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
}

static void teardown(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	cr_assert_eq(system(command), 0);
}

TestSuite(rulefile, .init = setup, .fini = teardown, .timeout = 600);

static const char *in_dir(const char *name)
{
	static char paths[16][64];
	static unsigned next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof paths[0], "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(in_dir(name), "w");

	cr_assert(file);
	fputs(text, file);
	fclose(file);
}

static void expect_file(const char *name, const char *text)
{
	char got[1024] = "";
	FILE *file = fopen(in_dir(name), "r");

	cr_assert(file, "%s", name);
	got[fread(got, 1, sizeof got - 1, file)] = 0;
	fclose(file);
	cr_expect_str_eq(got, text);
}

static struct rulefile job_of(const char *bans)
{
	struct rulefile job = {.file = in_dir("block")};
	struct text rest = text_of(bans), word;

	job.bans = calloc(16, sizeof *job.bans);
	while (text_word(&rest, &word))
		cr_assert(prefix_parse(&job.bans[job.count++], word.at, word.len));
	return job;
}

/* What tcpserver would find under `key`; "" when nothing. */
static const char *look_up(const char *key)
{
	static char value[64];
	int fd = open(in_dir("cdb"), O_RDONLY);
	unsigned len = 0;
	struct cdb cdb;

	cr_assert_geq(fd, 0);
	cr_assert_eq(cdb_init(&cdb, fd), 0);
	if (cdb_find(&cdb, key, (unsigned)strlen(key)) > 0) {
		len = cdb_datalen(&cdb);
		cr_assert_lt(len, sizeof value);
		cdb_read(&cdb, value, len, cdb_datapos(&cdb));
	}
	value[len] = 0;
	cdb_free(&cdb);
	close(fd);
	return value;
}

Test(rulefile, bans_in_order_of_address)
{
	struct rulefile job = job_of("203.0.113.9 192.0.2.1 198.51.100.0/24");

	cr_expect_eq(rulefile_write(&job), 0);
	expect_file("block", "192.0.2.1:deny\n198.51.100.:deny\n203.0.113.9:deny\n");
	free(job.bans);
}

Test(rulefile, bans_stand_before_the_own_rules)
{
	struct rulefile job = job_of("192.0.2.1");

	put("static", "192.0.2.1:allow\n192.0.2.2:allow,RELAYCLIENT=\"\"\n:allow\n");
	job.cdb = in_dir("cdb");
	job.fixed = in_dir("static");
	cr_assert_eq(rulefile_write(&job), 0);
	cr_expect_str_eq(look_up("192.0.2.1"), "D");
	cr_expect_str_eq(look_up("192.0.2.2"), "+RELAYCLIENT=");
	cr_expect_str_eq(look_up("192.0.2.3"), "");
	free(job.bans);
}

Test(rulefile, a_failure_leaves_the_old_files)
{
	struct rulefile job = job_of("192.0.2.1");

	put("static", ":allow\n");
	job.cdb = in_dir("cdb");
	job.fixed = in_dir("static");
	cr_assert_eq(rulefile_write(&job), 0);
	put("static", ":allow\n1.2.3.4:nonsense\n");
	job.count = 0;
	cr_expect_eq(rulefile_write(&job), -EINVAL);
	cr_expect(strstr(job.text, "static:2: \"1.2.3.4:nonsense\" is no rule"), "%s",
		  job.text);
	cr_expect_str_eq(look_up("192.0.2.1"), "D");
	cr_expect_neq(access(in_dir("cdb.banish-new"), F_OK), 0);
	unlink(in_dir("static"));
	cr_expect_eq(rulefile_write(&job), -ENOENT);
	cr_expect_str_eq(look_up("192.0.2.1"), "D");
	free(job.bans);
}

Test(rulefile, somebody_elses_file_is_left_alone)
{
	struct rulefile job = job_of("192.0.2.1");

	put("block", "192.0.2.9:deny\n127.:allow,RELAYCLIENT=\"\"\n");
	cr_expect_eq(rulefile_write(&job), -EEXIST);
	cr_expect(strstr(job.text, "block:2:"), "%s", job.text);
	expect_file("block", "192.0.2.9:deny\n127.:allow,RELAYCLIENT=\"\"\n");
	free(job.bans);
}

Test(rulefile, keeps_permissions_and_takes_over_its_own_bans)
{
	struct rulefile job = {.file = in_dir("block"), .load = true};
	struct stat st;

	put("block", "192.0.2.9:deny\n10.:deny\n");
	chmod(in_dir("block"), 0640);
	put("block.banish-new", "left by a crash");
	cr_expect_eq(rulefile_write(&job), 0);
	cr_expect_eq(job.count, 2u);
	expect_file("block", "10.:deny\n192.0.2.9:deny\n");
	stat(in_dir("block"), &st);
	cr_expect_eq(st.st_mode & 0777, 0640u);
	free(job.bans);
}

Test(rulefile, no_folder)
{
	struct rulefile job = job_of("192.0.2.1");

	job.file = "/nonexistent/block";
	cr_expect_eq(rulefile_write(&job), -ENOENT);
	cr_expect(strstr(job.text, "/nonexistent/block"), "%s", job.text);
	free(job.bans);
}

Test(rulefile, a_symbolic_link_in_the_way_of_the_new_file_is_not_followed)
{
	struct rulefile job = job_of("192.0.2.1");

	put("victim", "precious");
	cr_assert_eq(symlink(in_dir("victim"), in_dir("block.banish-new")), 0);
	cr_expect_eq(rulefile_write(&job), 0);
	expect_file("victim", "precious");
	free(job.bans);
}

/* ---- the target ---- */

struct seen {
	struct event_base *base;
	struct targets *targets;
	unsigned ready, applied, held, listed, done;
	struct target_info info;
	int errors[8], error;
};

static void on_ready(void *arg, size_t target, const struct target_info *info)
{
	struct seen *seen = arg;

	(void)target;
	seen->ready++;
	seen->info = *info;
}

static void on_applied(void *arg, size_t target, const struct target_change *changes,
		       const int *errors, size_t count)
{
	struct seen *seen = arg;

	(void)target;
	(void)changes;
	seen->applied++;
	memcpy(seen->errors, errors, count * sizeof *errors);
}

static void on_held(void *arg, size_t target, const struct prefix *prefix, int64_t left)
{
	struct seen *seen = arg;

	(void)target;
	cr_expect(prefix_valid(prefix));
	cr_expect_eq(left, TIME_FOREVER);
	seen->held++;
}

static void on_listed(void *arg, size_t target, int error)
{
	struct seen *seen = arg;

	(void)target;
	seen->listed++;
	seen->error = error;
}

static void on_done(void *arg, size_t target, int error)
{
	struct seen *seen = arg;

	(void)target;
	seen->done++;
	seen->error = error;
}

static void on_room(void *arg)
{
	(void)arg;
}

static void on_own(void *arg, const struct prefix *addresses, size_t count)
{
	(void)arg;
	(void)addresses;
	(void)count;
}

static const struct targets_events events = {
	.ready = on_ready,
	.applied = on_applied,
	.held = on_held,
	.listed = on_listed,
	.done = on_done,
	.room = on_room,
	.own = on_own,
};

static void until(struct seen *seen, const unsigned *count, unsigned wanted)
{
	while (*count < wanted)
		event_base_loop(seen->base, EVLOOP_ONCE);
	cr_expect_eq(*count, wanted);
}

static void define(struct seen *seen, const char *text)
{
	static const struct targets_scale scale = {0};
	struct diag silent = {0};
	struct spec spec;

	cr_assert_eq(spec_parse(&spec, text_of(text), (struct place){0}, &silent), 0);
	cr_assert_eq(targets_define(seen->targets, &spec, NULL, &scale, 1), 0);
	spec_clear(&spec);
}

static struct seen *open_target(const char *options)
{
	struct seen *seen = calloc(1, sizeof *seen);
	char text[256];

	seen->base = event_base_new();
	cr_assert_eq(targets_open(&seen->targets, seen->base, FAKE_PROGRAM, &events, seen), 0);
	snprintf(text, sizeof text, "tcprules[file=%s%s]", in_dir("block"), options);
	define(seen, text);
	until(seen, &seen->ready, 1);
	return seen;
}

static void close_target(struct seen *seen)
{
	targets_close(seen->targets);
	event_base_free(seen->base);
	free(seen);
}

static void change(struct seen *seen, const char *const *prefixes, enum target_op op)
{
	struct target_change changes[8] = {0};
	unsigned before = seen->applied;
	size_t count = 0;

	for (; prefixes[count]; count++) {
		cr_assert(prefix_parse(&changes[count].prefix, prefixes[count],
				       strlen(prefixes[count])));
		changes[count].op = op;
		changes[count].left = op == TARGET_DEL ? 0 : 60000;
		changes[count].whole = changes[count].left;
	}
	while (target_apply(seen->targets, 0, changes, count) == -EAGAIN)
		event_base_loop(seen->base, EVLOOP_ONCE);
	until(seen, &seen->applied, before + 1);
}

Test(rulefile, target_writes_what_it_is_given_and_takes_it_out_again)
{
	static const char *const two[] = {"192.0.2.7", "192.0.2.5", NULL};
	static const char *const one[] = {"192.0.2.7", NULL};
	struct seen *seen = open_target("");

	cr_expect_eq(seen->info.error, 0);
	cr_expect_eq(seen->info.way, TARGET_DIFF);
	cr_expect_not(seen->info.timeouts);
	change(seen, two, TARGET_ADD);
	expect_file("block", "192.0.2.5:deny\n192.0.2.7:deny\n");
	change(seen, one, TARGET_DEL);
	expect_file("block", "192.0.2.5:deny\n");
	change(seen, one, TARGET_DEL);
	cr_expect_eq(seen->errors[0], 0);
	cr_expect_eq(target_list(seen->targets, 0), 0);
	until(seen, &seen->listed, 1);
	cr_expect_eq(seen->held, 1u);
	cr_expect_eq(target_flush(seen->targets, 0), 0);
	until(seen, &seen->done, 1);
	expect_file("block", "");
	close_target(seen);
}

Test(rulefile, target_begins_with_what_its_file_holds)
{
	struct seen *seen;

	put("block", "192.0.2.5:deny\n10.:deny\n");
	seen = open_target("");
	cr_expect_eq(target_list(seen->targets, 0), 0);
	until(seen, &seen->listed, 1);
	cr_expect_eq(seen->held, 2u);
	close_target(seen);
}

Test(rulefile, target_refuses_what_the_language_cannot_say)
{
	static const char *const mixed[] = {"2001:db8::1", "192.0.2.5", "2001:db8::/64", NULL};
	struct seen *seen = open_target("");

	change(seen, mixed, TARGET_ADD);
	cr_expect_eq(seen->errors[0], -EAFNOSUPPORT);
	cr_expect_eq(seen->errors[1], 0);
	cr_expect_eq(seen->errors[2], -EAFNOSUPPORT);
	expect_file("block", "192.0.2.5:deny\n");
	close_target(seen);
	seen = open_target(", ipv6=yes");
	change(seen, mixed, TARGET_ADD);
	cr_expect_eq(seen->errors[0], 0);
	cr_expect_eq(seen->errors[2], -EOPNOTSUPP);
	expect_file("block", "192.0.2.5:deny\n2001:db8::1:deny\n");
	close_target(seen);
}

Test(rulefile, target_that_cannot_write_says_so_and_works_when_it_can)
{
	static const char *const one[] = {"192.0.2.7", NULL};
	struct seen *seen;

	put("block", "127.:allow\n");
	seen = open_target("");
	cr_expect_eq(seen->info.error, -EEXIST);
	cr_expect(strstr(seen->info.text, "block:1: \"127.:allow\""), "%s", seen->info.text);
	cr_expect_eq(target_apply(seen->targets, 0, &(struct target_change){0}, 1), -EINVAL);
	unlink(in_dir("block"));
	cr_expect_eq(target_redefine(seen->targets, 0), 0);
	until(seen, &seen->ready, 2);
	cr_expect_eq(seen->info.error, 0);
	change(seen, one, TARGET_ADD);
	expect_file("block", "192.0.2.7:deny\n");
	close_target(seen);
}

Test(rulefile, target_whose_disk_fails_loses_its_requests_and_tells)
{
	static const char *const one[] = {"192.0.2.7", NULL};
	struct seen *seen = open_target("");

	cr_assert_eq(unlink(in_dir("block")), 0);
	cr_assert_eq(mkdir(in_dir("block"), 0755), 0);
	change(seen, one, TARGET_ADD);
	cr_expect_eq(seen->errors[0], -EPIPE);
	until(seen, &seen->ready, 2);
	cr_expect_neq(seen->info.error, 0);
	close_target(seen);
}

Test(rulefile, target_closed_while_it_writes)
{
	struct seen *seen = open_target("");
	struct target_change add = {.prefix = {4, 32, {192, 0, 2, 1}}, .left = 1, .whole = 1};

	while (target_apply(seen->targets, 0, &add, 1))
		event_base_loop(seen->base, EVLOOP_ONCE);
	event_base_loop(seen->base, EVLOOP_NONBLOCK);
	close_target(seen);
}
