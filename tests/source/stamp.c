/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <criterion/criterion.h>

#include "source/stamp.h"

struct stamp_case {
	const char *log, *name;
	enum stamp_kind kind;
	const char *digits;
};

static const struct stamp_case cases[] = {
	{"mail.log", "mail.log", STAMP_NONE, ""},
	{"mail.log", "mail.log.1", STAMP_COUNT, "1"},
	{"mail.log", "mail.log.old", STAMP_COUNT, "1"},
	{"mail.log", "mail.1.log", STAMP_COUNT, "1"},
	{"mail.log", "mail.log-20240131", STAMP_DATE, "20240131"},
	{"mail.log", "mail-20240131.log", STAMP_DATE, "20240131"},
	{"mail.log", "mail.log-2024-01-31", STAMP_DATE, "20240131"},
	{"mail.log", "mail.log-20240131-1706700000", STAMP_DATE, "202401311706700000"},
	{"mail.log", "mail.log.2024", STAMP_DATE, "2024"},
	{"mail.log", "mail.log.1.gz", STAMP_OTHER, ""},
	{"mail.log", "mail.err", STAMP_OTHER, ""},
	{"mail.log", "mail.log.backup", STAMP_OTHER, ""},
	{"mail.log", "mail.logs", STAMP_OTHER, ""},
	{"mail.log", "mail.", STAMP_OTHER, ""},
	{"mail.log", "mail2.log", STAMP_OTHER, ""},
	{"messages", "messages2", STAMP_OTHER, ""},
	{"messages", "messages.12", STAMP_COUNT, "12"},
	{"messages", "messages-20240131", STAMP_DATE, "20240131"},
	{"messages", "messages.", STAMP_OTHER, ""},
	{"syslog", "syslog-ng.1", STAMP_OTHER, ""},
	{".log", ".log.3", STAMP_COUNT, "3"},
	{"current", "current", STAMP_NONE, ""},
	{"current", "@400000006b00d74d32a41e74.s", STAMP_TAI, "400000006b00d74d32a41e74"},
	{"current", "@400000006b00d74e24547404.u", STAMP_TAI, "400000006b00d74e24547404"},
	{"current", "@400000006b00d74e24547404.t", STAMP_OTHER, ""},
	{"current", "@400000006b00d74e2454740.s", STAMP_OTHER, ""},
	{"other", "@400000006b00d74d32a41e74.s", STAMP_OTHER, ""},
};

Test(stamp, names_that_rotations_give)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stamp stamp = stamp_parse(cases[i].name, cases[i].log);

		cr_expect_eq(stamp.kind, cases[i].kind, "%s", cases[i].name);
		if (stamp.kind != STAMP_OTHER)
			cr_expect_str_eq(stamp.digits, cases[i].digits, "%s", cases[i].name);
	}
}

Test(stamp, order)
{
	struct stamp log = stamp_parse("m", "m"), one = stamp_parse("m.1", "m");
	struct stamp ten = stamp_parse("m.10", "m"), other = stamp_parse("m.x", "m");
	struct stamp may = stamp_parse("m-20240501", "m"),
		     june = stamp_parse("m-20240601", "m");

	cr_expect(stamp_newer(&log, &one) && !stamp_newer(&one, &log));
	cr_expect(stamp_newer(&one, &ten) && !stamp_newer(&ten, &one));
	cr_expect(stamp_newer(&june, &may) && !stamp_newer(&may, &june));
	cr_expect_not(stamp_newer(&one, &one));
	cr_expect_not(stamp_comparable(&one, &may));
	cr_expect_not(stamp_comparable(&one, &other));
	cr_expect(stamp_comparable(&log, &may));
}

Test(stamp, series)
{
	struct stamp nine = stamp_series("app.9.log", "app.11.log");
	struct stamp ten = stamp_series("app.10.log", "app.11.log");
	struct stamp one = stamp_parse("app.11.log.1", "app.11.log");

	cr_expect_eq(nine.kind, STAMP_SERIES);
	cr_expect(stamp_newer(&ten, &nine) && !stamp_newer(&nine, &ten));
	cr_expect(stamp_newer(&one, &ten) && !stamp_newer(&ten, &one));
	cr_expect_eq(stamp_series("app.12.log", "app.11.log").kind, STAMP_OTHER);
	cr_expect_eq(stamp_series("app.11.log", "app.11.log").kind, STAMP_OTHER);
	cr_expect_eq(stamp_series("app.x.log", "app.11.log").kind, STAMP_OTHER);
	cr_expect_eq(stamp_series("app.7.log.1", "app.11.log").kind, STAMP_OTHER);
	cr_expect_eq(stamp_series("app.7", "app.11.log").kind, STAMP_OTHER);
	cr_expect_eq(stamp_series("app", "app").kind, STAMP_OTHER);
}
