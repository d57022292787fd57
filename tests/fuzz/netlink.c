/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what the kernel says, to a helper that does all it can do. It reads them, takes
 * away nothing that is not ours, whatever it was told, and the daemon gets one answer to each
 * request, of values that make sense.
 *
 * An input is a number of a scene, and then for every batch that is sent: a byte of `enum how`,
 * the datagrams with their length before them, and what else that byte says.
 */
#include <string.h>

#include "tests/fuzz/null/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUESTS_MAX 16
#define DATAGRAM_MAX 8192
#define ERROR_MIN (-8192) /* what is further below is no kernel's */

enum how {
	DATAGRAMS = 3, /* so many */
	NOTIFY = 4,    /* one more, for those who listen */
	SILENT = 8,    /* nothing is agreed to */
	REFUSE = 16,   /* the number of a message and an errno follow */
};

/* ---- scenes ---- */

struct request {
	uint8_t kind;
	const char *options; /* of a definition */
	uint8_t op;	     /* of changes; the phase of a refill */
};

static const struct request scenes[][REQUESTS_MAX] = {
	{{WIRE_QUERY, NULL, 0}, {0, NULL, 0}, {WIRE_SOCKETS, NULL, 0}},
	{{WIRE_CLOSE, NULL, 0}, {0, NULL, 0}, {WIRE_CLOSE, NULL, 1}, {0, NULL, 0}},
	{{WIRE_DEFINE, "kind=route type=blackhole protocol=187", 0},
	 {WIRE_LIST, NULL, 0},
	 {WIRE_CHANGE, NULL, WIRE_ADD},
	 {0, NULL, 0},
	 {WIRE_CHANGE, NULL, WIRE_DEL},
	 {WIRE_LIVE, NULL, 0},
	 {WIRE_FLUSH, NULL, 0},
	 {WIRE_FORGET, NULL, 0}},
	{{WIRE_DEFINE, "kind=ipset name=black identity=77 expect=100 maxbans=60", 0},
	 {WIRE_LIST, NULL, 0},
	 {WIRE_CHANGE, NULL, WIRE_ADD},
	 {WIRE_LIVE, NULL, 0},
	 {0, NULL, 0},
	 {WIRE_CHANGE, NULL, WIRE_DEL},
	 {WIRE_FLUSH, NULL, 0}},
	{{WIRE_DEFINE, "kind=nft maxbans=1000", 0},
	 {WIRE_CHANGE, NULL, WIRE_ADD},
	 {WIRE_LIVE, NULL, 0},
	 {WIRE_REFILL, NULL, WIRE_REFILL_BEGIN},
	 {WIRE_CHANGE, NULL, WIRE_FILL},
	 {0, NULL, 0},
	 {WIRE_REFILL, NULL, WIRE_REFILL_COMMIT},
	 {WIRE_CHANGE, NULL, WIRE_DEL},
	 {WIRE_FLUSH, NULL, 0}},
	{{WIRE_DEFINE, "kind=nft owner=no port=tcp_25 port=udp_1000-2000", 0},
	 {WIRE_CHANGE, NULL, WIRE_ADD},
	 {0, NULL, 0},
	 {WIRE_LIVE, NULL, 0},
	 {WIRE_DEFINE, "kind=nft owner=no port=tcp_25", 0},
	 {WIRE_FLUSH, NULL, 0}},
	{{WIRE_DEFINE, "kind=nft table=inet_filter set4=black4 set6=black6", 0},
	 {WIRE_CHANGE, NULL, WIRE_ADD},
	 {WIRE_LIVE, NULL, 0},
	 {0, NULL, 0},
	 {WIRE_CHANGE, NULL, WIRE_DEL},
	 {WIRE_FLUSH, NULL, 0},
	 {WIRE_LIST, NULL, 0}},
};

#define SCENES (sizeof scenes / sizeof *scenes)

static const struct prefix peers[] = {
	{4, 32, {192, 0, 2, 1}}, {6, 64, {0x20, 1, 0xd, 0xb8}},
	{4, 24, {198, 51, 100}}, {6, 48, {0x20, 1, 0xd, 0xb8, 7}},
	{4, 32, {192, 0, 2, 2}}, {6, 128, {0x20, 1, 0xd, 0xb8, [15] = 1}},
};
#define PEERS (sizeof peers / sizeof *peers)

struct packet {
	struct wire_head head;
	char records[1024];
};

static uint8_t option_of(const char *word, size_t len)
{
	static const char *const names[] = {
		[WIRE_OPT_KIND] = "kind",	[WIRE_OPT_NAME] = "name",
		[WIRE_OPT_TABLE] = "table",	[WIRE_OPT_SET4] = "set4",
		[WIRE_OPT_SET6] = "set6",	[WIRE_OPT_OWNER] = "owner",
		[WIRE_OPT_TYPE] = "type",	[WIRE_OPT_PROTOCOL] = "protocol",
		[WIRE_OPT_MAXBANS] = "maxbans", [WIRE_OPT_IDENTITY] = "identity",
		[WIRE_OPT_EXPECT] = "expect",	[WIRE_OPT_PORT] = "port"};
	uint8_t i = WIRE_OPT_KIND;

	while (!names[i] || strlen(names[i]) != len || memcmp(names[i], word, len) != 0)
		CLAIM(++i < sizeof names / sizeof *names);
	return i;
}

/* A '_' in a value is a blank. */
static size_t put_options(char *out, const char *text)
{
	struct wire_option *o = (void *)out;
	size_t count = 0, name, len;

	for (; *text; text += len + (text[len] == ' '), count++) {
		len = strcspn(text, " ");
		name = strcspn(text, "=");
		o[count].option = option_of(text, name);
		memcpy(o[count].text, text + name + 1, len - name - 1);
		for (char *at = o[count].text; *at; at++)
			*at = *at == '_' ? ' ' : *at;
	}
	return count;
}

static size_t put_changes(char *out, uint8_t op)
{
	struct wire_change *c = (void *)out;

	for (size_t i = 0; i < PEERS; i++)
		c[i] = (struct wire_change){.prefix = peers[i],
					    .op = op,
					    .left = op == WIRE_DEL ? 0 : 3600000,
					    .whole = op == WIRE_DEL ? 0 : 7200000};
	return PEERS;
}

static size_t put_closes(char *out, uint8_t few)
{
	struct wire_close *c = (void *)out;
	size_t count = few ? 2 : PEERS;

	for (size_t i = 0; i < count; i++)
		c[i] = (struct wire_close){.peer = peers[few ? 4 * i : i],
					   .conntrack = 1,
					   .count = i % 3,
					   .idle = few ? 0 : 1000 * (i % 2),
					   .ports = {{25, 25}, {400, 500}}};
	return count;
}

static size_t put_records(char *out, const struct request *r)
{
	struct wire_refill refill = {.phase = r->op};
	const struct wire_ports ports = {1, 65535};

	switch (r->kind) {
	case WIRE_DEFINE:
		return put_options(out, r->options);
	case WIRE_CHANGE:
		return put_changes(out, r->op);
	case WIRE_CLOSE:
		return put_closes(out, r->op);
	case WIRE_REFILL:
		memcpy(out, &refill, sizeof refill);
		return 1;
	case WIRE_SOCKETS:
		memcpy(out, &ports, sizeof ports);
		return 1;
	case WIRE_QUERY:
		*out = WIRE_OWN_ADDRESSES;
		return 1;
	default:
		return 0;
	}
}

static size_t make(struct packet *out, const struct request *r, uint32_t serial)
{
	static const size_t sizes[] = {
		[WIRE_DEFINE] = sizeof(struct wire_option),
		[WIRE_CHANGE] = sizeof(struct wire_change),
		[WIRE_CLOSE] = sizeof(struct wire_close),
		[WIRE_REFILL] = sizeof(struct wire_refill),
		[WIRE_SOCKETS] = sizeof(struct wire_ports),
		[WIRE_QUERY] = sizeof(struct wire_query),
		[WIRE_LIVE] = 0,
	};

	memset(out, 0, sizeof *out);
	out->head = (struct wire_head){.version = WIRE_VERSION,
				       .kind = r->kind,
				       .serial = serial,
				       .count = (uint16_t)put_records(out->records, r)};
	return sizeof out->head + out->head.count * sizes[r->kind];
}

/* ---- the kernel ---- */

struct run {
	struct input in;
	const struct request *requests[REQUESTS_MAX];
	uint32_t asked, answered;
};

/* Every message is about one of the batch, unless it says otherwise: nothing else is read. */
static void number(char *data, size_t len, const struct null_batch *batch)
{
	struct nlmsghdr *m = (void *)data;
	int left = (int)len;

	for (; mnl_nlmsg_ok(m, left) && m->nlmsg_len <= (uint32_t)left;
	     m = mnl_nlmsg_next(m, &left))
		if (m->nlmsg_seq != UINT32_MAX)
			m->nlmsg_seq = batch->first->nlmsg_seq + m->nlmsg_seq % batch->count;
}

static size_t read_datagram(struct input *in, char *out)
{
	uint16_t len;

	input_bytes(in, &len, sizeof len);
	if (len > DATAGRAM_MAX)
		len = DATAGRAM_MAX;
	if (len > in->left)
		len = (uint16_t)in->left;
	input_bytes(in, out, len);
	return len;
}

static void sent(void *arg, const struct null_batch *batch)
{
	_Alignas(8) static char data[DATAGRAM_MAX];
	struct run *r = arg;
	uint8_t how = input_byte(&r->in), index, i;
	size_t len;

	for (i = 0; i < (how & DATAGRAMS); i++) {
		len = read_datagram(&r->in, data);
		number(data, len, batch);
		null_reply(batch->socket, data, len);
	}
	if (how & NOTIFY) {
		len = read_datagram(&r->in, data);
		null_notify(data, len);
	}
	if (how & REFUSE) {
		index = input_byte(&r->in);
		null_error(batch, index, -(int)input_byte(&r->in));
	}
	if (!(how & SILENT))
		null_agree(batch);
}

/* Errors are -errno; of a WIRE_CLOSE results are numbers of sockets as well, and of a
 * definition faults. */
static void check_results(const struct request *asked, const struct wire_head *head, size_t len)
{
	const struct wire_result *results = (const void *)(head + 1);
	size_t size =
		asked->kind == WIRE_DEFINE ? sizeof(struct wire_defined) : sizeof *results;

	CLAIM(len == sizeof *head + head->count * size);
	for (size_t i = 0; i < head->count; i++, results += size / sizeof *results)
		CLAIM(results->error >= ERROR_MIN &&
		      (results->error <= 0 || asked->kind == WIRE_CLOSE ||
		       (asked->kind == WIRE_DEFINE && results->error <= WIRE_FAULT_BUSY)));
}

static void answered(void *arg, const struct wire_head *head, size_t len)
{
	struct run *r = arg;

	if (head->kind == WIRE_EVENT)
		return;
	CLAIM(head->serial == r->answered + 1 && head->serial <= r->asked);
	if (head->kind == WIRE_RESULT)
		check_results(r->requests[r->answered], head, len);
	r->answered += head->flags & WIRE_LAST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet made[REQUESTS_MAX];
	struct null_packet packets[REQUESTS_MAX];
	struct run run = {.in = {data, size}};
	const struct null_world world = {sent, answered, &run};
	const struct request *scene = scenes[input_byte(&run.in) % SCENES];
	size_t i, last = REQUESTS_MAX;

	while (last && !scene[last - 1].kind)
		last--;
	for (i = 0; i <= last && i < REQUESTS_MAX; i++) {
		packets[i] = (struct null_packet){&made[i], 0};
		if (!scene[i].kind)
			continue;
		run.requests[run.asked++] = &scene[i];
		packets[i].len = make(&made[i], &scene[i], run.asked);
	}
	null_run(&world, packets, i);
	CLAIM(run.answered == run.asked);
	return 0;
}
