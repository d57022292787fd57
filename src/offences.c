/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a line's offence to what is done about it. */
#include <stdio.h>

#include "base/log.h"
#include "daemon.h"

#define ODD_TIME_MS INT64_C(60000)
#define LATE_MS INT64_C(3300000) /* a wrong time zone makes an hour or more */
#define DAY_MS INT64_C(86400000)

static void log_ban(struct daemon *daemon, enum judge_verdict verdict, const struct ban *ban)
{
	char prefix[PREFIX_TEXT_MAX], whole[24], number[32] = "";
	int64_t ms = ban->until == TIME_FOREVER ? TIME_FOREVER : ban->until - ban->since;

	if (ban->strikes > 1)
		snprintf(number, sizeof number, ", ban number %u", ban->strikes);
	log_info("[%s] %s %s for %s (%u offences%s)",
		 names_text(daemon->memory->names, ban->jail),
		 verdict == JUDGE_BANNED ? "Ban" : "Extend ban of",
		 prefix_print(&ban->prefix, prefix),
		 text_print_duration(ms - (ms == TIME_FOREVER ? 0 : ms % 1000), whole),
		 ban->count, number);
}

/* A live line whose time is far from the clock's counts as now; whoever runs this should know
 * why, but not for each line. */
static void warn_of_time(struct daemon *daemon, const struct offence *offence, int64_t now,
			 struct text line)
{
	int64_t ticks = moment_ticks(), off = offence->time - now;
	char shown[256], span[24];

	if (!offence->live || offence->time == TIME_NONE ||
	    (off >= -ODD_TIME_MS && off <= ODD_TIME_MS) ||
	    (daemon->odd_time_at && ticks - daemon->odd_time_at < DAY_MS))
		return;
	daemon->odd_time_at = ticks ? ticks : 1;
	log_warning("[%s] a line of just now says it is %s %s: a %s problem? Such lines count "
		    "as now. The line: %s",
		    names_text(daemon->memory->names, offence->jail),
		    text_print_duration((off < 0 ? -off : off) / 1000 * 1000, span),
		    off < 0 ? "old" : "ahead",
		    off < 0 && off > -LATE_MS ? "latency" : "time zone",
		    text_show(line, shown, sizeof shown));
}

void offend(void *arg, const struct offence *offence, struct text line)
{
	struct daemon *daemon = arg;
	int64_t now = memory_now(daemon->memory), time;
	struct offence mine = *offence;
	enum judge_verdict verdict;
	struct ban ban;

	mine.time = steady_from_wall(&daemon->memory->clock, offence->time);
	warn_of_time(daemon, &mine, now, line);
	verdict = judge_offence(daemon->memory->judge, &mine, now, &ban, &time);
	memory_offence(daemon->memory, verdict, &mine, &ban, time, line);
	if (verdict == JUDGE_FULL)
		log_debug("no room for another ban");
	if (verdict == JUDGE_BANNED || verdict == JUDGE_EXTENDED) {
		log_ban(daemon, verdict, &ban);
		enforce_change(daemon->enforce, ban.jail, &ban.prefix);
	}
	if (verdict != JUDGE_IGNORED && verdict != JUDGE_OLD)
		daemon_touch(daemon);
}
