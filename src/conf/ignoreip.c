/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/field.h"
#include "conf/ignoreip.h"
#include "conf/load.h"

#define FILE_WORD "file:"
#define ALLOW ":allow" /* behind an address in rules for tcpserver */
#define SHOWN 200

/* What is being read: of a jail, or of a file that its list names. */
struct list {
	struct conf_jail *jail;
	size_t room;
	struct diag *diag;
};

static int add_prefix(struct list *list, const struct prefix *prefix)
{
	struct conf_jail *jail = list->jail;
	struct prefix *grown;

	if (jail->ignoreip_count == list->room) {
		list->room = list->room ? 2 * list->room : 8;
		grown = realloc(jail->ignoreip, list->room * sizeof *grown);
		if (!grown)
			return -ENOMEM;
		jail->ignoreip = grown;
	}
	jail->ignoreip[jail->ignoreip_count++] = *prefix;
	return 0;
}

/* "192.0.2.1-9", as in rules for tcpserver. -EINVAL: it is none. */
static int add_range(struct list *list, struct text word)
{
	const char *dash = memchr(word.at, '-', word.len);
	struct prefix prefix;
	int64_t last;
	int err = 0;

	if (!dash || !prefix_parse(&prefix, word.at, (size_t)(dash - word.at)) ||
	    prefix.family != 4 ||
	    !text_number((struct text){dash + 1, (size_t)(word.at + word.len - dash - 1)},
			 prefix.addr[3], 255, &last))
		return -EINVAL;
	for (int64_t i = prefix.addr[3]; i <= last && !err; i++) {
		prefix.addr[3] = (uint8_t)i;
		err = add_prefix(list, &prefix);
	}
	return err;
}

static int add(struct list *list, struct text word, struct place place)
{
	size_t allow = strlen(ALLOW);
	struct prefix prefix;
	char shown[SHOWN];
	int err;

	if (word.len > allow && !memcmp(word.at + word.len - allow, ALLOW, allow))
		word.len -= allow;
	if (prefix_parse_loose(&prefix, word.at, word.len))
		return add_prefix(list, &prefix);
	err = add_range(list, word);
	if (err != -EINVAL)
		return err;
	diag_error(list->diag, place, "ignoreip: \"%s\" is not an address or a network",
		   text_show(word, shown, sizeof shown));
	return 0;
}

/* A comment begins with "#" or ";", anywhere in a line. */
static int add_line(struct list *list, struct text line, struct place place)
{
	struct text word;
	int err = 0;

	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] == '#' || line.at[i] == ';')
			line.len = i;
	while (!err && text_word(&line, &word))
		err = add(list, word, place);
	return err;
}

static int add_lines(struct list *list, struct text rest, const char *path)
{
	struct place place = {path, 0};
	struct text line;
	int err = 0;

	while (!err && text_line(&rest, &line)) {
		place.line++;
		if (line.len && line.at[line.len - 1] == '\r')
			line.len--;
		err = add_line(list, line, place);
	}
	return err;
}

static int add_file(struct list *list, struct text name, struct place place)
{
	char *path = text_dup(name), *bytes, shown[SHOWN];
	size_t len;
	int err;

	if (!path)
		return -ENOMEM;
	text_show(name, shown, sizeof shown);
	err = *path == '/' ? load_bytes(&bytes, &len, path) : -EINVAL;
	if (!err) {
		err = add_lines(list, (struct text){bytes, len}, path);
		free(bytes);
	} else if (*path != '/') {
		diag_error(list->diag, place, "ignoreip: \"%s\" is not an absolute path",
			   shown);
	} else if (err != -ENOMEM) {
		diag_error(list->diag, place, "ignoreip: \"%s\" cannot be read: %s", shown,
			   load_reason(err));
	}
	free(path);
	return err == -ENOMEM ? err : 0;
}

static int add_word(struct list *list, struct text word, struct place place)
{
	const size_t skip = sizeof FILE_WORD - 1;

	if (word.len >= skip && !memcmp(word.at, FILE_WORD, skip))
		return add_file(list, (struct text){word.at + skip, word.len - skip}, place);
	return add(list, word, place);
}

int ignoreip_read(struct conf_jail *jail, const struct scope *scope)
{
	struct list list = {.jail = jail, .diag = scope->diag};
	struct value value = {0};
	struct value_cursor c = {0};
	struct text word;
	int err;

	if (!field_value(&value, scope, "ignoreip", &err))
		return err;
	while (!err && value_next(&value, &c))
		while (!err && text_word(&c.text, &word))
			err = add_word(&list, word, c.place);
	value_clear(&value);
	return err;
}
