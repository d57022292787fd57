/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What needs no journal; tests/system/16-journal.sh has real ones. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "rig.h"
#include "source/cursor.h"
#include "source/fields.h"
#include "source/journalmatch.h"

/* The words, each followed by '|'. */
static int words(char *out, const char *text)
{
	struct journalmatch match;
	int err = journalmatch_parse(&match, text);

	*out = '\0';
	if (err)
		return err;
	for (size_t i = 0; i < match.len; i += strlen(match.words + i) + 1)
		sprintf(out + strlen(out), "%s|", match.words + i);
	journalmatch_free(&match);
	return 0;
}

Test(journalmatch, words_are_read_as_a_shell_reads_them)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"", ""},
		{" \t\r\n ", ""},
		{"_SYSTEMD_UNIT=ssh.service", "_SYSTEMD_UNIT=ssh.service|"},
		{" _SYSTEMD_UNIT=sshd.service + _COMM=sshd ",
		 "_SYSTEMD_UNIT=sshd.service|+|_COMM=sshd|"},
		{"A=1 B=2\nC=3", "A=1|B=2|C=3|"},
		{"A='b c' \"D=e f\" G=h\\ i", "A=b c|D=e f|G=h i|"},
		{"A='b\\' B=\"c\\\"d\\\\e\\f'\"", "A=b\\|B=c\"d\\e\\f'|"},
		{"A=x'y'\"z\"", "A=xyz|"},
		{"A= B==", "A=|B==|"},
		{"A=\xff\xfe", "A=\xff\xfe|"},
		{"'+'", "+|"},
		{"+ A=1 + + B=2 +", "+|A=1|+|+|B=2|+|"},
		{"/var/log/journal", "/var/log/journal|"},
		{"'/my journal' A=1", "/my journal|A=1|"},
	};
	char got[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert_eq(words(got, rows[i].text), 0, "%s", rows[i].text);
		cr_assert_str_eq(got, rows[i].words, "%s: %s", rows[i].text, got);
	}
}

Test(journalmatch, wrong_words_are_refused)
{
	static const char *const rows[] = {
		"A",	"=b",	      "a=b",   "A=1 B", "__CURSOR=x", "A-B=c",
		"A='b", "A=\"b\\",    "A=b\\", "''",	"A=1 ++",     "A=1 /x",
		"./x",	"\xc3\x84=x", "\"A=1", "A=1 '", "\"+ ",	      "A=1 \"\"",
	};
	char got[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_assert_eq(words(got, rows[i]), -EINVAL, "%s", rows[i]);
}

Test(journalmatch, what_is_accepted_libsystemd_accepts)
{
	char dir[] = "/tmp/banish-match-XXXXXX";
	struct journalmatch match;
	sd_journal *reader;

	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(sd_journal_open_directory(&reader, dir, 0), 0);
	cr_assert_eq(journalmatch_parse(&match, "/x A= _B=2 + + C2==' d' +"), 0);
	cr_assert_str_eq(match.folder, "/x");
	cr_assert_eq(journalmatch_apply(&match, reader), 0);
	journalmatch_free(&match);
	sd_journal_close(reader);
	rmdir(dir);
}

/* Fields, as they come, and the line. */
struct row {
	const char *fields[8];
	const char *line;
};

static const struct row entries[] = {
	{{"_HOSTNAME=h", "SYSLOG_IDENTIFIER=sshd", "_PID=7", "MESSAGE=m"}, "h sshd[7]: m"},
	{{"MESSAGE=m", "SYSLOG_IDENTIFIER=sshd", "_COMM=c", "_HOSTNAME=h"}, "h sshd: m"},
	{{"_HOSTNAME=h", "_COMM=c", "SYSLOG_IDENTIFIER=", "MESSAGE=m"}, "h c: m"},
	{{"SYSLOG_IDENTIFIER=i", "_PID=7", "SYSLOG_PID=8", "MESSAGE=m"}, "i[8]: m"},
	{{"SYSLOG_IDENTIFIER=i", "_PID=7", "SYSLOG_PID=0", "MESSAGE=m"}, "i[7]: m"},
	{{"SYSLOG_IDENTIFIER=i", "_PID=7", "SYSLOG_PID=", "MESSAGE=m"}, "i[7]: m"},
	{{"SYSLOG_IDENTIFIER=i", "SYSLOG_PID=0012", "MESSAGE=m"}, "i[12]: m"},
	{{"SYSLOG_IDENTIFIER=i", "SYSLOG_PID=x] y", "MESSAGE=m"}, "i[x] y]: m"},
	{{"_PID=7", "_HOSTNAME=h", "MESSAGE=m"}, "h m"},
	{{"MESSAGE=m"}, "m"},
	{{"_HOSTNAME=h", "SYSLOG_IDENTIFIER=i"}, "h i: "},
	{{NULL}, ""},
	{{"SYSLOG_IDENTIFIER=kernel", "MESSAGE=m"}, "kernel: [  123.000456] m"},
	{{"SYSLOG_IDENTIFIER=kernel", "MESSAGE=m", "_SOURCE_MONOTONIC_TIMESTAMP=5"},
	 "kernel: [    0.000005] m"},
	{{"_SOURCE_MONOTONIC_TIMESTAMP=1234567000001", "_COMM=kernel", "MESSAGE=m"},
	 "kernel: [1234567.000001] m"},
	{{"SYSLOG_IDENTIFIER=kernel", "_PID=1", "MESSAGE=m"}, "kernel[1]: m"},
	{{"SYSLOG_IDENTIFIER=i", "MESSAGE=a\nb\n"}, "i: a\\nb\\n"},
	{{"SYSLOG_IDENTIFIER=i\nj", "_HOSTNAME=\n", "MESSAGE=m"}, "\\n i\\nj: m"},
	{{"MESSAGE=a", "MESSAGE=", "MESSAGE=c"}, "a  c"},
	{{"MESSAGE=", "MESSAGE=b"}, " b"},
	{{"SYSLOG_IDENTIFIER=i", "SYSLOG_IDENTIFIER=j", "MESSAGE=a=b"}, "i: a=b"},
	{{"MESSAGE", "message=x", "XMESSAGE=x", "MESSAGE_ID=x", "=x", "MESSAGE=\xff\xc3"},
	 "\xff\xc3"},
};

static struct fields *fields_of(const char *const *texts)
{
	struct fields *fields = malloc(sizeof(*fields));

	fields_clear(fields);
	for (size_t i = 0; i < 8 && texts[i]; i++)
		fields_add(fields, texts[i], strlen(texts[i]));
	return fields;
}

Test(fields, a_line_is_what_fail2ban_makes_of_an_entry)
{
	char got[LINE_MAX_BYTES + 1];
	bool cut = true;

	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		struct fields *fields = fields_of(entries[i].fields);
		size_t len = fields_line(fields, 123000456, got, &cut);

		cr_assert_eq(len, strlen(entries[i].line) + 1, "%s", entries[i].line);
		cr_assert_arr_eq(got, entries[i].line, len - 1, "%.*s", (int)len, got);
		cr_assert_eq(got[len - 1], '\n');
		cr_assert_not(cut);
		free(fields);
	}
}

Test(fields, nul_stays_in_a_message)
{
	struct fields *fields = fields_of((const char *const[8]){NULL});
	char got[LINE_MAX_BYTES + 1];
	bool cut;

	fields_add(fields, "MESSAGE=a\0b", 11);
	cr_assert_eq(fields_line(fields, 0, got, &cut), 4);
	cr_assert_arr_eq(got, "a\0b\n", 4);
	free(fields);
}

/* A line of `ident`, ": " and a message of `len` bytes that ends in `end`. */
static size_t long_line(size_t ident, size_t len, const char *end, char *out, bool *cut)
{
	static char text[4 * LINE_MAX_BYTES];
	struct fields *fields = fields_of((const char *const[8]){NULL});
	size_t ret;

	memset(text, 'x', sizeof(text));
	memcpy(text, "SYSLOG_IDENTIFIER=", 18);
	fields_add(fields, text, 18 + ident);
	memcpy(text, "MESSAGE=", 8);
	memcpy(text + 8 + len - strlen(end), end, strlen(end));
	fields_add(fields, text, 8 + len);
	ret = fields_line(fields, 0, out, cut);
	free(fields);
	return ret;
}

Test(fields, a_line_too_long_is_cut_and_says_so)
{
	static const struct {
		size_t ident, message;
		const char *end;
		size_t len;
		bool cut;
	} rows[] = {
		{1, LINE_MAX_BYTES - 3, "", LINE_MAX_BYTES, false},
		{1, LINE_MAX_BYTES - 2, "", LINE_MAX_BYTES, true},
		{1, 3 * LINE_MAX_BYTES, "", LINE_MAX_BYTES, true},
		{1, LINE_MAX_BYTES - 4, "\n", LINE_MAX_BYTES, false},
		{1, LINE_MAX_BYTES - 3, "\n", LINE_MAX_BYTES - 1, true},
		{LINE_MAX_BYTES - 1, 9, "\n", LINE_MAX_BYTES, true},
		{LINE_MAX_BYTES, 9, "", LINE_MAX_BYTES, true},
		{3 * LINE_MAX_BYTES, 9, "", LINE_MAX_BYTES, true},
	};
	char got[LINE_MAX_BYTES + 1];
	bool cut;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = long_line(rows[i].ident, rows[i].message, rows[i].end, got, &cut);

		cr_assert_eq(len, rows[i].len + 1, "row %zu: %zu", i, len);
		cr_assert_eq(cut, rows[i].cut, "row %zu", i);
		cr_assert_eq(got[len - 1], '\n');
	}
}

Test(fields, nothing_comes_behind_a_cut)
{
	char got[LINE_MAX_BYTES + 1];
	bool cut;
	size_t len = long_line(LINE_MAX_BYTES - 3, 1, "\n", got, &cut);

	/* The newline of two bytes finds one left. */
	cr_assert(cut);
	cr_assert_eq(len, LINE_MAX_BYTES);
	cr_assert_arr_eq(got + len - 4, "x: \n", 4);
}

Test(fields, the_time_is_that_of_the_source_if_it_is_known)
{
	static const struct {
		const char *field;
		int64_t ms;
	} rows[] = {
		{"_SOURCE_REALTIME_TIMESTAMP=1700000000123456", 1700000000123},
		{"_SOURCE_REALTIME_TIMESTAMP=0", 0},
		{"_SOURCE_REALTIME_TIMESTAMP=", 1600000000999},
		{"_SOURCE_REALTIME_TIMESTAMP=-1", 1600000000999},
		{"_SOURCE_REALTIME_TIMESTAMP=99999999999999999999", 1600000000999},
		{"__REALTIME_TIMESTAMP=5", 1600000000999},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fields *fields = fields_of((const char *const[8]){rows[i].field});

		cr_assert_eq(fields_time(fields, 1600000000999999), rows[i].ms, "%s",
			     rows[i].field);
		free(fields);
	}
}

#define ID "0123456789abcdeffedcba9876543210"

Test(cursor, a_position_names_the_entry_of_a_cursor)
{
	struct position position = {0};
	char text[CURSOR_TEXT_MAX];

	cr_assert(cursor_parse(&position, "s=" ID ";i=1a;b=00112233445566778899aabbccddeeff;"
					  "m=5;t=60ac1f8c7b2aa;x=ffffffffffffffff"));
	cr_assert_eq(position.inode, 0x0123456789abcdef);
	cr_assert_eq(position.head, 0xfedcba9876543210);
	cr_assert_eq(position.offset, 0x1a);
	cr_assert_eq(position.tail, 0x60ac1f8c7b2aa);
	/* State takes no more. */
	cr_assert_leq(position.head_len, 256);
	cr_assert_leq(position.tail_len, 64);
	cr_assert_str_eq(cursor_print(&position, text), "s=" ID ";i=1a;t=60ac1f8c7b2aa");
}

Test(cursor, of_any_position_libsystemd_takes_the_text)
{
	const struct position all = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 255, 63};
	char dir[] = "/tmp/banish-cursor-XXXXXX", text[CURSOR_TEXT_MAX];
	sd_journal *reader;

	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(sd_journal_open_directory(&reader, dir, 0), 0);
	cr_assert_eq(sd_journal_seek_cursor(reader, cursor_print(&all, text)), 0);
	cr_assert_lt(strlen(text), CURSOR_TEXT_MAX);
	sd_journal_close(reader);
	rmdir(dir);
}

Test(cursor, an_unknown_form_is_none)
{
	static const char *const rows[] = {
		"",
		"s=",
		"s=" ID,
		"s=" ID ";i=1;t=2",
		"s=0123;i=1;t=2;x=3",
		"s=00000000000000000000000000000000;i=1;t=2;x=3",
		"i=1;t=2;x=3",
		"s=" ID ";i=;t=2;x=3",
		"s=" ID ";;i=1;x=3",
	};
	struct position position = {.tail_len = 5};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_assert_not(cursor_parse(&position, rows[i]), "%s", rows[i]);
	cr_assert_eq(position.tail_len, 5);
}

Test(cursor, copies_are_known_by_time_and_hash)
{
	struct position a = {0}, b = {0};

	cr_assert(cursor_parse(&a, "s=" ID ";i=1;t=2;x=3"));
	cr_assert(cursor_parse(&b, "s=" ID ";i=9;t=2;x=3"));
	cr_assert(cursor_alike(&a, &b));
	cr_assert(cursor_parse(&b, "s=" ID ";i=1;t=2;x=4"));
	cr_assert_not(cursor_alike(&a, &b));
	cr_assert(cursor_parse(&b, "s=" ID ";i=1;t=2;x=103"));
	cr_assert_not(cursor_alike(&a, &b));
	cr_assert(cursor_parse(&b, "s=" ID ";i=1;t=3;x=3"));
	cr_assert_not(cursor_alike(&a, &b));
}

static void follow_journal(struct rig *rig, const char *matches)
{
	snprintf(rig->path, sizeof(rig->path), "journal:%s/log%s", rig->dir, matches);
	rig_follow(rig, NULL);
}

Test(journal, a_folder_that_is_not_there_is_waited_for)
{
	struct rig rig;

	rig_open(&rig);
	follow_journal(&rig, " A=1");
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_assert_eq(source_error(rig.source), -ENOENT);
	rig_close(&rig);
}

Test(journal, a_folder_without_a_journal_is_waited_for)
{
	struct rig rig;

	rig_open(&rig);
	cr_assert_eq(mkdir(rig.path, 0700), 0);
	rig_write(&rig, "log/other.log", "x\n");
	follow_journal(&rig, "");
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_assert_eq(source_error(rig.source), -ENOENT);
	rig_close(&rig);
}

Test(journal, what_is_no_journal_is_said_so)
{
	struct rig rig;

	rig_open(&rig);
	cr_assert_eq(mkdir(rig.path, 0700), 0);
	rig_write(&rig, "log/system.journal", "x\n");
	follow_journal(&rig, "");
	rig_expect_state(&rig, SOURCE_WAITING);
	cr_assert_eq(source_error(rig.source), -EBADMSG);
	cr_assert_eq(source_counts(rig.source).lines, 0);
	rig_close(&rig);
}

Test(journal, a_source_not_begun_is_at_a_day_ago)
{
	struct position position;
	struct rig rig;

	rig_open(&rig);
	follow_journal(&rig, "");
	source_position(rig.source, &position);
	cr_assert_eq(position.inode | position.head | position.offset, 0);
	cr_assert_lt(llabs(moment_now() - 86400000 - (int64_t)(position.tail / 1000)), 60000);
	rig_close(&rig);
}

static void no_lines(void *arg, struct source *source, const struct lines *lines)
{
	(void)arg;
	(void)source;
	(void)lines;
}

Test(journal, a_wrong_match_opens_nothing)
{
	static const struct source_events events = {.lines = no_lines};
	struct event_base *base = event_base_new();
	struct source *source = NULL;

	cr_assert_eq(source_open(&source, base, "journal:x", NULL, &events, NULL), -EINVAL);
	cr_assert_null(source);
	cr_assert_eq(source_open(&source, base, "journal:X=", NULL, &events, NULL), 0);
	source_close(source);
	event_base_free(base);
}
