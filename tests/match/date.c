/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "match/date.h"
#include "tests/match/room.h"

#define NO_DATE INT64_C(-1)
#define S INT64_C(1000)

/* `rest` is the line without what was cut. */
struct row {
	const char *line, *rest;
	int64_t time;
};

static void check(const struct row *row, int64_t now)
{
	struct date date;
	struct date_cache cache = {0};
	struct text line = text_of(row->line);
	char rest[256];
	bool found = date_find(&date, line);

	cr_expect_eq(found, row->time != NO_DATE, "%s", row->line);
	if (!found || row->time == NO_DATE)
		return;
	memcpy(rest, line.at, date.at);
	strcpy(rest + date.at, line.at + date.at + date.len);
	cr_expect_str_eq(rest, row->rest, "%s: %s", row->line, rest);
	for (int again = 0; again < 2; again++) {
		int64_t time = date_time(&date, &cache, now);

		cr_expect_eq(time, row->time, "%s: %lld, not %lld", row->line, (long long)time,
			     (long long)row->time);
	}
}

#define CHECK(table, now)                                                                      \
	for (size_t i = 0; i < sizeof(table) / sizeof(*(table)); i++)                          \
	check(&(table)[i], now)

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
		{"\xff"
		 "2026-11-20 23:33:42 vm",
		 "\xff vm", 1795214022 * S},
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
	CHECK(table, NOW);
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
	CHECK(table, NOW);
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
	CHECK(table, INT64_C(1709300000000));
	CHECK(ahead, INT64_C(1706745600000));
}

Test(date, local_time_follows_the_summer)
{
	static const struct row table[] = {
		{"2025-07-01 12:00:00 vm", " vm", 1751364000 * S},
		{"2025-12-01 12:00:00 vm", " vm", 1764586800 * S},
		{"Jul  1 12:00:00 vm", " vm", 1751364000 * S},
		/* a new year in Berlin is not yet one in London */
		{"Jan  1 00:30:00 vm", " vm", 1735687800 * S},
	};

	zone("CET-01CEST-02,M3.5.0,M10.5.0");
	CHECK(table, NOW);
}
