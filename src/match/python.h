/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regular expressions in Python's syntax (its module re) in PCRE2's words. */
#ifndef BANISH_MATCH_PYTHON_H
#define BANISH_MATCH_PYTHON_H

#include <stdbool.h>
#include <stddef.h>

struct python_way {
	bool marks;  /* put a callout behind each quantifier without end that is not lazy */
	bool atomic; /* told: there are groups or quantifiers that give nothing back, "(?>a)" or
			"a++" */
};

/*
 * An expression for PCRE2_UTF | PCRE2_UCP with newline LF that matches what `regex` matches in
 * Python 3.11; the caller frees it. 0, -ENOMEM, or -EINVAL with the reason in `why` (room for
 * `size`) where Python would refuse it or PCRE2 has no equal.
 *
 * The result has no literal "{" that is not a quantifier or escaped, and no \s or \S.
 */
int python_translate(char **out, struct python_way *way, const char *regex, char *why,
		     size_t size);

/*
 * An expression that, without PCRE2_UTF and PCRE2_UCP, finds in text of ASCII alone what
 * `pattern`, from python_translate(), finds with them; the caller frees it. PCRE2 may still
 * refuse it. 0, -ENOENT: there is none, or -ENOMEM.
 */
int python_ascii(char **out, const char *pattern);

#endif
