/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "base/line.h"
#include "base/moment.h"
#include "match/dates.h"
#include "tests/match/room.h"

#define NO_DATE INT64_C(-1)
#define S INT64_C(1000)
#define BERLIN "CET-01CEST-02,M3.5.0,M10.5.0"

/* `rest` is the line without what was cut. Patterns are on a line each; NULL: the default. */
struct row {
	const char *patterns, *line, *rest;
	int64_t time;
};

static char said[1024];

static void say(void *arg, bool error, struct place place, const char *text)
{
	size_t used = strlen(said);

	(void)arg;
	cr_expect(error);
	snprintf(said + used, sizeof(said) - used, "%s:%u: %s\n", place.file, place.line, text);
}

static int try(struct dates **out, const char *patterns, char *logtimezone)
{
	struct rule list[8];
	struct rules rules = {.name = "test.conf", .dates = list, .logtimezone = logtimezone};
	struct text rest = text_of(patterns), line;
	struct diag diag = {.say = say};
	int err;

	*said = 0;
	for (; text_line(&rest, &line); rules.date_count++)
		list[rules.date_count] = (struct rule){
			text_dup(line), {"test.conf", (unsigned)rules.date_count + 1}};
	err = dates_compile(out, &rules, &diag);
	cr_expect_eq(err == -EINVAL, diag.errors > 0);
	for (size_t i = 0; i < rules.date_count; i++)
		free(list[i].regex);
	return err;
}

static struct dates *compile(const char *patterns)
{
	struct dates *dates;

	cr_assert_eq(try(&dates, patterns, NULL), 0, "%s", said);
	return dates;
}

static void check_with(struct dates *dates, const struct row *row, int64_t now)
{
	struct date_found date;
	struct date_cache cache = {0};
	struct text line = text_of(row->line);
	bool found = dates_find(dates, &date, line, NULL);
	char rest[256];

	cr_expect_eq(found, row->time != NO_DATE, "%s", row->line);
	if (!found || row->time == NO_DATE)
		return;
	memcpy(rest, line.at, date.at);
	strcpy(rest + date.at, line.at + date.at + date.len);
	cr_expect_str_eq(rest, row->rest, "%s: %s", row->line, rest);
	for (int again = 0; again < 2; again++) {
		int64_t time = dates_time(dates, &date, &cache, now);

		cr_expect_eq(time, row->time, "%s: %lld, not %lld", row->line, (long long)time,
			     (long long)row->time);
	}
}

static void check(const struct row *row, int64_t now)
{
	struct dates *dates = compile(row->patterns);

	check_with(dates, row, now);
	dates_free(dates);
}

#define CHECK(table, now)                                                                      \
	for (size_t i = 0; i < sizeof(table) / sizeof(*(table)); i++)                          \
	check(&(table)[i], now)

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

/* ---- the default templates ---- */

Test(dates, every_default_template_takes_its_date_at_the_start)
{
	static const struct row table[] = {
		{NULL, "2005-01-23T21:59:59.981746+01:00 x", " x", 1106513999981},
		{NULL, "2005/01/23 21:59:59 x", " x", 1106517599 * S},
		{NULL, "2005.01.23  1:59:59,5 x", " x", 1106445599500},
		{NULL, "Sun Jan 23 21:59:59.011 2005 x", " x", 1106517599011},
		{NULL, "Jan 23 21:59:59 x", " x", 1737669599 * S},
		{NULL, "Sun Jan 23 2005 21:59:59.011 x", " x", 1106517599011},
		{NULL, "23/01/2005 21:59:59 x", " x", 1106517599 * S},
		{NULL, "23-01-05 21:59:59 x", " x", 1106517599 * S},
		{NULL, "[31/Oct/2006:09:22:55 +0100] x", "[] x", 1162282975 * S},
		{NULL, "26-Jul-2007 15:20:52.252 x", " x", 1185463252252},
		{NULL, "05/20/2008:01:57:39 x", " x", 1211248659 * S},
		{NULL, "01-27-2012 16:22:44.252 x", " x", 1327681364252},
		{NULL, "1373330716.415 x", " x", 1373330716415},
		{NULL, "[1387288694] x", "[] x", 1387288694 * S},
		{NULL, "21:59:59 x", " x", 1763589599 * S},
		{NULL, "<09/16/08@05:03:30> x", " x", 1221541410 * S},
		{NULL, "130322 11:46:11 x", " x", 1363952771 * S},
		{NULL, "130322  1:46:11 x", " x", 1363916771 * S},
		{NULL, "Jul 27, 2012 11:46:11 PM x", " x", 1343432771 * S},
		{NULL, "Apr-27-13 02:33:06 x", " x", 1367029986 * S},
		{NULL, "20050123T215959 x", " x", 1106517599 * S},
		{NULL, "[20220407-12:11:06] x", "[] x", 1649333466 * S},
		{NULL, "PDT Apr 16 21:05:29 x", " x", 1744862729 * S},
		{NULL, "[+00:00 Jan 23 21:59:59.011 2005] x", "[] x", 1106517599011},
		{NULL, "@400000004c91b044077a9e94 x", " x", 1284616260125},
	};

	zone("UTC");
	CHECK(table, NOW);
}

Test(dates, default_templates_take_their_dates_within_a_line)
{
	static const struct row table[] = {
		{NULL, "<38>1 2026-08-13T00:00:34.803989Z host app", "<38>1  host app",
		 1786579234803},
		{NULL, "mail: Jan 23 21:59:59 x", "mail:  x", 1737669599 * S},
		{NULL, "mail Jan 23 2005 21:59:59 x", "mail  x", 1106517599 * S},
		{NULL, "[7:1] 22-06-2014 09:56:12 x", "[7:1]  x", 1403430972 * S},
		{NULL, "::1 - - [31/Oct/2006:09:22:55 +0100] x", "::1 - - [] x",
		 1162282975 * S},
		{NULL, "cp 05/20/2008:01:57:39 x", "cp  x", 1211248659 * S},
		{NULL, "mail 01-27-2012 16:22:44.252 x", "mail  x", 1327681364252},
		{NULL, "type=X msg=audit(1373330716.415:4063): x", "type=X msg=audit(:4063): x",
		 1373330716415},
		{NULL, "sql 130322 11:46:11 x", "sql  x", 1363952771 * S},
		{NULL, "web Jul 27, 2012 11:46:11 PM x", "web  x", 1343432771 * S},
		{NULL, "web 20050123T215959 x", "web  x", 1106517599 * S},
		{NULL, "log@400000004c91b044077a9e94 x", "log x", 1284616260125},
		/* these are dates at the start of a line alone */
		{NULL, "web 21:59:59 x", "", NO_DATE},
		{NULL, "web 1373330716 x", "", NO_DATE},
		{NULL, "web <09/16/08@05:03:30> x", "", NO_DATE},
		{NULL, "web Apr-27-13 02:33:06 x", "", NO_DATE},
	};

	zone("UTC");
	CHECK(table, NOW);
}

Test(dates, there_are_numbers_that_are_no_dates)
{
	static const struct row table[] = {
		{NULL, "", "", NO_DATE},
		{NULL, "sshd[1234567890]: x", "", NO_DATE},
		{NULL, "137333071 x", "", NO_DATE},
		{NULL, "137333071678 x", "", NO_DATE},
		{NULL, "x2005-01-23 21:59:59 y", "", NO_DATE},
		{NULL, "x 2005-01-23 21:59:59y", "", NO_DATE},
		{NULL, "@400000004C91B044077A9E94 x", "", NO_DATE},
		{NULL, "@400000004c91b044077a9e9 x", "", NO_DATE},
		{NULL, "32/Oct/2006:09:22:55 x", "", NO_DATE},
		{NULL, "192.0.2.10:22:33 x", "", NO_DATE},
	};

	CHECK(table, NOW);
}

Test(dates, years_far_ahead_and_before_2000_are_none)
{
	static const struct row table[] = {
		{NULL, "2000-01-23 21:59:59 x", " x", 948664799 * S},
		{NULL, "2039-01-23 21:59:59 x", " x", 2179432799 * S},
		{NULL, "2040-01-23 21:59:59 x", "", NO_DATE},
		{NULL, "1999-01-23 21:59:59 x", "", NO_DATE},
		{"^%Y-%m-%d", "1999-01-23 x", " x", 917049600 * S},
		{"^%Y-%m-%d", "1969-12-31 x", " x", -86400 * S},
		{"^%Y-%m-%d", "0000-01-23 x", " x", TIME_NONE},
	};

	zone("UTC");
	CHECK(table, NOW);
}

/* ---- datepattern ---- */

Test(dates, words_of_datepattern)
{
	static const struct row table[] = {
		{"{^LN-BEG}", "Jan 23 21:59:59 x", " x", 1737669599 * S},
		{"{^ln-beg}", "[Jan 23 21:59:59] x", "[] x", 1737669599 * S},
		{"{^LN-BEG}", "x Jan 23 21:59:59 x", "", NO_DATE},
		{"{DEFAULT}", "x Jan 23 21:59:59 x", "x  x", 1737669599 * S},
		{"%Y:%m:%d\n{DEFAULT}", "2005:01:23 x", " x", 1106438400 * S},
		{"%Y:%m:%d\n{DEFAULT}", "x Jan 23 21:59:59 x", "x  x", 1737669599 * S},
		{"{NONE}", "Jan 23 21:59:59 x", "Jan 23 21:59:59 x", TIME_NONE},
		{"^{DATE}", "2005-01-23 21:59:59 x", " x", 1106517599 * S},
		{"^{DATE}", "1373330716 x", " x", 1373330716 * S},
		{"^{DATE}", " 2005-01-23 21:59:59 x", "", NO_DATE},
		{"^[^\\[]*\\[({DATE})", "::1 - [31/Oct/2006:09:22:55 +0100] x", "::1 - [] x",
		 1162282975 * S},
		{"^[^\\[]*(\\[{DATE}\\s*\\])", "::1 - [31/Oct/2006:09:22:55 ] x", "::1 -  x",
		 1162286575 * S},
		{"^<\\d+>\\d+\\s+{DATE}", "<38>1 2026-08-13T00:00:34.803989Z host", " host",
		 1786579234803},
		/* of what is known only alone */
		{"^\\[{DATE}\\]", "[1373330716] x", "", NO_DATE},
		{"\\{DATE}", "{DATE} 2005-01-23 21:59:59 x", " 2005-01-23 21:59:59 x",
		 1763596800 * S},
	};

	zone("UTC");
	CHECK(table, NOW);
}

Test(dates, seconds_since_1970)
{
	static const struct row table[] = {
		{"EPOCH", "1373330716.4159 x", " x", 1373330716415},
		{"epoch", "[1373330716] x", "[] x", 1373330716 * S},
		{"EPOCH", "[[1373330716] x", "", NO_DATE},
		{"{^LN-BEG}Epoch", "[[1373330716] x", "[[] x", 1373330716 * S},
		{"^EPOCH", "1373330716.41 x", ".41 x", 1373330716 * S},
		{"LEPOCH", "1516469849 x", " x", 1516469849 * S},
		{"LEPOCH", "1516469849551 x", " x", 1516469849551},
		{"LEPOCH", "1516469849551.123 x", " x", 1516469849551},
		{"{^LN-BEG}LEPOCH", "<1516469849551000 x", "< x", 1516469849551},
		{"LEPOCH", "91516469849551000 x", " x", INT64_C(91516469849551)},
		{"\"ts\":{EPOCH}", "{\"ts\":1516469849.551,\"x\":1}", "{,\"x\":1}",
		 1516469849551},
		{"\"ts\":{LEPOCH}", "{\"ts\":1516469849551,\"x\":1}", "{,\"x\":1}",
		 1516469849551},
		/* it is the second group that is read */
		{"(at|by) {EPOCH}", "at 1516469849 x", " x", TIME_NONE},
	};

	CHECK(table, NOW);
}

Test(dates, labels_are_taken_as_they_are)
{
	static const struct row table[] = {
		{"TAI64N", "x @400000004c91b044077a9e94 y", "x  y", 1284616260125},
		{"{^LN-BEG}TAI64N", "[@400000004c91b044ffffffff] y", "[] y", 1284616260 * S},
		{"{^LN-BEG}TAI64N", "x @400000004c91b044077a9e94 y", "", NO_DATE},
		{"TAI64N", "@4fffffffffffffff077a9e94 y", " y", TIME_NONE},
	};

	CHECK(table, NOW);
}

/* multilog is 10 s ahead of UTC and s6-log 37 s. */
Test(dates, labels_that_were_just_written_are_of_the_right_second)
{
	static const int offsets[] = {10, 37}, late[] = {0, 1, 5};
	struct dates *dates = compile("TAI64N");
	int64_t written = NOW / S;

	for (size_t i = 0; i < 6; i++) {
		char line[64];
		struct row row = {NULL, line, " x", written * S};

		snprintf(line, sizeof(line), "@%016llx00000000 x",
			 (unsigned long long)(INT64_C(1) << 62) + (unsigned long long)written +
				 (unsigned long long)offsets[i / 3]);
		check_with(dates, &row, (written + late[i % 3]) * S);
		row.time = (written + offsets[i / 3]) * S;
		check_with(dates, &row, (written + 3600) * S);
		check_with(dates, &row, (written - 3600) * S);
	}
	dates_free(dates);
}

Test(dates, what_is_cut)
{
	static const struct row table[] = {
		/* without a group all of it, else group 1 and only that */
		{"^L %Y-%m-%d -", "L 2005-01-23 - x", " x", 1106438400 * S},
		{"^L (%Y)-(%m)-(%d) -", "L 2005-01-23 - x", "L -01-23 - x", 1106438400 * S},
		{"^L (?:%Y-%m-%d) -", "L 2005-01-23 - x", " x", 1106438400 * S},
		{"^WARNING:()**", "WARNING: x", "WARNING: x", TIME_NONE},
		{"^I(?:\\((%Y)\\)|)x", "Ix", "Ix", TIME_NONE},
		{"%Y-%m-%d$", "x 2005-01-23", "x ", 1106438400 * S},
		{"%Y-%m-%d$", "2005-01-23 x", "", NO_DATE},
		/* words are not cut in two, unless they are to be */
		{"%Y-%m-%d", "a2005-01-23 x", "", NO_DATE},
		{"%Y-%m-%d", "2005-01-23x", "", NO_DATE},
		{"**%Y-%m-%d", "a2005-01-23 x", "a x", 1106438400 * S},
		{"%Y-%m-%d**", "2005-01-23x", "x", 1106438400 * S},
		{"**(%Y-%m-%d)**", "a2005-01-23x", "ax", 1106438400 * S},
		{"{UNB}%Y-%m-%d", "a2005-01-23x", "ax", 1106438400 * S},
		{"{^LN-BEG}%Y-%m-%d", " [2005-01-23x", "", NO_DATE},
		{"{^LN-BEG}%Y-%m-%d", " [2005-01-23 x", " [ x", 1106438400 * S},
		{"{^LN-BEG}%Y-%m-%d",
		 "\xc2\xa0\xef\xbf\xbd"
		 "2005-01-23 x",
		 "\xc2\xa0\xef\xbf\xbd x", 1106438400 * S},
		{"{^LN-BEG}%Y-%m-%d",
		 "\xc3\xa9"
		 "2005-01-23 x",
		 "", NO_DATE},
		/* names are in any case */
		{"^%d %b", "23 JAN x", " x", 1737590400 * S},
		{"^at %d %B", "AT 23 january x", " x", 1737590400 * S},
		{"^at %m/%d", "AT 01/23 x", "", NO_DATE},
	};

	zone("UTC");
	CHECK(table, NOW);
}

Test(dates, which_of_several_is_taken)
{
	static const struct row table[] = {
		{"^A %Y\n^%Y", "2005 B 2006", " B 2006", 1132444800 * S},
		/* an anchored one, and one at the first or second character, is taken at once
		 */
		{"%m:%d\n^%Y-%m-%d", "2005-01-23 02:03", " 02:03", 1106438400 * S},
		{"%m:%d\n%Y-%m-%d\n%H$", "(02:03 2005-01-23", "( 2005-01-23", 1738540800 * S},
		/* of others the nearest is, but the last when it matches */
		{"%m:%d\n%Y-%m-%d\nx{9}", "ab 2005-01-23 02:03", "ab  02:03", 1106438400 * S},
		{"%Y-%m-%d\n%m:%d", "ab 2005-01-23 02:03", "ab 2005-01-23 ", 1738540800 * S},
		/* a character may be several bytes */
		{"%m:%d\n%Y-%m-%d\nx{9}",
		 "\xe2\x82\xac"
		 "02:03 2005-01-23",
		 "\xe2\x82\xac 2005-01-23", 1738540800 * S},
	};

	zone("UTC");
	CHECK(table, NOW);
}

Test(dates, all_directives)
{
	static const struct row table[] = {
		{"%A, %d %B %Y %I:%M:%S %p", "Sunday, 23 January 2005 09:59:59 pm x", " x",
		 1106517599 * S},
		{"%a %b %d %y %l:%M:%S %p", "sun jan 23 05 12:00:01 AM x", " x",
		 1106438401 * S},
		{"%x %l%p", "01/23/05 12PM x", " x", 1106481600 * S},
		{"%x %I", "01/23/05 12 x", " x", 1106438400 * S},
		{"%c", "Sun  Jan  23  21:59:59  2005 x", " x", 1106517599 * S},
		{"%x at %X", "1/23/05 at 21:59:59 x", " x", 1106517599 * S},
		{"%m%%%d%%%Y", "01%23%2005 x", " x", 1106438400 * S},
		{"%Y-%j", "2005-023 x", " x", 1106438400 * S},
		{"%Y-%j", "2005-366 x", " x", 1136073600 * S},
		{"%Y %U %w", "2005 04 0 x", " x", 1106438400 * S},
		{"%Y %W %w", "2005 03 0 x", " x", 1106438400 * S},
		{"%Y %U %w", "2005 00 0 x", " x", 1104019200 * S},
		{"%Y week %W", "2005 week 03 x", " x", 1132444800 * S},
		{"%G %V %u %d.%m.%Y", "2005 03 7 23.01.2005 x", " x", 1106438400 * S},
		{"%d.%m.%Y %k:%M:%S,%f", "23.1.2005  1:59:59,25 x", " x", 1106445599250},
		{"%Exy%Exm%Exd%ExH%ExM%ExS", "050123215959 x", " x", 1106517599 * S},
		{"%ExY-%m-%d.%Exk:%M", "2005-01-23.21:59 x", " x", 1106517540 * S},
		{"%ExY-%m-%d.%Exl:%M", "2005-01-23.9:59 x", " x", 1106474340 * S},
		{"%Y-%m-%d %H:%M:%S %z", "2005-01-23 21:59:59 GMT x", " x", 1106517599 * S},
		{"%Y-%m-%d %H:%M:%S %Z", "2005-01-23 21:59:59 CET x", " x", 1106513999 * S},
		{"%Y-%m-%d %H:%M:%S %ExZ", "2005-01-23 21:59:59 A x", " x", 1106513999 * S},
		{"%Y-%m-%d %H:%M:%S %Exz", "2005-01-23 21:59:59 UTC+0130 x", " x",
		 1106512199 * S},
		/* a pattern's own groups are read like those of directives */
		{"(?P<Y>\\d+) (?P<b>\\w+) (?P<d>\\d+)", "2005 Jan 23 x", " x", 1106438400 * S},
		{"(?P<m>\\S+)/(?P<d>\\S+)/(?P<Y>\\S+)", "1/x/2005 y", " y", TIME_NONE},
		{"(?P<m>\\d+)/(?P<d>\\d+)/(?P<Y>\\d+)", "1/1/99999999999 y", " y", TIME_NONE},
	};

	zone("UTC");
	CHECK(table, NOW);
}

/* ---- which second ---- */

Test(dates, zones_of_dates)
{
	static const struct row table[] = {
		{NULL, "2005-01-23 21:59:59Z x", " x", 1106517599 * S},
		{NULL, "2005-01-23 21:59:59 UTC x", " x", 1106517599 * S},
		{NULL, "2005-01-23 21:59:59 -01 x", " x", 1106521199 * S},
		{NULL, "2005-01-23 21:59:59 +05:45 x", " x", 1106496899 * S},
		{NULL, "2005-01-23 21:59:59 x", " x", 1106513999 * S},
		{NULL, "NPT Jan 23 21:59:59 2005 x", " x", 1106496899 * S},
		{NULL, "NST Jan 23 21:59:59 2005 x", " x", 1106530199 * S},
		/* no such zone: the text is cut, but when it was is not known */
		{NULL, "ABCDE Jan 23 21:59:59 2005 x", " x", TIME_NONE},
		{NULL, "error Jan 23 21:59:59 2005 x", " x", TIME_NONE},
		{NULL, "utc Jan 23 21:59:59 2005 x", " x", TIME_NONE},
		{"%H:%M %ExZ", "21:59 J x", " x", TIME_NONE},
	};

	zone(BERLIN);
	CHECK(table, NOW);
}

Test(dates, logtimezone_is_for_dates_without_a_zone)
{
	static const struct {
		const char *zone;
		int minutes;
	} zones[] = {{"UTC", 0},       {"CET", 60},    {"CEST", 120},	{"+0530", 330},
		     {"-03:30", -210}, {"UTC+01", 60}, {"GMT-01", -60}, {"CET+0100", 120},
		     {"A", 60},	       {"K", 600},     {"N", -60},	{"Y", -720},
		     {"ACDT", 630},    {"YEKT", 300},  {"HAST", -600}};

	zone(BERLIN);
	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
		struct row plain = {NULL, "2005-01-23 21:59:59 x", " x",
				    (1106517599 - 60 * zones[i].minutes) * S};
		const struct row zoned = {NULL, "2005-01-23 21:59:59Z x", " x", 1106517599 * S};
		const struct row stamp = {NULL, "1373330716 x", " x", 1373330716 * S};
		struct dates *dates;

		cr_assert_eq(try(&dates, NULL, (char *)zones[i].zone), 0, "%s", said);
		check_with(dates, &plain, NOW);
		check_with(dates, &zoned, NOW);
		check_with(dates, &stamp, NOW);
		dates_free(dates);
	}
}

Test(dates, without_a_year_it_is_the_last_one_that_fits)
{
	/* The clock shows 2025-11-20 00:53:20. */
	static const struct row table[] = {
		{NULL, "Nov 21 00:53:20 x", " x", 1763686400 * S},
		{NULL, "Nov 21 00:53:21 x", " x", 1732150401 * S},
		{NULL, "Dec 31 23:59:59 x", " x", 1735689599 * S},
		{NULL, "Jan  1 00:00:00 x", " x", 1735689600 * S},
		{NULL, "Feb 29 12:00:00 x", " x", TIME_NONE},
		{NULL, "Feb 29 12:00:00 2024 x", " x", 1709208000 * S},
		/* The day of the year in its own year. */
		{"^%j", "366 x", " x", 1735689600 * S},
	};
	static const struct row leap[] = {
		{NULL, "Feb 29 12:00:00 x", " x", 1709208000 * S},
	};
	static const struct row ahead[] = {
		{NULL, "Feb 29 12:00:00 x", " x", TIME_NONE},
	};

	zone("UTC");
	CHECK(table, NOW);
	CHECK(leap, INT64_C(1709300000000));
	CHECK(ahead, INT64_C(1706745600000));
}

Test(dates, a_time_alone_is_of_today_or_yesterday)
{
	/* The clock shows 00:53:20. */
	static const struct row table[] = {
		{"^%H:%M:%S", "00:53:20 x", " x", 1763600000 * S},
		{"^%H:%M:%S", "00:53:21 x", " x", 1763513601 * S},
		{"^%H:%M:%S", "23:00:00 x", " x", 1763593200 * S},
		{"^%H:%M:%S %z", "00:00:00 +0100 x", " x", 1763593200 * S},
		/* neither month nor day alone is a date */
		{"^%m %H:%M", "11 00:53 x", " x", TIME_NONE},
		{"^%d %H:%M", "20 00:53 x", " x", TIME_NONE},
	};

	zone("UTC");
	CHECK(table, NOW);
}

Test(dates, there_are_days_and_hours_that_are_not)
{
	static const struct row table[] = {
		{NULL, "2026-02-30 23:33:42 x", " x", TIME_NONE},
		{NULL, "2026-04-31 23:33:42 x", " x", TIME_NONE},
		{NULL, "2100-02-29 23:33:42 x", "", NO_DATE},
		{NULL, "2026-06-30 23:59:60 x", " x", TIME_NONE},
		{NULL, "Nov 19 24:00:00 x", " x", TIME_NONE},
		{"%m-%d %l %p", "11-19 19 pm x", " x", TIME_NONE},
		{"^%Y %j", "2100 366 x", " x", 4133980800 * S},
		{"^%Y %j", "0001 001 x", " x", INT64_C(-62135596800) * S},
		{"^%Y %j", "9999 366 x", " x", TIME_NONE},
	};

	zone("UTC");
	CHECK(table, NOW);
}

Test(dates, local_time_follows_the_summer)
{
	static const struct row table[] = {
		{NULL, "2025-03-30 01:59:59 x", " x", 1743296399 * S},
		{NULL, "2025-03-30 03:00:00 x", " x", 1743296400 * S},
		{NULL, "2025-10-26 01:59:59 x", " x", 1761436799 * S},
		{NULL, "2025-10-26 03:00:00 x", " x", 1761444000 * S},
		{NULL, "1925-07-01 12:00:00 x", "", NO_DATE},
		{"^%Y-%m-%d %H:%M:%S", "1969-12-31 23:59:59 x", " x", -3601 * S},
	};

	zone(BERLIN);
	CHECK(table, NOW);
}

/* ---- mistakes ---- */

static void refused(const char *patterns, char *logtimezone, const char *words)
{
	struct dates *dates = NULL;

	cr_expect_eq(try(&dates, patterns, logtimezone), -EINVAL, "%s", patterns);
	cr_expect_str_eq(said, words);
	cr_expect_null(dates);
}

Test(dates, a_wrong_pattern_is_named_with_its_place)
{
	refused("%Y\n^%Q %d", NULL,
		"test.conf:2: datepattern \"^%Q %d\": there is no directive %Q\n");
	refused("100%", NULL, "test.conf:1: datepattern \"100%\": there is no directive %\n");
	refused("%ExQ", NULL, "test.conf:1: datepattern \"%ExQ\": there is no directive %E\n");
	refused("(%Y", NULL,
		"test.conf:1: datepattern \"(%Y\": missing closing parenthesis after "
		"\"<Y>\\d{4})(?=\\b|\\W|$)\"\n");
	refused("[x\\", NULL,
		"test.conf:1: datepattern \"[x\\\": unterminated character set\n");
	refused("%H %H", NULL,
		"test.conf:1: datepattern \"%H %H\": two named subpatterns have the same name "
		"(PCRE2_DUPNAMES not set) after \"1]?\\d|2[0-3]) (?P<H>\"\n");
	refused("%Q\n[\n%Y", NULL,
		"test.conf:1: datepattern \"%Q\": there is no directive %Q\n"
		"test.conf:2: datepattern \"[\": unterminated character set\n");
}

Test(dates, a_wrong_logtimezone_is_refused)
{
	static const char *const zones[] = {"Europe/Berlin", "cet", "PT",   "UTC+1",
					    "UTC+2000",	     "J",   "+01:", "ABCDEF"};

	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
		char words[128];

		snprintf(words, sizeof(words),
			 "test.conf:0: logtimezone is \"%s\", and not a zone such as UTC, CET "
			 "or UTC+0100\n",
			 zones[i]);
		refused(NULL, (char *)zones[i], words);
	}
}

/* ---- what is known of them ---- */

Test(dates, equal_ones_are_known)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} table[] = {
		{NULL, NULL, true},	     {NULL, "{DEFAULT}", true},
		{NULL, "{^LN-BEG}", false},  {"%Y", "%Y", true},
		{"%Y", "%y", false},	     {"EPOCH", "epoch", true},
		{"EPOCH", "^EPOCH", false},  {"^EPOCH", "{^LN-BEG}Epoch", true},
		{"EPOCH", "LEPOCH", false},  {"%Y", "%Y\n%m", false},
		{"%Y\n%m", "%m\n%Y", false}, {"{^LN-BEG}", "{^LN-BEG}\n{^LN-BEG}", true},
	};
	struct dates *utc, *cet;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct dates *a = compile(table[i].a), *b = compile(table[i].b);

		cr_expect_eq(dates_equal(a, b), table[i].equal, "%s", table[i].b);
		dates_free(a);
		dates_free(b);
	}
	cr_assert_eq(try(&utc, "%Y", (char *)"UTC"), 0);
	cr_assert_eq(try(&cet, "%Y", (char *)"CET"), 0);
	cr_expect_not(dates_equal(utc, cet));
	dates_free(utc);
	dates_free(cet);
}

Test(dates, where_the_cut_is)
{
	static const struct {
		const char *patterns;
		bool at_start, cuts_words;
	} table[] = {
		{NULL, false, false},
		{"{^LN-BEG}", true, false},
		{"{NONE}", true, false},
		{"^WARNING:()**", true, false},
		{"^{DATE}", true, false},
		{"^<\\d+>\\d+\\s+{DATE}", true, false},
		{"^[^\\[]*\\[({DATE})", false, false},
		{"^[^\\[]*(\\[{DATE}\\s*\\])", false, true},
		{"{^LN-BEG}%Y\nEPOCH", false, false},
		{"TAI64N", false, false},
		{"%Y-%m-%d", false, false},
		{"**%Y-%m-%d", false, false},
		{"%Y-%m-%d**", false, false},
		{"**%Y-%m-%d**", false, true},
		{"{UNB}%Y-%m-%d", false, true},
		{"\\[%Y-%m-%d\\]", false, true},
		{"\\[(%Y-%m-%d)\\]", false, false},
		{"[x.](%Y-%m-%d)**", false, true},
		{"[x.]?(%Y-%m-%d)", false, false},
		{"\\.?(%Y-%m-%d)**", false, false},
		{"\\.?(,?%Y-%m-%d)**", false, true},
		{"\\s*(%d)?", false, true},
		{"{^LN-BEG}(%Y)+", false, true},
		{"^(%Y)|%d", false, true},
		{"^x*(%Y)", false, false},
		{"^(?:(%Y) )?x", false, true},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct dates *dates = compile(table[i].patterns);

		cr_expect_eq(dates_at_start(dates), table[i].at_start, "%s", table[i].patterns);
		cr_expect_eq(dates_cuts_words(dates), table[i].cuts_words, "%s",
			     table[i].patterns);
		dates_free(dates);
	}
}

/* ---- hostile lines ---- */

Test(dates, long_lines_are_searched_to_the_end)
{
	static const char *const seeds[] = {
		"1",   " ",    "2026",	 "x1:1:1 ",	  "2026-01-01 00:00:0x ",
		"a",   "Jan ", "Jan 1 ", "Jan 1 1:1:1x ", "@400000004c91b044077a9e9",
		"UTC", "+01 ", "31/",	 "12345678901_",  "\xc3\xa9 ",
	};
	struct dates *dates = compile(NULL);
	static char line[LINE_MAX_BYTES + 64];

	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++) {
		size_t used = 0, len = strlen(seeds[i]);
		struct date_found date;

		for (; used + len < LINE_MAX_BYTES - 22; used += len)
			memcpy(line + used, seeds[i], len);
		strcpy(line + used, " Sep 11 2001 11:22:33");
		cr_expect(dates_find(dates, &date, text_of(line), NULL), "%s", seeds[i]);
		cr_expect_eq(date.at, used + 1, "%s", seeds[i]);
	}
	cr_expect_eq(dates_limited(dates), 0);
	dates_free(dates);
}

/* What the line before had changes nothing. */
Test(dates, lines_that_begin_alike_are_each_read_by_themselves)
{
	static const char *const lines[] = {
		"Nov 20 00:53:20 mx a",	    "Nov 20 00:53:20 mx b",
		"Nov 20 00:53:20 2026 x",   "Nov 20 00:53:20 2026 mx",
		"Nov 20 00:53:20.5 mx",	    "Nov 20 00:53:20.5555555 mx",
		"Nov 20 00:53:200 mx",	    "Nov 20 00:53:20",
		"Nov 20 00:53:20 m",	    " Nov 20 00:53:20 mx",
		"Nov 20 00:53:21 mx",	    "Thu Nov 20 00:53:20 mx",
		"Nov 20 00:53:20 \xc3\xa9", "Nov 20 00:53:20: mx",
		"Nov 20 00:53:20",	    "2026-11-20T00:53:20Z mx a",
		"2026-11-20T00:53:20 mx",   "Nov 20 00:54:07 mx",
		"Nov 20 00:60:20 mx",	    "Nov 20 00:53:60 mx",
		"Nov 20 00:53:61 mx",	    "Nov 20 00:53:62 mx",
		"Nov 20 00:3:20 mx a",	    "Nov 20 00:53:2 mx",
		"Nov 20 00:5:2 mx",	    "Nov 20 00:53 20 mx",
		"Nov 20 01:53:20 mx",	    "Nov 21 00:53:20 mx",
		"Dec 20 00:59:59 mx",	    "Nov 20 0:59:59 mx",
	};
	const size_t count = sizeof(lines) / sizeof(*lines);
	struct date_found want[sizeof(lines) / sizeof(*lines)] = {0};
	struct dates *dates;

	for (size_t i = 0; i < count; i++) {
		dates = compile("{^LN-BEG}");
		dates_find(dates, &want[i], text_of(lines[i]), NULL);
		dates_free(dates);
	}
	dates = compile("{^LN-BEG}");
	for (size_t i = 0; i < count * count; i++) {
		const struct date_found *one = &want[i % count];
		struct date_found found = {0};

		dates_find(dates, &found, text_of(lines[i / count]), NULL);
		found = (struct date_found){0};
		dates_find(dates, &found, text_of(lines[i % count]), NULL);
		cr_expect(found.at == one->at && found.len == one->len &&
				  found.date.ms == one->date.ms &&
				  found.date.year == one->date.year &&
				  found.date.month == one->date.month &&
				  found.date.day == one->date.day &&
				  found.date.hour == one->date.hour &&
				  found.date.minute == one->date.minute &&
				  found.date.second == one->date.second,
			  "%s after %s", lines[i % count], lines[i / count]);
	}
	dates_free(dates);
}

Test(dates, a_search_without_end_is_given_up)
{
	struct dates *dates = compile("^(?:(?:a+)+)+b%d");
	struct date_found date;

	cr_expect_not(dates_find(dates, &date,
				 text_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), NULL));
	cr_expect_eq(dates_limited(dates), 1);
	dates_free(dates);
}
