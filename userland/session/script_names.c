// SPDX-License-Identifier: GPL-2.0
/*
 * Names stacks of a script soon after they came up, whether or not somebody asks for a report:
 * what the words of their frames mean is in the target's memory, which goes with it.
 */
#include <stdlib.h>

#include "model/decode.h"
#include "model/model.h"
#include "netlink/code_upload.h"
#include "netlink/requests.h"
#include "session/script_names.h"
#include "session/session.h"
#include "symbolize/stack.h"
#include "symbolize/symbolizer.h"
#include "util/clock.h"

/* Those that are known are only looked up. The model's own stacks stay as they are. */
static int name_stack(int cmd, struct nlattr *attrs, int len, void *arg)
{
	struct symbolizer *symbolizer = arg;
	struct symbol_frame frame;
	struct stack s;

	(void)cmd;
	if (decode_stack(attrs, len, &s))
		return 0;
	for (unsigned int w = 0; w < s.nwords; w += LEAKTRACE_CHAIN_FRAME_WORDS)
		symbolizer_script(symbolizer, &s.words[w], &frame);
	free(s.pcs);
	return 0;
}

void script_names_last(struct client *c, struct traced *t)
{
	const struct model *m = &t->model;

	if (m->symbolizer && symbolizer_has_script(m->symbolizer))
		client_raw(c, LEAKTRACE_CMD_STACK_GET, m->target.id, name_stack, m->symbolizer);
}

void script_names_tick(struct client *c, struct traced *t)
{
	uint64_t began = monotonic_ns();

	if (t->model.script_is_new) {
		code_map_send(c, &t->model);
		if (t->model.symbolizer && !t->model.borrowed_symbolizer)
			symbolizer_refresh(t->model.symbolizer);
	}
	if (began < t->script_names_next_ns)
		return;
	script_names_last(c, t);
	/* at most a twentieth of the time */
	t->script_names_next_ns = monotonic_ns() + 20 * (monotonic_ns() - began);
}
