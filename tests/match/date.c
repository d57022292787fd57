/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two ways of writing dates that need no regular expression, and what they mean. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "match/dates.h"
#include "match/subject.h"
#include "tests/match/room.h"

#define ISO "{^LN-BEG}" DATE_ISO_PATTERN
#define SYSLOG "{^LN-BEG}" DATE_SYSLOG_PATTERN

/* The same expressions, written so that they are not known again. */
#define ISO_AGAIN                                                                              \
	"{^LN-BEG}%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H[:]%M:%S(?:[.,]%f)?(?:\\s*%z)?"
#define SYSLOG_AGAIN "{^LN-BEG}(?:%a )?%b %d %k[:]%M:%S(?:\\.%f)?(?: %ExY)?"

#define ROUNDS 60000
#define NO_DATE INT64_C(-1)
#define S INT64_C(1000)

/* `rest` is the line without what was cut. */
struct row {
	const char *line, *rest;
	int64_t time;
};

static struct dates *compile(const char *pattern)
{
	struct rule rule = {(char *)pattern, {"test.conf", 1}};
	struct rules rules = {.name = "test", .dates = &rule, .date_count = 1};
	struct diag diag = {0};
	struct dates *dates;

	cr_assert_eq(dates_compile(&dates, &rules, &diag), 0);
	return dates;
}

static void check(struct dates *dates, const struct row *row, int64_t now)
{
	struct date_found date;
	struct date_cache cache = {0};
	struct text line = text_of(row->line);
	char rest[256];
	bool found = dates_find(dates, &date, line, NULL);

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

static void check_all(const char *pattern, const struct row *rows, size_t count, int64_t now)
{
	struct dates *dates = compile(pattern);

	for (size_t i = 0; i < count; i++)
		check(dates, &rows[i], now);
	dates_free(dates);
}

/* With and without the regular expression. */
#define CHECK(which, table, now)                                                               \
	check_all(which, table, sizeof(table) / sizeof(*(table)), now);                        \
	check_all(which##_AGAIN, table, sizeof(table) / sizeof(*(table)), now)

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

Test(date, rfc3339_and_its_relatives)
{
	static const struct row table[] = {
		{"2026-11-20T23:33:42.446075+00:00 vm x", " vm x", 1795217622446},
		{"2026-11-20T23:33:42Z vm", " vm", 1795217622 * S},
		{"2026-11-20 23:33:42 UTC vm", " vm", 1795217622 * S},
		{"2026-11-20 23:33:42GMT vm", " vm", 1795217622 * S},
		{"2026-11-20T23:33:42+0130 vm", " vm", 1795212222 * S},
		{"2026-11-20T23:33:42-01:30 vm", " vm", 1795223022 * S},
		{"2026-11-20T23:33:42,5 +01 vm", " vm", 1795214022500},
		{"2026-11-20T23:33:42+01:5 vm", ":5 vm", 1795214022 * S},
		{"2026-11-20T23:33:42+01x vm", "+01x vm", 1795214022 * S},
		{"2026-11-20T23:33:42+2 vm", "+2 vm", 1795214022 * S},
		{"2026-11-20 23:33:42 vm", " vm", 1795214022 * S},
		{"2026/11/20 23:33:42 vm", " vm", 1795214022 * S},
		{"2026.7.1  3:33:42 vm", " vm", 1782869622 * S},
		{"2026-11-20T23:33:42", "", 1795214022 * S},
		{"[2026-11-20 23:33:42] vm", "[] vm", 1795214022 * S},
		{" [2026-11-20 23:33:42] vm", " [] vm", 1795214022 * S},
		{"\xef\xbb\xbf"
		 "2026-11-20 23:33:42 vm",
		 "\xef\xbb\xbf vm", 1795214022 * S},
		{"\xef\xbf\xbd"
		 "2026-11-20 23:33:42 vm",
		 "\xef\xbf\xbd vm", 1795214022 * S},
		/* seven digits are no fraction, and then it ends at the point */
		{"2026-11-20T23:33:42.1234567 vm", ".1234567 vm", 1795214022 * S},
		{"2026-11-20T23:33:42Zulu vm", "Zulu vm", NO_DATE},
		{"2026-11-20T23:33:42.5Zulu vm", ".5Zulu vm", 1795214022 * S},
		{"2026-11-20 23:33:42 Zulu vm", " Zulu vm", 1795214022 * S},
		{"2026-11-20 23:33:42 Z-host", "-host", 1795217622 * S},
		/* dates there are not: cut, but of no time */
		{"2026-02-30T23:33:42Z vm", " vm", TIME_NONE},
		{"2026-02-29T23:33:42Z vm", " vm", TIME_NONE},
		{"2028-02-29T00:00:00Z vm", " vm", 1835395200 * S},
		{"2026-06-30T23:59:60Z vm", " vm", TIME_NONE},
		/* no dates */
		{"   2026-11-20 23:33:42 vm", "", NO_DATE},
		{"x2026-11-20 23:33:42 vm", "", NO_DATE},
		{"2026-11/20 23:33:42 vm", "", NO_DATE},
		{"2026-13-20 23:33:42 vm", "", NO_DATE},
		{"2026-00-20 23:33:42 vm", "", NO_DATE},
		{"2026-11-32 23:33:42 vm", "", NO_DATE},
		{"2026-11-20 24:33:42 vm", "", NO_DATE},
		{"2026-11-20 23:60:42 vm", "", NO_DATE},
		{"2026-11-20 23:33:62 vm", "", NO_DATE},
		{"2026-11-20 23:33:421 vm", "", NO_DATE},
		{"2026-11-20   23:33:42 vm", "", NO_DATE},
		{"1970-01-01T00:00:00Z vm", "", NO_DATE},
		{"2026-11-20T23:33", "", NO_DATE},
		{"2026-11-20T23:33:", "", NO_DATE},
		{"2", "", NO_DATE},
		{"", "", NO_DATE},
	};

	zone("CET-01CEST-02,M3.5.0,M10.5.0");
	CHECK(ISO, table, NOW);
}

Test(date, syslog_and_its_relatives)
{
	/* The clock shows 2025-11-20 00:53:20 UTC. */
	static const struct row table[] = {
		{"Nov 19 23:33:42 vm x", " vm x", 1763595222 * S},
		{"Nov  1 03:04:05 vm x", " vm x", 1761966245 * S},
		{"nov 01 3:04:05 vm x", " vm x", 1761966245 * S},
		{"NOV 1  3:04:05 vm x", " vm x", 1761966245 * S},
		{"Sat Nov  1 03:04:05 2025 vm", " vm", 1761966245 * S},
		{"[Sat Nov 01 03:04:05.250 2025] [error]", "[] [error]", 1761966245250},
		{"Nov  1 03:04:05.250 vm", " vm", 1761966245250},
		{"Nov  1 03:04:05.1234567 vm", ".1234567 vm", 1761966245 * S},
		{"Nov  1 03:04:05 2019 vm", " vm", 1572577445 * S},
		{"Nov  1 03:04:05 20199 vm", " 20199 vm", 1761966245 * S},
		{"Nov  1 03:04:05 1999 vm", " 1999 vm", 1761966245 * S},
		{"Nov  1 03:04:05: vm", ": vm", 1761966245 * S},
		/* up to a day ahead it is this year, as clocks and zones differ; beyond, last
		   year */
		{"Nov 21 00:53:20 vm", " vm", 1763686400 * S},
		{"Nov 21 00:53:21 vm", " vm", 1732150401 * S},
		{"Dec 31 23:59:59 vm", " vm", 1735689599 * S},
		/* dates there are not */
		{"Feb 29 00:00:00 vm", " vm", TIME_NONE},
		{"Feb 30 00:00:00 vm", " vm", TIME_NONE},
		{"Nov 19 24:33:42 vm", " vm", TIME_NONE},
		{"Nov 19 23:33:60 vm", " vm", TIME_NONE},
		{"Feb 29 00:00:00 2024 vm", " vm", 1709164800 * S},
		/* no dates */
		{"Nov 32 00:00:00 vm", "", NO_DATE},
		{"Nov 0 00:00:00 vm", "", NO_DATE},
		{"Nov  19 00:00:00 vm", "", NO_DATE},
		{"Nov  01 00:00:00 vm", "", NO_DATE},
		{"Nov 19   0:00:00 vm", "", NO_DATE},
		{"Nov 19 30:00:00 vm", "", NO_DATE},
		{"Nox 19 00:00:00 vm", "", NO_DATE},
		{"Xyz Nov 19 00:00:00 vm", "", NO_DATE},
		{"Wed  Nov 19 00:00:00 vm", "", NO_DATE},
		{"Nov 19 00:00:00x vm", "", NO_DATE},
		{"Nov 19 00:00 vm", "", NO_DATE},
		{"November 19 00:00:00", "", NO_DATE},
		{"vm Nov 19 23:33:42 x", "", NO_DATE},
		{"No", "", NO_DATE},
		{"[[[Nov 19 23:33:42", "", NO_DATE},
		{"@[`{", "", NO_DATE},
	};

	zone("UTC");
	CHECK(SYSLOG, table, NOW);
}

Test(date, a_leap_day_is_known_in_its_year)
{
	static const struct row table[] = {
		{"Feb 29 12:00:00 vm", " vm", 1709208000 * S},
	};
	static const struct row ahead[] = {
		/* last year had no such day */
		{"Feb 29 12:00:00 vm", " vm", TIME_NONE},
	};

	zone("UTC");
	CHECK(SYSLOG, table, INT64_C(1709300000000));
	CHECK(SYSLOG, ahead, INT64_C(1706745600000));
}

Test(date, local_time_follows_the_summer)
{
	static const struct row iso[] = {
		{"2025-07-01 12:00:00 vm", " vm", 1751364000 * S},
		{"2025-12-01 12:00:00 vm", " vm", 1764586800 * S},
	};
	static const struct row table[] = {
		{"Jul  1 12:00:00 vm", " vm", 1751364000 * S},
		/* a new year in Berlin is not yet one in London */
		{"Jan  1 00:30:00 vm", " vm", 1735687800 * S},
	};

	zone("CET-01CEST-02,M3.5.0,M10.5.0");
	CHECK(ISO, iso, NOW);
	CHECK(SYSLOG, table, NOW);
}

/* ---- compared with their expressions ---- */

static unsigned pick(uint64_t *seed, size_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((*seed >> 33) % below);
}

/* Change, put in or take out a few characters of what dates are made of. */
static void mutate(char *line, uint64_t *seed)
{
	static const char parts[] =
		"00112233456789 :-/.,TZ+[]()x_\t\x1f \x85\xa0\xc3UTCGMTJanFeb";

	for (unsigned n = 1 + pick(seed, 4); n; n--) {
		size_t len = strlen(line), at = pick(seed, len);
		char part = parts[pick(seed, sizeof(parts) - 1)];
		unsigned how = pick(seed, 3);

		if (how == 0)
			line[at] = part;
		else
			memmove(line + at + (how == 1), line + at + (how == 2),
				len + 1 - at - (how == 2));
		if (how == 1)
			line[at] = part;
	}
}

static bool compare(struct dates *fast, struct dates *slow, struct text line)
{
	struct date_found a = {0}, b = {0};
	struct date_cache cache = {0};
	bool found = dates_find(fast, &a, line, NULL);

	cr_assert_eq(found, dates_find(slow, &b, line, NULL), "%s", line.at);
	if (!found)
		return false;
	cr_assert_eq(a.at, b.at, "%s", line.at);
	cr_assert_eq(a.len, b.len, "%s", line.at);
	cr_assert_eq(dates_time(fast, &a, &cache, NOW), dates_time(slow, &b, &cache, NOW), "%s",
		     line.at);
	return true;
}

static void compare_mutated(const char *fast, const char *slow, const char *const *lines)
{
	struct dates *a = compile(fast), *b = compile(slow);
	size_t found = 0, n = 0;
	uint64_t seed = 1;

	cr_assert_not(dates_equal(a, b), "the same expression would be compared with itself");
	while (lines[n])
		n++;
	for (size_t i = 0; i < ROUNDS; i++) {
		char line[256], clean[3 * sizeof(line) + 1];

		strcpy(line, lines[pick(&seed, n)]);
		mutate(line, &seed);
		clean[utf8_clean(clean, text_of(line))] = 0;
		found += compare(a, b, text_of(clean));
	}
	cr_assert_gt(found, ROUNDS / 10);
	cr_assert_lt(found, ROUNDS / 10 * 9);
	dates_free(a);
	dates_free(b);
}

Test(date, iso_is_what_its_expression_is)
{
	static const char *const lines[] = {
		"2026-11-20T23:33:42.446075+00:00 vm",
		"2026-11-20 3:33:42 UTC vm",
		"[2026/11/ 7  23:33:42,5 +0130] vm",
		" [2026.1.31T00:00:61Z] vm",
		"2039-12-30 23:59:60\xc2\xa0GMT",
		"2026-11-20T23:33:42",
		NULL,
	};

	compare_mutated(ISO, ISO_AGAIN, lines);
}

Test(date, syslog_is_what_its_expression_is)
{
	static const char *const lines[] = {
		"Nov 20 23:33:42 vm x",
		"nov  1  3:04:05.250 vm",
		"Sat Nov 01 03:04:05 2025 vm",
		"[sun FEB 29 00:00:00.123456 2024] x",
		"Dec 31 29:59:61 2039x",
		" (Jan 1 0:0:0: vm",
		"\xc5\xbf"
		"ep 9 00:00:00 vm x",
		"Jul  1 12:00:00",
		NULL,
	};

	compare_mutated(SYSLOG, SYSLOG_AGAIN, lines);
}
