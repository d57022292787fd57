/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "resolve/resolve.h"

static struct prefix address(unsigned n)
{
	return (struct prefix){4, 32, {198, 51, (uint8_t)(n >> 8), (uint8_t)n}};
}

static struct finding finding_of(enum finding_kind kind, const char *about, unsigned n)
{
	return (struct finding){.kind = kind,
				.subject = SUBJECT_ADDRESS,
				.prefix = address(n),
				.about = text_of(about)};
}

static void opened(struct sessions **sessions, const char *id, unsigned n)
{
	struct finding finding = finding_of(FINDING_OPENED, id, n);

	cr_expect(!sessions_admit(sessions, &finding));
}

static void ended(struct sessions **sessions, const char *id)
{
	struct finding finding = finding_of(FINDING_ENDED, id, 0);

	finding.subject = SUBJECT_ID;
	cr_expect(!sessions_admit(sessions, &finding));
}

static bool admits(struct sessions **sessions, unsigned n)
{
	struct finding finding = finding_of(FINDING_FAILURE, "", n);

	finding.checked = true;
	return sessions_admit(sessions, &finding);
}

Test(sessions, in_a_log_that_tells_of_none_nobody_is_doubted)
{
	struct sessions *sessions = NULL;

	cr_expect(admits(&sessions, 1));
	cr_expect_null(sessions);
}

Test(sessions, a_failure_that_needs_none_counts)
{
	struct sessions *sessions = NULL;
	struct finding finding = finding_of(FINDING_FAILURE, "", 2);

	opened(&sessions, "7", 1);
	cr_expect(sessions_admit(&sessions, &finding));
	sessions_free(sessions);
}

Test(sessions, what_is_no_address_is_doubtful)
{
	struct sessions *sessions = NULL;
	struct finding finding = finding_of(FINDING_FAILURE, "", 1);

	finding.subject = SUBJECT_ID;
	finding.checked = true;
	cr_expect(!sessions_admit(&sessions, &finding));
	sessions_free(sessions);
}

Test(sessions, an_alarm_is_no_failure_and_no_session)
{
	struct sessions *sessions = NULL;
	struct finding finding = finding_of(FINDING_ALARM, "12", 1);

	opened(&sessions, "12", 1);
	cr_expect(!sessions_admit(&sessions, &finding));
	cr_expect(admits(&sessions, 1));
	sessions_free(sessions);
}

Test(sessions, who_has_none_is_doubted_from_the_first_on)
{
	struct sessions *sessions = NULL;

	opened(&sessions, "100", 1);
	opened(&sessions, "101", 1);
	cr_expect(admits(&sessions, 1));
	cr_expect(!admits(&sessions, 2));
	ended(&sessions, "100");
	cr_expect(admits(&sessions, 1));
	ended(&sessions, "101");
	cr_expect(!admits(&sessions, 1));
	sessions_free(sessions);
}

Test(sessions, a_process_number_that_comes_again_is_the_newer_peers)
{
	struct sessions *sessions = NULL;

	opened(&sessions, "100", 1);
	opened(&sessions, "100", 2);
	cr_expect(!admits(&sessions, 1));
	cr_expect(admits(&sessions, 2));
	sessions_free(sessions);
}

Test(sessions, what_is_no_process_number_changes_nothing)
{
	static const char *const odd[] = {"", "0", "-1", "x", "99999999999999999999", "1 "};
	struct sessions *sessions = NULL;

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		opened(&sessions, odd[i], 1);
	opened(&sessions, "2147483647", 2);
	cr_expect(!admits(&sessions, 1));
	cr_expect(admits(&sessions, 2));
	sessions_free(sessions);
}

Test(sessions, of_too_many_the_oldest_makes_room)
{
	struct sessions *sessions = NULL;
	char id[16];

	for (unsigned n = 1; n <= RESOLVE_SESSIONS_MAX + 1; n++) {
		snprintf(id, sizeof id, "%u", n);
		opened(&sessions, id, n);
	}
	cr_expect(!admits(&sessions, 1));
	cr_expect(admits(&sessions, 2));
	cr_expect(admits(&sessions, RESOLVE_SESSIONS_MAX + 1));
	sessions_free(sessions);
}

Test(sessions, go_over_a_restart)
{
	struct sessions *sessions = NULL, *again = NULL;
	char bytes[SESSION_PACKED];

	cr_expect_eq(sessions_changed(NULL, 0), (unsigned)SESSIONS_PLACES);
	opened(&sessions, "7", 1);
	opened(&sessions, "8", 2);
	opened(&sessions, "9", 3);
	ended(&sessions, "8");
	for (unsigned place = sessions_changed(sessions, 0); place < SESSIONS_PLACES;
	     place = sessions_changed(sessions, place + 1)) {
		size_t len = sessions_pack(sessions, place, bytes);

		cr_expect(!len || sessions_unpack(&again, place, (struct text){bytes, len}));
	}
	cr_expect_eq(sessions_changed(sessions, 0), (unsigned)SESSIONS_PLACES);
	cr_expect_eq(sessions_changed(again, 0), (unsigned)SESSIONS_PLACES);
	cr_expect(admits(&again, 1));
	cr_expect_not(admits(&again, 2));
	cr_expect(admits(&again, 3));
	ended(&again, "7");
	cr_expect_not(admits(&again, 1));
	sessions_free(sessions);
	sessions_free(again);
}

Test(sessions, of_which_none_is_left_are_not_believed_after_a_restart)
{
	struct sessions *sessions = NULL, *again = NULL;
	char bytes[SESSION_PACKED];

	opened(&sessions, "7", 1);
	ended(&sessions, "7");
	for (unsigned place = 0; place < SESSIONS_PLACES; place++) {
		size_t len = sessions_pack(sessions, place, bytes);

		if (len)
			sessions_unpack(&again, place, (struct text){bytes, len});
	}
	cr_expect_not(admits(&again, 1));
	sessions_free(sessions);
	sessions_free(again);
}

Test(sessions, that_cannot_be_are_not_taken_over)
{
	struct sessions *sessions = NULL, *again = NULL;
	char bytes[SESSION_PACKED + 1] = {0};
	size_t len;

	opened(&sessions, "7", 1);
	len = sessions_pack(sessions, 0, bytes);
	cr_expect_eq(len, (size_t)SESSION_PACKED);
	for (size_t cut = 0; cut <= sizeof(bytes); cut++)
		cr_expect_eq(sessions_unpack(&again, 5, (struct text){bytes, cut}), cut == len);
	cr_expect_not(sessions_unpack(&again, SESSIONS_PLACES, (struct text){bytes, len}));
	cr_expect_not(sessions_unpack(&again, RESOLVE_SESSIONS_MAX, (struct text){bytes, len}));
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (char)(1 << bit % 8);
		sessions_unpack(&again, 6, (struct text){bytes, len});
		admits(&again, 1);
		bytes[bit / 8] ^= (char)(1 << bit % 8);
	}
	sessions_free(sessions);
	sessions_free(again);
}
