// SPDX-License-Identifier: GPL-2.0
#include "top/state.h"
#include "util/macros.h"

void top_help_draw(unsigned int rows)
{
	static const char *const lines[] = {
		"leaktrace top: who takes and never gives back",
		"",
		"LIMIT is the one that is reached first, LEFT the time until then; without growth",
		"the one of which most is used. PER MIN is the growth of what it limits.",
		"MEMORY is anonymous memory, shared or not, and what of it was swapped out.",
		"",
		"  up, down, PgUp, PgDn, Home, End   move",
		"  Enter   the process, traced from now on: findings, call paths, evidence",
		"  Esc     back to the list",
		"  d       detach the process",
		"  s, S    sort by the next, the previous column",
		"  /       filter by name, PID, unit, container or cgroup; Enter ends it",
		"  c       cgroups, or processes; Enter in a cgroup: its processes",
		"  p       pause, and go on",
		"  w       save the page of a process to a file",
		"  ?, h    this help",
		"  q       quit; what was traced from here is detached",
		"",
		"any key goes back",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines) && i < rows; i++)
		curses_line(i, lines[i], i ? LOOK_PLAIN : LOOK_BOLD);
}
