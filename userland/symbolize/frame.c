// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "symbolize/frame.h"
#include "util/format.h"

const char *frame_name(const struct symbol_frame *f, char *buf, size_t len)
{
	if (!f || (!f->function && !f->module))
		snprintf(buf, len, "unknown code");
	else if (f->function && *f->function)
		snprintf(buf, len, "%.*s", (int)strcspn(f->function + 1, "(") + 1, f->function);
	else
		snprintf(buf, len, "%s+%#llx", f->module ? path_base(f->module) : "?",
			 (unsigned long long)f->offset);
	return buf;
}
