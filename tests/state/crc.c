/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "state/crc.h"

/* RFC 3720, appendix B.4. */
Test(crc, gives_the_sums_of_rfc_3720)
{
	uint8_t bytes[32];
	static const uint8_t read10[48] = {
		0x01,	     0xc0,	  [16] = 0x14, [22] = 0x04,
		[27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02,
	};

	memset(bytes, 0, sizeof(bytes));
	cr_expect_eq(crc32c(0, bytes, 32), 0x8a9136aau);
	memset(bytes, 0xff, sizeof(bytes));
	cr_expect_eq(crc32c(0, bytes, 32), 0x62a8ab43u);
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	cr_expect_eq(crc32c(0, bytes, 32), 0x46dd794eu);
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)(31 - i);
	cr_expect_eq(crc32c(0, bytes, 32), 0x113fdb5cu);
	cr_expect_eq(crc32c(0, read10, sizeof(read10)), 0xd9963a56u);
	cr_expect_eq(crc32c(0, "123456789", 9), 0xe3069283u);
}

Test(crc, does_not_depend_on_where_it_was_cut)
{
	const char *text = "Accepted publickey for root from 192.0.2.1 port 22";
	size_t len = strlen(text);

	for (size_t cut = 0; cut <= len; cut++)
		cr_expect_eq(crc32c(crc32c(0, text, cut), text + cut, len - cut),
			     crc32c(0, text, len));
}

Test(crc, is_the_same_with_and_without_an_instruction)
{
	uint8_t bytes[300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i + 7 * i);
	for (size_t from = 0; from < 9; from++)
		for (size_t len = 0; len + from <= sizeof(bytes); len++)
			cr_assert_eq(crc32c((uint32_t)len, bytes + from, len),
				     crc32c_by_table((uint32_t)len, bytes + from, len));
	cr_expect_eq(crc32c_by_table(0, "123456789", 9), 0xe3069283u);
}
