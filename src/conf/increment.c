/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "conf/field.h"
#include "conf/increment.h"

#define SHOWN 80
#define MULTIPLIER_MAX 1000000000
#define FACTOR_MAX 1e9
#define FACTOR_CHARS 32

/* The two formulas in fail2ban's jail.conf. There they are Python that is evaluated. */
static const char doubling[] =
	"ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor";
static const char exponential[] =
	"ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)";

static void refuse(const struct scope *scope, const char *key, const struct value *value,
		   const char *expected)
{
	char shown[SHOWN];

	diag_error(scope->diag, value_place(value), "%s must be %s, not \"%s\"", key, expected,
		   text_show(value_text(value), shown, sizeof shown));
}

/* Digits with at most one point among them. */
static bool read_decimal(struct text t, double *out)
{
	char copy[FACTOR_CHARS + 1];
	size_t points = 0, digits = 0;

	t = text_trim(t);
	if (t.len > FACTOR_CHARS)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		copy[i] = t.at[i];
		points += t.at[i] == '.';
		digits += isdigit((unsigned char)t.at[i]) != 0;
	}
	copy[t.len] = 0;
	if (!digits || points > 1 || digits + points != t.len)
		return false;
	*out = strtod(copy, NULL);
	return true;
}

/* A number, or a quotient of two, as "2.0 / 2.885385" in fail2ban's jail.conf. */
static bool read_factor(struct text t, double *out)
{
	const char *slash = memchr(t.at, '/', t.len);
	size_t len = slash ? (size_t)(slash - t.at) : t.len;
	double above, below = 1;

	if (!read_decimal((struct text){t.at, len}, &above) ||
	    (slash && !read_decimal((struct text){slash + 1, t.len - len - 1}, &below)))
		return false;
	if (below <= 0 || above / below <= 0 || above / below > FACTOR_MAX)
		return false;
	*out = above / below;
	return true;
}

static int factor(double *out, const struct scope *scope)
{
	struct value value = {0};
	int err;

	if (!field_value(&value, scope, "bantime.factor", &err))
		return err;
	if (!read_factor(value_text(&value), out))
		refuse(scope, "bantime.factor", &value,
		       "a number above 0 such as 2 or 1.5, or two with \"/\" between them");
	value_clear(&value);
	return 0;
}

static bool same_but_blanks(struct text t, const char *known)
{
	for (size_t i = 0; i < t.len; i++) {
		if (isspace((unsigned char)t.at[i]))
			continue;
		known += strspn(known, " ");
		if (t.at[i] != *known++)
			return false;
	}
	return !*known;
}

static int formula(bool *is_exponential, const struct scope *scope)
{
	struct value value = {0};
	int err;

	if (!field_value(&value, scope, "bantime.formula", &err))
		return err;
	*is_exponential = same_but_blanks(value_text(&value), exponential);
	if (!*is_exponential && !same_but_blanks(value_text(&value), doubling))
		diag_error(scope->diag, value_place(&value),
			   "bantime.formula is not evaluated; it can be \"%s\" or \"%s\", and "
			   "bantime.multipliers says any other",
			   doubling, exponential);
	value_clear(&value);
	return 0;
}

static bool read_multipliers(struct increment *out, struct text rest)
{
	struct text word;
	int64_t number;

	while (text_word(&rest, &word)) {
		if (out->multiplier_count == INCREMENT_MULTIPLIERS_MAX ||
		    !text_number(word, 1, MULTIPLIER_MAX, &number))
			return false;
		out->multipliers[out->multiplier_count++] = (uint32_t)number;
	}
	return out->multiplier_count > 0;
}

static int multipliers(struct increment *out, const struct scope *scope)
{
	struct value value = {0};
	int err;

	if (!field_value(&value, scope, "bantime.multipliers", &err))
		return err;
	if (!read_multipliers(out, value_text(&value)))
		refuse(scope, "bantime.multipliers", &value,
		       "1 to 64 whole numbers from 1 on, such as \"1 5 30 60\"");
	value_clear(&value);
	return 0;
}

int increment_read(struct increment *out, const struct scope *scope)
{
	struct increment read = {.factor = 1, .maxtime = TIME_FOREVER};
	int err = field_flag(&read.on, scope, "bantime.increment");

	if (!err)
		err = field_flag(&read.overall, scope, "bantime.overalljails");
	if (!err)
		err = factor(&read.factor, scope);
	if (!err)
		err = formula(&read.exponential, scope);
	if (!err)
		err = multipliers(&read, scope);
	if (!err)
		err = field_duration(&read.maxtime, scope, "bantime.maxtime", false);
	if (!err)
		err = field_duration(&read.rndtime, scope, "bantime.rndtime", false);
	*out = read;
	return err;
}
