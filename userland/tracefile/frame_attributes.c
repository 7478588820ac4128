// SPDX-License-Identifier: GPL-2.0
/* Named frames as attributes of records, both ways. */
#include <errno.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "symbolize/frame.h"
#include "tracefile/format.h"
#include "tracefile/frame_attributes.h"

enum { STRING_MAX_BYTES = 4096 };

static struct nla_policy frame_policy[FRAME_MAX + 1] = {
	[FRAME_FUNCTION] = { .type = NLA_STRING }, [FRAME_FILE] = { .type = NLA_STRING },
	[FRAME_LINE] = { .type = NLA_U32 }, [FRAME_MODULE] = { .type = NLA_STRING },
	[FRAME_BUILD_ID] = { .type = NLA_STRING }, [FRAME_OFFSET] = { .type = NLA_U64 },
	[FRAME_INLINED] = { .type = NLA_U8 }, [FRAME_LEADS_BY_INFERENCE] = { .type = NLA_FLAG },
	[FRAME_NOT_CALLED] = { .type = NLA_FLAG }, [FRAME_MISSING_DEBUG] = { .type = NLA_STRING },
	[FRAME_RUST_LIBRARY] = { .type = NLA_FLAG }, [FRAME_SCRIPT] = { .type = NLA_STRING },
};

/** trace_put_string() - add a string, cut if it is too long (as names of C++ templates are, now and then) */
void trace_put_string(struct nl_msg *msg, int type, const char *s)
{
	size_t len = s ? strnlen(s, STRING_MAX_BYTES - 1) : 0;
	struct nlattr *a = s ? nla_reserve(msg, type, len + 1) : NULL;

	if (!a)
		return;
	memcpy(nla_data(a), s, len);
	((char *)nla_data(a))[len] = '\0';
}

/** trace_put_frames() - add frames, an attribute each, as many as there is room for */
void trace_put_frames(struct nl_msg *msg, int type, const struct symbol_frame *frames, int n)
{
	for (int i = 0; i < n; i++) {
		const struct symbol_frame *f = &frames[i];
		struct nlattr *nest = nla_nest_start(msg, type);

		if (!nest)
			return;
		trace_put_string(msg, FRAME_FUNCTION, f->function);
		trace_put_string(msg, FRAME_FILE, f->file);
		if (f->line)
			nla_put_u32(msg, FRAME_LINE, f->line);
		trace_put_string(msg, FRAME_MODULE, f->module);
		trace_put_string(msg, FRAME_BUILD_ID, f->build_id);
		nla_put_u64(msg, FRAME_OFFSET, f->offset);
		nla_put_u8(msg, FRAME_INLINED, f->inlined);
		if (f->leads_by_inference)
			nla_put_flag(msg, FRAME_LEADS_BY_INFERENCE);
		if (f->not_called)
			nla_put_flag(msg, FRAME_NOT_CALLED);
		trace_put_string(msg, FRAME_MISSING_DEBUG, f->missing_debug);
		if (f->rust_library)
			nla_put_flag(msg, FRAME_RUST_LIBRARY);
		trace_put_string(msg, FRAME_SCRIPT, f->script);
		nla_nest_end(msg, nest);
	}
}

/** trace_take_frame() - a frame, whose strings are those of the record; 0 or -EBADMSG */
int trace_take_frame(struct nlattr *nest, struct symbol_frame *f)
{
	struct nlattr *tb[FRAME_MAX + 1];

	memset(f, 0, sizeof(*f));
	if (nla_parse_nested(tb, FRAME_MAX, nest, frame_policy))
		return -EBADMSG;
	f->function = tb[FRAME_FUNCTION] ? nla_get_string(tb[FRAME_FUNCTION]) : NULL;
	f->file = tb[FRAME_FILE] ? nla_get_string(tb[FRAME_FILE]) : NULL;
	f->line = tb[FRAME_LINE] ? nla_get_u32(tb[FRAME_LINE]) & INT32_MAX : 0;
	f->module = tb[FRAME_MODULE] ? nla_get_string(tb[FRAME_MODULE]) : NULL;
	f->build_id = tb[FRAME_BUILD_ID] ? nla_get_string(tb[FRAME_BUILD_ID]) : NULL;
	f->offset = tb[FRAME_OFFSET] ? nla_get_u64(tb[FRAME_OFFSET]) : 0;
	f->inlined = tb[FRAME_INLINED] && nla_get_u8(tb[FRAME_INLINED]);
	f->leads_by_inference = !!tb[FRAME_LEADS_BY_INFERENCE];
	f->not_called = !!tb[FRAME_NOT_CALLED];
	f->missing_debug = tb[FRAME_MISSING_DEBUG] ? nla_get_string(tb[FRAME_MISSING_DEBUG]) : NULL;
	f->rust_library = !!tb[FRAME_RUST_LIBRARY];
	f->script = tb[FRAME_SCRIPT] ? nla_get_string(tb[FRAME_SCRIPT]) : NULL;
	return 0;
}
