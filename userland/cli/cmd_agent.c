// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace agent: watches processes by the rules of a configuration, and finds out what they
 * leak before somebody has to ask.
 */
#include <stdio.h>

#include "agent/agent.h"
#include "cli/command.h"
#include "cli/options.h"
#include "util/error.h"

#define CONFIG	"/etc/leaktrace/agent.conf"

int cmd_agent(struct options *o)
{
	const char *path = o->config ?: CONFIG;

	if (o->argc)
		return fail("agent: takes no arguments: its configuration says what is watched (see 'leaktrace agent --help')");
	return o->check ? agent_check(path) : agent_run(path, &o->session);
}
