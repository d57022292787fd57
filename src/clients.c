/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is connected: what the processes of a mail server say is held against it. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "clients.h"
#include "daemon.h"

bool clients_read(struct resolve_socket *out, const struct target_socket *socket)
{
	if (socket->state != TCP_ESTABLISHED && socket->state != TCP_CLOSE_WAIT)
		return false;
	*out = (struct resolve_socket){
		.peer = socket->peer,
		.peer_port = socket->peer_port,
		.own_port = socket->own_port,
		.idle = socket->idle,
	};
	return true;
}

static void on_socket(void *arg, const struct target_socket *socket)
{
	struct daemon *daemon = arg;
	struct resolve_socket client;

	if (clients_read(&client, socket))
		resolve_socket(daemon->resolve, &client);
}

static void on_done(void *arg, int error)
{
	struct daemon *daemon = arg;

	if (error && error != -EPIPE && error != daemon->clients_error)
		log_error("the connections of this host cannot be listed, so that processes do "
			  "not tell whose lines theirs are: %s",
			  strerror(-error));
	daemon->clients_error = error;
	resolve_answered(daemon->resolve, error);
}

void clients_warn(struct daemon *daemon)
{
	if (daemon->clients_warned || !access("/proc/1/cmdline", R_OK))
		return;
	daemon->clients_warned = true;
	log_warning(
		"/proc does not show the processes of other users (hidepid=): sendmail's are "
		"not found, and their sessions only by later lines of the log");
}

void clients_pump(struct daemon *daemon)
{
	static const struct connections_asker asker = {.socket = on_socket, .done = on_done};
	struct port_range ports;

	if (resolve_counts(daemon->resolve).waiting)
		clients_warn(daemon);
	if (!resolve_ask(daemon->resolve, &ports))
		return;
	daemon->clients = asker;
	daemon->clients.arg = daemon;
	/* Without room it is asked again when there is some. */
	if (enforce_list_connections(daemon->enforce, ports, &daemon->clients))
		resolve_answered(daemon->resolve, -EPIPE);
}
