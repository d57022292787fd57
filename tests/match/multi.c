/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/line.h"
#include "match/recent.h"
#include "tests/match/finder.h"

Test(multi, lines_are_matched_together)
{
	static const struct finder_row table[] = {
		{{.fail = {"^(?P<c>\\w+) bad<SKIPLINES>(?P=c) from <ADDR>$"}, .maxlines = 3},
		 "a bad\na from 192.0.2.1\na from 192.0.2.1\na bad\nx\na from 192.0.2.2\na "
		 "bad\nx\nx\na from 192.0.2.3",
		 "-;192.0.2.1 c=a;-;-;-;192.0.2.2 c=a;-;-;-;-;"},
		{{.fail = {"bad\\nfrom <ADDR>"}, .maxlines = 4},
		 "x bad\nfrom 192.0.2.1\nfrom 192.0.2.1\nbad\nfrom 192.0.2.2",
		 "-;192.0.2.1;-;-;192.0.2.2;"},
		/* A space that is not of ASCII is one also behind lines that are. */
		{{.fail = {"^bad \\S+ from <ADDR>$"}, .maxlines = 2},
		 "bad a\xc2\xa0" "b from 192.0.2.1\nx\nbad \xc3\xa9 from 192.0.2.2",
		 "-;-;192.0.2.2;"},
	};

	FINDER_TABLE(table);
}

Test(multi, lines_that_are_skipped_stay)
{
	static const struct finder_row table[] = {
		{{.fail = {"^(?P<c>\\w+) bad<SKIPLINES>(?P=c) from <ADDR>$"}, .maxlines = 5},
		 "a bad\nb bad\na from 192.0.2.1\nb from 192.0.2.2\na from 192.0.2.3",
		 "-;-;192.0.2.1 c=a;192.0.2.2 c=b;-;"},
		{{.fail = {"^one$<SKIPLINES>^two$<SKIPLINES>three <ADDR>$", "^x <ADDR>"},
		  .maxlines = 5},
		 "one\nx\ntwo\ny\nthree 192.0.2.1\ntwo\nthree 192.0.2.2\nx 192.0.2.9",
		 "-;-;-;-;192.0.2.1;-;-;192.0.2.9;"},
		{{.fail = {"^one$<SKIPLINES>two <ADDR>"}, .maxlines = 4},
		 "one\n\nk\x1dl\ntwo 192.0.2.1\nk\x1dl\ntwo 192.0.2.3\none\ntwo 192.0.2.2",
		 "-;-;-;192.0.2.1;-;-;-;192.0.2.2;"},
	};

	FINDER_TABLE(table);
}

Test(multi, circumflex_and_dollar_match_at_each_line)
{
	static const struct finder_row table[] = {
		{{.fail = {"^from <ADDR>$"}, .maxlines = 2},
		 "q from 192.0.2.1\nfrom 192.0.2.1\nfrom 192.0.2.1 z\nfrom 192.0.2.2",
		 "-;192.0.2.1;-;192.0.2.2;"},
		{{.fail = {"a<SKIPLINES>b <ADDR>", "^from <ADDR>$"}},
		 "a\nb 192.0.2.1\nx from 192.0.2.1",
		 "-;-;-;"},
		{{.fail = {"^(?:<ADDR>)?$"}, .maxlines = 3}, "192.0.2.1\nx", "192.0.2.1;-;"},
	};

	FINDER_TABLE(table);
}

Test(multi, an_ignoreregex_sees_the_lines_that_matched)
{
	static const struct finder_row table[] = {
		{{.fail = {"^(?P<c>\\w+) bad<SKIPLINES>(?P=c) from <ADDR>$"},
		  .ignore = {"^x"},
		  .maxlines = 4},
		 "x\na bad\na from 192.0.2.1\na bad\nx\na from 192.0.2.2",
		 "-;-;192.0.2.1 c=a;-;-;192.0.2.2 c=a;"},
		{{.fail = {"^(?P<c>\\w+) bad<SKIPLINES>(?P=c) from <ADDR>$"},
		  .ignore = {"a from 192\\.0\\.2\\.1$"},
		  .maxlines = 4},
		 "a bad\na from 192.0.2.1\na from 192.0.2.2\na bad\na from 192.0.2.2",
		 "-;!;-;-;192.0.2.2 c=a;"},
		{{.fail = {"^(?P<c>\\w+) bad<SKIPLINES>(?P=c) from <ADDR>$", "^n <ADDR>",
			   "^m <ADDR>", "^o <ADDR>"},
		  .ignore = {"nice"},
		  .maxlines = 3},
		 "nice\na bad\na from 192.0.2.1\na bad\na from 192.0.2.2",
		 "!;!;!;192.0.2.1 c=a;192.0.2.2 c=a;"},
	};

	FINDER_TABLE(table);
}

Test(multi, a_prefregex_sees_all_lines)
{
	static const struct finder_row table[] = {
		{{.pref = "<F-CONTENT>\\w+ .*</F-CONTENT>",
		  .fail = {"^(?P<c>\\w+) bad<SKIPLINES>(?P=c) from <ADDR>$"},
		  .maxlines = 3},
		 "a bad\na from 192.0.2.1",
		 "-;-;"},
		{{.pref = "(?s)<F-CONTENT>a .*</F-CONTENT>$",
		  .fail = {"^(?P<c>\\w+) bad<SKIPLINES>(?P=c) from <ADDR>$"},
		  .maxlines = 3},
		 "x\na bad\na from 192.0.2.1\na bad\nb\na from 192.0.2.2",
		 "-;-;192.0.2.1 c=a;-;-;192.0.2.2 c=a;"},
		{{.pref = "^(?:a|x)",
		  .fail = {"^(?P<c>\\w+) bad<SKIPLINES>(?P=c) from <ADDR>$"},
		  .maxlines = 3},
		 "x\na bad\na from 192.0.2.1\nb\nb\nb\na bad\na from 192.0.2.3\na from "
		 "192.0.2.3",
		 "-;-;192.0.2.1 c=a;-;-;-;-;-;192.0.2.3 c=a;"},
	};

	FINDER_TABLE(table);
}

Test(multi, connections_go_with_lines)
{
	static const struct finder_row table[] = {
		{{.fail = {"^<F-MLFID>\\d+</F-MLFID> bad",
			   "^<F-MLFID>\\d+</F-MLFID> from <ADDR>$"},
		  .maxlines = 3},
		 "1 bad\n1 from 192.0.2.1\n1 bad\n2 bad",
		 "-;192.0.2.1;192.0.2.1;-;"},
	};

	FINDER_TABLE(table);
}

Test(multi, an_expression_may_skip_to_nothing)
{
	static const struct finder_row table[] = {
		{{.fail = {"x<SKIPLINES>^<ADDR>?"}, .maxlines = 3},
		 "x\n192.0.2.1\nx",
		 "-;192.0.2.1;-;"},
	};

	FINDER_TABLE(table);
}

Test(multi, any_line_may_be_of_interest)
{
	const struct finder_rules rules = {.fail = {"^bad <ADDR>$"}, .maxlines = 2};
	struct words_use use = {0};
	struct literals *literals = literals_new();
	struct filter *filter = finder_compile(&rules);
	struct selection selection;

	cr_assert_not_null(literals);
	cr_expect_eq(filter_add_literals(&selection, filter, literals, 0, &use), -ENOENT);
	select_clear(&selection);
	filter_free(filter);
	literals_free(literals);
}

/* As many as there may be, each as long as it may be, and one that is longer. */
Test(multi, all_that_is_kept_is_bounded)
{
	static struct scratch scratch;
	static char line[2 * LINE_MAX_BYTES];
	const struct finder_rules rules = {.fail = {"^one a*$<SKIPLINES>^two <ADDR>"},
					   .maxlines = 1000};
	struct filter *filter = finder_compile(&rules);
	struct session *session = session_new();
	int64_t now = 0;

	cr_assert_not_null(session);
	cr_assert_eq(scratch_init(&scratch), 0);
	memset(line, 'a', sizeof(line) - 1);
	for (int i = 0; i < 2 * RULES_LINES_MAX; i++)
		finder_search(filter, &scratch, session, &now, line);
	cr_expect_eq(recent_text(session->recent).len,
		     (size_t)RULES_LINES_MAX * (LINE_MAX_BYTES + 1));
	finder_search(filter, &scratch, session, &now, "one a");
	cr_expect_str_eq(finder_search(filter, &scratch, session, &now, "two 192.0.2.1"),
			 "192.0.2.1;");
	/* another filter with other lines begins anew */
	filter_free(filter);
	filter = finder_compile(
		&(struct finder_rules){.fail = {"^one$<SKIPLINES>^two <ADDR>"}, .maxlines = 2});
	cr_expect_str_eq(
		finder_search(filter, &scratch, session, &now, "two 192.0.2.1\none\ntwo ::1"),
		"-;-;::1;");
	filter_free(filter);
	session_free(session);
	scratch_clear(&scratch);
}
