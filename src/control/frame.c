/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "control/frame.h"

enum frame frame_next(struct text have, size_t *seen, size_t *len)
{
	while (*seen < have.len) {
		const char *line = have.at + *seen;
		const char *end = memchr(line, '\n', have.len - *seen);
		size_t line_len;

		if (!end)
			break;
		line_len = (size_t)(end - line);
		*len = *seen + line_len + 1;
		if (*len > POLICY_REQUEST_MAX)
			return FRAME_LONG;
		if (!line_len)
			return FRAME_WHOLE;
		if (line_len == 1 && *line == '\r')
			return FRAME_CRLF;
		*seen = *len;
	}
	return have.len > POLICY_REQUEST_MAX ? FRAME_LONG : FRAME_PART;
}

static bool is_name(struct text name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!(name.at[i] >= 'a' && name.at[i] <= 'z') &&
		    !(name.at[i] >= '0' && name.at[i] <= '9') && name.at[i] != '_')
			return false;
	return name.len > 0;
}

static bool parse_line(struct policy_attribute *out, struct text line)
{
	const char *equals = memchr(line.at, '=', line.len);

	if (!equals)
		return false;
	out->name = (struct text){line.at, (size_t)(equals - line.at)};
	out->value = (struct text){equals + 1, line.len - out->name.len - 1};
	return is_name(out->name);
}

bool frame_parse(struct policy_request *out, struct text whole)
{
	const char *end = whole.at + whole.len - 1; /* the empty line */
	struct text line = {whole.at, 0};
	struct text kind;

	out->count = 0;
	while (line.at < end) {
		line.len = (size_t)((const char *)memchr(line.at, '\n',
							 (size_t)(end + 1 - line.at)) -
				    line.at);
		if (out->count == POLICY_ATTRIBUTES_MAX ||
		    !parse_line(&out->attributes[out->count++], line))
			return false;
		line.at += line.len + 1;
	}
	kind = policy_value(out, "request");
	return out->count && (!kind.len || text_equal(kind, "smtpd_access_policy"));
}

struct text policy_value(const struct policy_request *request, const char *name)
{
	for (size_t i = 0; i < request->count; i++)
		if (text_equal(request->attributes[i].name, name))
			return request->attributes[i].value;
	return text_of("");
}
