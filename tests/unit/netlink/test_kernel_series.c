// SPDX-License-Identifier: GPL-2.0
/* Which kernels are newer than any that was tested. */
#include <stdio.h>

#include <linux/leaktrace.h>

#include "netlink/kernel_series.h"
#include "check.h"

/* uname -r of the tested series, moved by some. */
static bool untested(int major, int minor, const char *rest)
{
	char release[64];

	snprintf(release, sizeof(release), "%d.%d%s", LEAKTRACE_TESTED_MAJOR + major,
		 LEAKTRACE_TESTED_MINOR + minor, rest);
	return kernel_series_untested(release);
}

int main(void)
{
	CHECK(!untested(0, 0, ".12+deb13-amd64"), "the newest itself, any release of it");
	CHECK(!untested(0, 0, ""));
	CHECK(!untested(0, -1, ".999-generic"), "what is older or in between");
	CHECK(!untested(-1, 30, ".0"));
	CHECK(untested(0, 1, ".0-rc1"));
	CHECK(untested(0, 9, "-cloud"));
	CHECK(untested(1, -LEAKTRACE_TESTED_MINOR, ".0"));
	CHECK(!kernel_series_untested("") && !kernel_series_untested("next-20270101"),
	      "what is no number passes: the module knows better");
	return verdict("series of kernels");
}
