/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "match/tags.h"

/*
 * This file alone knows what fail2ban's tags stand for (jail.conf(5), section filter files).
 *
 * What stands for an address is as loose as in fail2ban, so that the same text is taken:
 * "999.1.1.1" and "1:2" match here and are refused later as addresses.
 */
#define IP4 "(?:::f{4,6}:)?(?P<ip4>\\d{1,3}(?:\\.\\d{1,3}){3})"
#define IP6 "(?P<ip6>(?:[0-9A-Fa-f]{1,4}:{1,2}|:{2}){1,7}(?:[0-9A-Fa-f]{1,4}|(?<=:):))"
#define DNS "(?P<dns>[\\w\\-.^_]*\\w)"
#define CIDR "(?P<cidr>\\d+)"
#define ADDR "\\[?(?:" IP4 "|" IP6 ")\\]?"
#define HOST "(?:" ADDR "|" DNS ")"
#define NET "\\[?(?:" IP4 "|" IP6 ")(?:/" CIDR ")?\\]?"

static const struct {
	const char *tag, *regex;
} fixed[] = {
	{"ADDR", ADDR},
	{"F-ADDR/", ADDR},
	{"IP4", IP4},
	{"F-IP4/", IP4},
	{"IP6", IP6},
	{"F-IP6/", IP6},
	{"CIDR", CIDR},
	{"F-CIDR/", CIDR},
	{"SUBNET", NET},
	{"F-SUBNET/", NET},
	{"DNS", DNS},
	{"F-DNS/", DNS},
	{"F-ID/", "(?P<fid>\\S+)"},
	{"F-PORT/", "(?P<fport>\\w+)"},
};

struct tags {
	FILE *out;
	const char *regex; /* all of it */
	bool names;
	unsigned skips; /* <SKIPLINES> so far */
};

/* The name in <name>, </name> or <name/> at `at`, with its slashes; empty: no tag. */
static struct text tag_at(const char *at)
{
	const char *p = at + 1;

	if (*p == '/')
		p++;
	while (isalnum((unsigned char)*p) || *p == '_' || *p == '-')
		p++;
	if (*p == '/')
		p++;
	return (struct text){at + 1, *p == '>' ? (size_t)(p - at - 1) : 0};
}

static bool is_custom(struct text name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!isupper((unsigned char)name.at[i]) &&
		    !isdigit((unsigned char)name.at[i]) && name.at[i] != '_' &&
		    name.at[i] != '-')
			return false;
	return name.len > 0;
}

/* Does <F-NAME> stand before `at`? */
static bool is_open(const struct tags *t, const char *at, struct text name)
{
	const char *p = t->regex;

	while ((p = memmem(p, (size_t)(at - p), "<F-", 3))) {
		p += 3;
		if ((size_t)(at - p) > name.len && !memcmp(p, name.at, name.len) &&
		    p[name.len] == '>')
			return true;
	}
	return false;
}

/* fail2ban calls the groups of <F-ID> and <F-PORT> otherwise than the tags. */
static void custom_open(struct tags *t, struct text name)
{
	fputs(text_equal(name, "ID") || text_equal(name, "PORT") ? "(?P<f" : "(?P<", t->out);
	for (size_t i = 0; i < name.len; i++)
		fputc(tolower((unsigned char)name.at[i]), t->out);
	fputc('>', t->out);
}

/* <F-NAME> opens a group and </F-NAME> closes it; what closes nothing is ordinary text. */
static bool custom(struct tags *t, struct text tag)
{
	bool close = tag.at[0] == '/';
	struct text name = {tag.at + close, tag.len - close};

	if (name.len < 3 || memcmp(name.at, "F-", 2) != 0)
		return false;
	name.at += 2;
	name.len -= 2;
	if (!is_custom(name) || (close && !is_open(t, tag.at, name)))
		return false;
	if (close)
		fputc(')', t->out);
	else
		custom_open(t, name);
	return true;
}

/* True: written; false: ordinary text. */
static bool tag_write(struct tags *t, struct text tag)
{
	if (text_equal(tag, "HOST"))
		return fputs(t->names ? HOST : ADDR, t->out), true;
	if (text_equal(tag, "SKIPLINES"))
		return fprintf(t->out, "\\n(?P<skiplines%u>(?:(?:.*\\n)*?))", t->skips++), true;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (text_equal(tag, fixed[i].tag))
			return fputs(fixed[i].regex, t->out), true;
	return custom(t, tag);
}

static void expand(struct tags *t)
{
	for (const char *at = t->regex; *at;) {
		struct text tag = {at, 0};

		if (*at == '<')
			tag = tag_at(at);
		if (tag.len > 0 && tag_write(t, tag))
			at += tag.len + 2;
		else
			fputc(*at++, t->out);
	}
}

int tags_expand(char **out, const char *regex, bool names)
{
	struct tags t = {.regex = regex, .names = names};
	char *text = NULL;
	size_t len;

	t.out = open_memstream(&text, &len);
	if (!t.out)
		return -ENOMEM;
	expand(&t);
	if (fclose(t.out)) {
		free(text);
		return -ENOMEM;
	}
	*out = text;
	return 0;
}
