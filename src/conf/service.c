/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/field.h"
#include "conf/service.h"

#define WORDS_MAX 64 /* of one list; what touches becomes one range */
#define NAME_SIZE 64 /* of a service, and more than any has */
#define WORD_SIZE sizeof "tcp:65535-65535,"
#define SHOWN 80

/* ---- one port ---- */

/* The names of services(5). A name that only one protocol has means that number in both. */
static bool find_name(uint16_t *out, const struct conf_jail *jail, const char *name)
{
	static const char *const protocols[] = {"tcp", "udp"};
	const bool wanted[] = {jail->tcp, jail->udp};
	struct servent entry, *found = NULL;
	char buffer[1024];

	for (size_t i = 0; i < 2 && !found; i++)
		if (wanted[i])
			getservbyname_r(name, protocols[i], &entry, buffer, sizeof buffer,
					&found);
	if (!found)
		return false;
	*out = ntohs((uint16_t)found->s_port);
	return *out != 0;
}

static bool read_port(uint16_t *out, const struct conf_jail *jail, struct text text)
{
	char name[NAME_SIZE];
	int64_t number;

	/* fail2ban's way of writing all ports is 0:65535; there is no port 0. */
	if (text_number(text, 0, UINT16_MAX, &number)) {
		*out = (uint16_t)number;
		return true;
	}
	if (!text.len || text.len >= sizeof name || memchr(text.at, 0, text.len))
		return false;
	memcpy(name, text.at, text.len);
	name[text.len] = 0;
	return find_name(out, jail, name);
}

/* A name may hold a "-", so the word as a whole is looked up first. */
static bool read_range(struct port_range *out, const struct conf_jail *jail, struct text word)
{
	const char *at = memchr(word.at, ':', word.len);
	struct text first = word, last;

	if (read_port(&out->first, jail, word)) {
		out->last = out->first;
		return out->first != 0;
	}
	if (!at)
		at = memchr(word.at, '-', word.len);
	if (!at)
		return false;
	first.len = (size_t)(at - word.at);
	last = (struct text){at + 1, word.len - first.len - 1};
	if (!read_port(&out->first, jail, first) || !read_port(&out->last, jail, last))
		return false;
	out->first += !out->first;
	return out->first <= out->last;
}

/* ---- lists ---- */

static const char *protocols_of(const struct conf_jail *jail)
{
	if (jail->tcp && jail->udp)
		return "tcp or udp";
	return jail->tcp ? "tcp" : "udp";
}

static void refuse_port(const struct scope *scope, struct place place,
			const struct conf_jail *jail, struct text word)
{
	char shown[SHOWN];

	diag_error(scope->diag, place,
		   "port \"%s\" is no %s service of /etc/services, no number from 1 to 65535, "
		   "and no range such as 1000:2000",
		   text_show(word, shown, sizeof shown), protocols_of(jail));
}

static int compare_ranges(const void *a, const void *b)
{
	return ((const struct port_range *)a)->first - ((const struct port_range *)b)->first;
}

/* In order, and what touches or overlaps as one: two jails that mean the same ports share a
 * target. How many are left. */
static size_t merge(struct port_range *ranges, size_t count)
{
	size_t kept = 0;

	qsort(ranges, count, sizeof *ranges, compare_ranges);
	for (size_t i = 0; i < count; i++) {
		struct port_range *last = kept ? &ranges[kept - 1] : NULL;

		if (last && ranges[i].first <= (uint32_t)last->last + 1) {
			if (ranges[i].last > last->last)
				last->last = ranges[i].last;
		} else {
			ranges[kept++] = ranges[i];
		}
	}
	return kept;
}

static void keep_ports(struct conf_jail *jail, struct port_range *ranges, size_t count,
		       const struct scope *scope, struct place place)
{
	count = merge(ranges, count);
	if (count > PORTS_MAX) {
		diag_error(scope->diag, place, "port: %zu ranges; at most %d are possible",
			   count, PORTS_MAX);
		return;
	}
	memcpy(jail->ports, ranges, count * sizeof *ranges);
	jail->port_count = count;
}

int service_read_ports(struct conf_jail *jail, const struct scope *scope)
{
	struct port_range ranges[WORDS_MAX];
	struct value value = {0};
	struct text rest, word;
	size_t count = 0;
	bool good = true;
	int err;

	if (!field_value(&value, scope, "port", &err))
		return err;
	rest = value_text(&value);
	while (text_word(&rest, &word) && count < WORDS_MAX) {
		if (read_range(&ranges[count], jail, word)) {
			count++;
			continue;
		}
		refuse_port(scope, value_place(&value), jail, word);
		good = false;
	}
	if (good && (!count || count == WORDS_MAX))
		diag_error(scope->diag, value_place(&value), "port must be 1 to %d ports",
			   WORDS_MAX - 1);
	else if (good)
		keep_ports(jail, ranges, count, scope, value_place(&value));
	value_clear(&value);
	return 0;
}

static int read_protocol(struct conf_jail *jail, const struct scope *scope)
{
	struct value value = {0};
	struct text rest, word;
	bool tcp = false, udp = false, bad = false;
	char shown[SHOWN];
	int err;

	jail->tcp = true;
	if (!field_value(&value, scope, "protocol", &err))
		return err;
	rest = value_text(&value);
	while (text_word(&rest, &word)) {
		tcp |= text_equal(word, "tcp");
		udp |= text_equal(word, "udp");
		bad |= !text_equal(word, "tcp") && !text_equal(word, "udp");
	}
	if (bad || (!tcp && !udp)) {
		diag_error(scope->diag, value_place(&value),
			   "protocol must be tcp, udp or tcp,udp, not \"%s\"",
			   text_show(value_text(&value), shown, sizeof shown));
	} else {
		jail->tcp = tcp;
		jail->udp = udp;
	}
	value_clear(&value);
	return 0;
}

/* ---- what they are for ---- */

static struct place place_of(const struct scope *scope, const char *key)
{
	struct value value = {0};
	struct place place = {0};
	int err;

	if (field_value(&value, scope, key, &err))
		place = value_place(&value);
	value_clear(&value);
	return place;
}

static int read_drop(struct conf_jail *jail, const struct scope *scope)
{
	const char *key = "drop-established";
	bool drop = false;
	int err = field_flag(&drop, scope, key);

	if (err || !drop)
		return err;
	/* Else a ban of a web server's jail would end the administrator's own session. */
	if (!expand_has(scope, "port"))
		diag_error(scope->diag, place_of(scope, key),
			   "drop-established: say with \"port\" which ports' connections are "
			   "to be closed");
	else if (!jail->tcp)
		diag_error(scope->diag, place_of(scope, key),
			   "drop-established closes connections of tcp, and protocol is udp");
	else
		jail->drop_established = jail->port_count != 0;
	return 0;
}

static size_t print_ports(char *out, size_t size, const struct conf_jail *jail, bool udp)
{
	size_t used = 0;

	for (size_t i = 0; i < jail->port_count; i++) {
		const struct port_range *range = &jail->ports[i];

		used += (size_t)snprintf(out + used, size - used, "%s:%u",
					 udp ? ",udp" : ",tcp", range->first);
		if (range->first != range->last)
			used += (size_t)snprintf(out + used, size - used, "-%u", range->last);
	}
	return used;
}

static int add_option(struct spec *spec, const char *value)
{
	struct spec_option *grown =
		realloc(spec->options, (spec->count + 1) * sizeof *spec->options);

	if (!grown)
		return -ENOMEM;
	spec->options = grown;
	grown[spec->count] = (struct spec_option){strdup("ports"), strdup(value)};
	spec->count++;
	return grown[spec->count - 1].name && grown[spec->count - 1].value ? 0 : -ENOMEM;
}

static int limit_targets(const struct conf_jail *jail, struct jail_targets *targets,
			 const struct scope *scope)
{
	char text[2 * PORTS_MAX * WORD_SIZE] = "";
	size_t used = 0;
	int err = 0;

	if (jail->tcp)
		used = print_ports(text, sizeof text, jail, false);
	if (jail->udp)
		print_ports(text + used, sizeof text - used, jail, true);
	for (size_t i = 0; i < targets->count && !err; i++) {
		struct spec *spec = &targets->specs[i];

		if (spec_get(spec, "ports"))
			diag_error(scope->diag, spec->place,
				   "option \"ports\" of %s and \"scope = port\" exclude each "
				   "other",
				   spec->name);
		else
			err = add_option(spec, text + 1);
	}
	return err;
}

static int read_scope(const struct conf_jail *jail, struct jail_targets *targets,
		      const struct scope *scope)
{
	static const char *const words[] = {"all", "port", NULL};
	unsigned limit = 0;
	int err = field_choice(&limit, scope, "scope", words);

	if (err || !limit)
		return err;
	if (!expand_has(scope, "port"))
		diag_error(scope->diag, place_of(scope, "scope"),
			   "\"scope = port\" needs \"port\"");
	return jail->port_count ? limit_targets(jail, targets, scope) : 0;
}

int service_read(struct conf_jail *jail, struct jail_targets *targets,
		 const struct scope *scope)
{
	int err = read_protocol(jail, scope);

	if (!err)
		err = service_read_ports(jail, scope);
	if (!err)
		err = read_drop(jail, scope);
	return err ? err : read_scope(jail, targets, scope);
}
