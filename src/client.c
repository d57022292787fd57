/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "conf/conf.h"
#include "control/control.h"

#define OPTIONS_MAX 8

/* What the command line said. */
struct asked {
	const char *file, *socket;
	const char *options[OPTIONS_MAX][2];
	size_t count;
};

static int client_usage(const struct client *client, FILE *to)
{
	fprintf(to, "usage: banish %s [-c FILE] [-s SOCKET] %s\n",
		client->name ? client->name : client->verb, client->usage);
	return to == stderr ? EXIT_USAGE : EXIT_DONE;
}

/* The client's options behind -c, -s and -h. Flags answer 1, values 2. */
static void client_options(const struct client *client, struct option *options)
{
	size_t n = 0;

	options[n++] = (struct option){"help", no_argument, NULL, 'h'};
	for (size_t i = 0; client->flags && client->flags[i]; i++)
		options[n++] = (struct option){client->flags[i], no_argument, NULL, 1};
	for (size_t i = 0; client->values && client->values[i]; i++)
		options[n++] = (struct option){client->values[i], required_argument, NULL, 2};
	options[n] = (struct option){0};
}

/* -1: go on; else the exit code. */
static int client_parse(const struct client *client, int argc, char **argv, struct asked *asked)
{
	struct option options[OPTIONS_MAX + 2];
	int c, at;

	client_options(client, options);
	while ((c = getopt_long(argc, argv, "c:s:h", options, &at)) != -1) {
		if (c == 'c')
			asked->file = optarg;
		else if (c == 's')
			asked->socket = optarg;
		else if (c == 'h')
			return client_usage(client, stdout);
		else if (c == '?' || asked->count == OPTIONS_MAX)
			return client_usage(client, stderr);
		else {
			asked->options[asked->count][0] = options[at].name;
			asked->options[asked->count++][1] = c == 2 ? optarg : "yes";
		}
	}
	return -1;
}

int client_run(const struct client *client, int argc, char **argv)
{
	struct asked asked = {0};
	struct control_request request = {.verb = client->verb};
	char *socket = NULL;
	int code = client_parse(client, argc, argv, &asked);

	if (code >= 0)
		return code;
	request.args = (const char *const *)argv + optind;
	request.arg_count = (size_t)(argc - optind);
	if (request.arg_count < client->least || request.arg_count > client->most)
		return client_usage(client, stderr);
	request.options = (const char *const(*)[2])asked.options;
	request.option_count = asked.count;
	for (size_t i = 0; client->body && i < request.arg_count; i++)
		if (!strcmp(request.args[i], "-"))
			request.body = stdin;
	if (!asked.socket) {
		socket = conf_read_socket(asked.file ? asked.file : CONF_DEFAULT_FILE);
		asked.socket = socket;
	}
	code = control_ask(asked.socket ? asked.socket : CONF_DEFAULT_SOCKET, &request, stdout,
			   stderr);
	free(socket);
	return code;
}
