/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy requests: where they end does not depend on how their bytes arrive; attributes are
 * pieces of the request in their order; the line made of one has as many attributes as have
 * room, with blanks before each of them and nowhere else, and its state and address are the
 * request's.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

static void check_pieces(const struct policy_request *request, struct text whole)
{
	const char *behind = whole.at;

	CLAIM(request->count > 0 && request->count <= POLICY_ATTRIBUTES_MAX);
	for (size_t i = 0; i < request->count; i++) {
		const struct policy_attribute *it = &request->attributes[i];

		CLAIM(it->name.at == behind && it->name.len > 0);
		CLAIM(it->value.at == it->name.at + it->name.len + 1);
		behind = it->value.at + it->value.len + 1;
		CLAIM(behind[-1] == '\n');
	}
	CLAIM(behind + 1 == whole.at + whole.len && *behind == '\n');
}

/* The next attribute, without its blank. */
static bool next_word(struct text *rest, struct text *word)
{
	const char *blank = rest->len ? memchr(rest->at, ' ', rest->len) : NULL;
	const char *end;

	if (!blank)
		return false;
	rest->len -= (size_t)(blank + 1 - rest->at);
	rest->at = word->at = blank + 1;
	end = memchr(rest->at, ' ', rest->len);
	word->len = end ? (size_t)(end - rest->at) : rest->len - 1; /* the newline */
	return true;
}

/* The value behind " NAME=" in the line, which stands there once for these two. */
static void check_word(struct text line, const struct policy_request *request, const char *name)
{
	struct text value = policy_value(request, name), rest = line, word;
	size_t len = strlen(name);
	unsigned seen = 0;

	while (next_word(&rest, &word)) {
		if (word.len <= len || memcmp(word.at, name, len) != 0 || word.at[len] != '=')
			continue;
		seen++;
		if (!memchr(word.at, '\\', word.len) && word.len < POLICY_VALUE_MAX)
			CLAIM(word.len == len + 1 + value.len &&
			      !memcmp(word.at + len + 1, value.at, value.len));
	}
	CLAIM(seen == 1);
}

static void check_line(const struct policy_request *request)
{
	static char out[POLICY_PRINT_MAX];
	size_t len = policy_print(request, out), blanks = 0;

	CLAIM(len > 8 && len <= POLICY_PRINT_MAX);
	CLAIM(!memcmp(out, "policy: ", 8) && out[len - 1] == '\n');
	for (size_t i = 0; i + 1 < len; i++) {
		CLAIM(out[i] >= ' ' && out[i] < 0x7f);
		blanks += out[i] == ' ';
		CLAIM(out[i] != ' ' || (out[i + 1] != ' ' && out[i + 1] != '\n'));
	}
	CLAIM(blanks <= request->count + 2);
	check_word((struct text){out, len}, request, "protocol_state");
	check_word((struct text){out, len}, request, "client_address");
}

/* The first request, of bytes that come `step` at a time. */
static enum frame read_in_steps(struct text have, size_t step, size_t *len)
{
	struct text part = {have.at, 0};
	enum frame frame = FRAME_PART;
	size_t seen = 0;

	do {
		part.len = have.len - part.len < step ? have.len : part.len + step;
		frame = frame_next(part, &seen, len);
		CLAIM(seen <= part.len);
	} while (frame == FRAME_PART && part.len < have.len);
	return frame;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text have = {(const char *)data, size};

	while (have.len) {
		size_t len = 0, again = 0;
		enum frame frame = read_in_steps(have, have.len, &len);
		struct policy_request request;

		CLAIM(read_in_steps(have, 1 + len % 7, &again) == frame);
		if (frame != FRAME_WHOLE)
			return 0;
		CLAIM(again == len && len > 0 && len <= POLICY_REQUEST_MAX);
		if (frame_parse(&request, (struct text){have.at, len})) {
			check_pieces(&request, (struct text){have.at, len});
			check_line(&request);
		}
		have.at += len;
		have.len -= len;
	}
	return 0;
}
