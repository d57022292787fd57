/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon.h"
#include "policies.h"

void daemon_touch(struct daemon *daemon)
{
	event_active(daemon->turn, EV_TIMEOUT, 0);
}

void daemon_stop(struct daemon *daemon, int code)
{
	daemon->exit = code;
	event_base_loopbreak(daemon->base);
}

uint32_t daemon_jail(const struct daemon *daemon, const char *name)
{
	const struct conf *conf = daemon->setup->conf;

	for (size_t i = 0; i < conf->jail_count; i++)
		if (!strcmp(conf->jails[i].name, name))
			return names_add(daemon->memory->names, text_of(name));
	return 0;
}

uint32_t daemon_find_jail(const struct daemon *daemon, const char *name)
{
	const struct judge *judge = daemon->memory->judge;
	uint32_t jail = daemon_jail(daemon, name);
	uint32_t number = names_find(daemon->memory->names, text_of(name));

	for (uint32_t slot = 0; !jail && number && slot < judge_slots(judge); slot++)
		if (judge_at(judge, slot) && judge_at(judge, slot)->jail == number)
			return number;
	return jail;
}

void daemon_unban(struct daemon *daemon, uint32_t jail, const struct prefix *prefix)
{
	struct prefix copy = *prefix;
	char text[PREFIX_TEXT_MAX];

	enforce_before(daemon->enforce, jail, &copy);
	if (!memory_unban(daemon->memory, jail, &copy))
		return;
	log_info("[%s] Unban %s", names_text(daemon->memory->names, jail),
		 prefix_print(&copy, text));
	enforce_change(daemon->enforce, jail, &copy);
	daemon_touch(daemon);
}

void daemon_pardon(struct daemon *daemon)
{
	struct judge *judge = daemon->memory->judge;

	for (uint32_t slot = 0; slot < judge_slots(judge); slot++) {
		const struct ban *ban = judge_at(judge, slot);

		if (ban && judge_never(judge, ban->jail, &ban->prefix))
			daemon_unban(daemon, ban->jail, &ban->prefix);
	}
}

int daemon_use(struct daemon *daemon, struct setup *setup)
{
	struct setup *old = daemon->setup;
	int error = setup_judge(daemon->memory, setup->conf);

	if (error)
		return error;
	log_level = setup->conf->loglevel;
	daemon->setup = setup;
	store_set_group(daemon->memory->store, setup->conf->groupcommit);
	error = enforce_define(daemon->enforce, setup->conf);
	if (error)
		log_error("targets: %s", strerror(-error));
	reaper_use(daemon->reaper, setup->conf->reaper);
	if (setup->conf->reaper)
		clients_warn(daemon);
	feeds_use(daemon, setup);
	policies_use(daemon);
	daemon_pardon(daemon);
	setup_free(old);
	return 0;
}
