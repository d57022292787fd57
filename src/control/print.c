/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "control/control.h"

/* A policy request as a line that filters can search, without anybody's value looking like
 * another attribute. */

#define BEGIN "policy:"
#define NAME_MAX_LEN 64
#define ESCAPED 4 /* \xNN */

/* What a client cannot make longer, so that these are in every line. */
static const char *const first[] = {"protocol_state", "client_address"};

#define FIRSTS (sizeof first / sizeof *first)

static size_t print_value(char *out, struct text value)
{
	size_t len = 0;

	for (size_t i = 0; i < value.len && len + ESCAPED <= POLICY_VALUE_MAX; i++) {
		unsigned char byte = (unsigned char)value.at[i];

		if (byte > ' ' && byte < 0x7f && byte != '\\')
			out[len++] = (char)byte;
		else
			len += (size_t)sprintf(out + len, "\\x%02x", byte);
	}
	return len;
}

static size_t print_attribute(char *out, size_t room, const struct policy_attribute *attribute)
{
	char value[POLICY_VALUE_MAX + 1];
	size_t len = print_value(value, attribute->value);
	size_t name = attribute->name.len;

	if (name > NAME_MAX_LEN || 1 + name + 1 + len > room)
		return 0;
	out[0] = ' ';
	memcpy(out + 1, attribute->name.at, name);
	out[1 + name] = '=';
	memcpy(out + 2 + name, value, len);
	return 2 + name + len;
}

static bool is_first(struct text name)
{
	for (size_t i = 0; i < FIRSTS; i++)
		if (text_equal(name, first[i]))
			return true;
	return false;
}

size_t policy_print(const struct policy_request *request, char *out)
{
	size_t len = (size_t)(stpcpy(out, BEGIN) - out), most = POLICY_PRINT_MAX - 1;

	for (size_t i = 0; i < FIRSTS; i++) {
		struct policy_attribute it = {text_of(first[i]),
					      policy_value(request, first[i])};

		len += print_attribute(out + len, most - len, &it);
	}
	for (size_t i = 0; i < request->count; i++)
		if (!is_first(request->attributes[i].name))
			len += print_attribute(out + len, most - len, &request->attributes[i]);
	out[len++] = '\n';
	return len;
}
