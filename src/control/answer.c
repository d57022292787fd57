/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/call.h"

/* What a verb sees of its call: the request, and the answer's framing. */

#define LINE_USUAL 1024

size_t call_args(const struct call *call)
{
	return call->request.arg_count;
}

const char *call_arg(const struct call *call, size_t i)
{
	return i < call->request.arg_count ? call->request.args[i] : NULL;
}

const char *call_option(const struct call *call, const char *name)
{
	return request_option(&call->request, name);
}

static void put(struct call *call, const char *at, size_t len)
{
	if (evbuffer_add(call->out, at, len) < 0)
		call->broken = true;
}

/* A newline ends a record of the answer, so a log line that holds one is escaped. */
static void put_line(struct call *call, const char *tag, const char *text)
{
	size_t len;

	put(call, tag, 2);
	for (;;) {
		len = strcspn(text, "\n");
		put(call, text, len);
		if (!text[len])
			break;
		put(call, "\\x0a", 4);
		text += len + 1;
	}
	put(call, "\n", 1);
	call_touch(call);
}

static void __attribute__((format(printf, 3, 0)))
put_format(struct call *call, const char *tag, const char *format, va_list args)
{
	char usual[LINE_USUAL], *text = usual;
	va_list again;
	int len;

	if (call->finished)
		return;
	va_copy(again, args);
	len = vsnprintf(usual, sizeof(usual), format, args);
	if (len >= (int)sizeof(usual) && vasprintf(&text, format, again) < 0)
		len = -1;
	va_end(again);
	if (len < 0) {
		call->broken = true;
		call_touch(call);
		return;
	}
	put_line(call, tag, text);
	if (text != usual)
		free(text);
}

void call_out(struct call *call, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_format(call, "O ", format, args);
	va_end(args);
}

void call_err(struct call *call, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_format(call, "E ", format, args);
	va_end(args);
}

void call_more(struct call *call)
{
	call->wants_more = true;
	call_touch(call);
}

void call_pause(struct call *call, bool pause)
{
	call->paused = pause;
	call_touch(call);
}

void call_set(struct call *call, void *own)
{
	call->own = own;
}

void *call_own(const struct call *call)
{
	return call->own;
}

void call_finish(struct call *call, enum control_exit code)
{
	char number[16];

	if (call->finished)
		return;
	snprintf(number, sizeof(number), "%d", (int)code);
	put_line(call, "X ", number);
	call->finished = true;
}
