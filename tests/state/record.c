/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "state/record.h"
#include "tests/state/fixture.h"

static const struct {
	const char *what;
	size_t offset; /* of the byte that is changed, from the record's start */
	uint8_t value;
	int expected;
} wrong[] = {
	{"nothing", 4, 4, 0},
	{"no such family", 4, 5, -EBADMSG},
	{"no family", 4, 0, -EBADMSG},
	{"longer than IPv4", 5, 33, -EBADMSG},
	{"host bits behind the length", 5, 24, -EBADMSG},
	{"bytes behind an IPv4 address", 21, 1, -EBADMSG},
	{"a length of another kind", 0, 47, -EBADMSG},
	{"no such kind", 2, 200, -EPROTONOSUPPORT},
	{"kind 0", 2, 0, -EPROTONOSUPPORT},
	{"a later version", 3, 2, -EPROTONOSUPPORT},
};

Test(record, refuses_a_ban_that_cannot_be)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct record ban = ban_of("192.0.2.1", 1), out = {0};
		uint8_t bytes[RECORD_MAX];
		size_t len = record_pack(bytes, &ban);

		cr_assert_eq(len, RECORD_HEAD + 46);
		bytes[wrong[i].offset] = wrong[i].value;
		cr_expect_eq(record_unpack(&out, bytes, record_length(bytes)),
			     wrong[i].expected, "%s", wrong[i].what);
		cr_expect_eq(!out.kind, wrong[i].expected != 0, "%s", wrong[i].what);
	}
}

Test(record, refuses_lengths_that_do_not_fit_their_text)
{
	struct record name = name_of(1, "sshd"), out;
	uint8_t bytes[RECORD_MAX];
	size_t len = record_pack(bytes, &name);

	cr_expect_eq(record_unpack(&out, bytes, len), 0);
	for (size_t cut = 0; cut < len; cut++)
		cr_expect_neq(record_unpack(&out, bytes, cut), 0);
	for (unsigned text = 0; text < 256; text++) {
		bytes[8] = (uint8_t)text;
		cr_expect_eq(!record_unpack(&out, bytes, len), text == 4);
	}
}

Test(record, refuses_a_name_for_number_0_and_a_fingerprint_that_is_too_long)
{
	struct record name = name_of(0, "sshd"), position = position_of(1, 1), out;
	uint8_t bytes[RECORD_MAX];

	cr_expect_eq(record_unpack(&out, bytes, record_pack(bytes, &name)), -EBADMSG);
	position.position.position.head_len = 257;
	cr_expect_eq(record_unpack(&out, bytes, record_pack(bytes, &position)), -EBADMSG);
}
