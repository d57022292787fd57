/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cuts blocks of bytes into runs of lines that are at most LINE_MAX_BYTES long. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/line.h"
#include "source/block.h"

#define ROOM (BLOCK_BEFORE + BLOCK_BYTES + 1)
#define LARGE (32 * 1024)

typedef uint8_t vector __attribute__((vector_size(16)));

int block_open(struct block *block)
{
	char *bytes =
		mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (bytes == MAP_FAILED)
		return -ENOMEM;
	*block = (struct block){.bytes = bytes};
	return 0;
}

void block_close(struct block *block)
{
	if (block->bytes)
		munmap(block->bytes, ROOM);
	*block = (struct block){0};
}

void block_rest(struct block *block)
{
	if (block->end > LARGE)
		madvise(block->bytes, ROOM, MADV_DONTNEED);
	block->next = block->end = 0;
}

/* Behind the last of the whole lines at `at` that are short enough. Looking backwards from
 * where a line must have ended makes this independent of how many lines there are. */
static char *whole_lines(char *at, char *end)
{
	while (at < end) {
		size_t left = (size_t)(end - at);
		char *newline = memrchr(at, '\n',
					left < LINE_MAX_BYTES + 1 ? left : LINE_MAX_BYTES + 1);

		if (!newline)
			break;
		at = newline + 1;
	}
	return at;
}

/* Behind the rest of a line that was cut. */
static size_t skip_line(const struct block *block, const char *at, bool *skip)
{
	const char *end = block->bytes + block->end;
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	*skip = !newline;
	return (size_t)((newline ? newline + 1 : end) - block->bytes);
}

bool block_run(const struct block *block, bool *skip, struct run *out)
{
	char *at = block->bytes + block->next, *end = block->bytes + block->end, *last;

	if (at == end)
		return false;
	if (*skip) {
		*out = (struct run){.at = at, .used = skip_line(block, at, skip)};
		return true;
	}
	last = whole_lines(at, end);
	if (end - last > LINE_MAX_BYTES) {
		*out = (struct run){
			.at = at,
			.len = (size_t)(last - at) + LINE_MAX_BYTES + 1,
			.used = skip_line(block, last + LINE_MAX_BYTES, skip),
			.cut = true,
		};
		return true;
	}
	*out = (struct run){
		.at = at, .len = (size_t)(last - at), .used = (size_t)(last - block->bytes)};
	return out->len > 0;
}

uint64_t block_lines(struct text text)
{
	const vector newline = (vector){0} + '\n';
	uint64_t lines = 0;
	size_t i = 0;

	while (text.len - i >= sizeof(vector)) {
		size_t rounds = (text.len - i) / sizeof(vector);
		vector sum = {0}, bytes;

		/* A lane counts to 255. */
		for (rounds = rounds < 255 ? rounds : 255; rounds;
		     rounds--, i += sizeof(vector)) {
			memcpy(&bytes, text.at + i, sizeof(bytes));
			sum -= (vector)(bytes == newline);
		}
		for (size_t lane = 0; lane < sizeof(vector); lane++)
			lines += sum[lane];
	}
	for (; i < text.len; i++)
		lines += text.at[i] == '\n';
	return lines;
}
