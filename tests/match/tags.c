/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "tests/match/finder.h"

/* What fail2ban's tags match. The table says what fail2ban 1.0.2 finds, but where a comment
 * says otherwise. */

Test(tags, hosts_are_addresses)
{
	static const struct finder_row table[] = {
		{{.fail = {"^from <HOST> end$"}},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "192.0.2.1;192.0.2.1;192.0.2.1;-;192.0.2.1;2001:db8::1;2001:db8::1;192.0.2.1;-"
		 ";-;-;-;-;-;-;-;-;-;-;192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(tags, hosts_are_names_too_when_names_are_wanted)
{
	static const struct finder_row table[] = {
		{{.fail = {"^from <HOST> end$"}, .names = true},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "192.0.2.1;192.0.2.1;192.0.2.1;-;192.0.2.1;2001:db8::1;2001:db8::1;192.0.2.1;"
		 "name 192.0.2.09;name 999.1.1.1;-;name host.example;name a_b-c^d;name "
		 "h\xc3\xb6st;name 1.2.3;name 192.0.2.1.example;-;-;-;192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(tags, addresses_are_no_names)
{
	static const struct finder_row table[] = {
		{{.fail = {"^from <ADDR> end$"}, .names = true},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "192.0.2.1;192.0.2.1;192.0.2.1;-;192.0.2.1;2001:db8::1;2001:db8::1;192.0.2.1;-"
		 ";-;-;-;-;-;-;-;-;-;-;192.0.2.1;"},
		{{.fail = {"^from <F-ADDR/> end$"}, .names = true},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "192.0.2.1;192.0.2.1;192.0.2.1;-;192.0.2.1;2001:db8::1;2001:db8::1;192.0.2.1;-"
		 ";-;-;-;-;-;-;-;-;-;-;192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(tags, one_family_is_taken_alone)
{
	static const struct finder_row table[] = {
		{{.fail = {"^from <IP4> end$"}, .names = true},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "192.0.2.1;-;192.0.2.1;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;"},
		{{.fail = {"^from <F-IP4/> end$"}, .names = true},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "192.0.2.1;-;192.0.2.1;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;"},
		{{.fail = {"^from <IP6> end$"}, .names = true},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "-;-;-;-;-;2001:db8::1;-;192.0.2.1;-;-;-;-;-;-;-;-;-;-;-;-;"},
		{{.fail = {"^from <F-IP6/> end$"}, .names = true},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "-;-;-;-;-;2001:db8::1;-;192.0.2.1;-;-;-;-;-;-;-;-;-;-;-;-;"},
	};

	FINDER_TABLE(table);
}

Test(tags, a_name_is_a_subject_only_when_names_are_wanted)
{
	static const struct finder_row table[] = {
		{{.fail = {"^from <DNS> end$"}},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "192.0.2.1;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;-;"},
		{{.fail = {"^from <DNS> end$"}, .names = true},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "192.0.2.1;-;-;-;-;-;-;-;name 192.0.2.09;name 999.1.1.1;-;name "
		 "host.example;name a_b-c^d;name h\xc3\xb6st;name 1.2.3;name "
		 "192.0.2.1.example;-;-;-;-;"},
		{{.fail = {"^from <F-DNS/> end$"}, .names = true},
		 "from 192.0.2.1 end\nfrom [192.0.2.1] end\nfrom ::ffff:192.0.2.1 end\nfrom "
		 "::FFFF:192.0.2.1 end\nfrom [::ffff:192.0.2.1] end\nfrom 2001:DB8::1 "
		 "end\nfrom [2001:db8::1] end\nfrom ::ffff:c000:201 end\nfrom 192.0.2.09 "
		 "end\nfrom 999.1.1.1 end\nfrom 12:34:56 end\nfrom host.example end\nfrom "
		 "a_b-c^d end\nfrom h\xc3\xb6st end\nfrom 1.2.3 end\nfrom 192.0.2.1.example "
		 "end\nfrom - end\nfrom  end\nfrom 192.0.2.1/24 end\nfrom [192.0.2.1 end",
		 "192.0.2.1;-;-;-;-;-;-;-;name 192.0.2.09;name 999.1.1.1;-;name "
		 "host.example;name a_b-c^d;name h\xc3\xb6st;name 1.2.3;name "
		 "192.0.2.1.example;-;-;-;-;"},
	};

	FINDER_TABLE(table);
}

Test(tags, networks_are_masked)
{
	/* To fail2ban "/0" is the address 0.0.0.0, and what is mapped to IPv6 is not IPv4. */
	static const struct finder_row table[] = {
		{{.fail = {"^from <SUBNET> end$"}},
		 "from 192.0.2.1 end\nfrom 192.0.2.1/24 end\nfrom 192.0.2.77/32 end\nfrom "
		 "192.0.2.1/0 end\nfrom 192.0.2.1/33 end\nfrom 192.0.2.1/024 end\nfrom "
		 "[192.0.2.1/28] end\nfrom 2001:db8:ff:ff::1/60 end\nfrom [2001:db8::1/128] "
		 "end\nfrom 2001:db8::1/129 end\nfrom ::ffff:192.0.2.1/24 end\nfrom "
		 "2001:db8::1/ end\nfrom 192.0.2.09/24 end\nfrom ::ffff:c000:201/120 end",
		 "192.0.2.1;192.0.2.0/24;192.0.2.77;0.0.0.0/0;192.0.2.1;192.0.2.0/24;192.0.2.0/"
		 "28;2001:db8:ff:f0::/60;2001:db8::1;2001:db8::1;192.0.2.0/24;-;-;192.0.2.0/"
		 "24;"},
		{{.fail = {"^from <F-SUBNET/> end$"}},
		 "from 192.0.2.1 end\nfrom 192.0.2.1/24 end\nfrom 192.0.2.77/32 end",
		 "192.0.2.1;192.0.2.0/24;192.0.2.77;"},
		{{.fail = {"^from <ADDR>/<CIDR> end$"}},
		 "from 192.0.2.1 end\nfrom 192.0.2.1/24 end\nfrom 192.0.2.77/32 end\nfrom "
		 "192.0.2.1/0 end\nfrom 192.0.2.1/33 end\nfrom 192.0.2.1/024 end\nfrom "
		 "[192.0.2.1/28] end\nfrom 2001:db8:ff:ff::1/60 end\nfrom [2001:db8::1/128] "
		 "end\nfrom 2001:db8::1/129 end\nfrom ::ffff:192.0.2.1/24 end\nfrom "
		 "2001:db8::1/ end\nfrom 192.0.2.09/24 end\nfrom ::ffff:c000:201/120 end",
		 "-;192.0.2.0/24;192.0.2.77;0.0.0.0/0;192.0.2.1;192.0.2.0/"
		 "24;-;2001:db8:ff:f0::/60;-;2001:db8::1;192.0.2.0/24;-;-;192.0.2.0/24;"},
		{{.fail = {"^from <IP4>(?: mask <F-CIDR/>)?"}},
		 "from 192.0.2.1 mask 24\nfrom 192.0.2.1",
		 "192.0.2.0/24;192.0.2.1;"},
	};

	FINDER_TABLE(table);
}

Test(tags, other_tags_are_groups_and_what_is_none_stays)
{
	static const struct finder_row table[] = {
		{{.fail = {"^x <F-ALT_Q/> <ADDR>$", "^y </F-USER> <ADDR>", "^z <F-a>q <ADDR>",
			   "^<F-MYTAG>w</F-MYTAG></F-OTHER> <ADDR>"}},
		 "x <F-ALT_Q/> 192.0.2.1\ny </F-USER> 192.0.2.1\nz <F-a>q "
		 "192.0.2.1\nw</F-OTHER> 192.0.2.1",
		 "192.0.2.1;192.0.2.1;192.0.2.1;192.0.2.1 mytag=w;"},
	};

	FINDER_TABLE(table);
}
