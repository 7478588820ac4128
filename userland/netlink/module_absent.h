/* SPDX-License-Identifier: GPL-2.0 */
/* Why the module is not there, as far as this host tells. */
#ifndef LEAKTRACE_NETLINK_MODULE_ABSENT_H
#define LEAKTRACE_NETLINK_MODULE_ABSENT_H

#include <stdbool.h>
#include <stddef.h>

/* What is asked of the host; in tests another one. */
struct module_host {
	const char *root;		/* put before each path: "" but in tests */
	bool may_load;			/* CAP_SYS_MODULE */
	const char *release;		/* as uname -r prints it */
};

void module_host_read(struct module_host *h);

/* "module not loaded: why: what to do", on one line */
void module_absent(const struct module_host *h, char *buf, size_t len);

#endif
