/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The titles of sendmail's processes: a session's has one address, in brackets, with an end or
 * a start of sendmail's own; what a client writes behind it does not make it another's, nor
 * does what his DNS puts in front; and it reads the same again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/title.h"

#define NAMED "mail.client.example [203.0.113.9] "
#define BEHIND "\0[203.0.113.9] cmd read"

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

static bool same(const struct title *a, const struct title *b)
{
	return prefix_equal(&a->peer, &b->peer) && a->reads == b->reads;
}

/* With `more` put in at `at`: the title is the same, or none. */
static void check_with(struct text whole, size_t at, struct text more,
		       const struct title *title)
{
	char *text = malloc(whole.len + more.len);
	struct title other;

	CLAIM(text);
	memcpy(text, whole.at, at);
	memcpy(text + at, more.at, more.len);
	memcpy(text + at + more.len, whole.at + at, whole.len - at);
	if (title_parse(&other, (struct text){text, whole.len + more.len}))
		CLAIM(same(&other, title));
	free(text);
}

static void check_again(const struct title *title)
{
	char address[PREFIX_TEXT_MAX], text[PREFIX_TEXT_MAX + 64];
	struct title again;
	int len = snprintf(text, sizeof(text), "sendmail: MTA: server [%s%s] %s",
			   title->peer.family == 6 ? "IPv6:" : "",
			   prefix_print(&title->peer, address),
			   title->reads ? "cmd read" : "startup");

	CLAIM(title_parse(&again, (struct text){text, (size_t)len}));
	CLAIM(same(&again, title));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text whole = {(const char *)data, size};
	const char *end = memchr(data, 0, size), *server = memmem(data, size, "server ", 7);
	struct title title = {.peer = {.family = 9}};

	if (!title_parse(&title, whole)) {
		CLAIM(title.peer.family == 9);
		return 0;
	}
	CLAIM(prefix_valid(&title.peer) && prefix_is_single(&title.peer));
	CLAIM(memchr(data, '[', size) && memchr(data, ']', size));
	check_again(&title);
	/* What comes behind the end, and in front of the address. */
	check_with(whole, end ? (size_t)(end - whole.at) + 1 : size,
		   (struct text){BEHIND, sizeof(BEHIND) - 1}, &title);
	if (title.reads && server)
		check_with(whole, (size_t)(server - whole.at) + 7, text_of(NAMED), &title);
	return 0;
}
