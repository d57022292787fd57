/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "resolve/resolve.h"

#define FILTERS_MAX 64

struct claims {
	claims_found *found;
	void *arg;
	struct claim {
		struct claims *claims;
		struct resolve *resolve; /* made when needed */
	} of[FILTERS_MAX];
};

struct claims *claims_new(claims_found *found, void *arg)
{
	struct claims *claims = calloc(1, sizeof *claims);

	if (!claims)
		return NULL;
	claims->found = found;
	claims->arg = arg;
	for (size_t i = 0; i < FILTERS_MAX; i++)
		claims->of[i].claims = claims;
	return claims;
}

void claims_free(struct claims *claims)
{
	if (!claims)
		return;
	for (size_t i = 0; i < FILTERS_MAX; i++)
		resolve_free(claims->of[i].resolve);
	free(claims);
}

/* What resolve takes for the jail is the number of the line here. */
static void on_offence(void *arg, const struct offence *offence, struct text line)
{
	struct claim *claim = arg;
	struct claims *claims = claim->claims;
	const struct finding finding = {
		.time = offence->time,
		.subject = SUBJECT_ADDRESS,
		.prefix = offence->prefix,
		.line = line,
	};

	claims->found(claims->arg, (size_t)(claim - claims->of), offence->jail, &finding);
}

static bool is_message(const struct finding *finding)
{
	for (size_t i = 0; i < finding->extras; i++)
		if (!strcmp(finding->extra[i].name, "process"))
			return finding->subject == SUBJECT_ID;
	return false;
}

bool claims_take(struct claims *claims, size_t filter, uint32_t number,
		 const struct finding *finding)
{
	struct claim *claim;

	if (filter >= FILTERS_MAX || !is_message(finding))
		return false;
	claim = &claims->of[filter];
	if (!claim->resolve) {
		claim->resolve = resolve_new(NULL, on_offence, claim);
		if (!claim->resolve || resolve_proc(claim->resolve, ""))
			return false;
	}
	resolve_finding(claim->resolve, &(struct resolve_jail){.name = number}, false, finding);
	return true;
}

uint64_t claims_open(const struct claims *claims)
{
	uint64_t open = 0;

	for (size_t i = 0; i < FILTERS_MAX; i++) {
		struct resolve_counts counts = {0};

		if (claims->of[i].resolve)
			counts = resolve_counts(claims->of[i].resolve);
		open += counts.waiting + counts.unclaimed + counts.crowded;
	}
	return open;
}
