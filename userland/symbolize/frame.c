// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "symbolize/frame.h"
#include "symbolize/function_name.h"
#include "symbolize/language.h"
#include "util/format.h"

/* As many characters of a script's name as there are columns. */
static void name_script(const char *function, unsigned int columns, char *buf, size_t len)
{
	size_t used = 0, next;

	for (; function[used] && columns; used = next, columns--) {
		next = used + 1;
		while ((function[next] & 0xc0) == 0x80)
			next++;
		if (next >= len)
			break;
	}
	memcpy(buf, function, used);
	buf[used] = '\0';
}

/* The parser of names reads those of compiled languages only. */
static void name_function(const struct symbol_frame *f, unsigned int columns, char *buf, size_t len)
{
	if (f->script) {
		name_script(f->function, columns, buf, len);
		return;
	}
	function_name_short(f->function, columns, buf, len);
	if (strlen(buf) + 1 == len)	/* bytes are more than columns */
		function_name_short(f->function, len / 4, buf, len);
}

const char *frame_name_fit(const struct symbol_frame *f, unsigned int columns, char *buf, size_t len)
{
	if (!f || (!f->function && !f->module))
		snprintf(buf, len, "unknown code");
	else if (f->function && *f->function)
		name_function(f, columns, buf, len);
	else
		snprintf(buf, len, "%s+%#llx", f->module ? path_base(f->module) : "?",
			 (unsigned long long)f->offset);
	return buf;
}

const char *frame_name(const struct symbol_frame *f, char *buf, size_t len)
{
	return frame_name_fit(f, len > 8 ? len - 8 : 1, buf, len);
}

const char *frame_language(const struct symbol_frame *f)
{
	const struct language *language = language_of_frame(f);

	return language ? language->key : f->script ?: "native";
}
