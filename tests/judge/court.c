/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <criterion/criterion.h>

#include "base/moment.h"
#include "tests/judge/court.h"

struct prefix court_prefix(const char *text)
{
	struct prefix prefix;

	cr_assert(prefix_parse(&prefix, text, strlen(text)), "%s", text);
	return prefix;
}

struct judge *court_new(uint32_t bans, uint32_t accounts)
{
	const struct judge_limits limits = {.bans = bans, .accounts = accounts};
	const struct prefix ignore[] = {court_prefix("192.0.2.0/24"),
					court_prefix("2001:db8:5::7")};
	const struct judge_jail jails[] = {
		{1, 3, 10 * MINUTE, HOUR, 64, ignore, 2, {0}, false},
		{2, 1, 10 * MINUTE, HOUR, 64, ignore, 2, {0}, false},
		{3, 1000, HOUR, TIME_FOREVER, 56, ignore, 2, {0}, false},
	};
	struct judge *judge;

	cr_assert_eq(judge_new(&judge, &limits), 0);
	cr_assert_eq(judge_set_jails(judge, jails, 3), 0);
	return judge;
}

struct ban court_ban(uint32_t jail, const char *text, int64_t until)
{
	return (struct ban){
		.prefix = court_prefix(text), .jail = jail, .since = NOW, .until = until};
}

enum judge_verdict court_live(struct judge *judge, const char *address, int64_t time)
{
	const struct offence offence = {
		.prefix = court_prefix(address), .jail = 1, .time = time, .live = true};
	struct ban ban;
	int64_t counted;

	return judge_offence(judge, &offence, time, &ban, &counted);
}
