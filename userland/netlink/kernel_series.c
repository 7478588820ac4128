// SPDX-License-Identifier: GPL-2.0
/*
 * The module refuses to load on a kernel of a newer series than any that was tested, unless
 * it is told to. The number is in the protocol's header, which both sides include.
 */
#include <stdio.h>
#include <sys/utsname.h>

#include <linux/leaktrace.h>

#include "netlink/kernel_series.h"

/* @release: as uname -r prints it; what cannot be read passes for tested. */
bool kernel_series_untested(const char *release)
{
	unsigned int major, minor;

	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return false;
	return major != LEAKTRACE_TESTED_MAJOR ? major > LEAKTRACE_TESTED_MAJOR :
	       minor > LEAKTRACE_TESTED_MINOR;
}

/* What there is to say of the running kernel; false: nothing. */
bool kernel_series_sentence(char *buf, size_t len)
{
	struct utsname name;

	if (uname(&name) || !kernel_series_untested(name.release))
		return false;
	snprintf(buf, len, "Linux %s is newer than %u.%u, the newest that leaktrace was tested on",
		 name.release, LEAKTRACE_TESTED_MAJOR, LEAKTRACE_TESTED_MINOR);
	return true;
}
