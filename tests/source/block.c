/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/line.h"
#include "source/block.h"

TestSuite(block, .timeout = 600);

struct text_case {
	const char *in;
	bool skip;
	const char *runs; /* of all, one after the other */
	size_t left;	  /* of an unfinished line */
};

static const struct text_case cases[] = {
	{"", false, "", 0},    {"a\n", false, "a\n", 0},   {"a\nb", false, "a\n", 1},
	{"a", false, "", 1},   {"\n\n", false, "\n\n", 0}, {"rest\na\n", true, "a\n", 0},
	{"rest", true, "", 0},
};

Test(block, cuts_whole_lines)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct block block;
		struct run run;
		bool skip = cases[i].skip;
		char got[64] = "";

		cr_assert_eq(block_open(&block), 0);
		block.end = strlen(cases[i].in);
		memcpy(block.bytes, cases[i].in, block.end);
		while (block_run(&block, &skip, &run)) {
			strncat(got, run.at, run.len);
			block.next = run.used;
		}
		cr_expect_str_eq(got, cases[i].runs, "case %zu", i);
		cr_expect_eq(block.end - block.next, cases[i].left, "case %zu", i);
		block_close(&block);
	}
}

static void fill(struct block *block, size_t line, bool newline)
{
	block->next = 0;
	block->end = line + newline;
	memset(block->bytes, 'x', line);
	if (newline)
		block->bytes[line] = '\n';
}

Test(block, a_line_is_cut_when_it_is_longer_than_the_limit)
{
	struct block block;
	struct run run;
	bool skip = false;

	cr_assert_eq(block_open(&block), 0);
	fill(&block, LINE_MAX_BYTES, true);
	cr_assert(block_run(&block, &skip, &run) && !run.cut);
	cr_expect_eq(run.len, LINE_MAX_BYTES + 1);
	fill(&block, LINE_MAX_BYTES, false);
	cr_expect_not(block_run(&block, &skip, &run));
	fill(&block, LINE_MAX_BYTES + 1, true);
	cr_assert(block_run(&block, &skip, &run) && run.cut && !skip);
	cr_expect_eq(run.len, LINE_MAX_BYTES + 1);
	cr_expect_eq(run.used, block.end);
	fill(&block, LINE_MAX_BYTES + 1, false);
	cr_assert(block_run(&block, &skip, &run) && run.cut && skip);
	cr_expect_eq(run.used, block.end);
	block_close(&block);
}

Test(block, counts_the_newlines_of_any_length)
{
	size_t size = 3 * BLOCK_BYTES / 4;
	char *bytes = malloc(size);
	uint64_t expected = 0;

	srand(1);
	for (size_t i = 0; i < size; i++)
		bytes[i] = rand() % 3 ? '\n' : (char)rand();
	for (size_t len = 0; len < 600; len++) {
		cr_assert_eq(block_lines((struct text){bytes, len}), expected, "%zu", len);
		expected += bytes[len] == '\n';
	}
	expected = 0;
	for (size_t i = 0; i < size; i++)
		expected += bytes[i] == '\n';
	cr_assert_eq(block_lines((struct text){bytes, size}), expected);
	free(bytes);
}
