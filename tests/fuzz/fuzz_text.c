// SPDX-License-Identifier: GPL-2.0
/*
 * The texts that a target can make the symbolizer read: of maps, of perf-PID.map, and
 * mangled names; and demangled ones, which are shortened.
 */
#include <stdlib.h>
#include <string.h>

#include "symbolize/function_name.h"
#include "symbolize/perf_map.h"
#include "util/proc_maps.h"
#include "util/string_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_maps(char *text)
{
	struct maps maps;

	if (maps_parse(text, &maps))
		return;
	for (size_t i = 0; i < maps.n; i++)
		if (maps_find(&maps, maps.map[i].start) != &maps.map[i])
			abort();
	maps_free(&maps);
}

static void shorten(const char *function)
{
	char name[64];

	for (unsigned int columns = 0; columns < 80; columns += 13)
		if (strlen(function_name_short(function, columns, name, sizeof(name))) >= sizeof(name))
			abort();
	function_name_qualified(function, name, sizeof(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct string_table *names = string_table_open();
	char *text = strndup((const char *)data, size);
	struct perf_map jit = { 0 };

	string_table_demangle(names, text);
	shorten(text);
	parse_maps(strdup(text));
	perf_map_parse(&jit, names, text);
	for (uint32_t i = 0; i < jit.n; i++)
		if (!perf_map_find(&jit, jit.symbol[i].start))
			abort();
	perf_map_free(&jit);
	string_table_close(names);
	free(text);
	return 0;
}
