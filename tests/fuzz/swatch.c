/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration of swatch. What becomes of it goes into files of ours: each expression is one
 * line, has the address in one place, and says nothing else to the reader of filters than to
 * that of expressions; each target is one that can be read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/spec.h"
#include "swatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

static void expect_line(const char *regex)
{
	size_t len = strlen(regex);

	expect(len < SWATCH_TEXT_MAX && !strpbrk(regex, "\n"));
	expect(!count(regex, " ;") && !count(regex, " #"));
	expect(!len || (regex[0] != ' ' && regex[len - 1] != ' '));
	expect(!count(regex, "<HOST>") && !count(regex, "<F-"));
}

static void expect_block(const struct swatch_block *block)
{
	struct diag diag = {0};
	struct spec spec = {0};

	expect_line(block->regex);
	expect(!count(block->regex, "<ADDR>"));
	if (!block->bans)
		return;
	expect(*block->regex && !block->ignore);
	expect_line(block->fail);
	expect(count(block->fail, "<ADDR>") == 1);
	expect(block->maxretry >= 1 && block->maxretry <= 1000 && block->findtime >= 0);
	expect(!spec_parse(&spec, text_of(block->target), (struct place){0}, &diag));
	spec_clear(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag diag = {0};
	struct swatch swatch;

	if (!size || swatch_read(&swatch, (struct text){(const char *)data + 1, size - 1},
				 "swatch", *data & 1, &diag))
		return 0;
	for (size_t i = 0; i < swatch.count; i++)
		expect_block(&swatch.blocks[i]);
	swatch_clear(&swatch);
	return 0;
}
