/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "match/zones.h"

#define NAME_MAX_LEN 5

struct zone {
	char name[NAME_MAX_LEN + 1];
	short offset; /* minutes east of UTC */
};

/*
 * Abbreviations are ambiguous: these are the meanings that fail2ban gives them, in alphabetical
 * order. A name is one offset all year, as the summer has a name of its own.
 */
static const struct zone zones[] = {
	{"ACDT", 630},	{"ACST", 570},	{"ACT", 480},	 {"ADT", -180},	 {"AEDT", 660},
	{"AEST", 600},	{"AFT", 270},	{"AKDT", -480},	 {"AKST", -540}, {"ALMT", 360},
	{"AMST", 300},	{"AMT", 240},	{"ANAST", 720},	 {"ANAT", 720},	 {"AQTT", 300},
	{"ART", -180},	{"AST", -240},	{"AWDT", 540},	 {"AWST", 480},	 {"AZOT", -60},
	{"AZST", 300},	{"AZT", 240},	{"BDT", 480},	 {"BIOT", 360},	 {"BNT", 480},
	{"BOT", -240},	{"BRST", -120}, {"BRT", -180},	 {"BTT", 360},	 {"CAST", 480},
	{"CAT", 120},	{"CCT", 390},	{"CDT", -300},	 {"CEDT", 120},	 {"CEST", 120},
	{"CET", 60},	{"CIST", -480}, {"CKT", -600},	 {"CLST", -180}, {"CLT", -240},
	{"COST", -240}, {"COT", -300},	{"CST", -360},	 {"CVT", -60},	 {"CXT", 420},
	{"DAVT", 420},	{"DFT", 60},	{"EASST", -300}, {"EAST", -360}, {"EAT", 180},
	{"ECT", -300},	{"EDT", -240},	{"EEDT", 180},	 {"EEST", 180},	 {"EET", 120},
	{"EGST", 0},	{"EGT", -60},	{"EST", -300},	 {"FJST", 780},	 {"FJT", 720},
	{"FKST", -180}, {"FKT", -240},	{"FNT", -120},	 {"GALT", -360}, {"GAMT", -540},
	{"GET", 240},	{"GFT", -180},	{"GILT", 720},	 {"GIT", -540},	 {"GMT", 0},
	{"GST", 240},	{"GYT", -240},	{"HAA", -180},	 {"HAC", -300},	 {"HADT", -540},
	{"HAE", -240},	{"HAP", -420},	{"HAR", -360},	 {"HAST", -600}, {"HAT", -150},
	{"HAY", -480},	{"HKT", 480},	{"HLV", -270},	 {"HMT", 300},	 {"HNA", -240},
	{"HNC", -360},	{"HNE", -300},	{"HNP", -480},	 {"HNR", -420},	 {"HNT", -210},
	{"HNY", -540},	{"HOVT", 420},	{"HST", -600},	 {"ICT", 420},	 {"IDT", 180},
	{"IOT", 360},	{"IRDT", 270},	{"IRKST", 540},	 {"IRKT", 480},	 {"IRST", 210},
	{"JST", 540},	{"KGT", 360},	{"KRAST", 480},	 {"KRAT", 420},	 {"KST", 540},
	{"KUYT", 240},	{"LHDT", 660},	{"LHST", 630},	 {"MAGST", 720}, {"MAGT", 660},
	{"MART", -570}, {"MAWT", 300},	{"MDT", -360},	 {"MHT", 720},	 {"MIT", -570},
	{"MMT", 390},	{"MSD", 240},	{"MSK", 180},	 {"MST", -420},	 {"MUT", 240},
	{"MVT", 300},	{"MYT", 480},	{"NCT", 660},	 {"NDT", -150},	 {"NFT", 690},
	{"NOVST", 420}, {"NOVT", 360},	{"NPT", 345},	 {"NST", -210},	 {"NUT", -660},
	{"NZDT", 780},	{"NZST", 720},	{"OMSST", 420},	 {"OMST", 360},	 {"PDT", -420},
	{"PET", -300},	{"PETST", 720}, {"PETT", 720},	 {"PGT", 600},	 {"PHT", 480},
	{"PKT", 300},	{"PMDT", -120}, {"PMST", -180},	 {"PONT", 660},	 {"PST", -480},
	{"PWT", 540},	{"PYST", -180}, {"PYT", -240},	 {"RET", 240},	 {"SAMT", 240},
	{"SAST", 120},	{"SBT", 660},	{"SCT", 240},	 {"SGT", 480},	 {"SLT", 330},
	{"SRT", -180},	{"SST", -660},	{"TAHT", -600},	 {"TFT", 300},	 {"THA", 420},
	{"TJT", 300},	{"TKT", -600},	{"TLT", 540},	 {"TMT", 300},	 {"TVT", 720},
	{"ULAT", 480},	{"UTC", 0},	{"UYST", -120},	 {"UYT", -180},	 {"UZT", 300},
	{"VET", -270},	{"VLAST", 660}, {"VLAT", 600},	 {"VUT", 660},	 {"WAST", 120},
	{"WAT", 60},	{"WDT", 540},	{"WEDT", 60},	 {"WEST", 60},	 {"WET", 0},
	{"WFT", 720},	{"WGST", -120}, {"WGT", -180},	 {"WIB", 420},	 {"WIT", 540},
	{"WITA", 480},	{"WST", 480},	{"YAKST", 600},	 {"YAKT", 540},	 {"YAPT", 600},
	{"YEKST", 360}, {"YEKT", 300},
};

static int compare(const void *key, const void *item)
{
	return strcmp(key, ((const struct zone *)item)->name);
}

/* The letters of the military: "A" is an hour east, "N" one west, and there is no "J". */
static bool letter(char c, int *out)
{
	if (c == 'J')
		return false;
	if (c == 'Z')
		*out = 0;
	else if (c >= 'N')
		*out = -60 * (c - 'N' + 1);
	else
		*out = 60 * (c - 'A' + (c < 'J'));
	return true;
}

static bool name(struct text t, int *out)
{
	char key[NAME_MAX_LEN + 1] = "";
	const struct zone *zone;

	if (t.len == 1)
		return letter(*t.at, out);
	memcpy(key, t.at, t.len);
	zone = bsearch(key, zones, sizeof(zones) / sizeof(*zones), sizeof(*zones), compare);
	if (zone)
		*out = zone->offset;
	return zone;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "+hh", "+hhmm" or "+hh:mm", and nothing after. */
static bool numeric(struct text t, int *out)
{
	const char *minutes;
	int n;

	if (t.len != 3 && t.len != 5 && !(t.len == 6 && t.at[3] == ':'))
		return false;
	minutes = t.at + t.len - 2;
	if ((*t.at != '+' && *t.at != '-') || (t.at[1] != '0' && t.at[1] != '1') ||
	    !is_digit(t.at[2]) || !is_digit(minutes[0]) || !is_digit(minutes[1]))
		return false;
	n = 60 * ((t.at[1] - '0') * 10 + t.at[2] - '0');
	if (t.len > 3)
		n += (minutes[0] - '0') * 10 + minutes[1] - '0';
	*out = *t.at == '-' ? -n : n;
	return true;
}

bool zone_parse(int *out, struct text t)
{
	int named = 0, offset = 0;
	size_t len = 0;

	while (len < t.len && t.at[len] >= 'A' && t.at[len] <= 'Z')
		len++;
	if (len > NAME_MAX_LEN || len == 2 || (len && !name((struct text){t.at, len}, &named)))
		return false;
	if (len < t.len && !numeric((struct text){t.at + len, t.len - len}, &offset))
		return false;
	*out = named + offset;
	return true;
}
