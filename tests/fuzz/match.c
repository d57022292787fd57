/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The matcher: expressions up to the first empty line, then log lines. An expression begins
 * with P (prefregex), F (failregex) or I (ignoreregex); without any, fixed ones are used. A
 * line M7 says that seven lines are matched together, and N that host names are wanted.
 *
 * Whatever is found is an address that prints and parses back to itself, or a name, and a piece
 * of the input; and the lines one by one give what they give together, which is where the
 * search for words in whole blocks would show if it lost one. And so do they with a restart
 * after each, when all that is remembered goes through its bytes. Bytes that are none (the
 * whole input) do no harm.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "match/match.h"

#define NOW INT64_C(1763600000000)
#define RULES_MAX 4

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

struct run {
	struct text text;  /* all the lines */
	size_t before;	   /* lines before the run */
	uint64_t findings; /* so many */
	uint64_t sum;	   /* of what was found, and in which line */
};

static void check_prefix(const struct prefix *prefix)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix again;

	CLAIM(prefix_valid(prefix));
	prefix_print(prefix, text);
	CLAIM(prefix_parse(&again, text, strlen(text)));
	CLAIM(prefix_equal(prefix, &again));
}

static uint64_t mix(uint64_t sum, const void *at, size_t len)
{
	const unsigned char *p = at;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static void found(void *arg, size_t index, const struct finding *finding)
{
	struct run *run = arg;
	size_t number = run->before + finding->number;
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	CLAIM(index == 0);
	CLAIM(finding->subject == SUBJECT_ADDRESS ||
	      (finding->subject == SUBJECT_NAME && finding->name.at &&
	       !finding->prefix.family) ||
	      (finding->subject == SUBJECT_ID && finding->name.at));
	CLAIM(finding->number > 0);
	CLAIM(finding->line.at >= run->text.at);
	CLAIM(finding->line.at + finding->line.len <= run->text.at + run->text.len);
	CLAIM(!memchr(finding->line.at, '\n', finding->line.len));
	CLAIM(finding->extras <= FINDING_EXTRAS);
	if (finding->subject == SUBJECT_ADDRESS || finding->prefix.family)
		check_prefix(&finding->prefix);
	sum = mix(sum, &number, sizeof(number));
	sum = mix(sum, &finding->prefix, sizeof(finding->prefix));
	sum = mix(sum, &finding->time, sizeof(finding->time));
	sum = mix(sum, finding->name.at, finding->name.len);
	for (size_t i = 0; i < finding->extras; i++) {
		sum = mix(sum, finding->extra[i].name, strlen(finding->extra[i].name));
		sum = mix(sum, finding->extra[i].value.at, finding->extra[i].value.len);
	}
	run->sum ^= sum;
	run->findings++;
}

static void add(struct rules *rules, struct text line)
{
	char *regex = text_dup((struct text){line.at + 1, line.len - 1});
	struct rule rule = {.regex = regex};

	CLAIM(regex);
	if (*line.at == 'F' && rules->fails < RULES_MAX)
		rules->fail[rules->fails++] = rule;
	else if (*line.at == 'I' && rules->ignores < RULES_MAX)
		rules->ignore[rules->ignores++] = rule;
	else if (*line.at == 'P' && !rules->prefregex.regex)
		rules->prefregex = rule;
	else
		free(regex);
	if (*line.at == 'M' && line.len > 1)
		rules->maxlines = (unsigned)(line.at[1] & 15);
	rules->names |= *line.at == 'N';
}

static void fixed(struct rules *rules)
{
	add(rules, text_of("P^\\s*(?:\\S+\\s+)?(?:sshd(?:-session)?|postfix/\\w+)\\[\\d+\\]: "
			   "<F-CONTENT>.+</F-CONTENT>$"));
	add(rules,
	    text_of("F^Failed \\S+ for (?:invalid user )?<F-USER>.*</F-USER> from <HOST> "
		    "port \\d+"));
	add(rules, text_of("F^[iI]nvalid user <F-USER>.*?</F-USER> from <ADDR>"));
	add(rules,
	    text_of("F^warning: [^[]*\\[<HOST>\\]: SASL ((?i)LOGIN|PLAIN) authentication "
		    "failed"));
	add(rules, text_of("I from 192\\.0\\.2\\.1\\b"));
}

static struct match *make(struct text *rest)
{
	struct rule fail[RULES_MAX], ignore[RULES_MAX];
	struct rules rules = {.name = "fuzz", .fail = fail, .ignore = ignore};
	struct match *match = match_new();
	struct diag diag = {0};
	struct text line;
	int index;

	CLAIM(match);
	while (text_line(rest, &line) && line.len)
		add(&rules, line);
	if (!rules.fails)
		fixed(&rules);
	index = match_add(match, &rules, &diag);
	CLAIM((index < 0) == (diag.errors > 0));
	free(rules.prefregex.regex);
	for (size_t i = 0; i < rules.fails; i++)
		free(fail[i].regex);
	for (size_t i = 0; i < rules.ignores; i++)
		free(ignore[i].regex);
	if (index < 0) {
		match_free(match);
		return NULL;
	}
	return match;
}

/* ---- restarts ---- */

struct move {
	struct match *match;
	struct match_memory *to;
};

static void move_piece(void *arg, size_t index, uint32_t number, struct text bytes)
{
	struct move *move = arg;

	CLAIM(bytes.len > 0 && bytes.len <= MATCH_PIECE_MAX);
	CLAIM(match_memory_restore(move->match, move->to, index, number, bytes, NOW));
}

static struct match_memory *restarted(struct match *match, struct match_memory *memory)
{
	struct move move = {match, match_memory_new(match)};

	CLAIM(move.to != NULL);
	match_memory_save(match, memory, true, NOW, move_piece, &move);
	match_memory_free(memory);
	return move.to;
}

static void restore_anything(struct match *match, struct match_memory *memory, struct text t)
{
	static const uint32_t numbers[] = {0,	   1,	   2,	   0x1000, 0x1001, 0x11ff,
					   0x1200, 0x2000, 0x2001, 0x2063, 0x2064, UINT32_MAX};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		match_memory_restore(match, memory, 0, numbers[i], t, NOW);
	match_memory_restore(match, memory, 0, 0, (struct text){"0123456789abcdef", 16}, NOW);
	match_memory_restore(match, memory, 0, 0x1000, t, NOW);
}

/* ---- line by line ---- */

static struct match_memory *one_by_one(struct match *match, struct match_memory *memory,
				       struct run *run, bool restarts)
{
	struct text rest = run->text;
	const char *end = rest.at + rest.len;

	while (rest.len) {
		const char *newline = memchr(rest.at, '\n', rest.len);
		size_t len = newline ? (size_t)(newline + 1 - rest.at) : rest.len;
		struct lines lines = {{rest.at, len}, TIME_NONE, false};

		match_scan(match, memory, &lines, NOW, found, run);
		run->before++;
		if (restarts)
			memory = restarted(match, memory);
		rest = (struct text){rest.at + len, (size_t)(end - rest.at) - len};
	}
	return memory;
}

static struct match_memory *fresh(struct match *match, struct match_memory *old)
{
	struct match_memory *memory = match_memory_new(match);

	match_memory_free(old);
	CLAIM(memory != NULL);
	return memory;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = {(const char *)data, size};
	struct match *match = make(&rest);
	struct run together = {.text = rest}, single = {.text = rest}, broken = {.text = rest};
	struct lines lines = {rest, TIME_NONE, false};
	struct match_memory *memory;

	if (!match)
		return 0;
	memory = fresh(match, NULL);
	match_scan(match, memory, &lines, NOW, found, &together);
	CLAIM(match_counts(match).found == together.findings);
	memory = fresh(match, memory);
	memory = one_by_one(match, memory, &single, false);
	CLAIM(match_counts(match).lines == 2 * single.before);
	CLAIM(together.findings == single.findings);
	CLAIM(together.sum == single.sum);
	/* Further back dates are looked for only in one that was not broken. */
	if (single.before < 100 && rest.len < 4096) {
		memory = one_by_one(match, fresh(match, memory), &broken, true);
		CLAIM(together.findings == broken.findings);
		CLAIM(together.sum == broken.sum);
	}
	restore_anything(match, memory, rest);
	match_scan(match, memory, &lines, NOW, found, &together);
	match_memory_free(memory);
	match_free(match);
	return 0;
}
