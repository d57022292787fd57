/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/ini.h"

static struct ini_section *find_section(const struct ini *ini, struct text name)
{
	for (size_t i = 0; i < ini->count; i++)
		if (text_equal(name, ini->sections[i].name))
			return &ini->sections[i];
	return NULL;
}

static struct ini_entry *find_entry(const struct ini_section *section, struct text key)
{
	for (size_t i = 0; i < section->count; i++)
		if (!strncasecmp(section->entries[i].key, key.at, key.len) &&
		    !section->entries[i].key[key.len])
			return &section->entries[i];
	return NULL;
}

const struct ini_section *ini_find(const struct ini *ini, struct text name)
{
	return find_section(ini, name);
}

const struct ini_entry *ini_entry(const struct ini_section *section, struct text key)
{
	return section && key.len ? find_entry(section, key) : NULL;
}

struct ini_section *ini_section(struct ini *ini, struct text name, struct place place)
{
	struct ini_section *found = find_section(ini, name), *grown = ini->sections;
	size_t room = ini->room ? 2 * ini->room : 8;
	char *copy;

	if (found)
		return found;
	if (ini->count == ini->room) {
		grown = realloc(ini->sections, room * sizeof *grown);
		if (!grown)
			return NULL;
		ini->sections = grown;
		ini->room = room;
	}
	copy = text_dup(name);
	if (!copy)
		return NULL;
	grown += ini->count++;
	*grown = (struct ini_section){.name = copy, .place = place};
	return grown;
}

int ini_put(struct ini_section *section, char *key, struct value *value)
{
	size_t room = section->room ? 2 * section->room : 8;
	struct ini_entry *grown = section->entries;

	if (key && section->count == section->room) {
		grown = realloc(section->entries, room * sizeof *grown);
		if (grown) {
			section->entries = grown;
			section->room = room;
		}
	}
	if (!key || !grown) {
		free(key);
		value_clear(value);
		return -ENOMEM;
	}
	grown[section->count++] = (struct ini_entry){key, *value};
	*value = (struct value){0};
	return 0;
}

static void section_clear(struct ini_section *section)
{
	for (size_t i = 0; i < section->count; i++) {
		free(section->entries[i].key);
		value_clear(&section->entries[i].value);
	}
	free(section->entries);
	free(section->name);
}

void ini_clear(struct ini *ini)
{
	for (size_t i = 0; i < ini->count; i++)
		section_clear(&ini->sections[i]);
	free(ini->sections);
	*ini = (struct ini){0};
}

/* ---- merging ---- */

/* The section that holds what `name` knew before. */
static struct ini_section *known_section(struct ini *ini, const char *name)
{
	struct ini_section *section = NULL;
	char *known;

	if (asprintf(&known, "%s%s", INI_KNOWN, name) < 0)
		return NULL;
	section = ini_section(ini, text_of(known), (struct place){0});
	if (section)
		section->known = true;
	free(known);
	return section;
}

/* Takes `key` and *value, also when it fails. */
static int lay(struct ini_section *section, char *key, struct value *value)
{
	struct ini_entry *old = key ? find_entry(section, text_of(key)) : NULL;

	if (!old)
		return ini_put(section, key, value);
	free(key);
	value_clear(&old->value);
	old->value = *value;
	*value = (struct value){0};
	return 0;
}

/* The value that is about to be replaced goes to the known ones. */
static int keep_known(struct ini *ini, size_t section, const char *key)
{
	struct ini_entry *old = find_entry(&ini->sections[section], text_of(key));
	struct ini_section *known;

	if (!old || !strcmp(ini->sections[section].name, INI_DEFAULT))
		return 0;
	known = known_section(ini, ini->sections[section].name);
	if (!known)
		return -ENOMEM;
	old = find_entry(&ini->sections[section], text_of(key)); /* the table may have moved */
	return lay(known, strdup(key), &old->value);
}

/* As in fail2ban a section that comes again has known values, be there none that were replaced.
 */
static int merge_section(struct ini *ini, struct ini_section *from)
{
	bool again = ini_find(ini, text_of(from->name)) && strcmp(from->name, INI_DEFAULT) != 0;
	struct ini_section *into = ini_section(ini, text_of(from->name), from->place);
	size_t number = into ? (size_t)(into - ini->sections) : 0;
	int err = into ? 0 : -ENOMEM;

	if (again && !known_section(ini, from->name))
		err = -ENOMEM;
	for (size_t i = 0; i < from->count && !err; i++) {
		struct ini_entry *entry = &from->entries[i];
		char *key = entry->key;

		err = keep_known(ini, number, key);
		if (err)
			break;
		entry->key = NULL;
		err = lay(&ini->sections[number], key, &entry->value);
	}
	return err;
}

int ini_merge(struct ini *ini, struct ini *from)
{
	int err = 0;

	for (size_t i = 0; i < from->count && !err; i++)
		err = merge_section(ini, &from->sections[i]);
	ini_clear(from);
	return err;
}
