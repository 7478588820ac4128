// SPDX-License-Identifier: GPL-2.0
/* Reads offsets in the runtime's structures from the program's debug information. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "elf/image.h"
#include "runtime/go/layout.h"
#include "symbolize/debug_file.h"
#include "util/macros.h"

static bool find_child(Dwarf_Die *parent, const char *name, int tag, Dwarf_Die *child)
{
	int more = dwarf_child(parent, child);

	while (!more) {
		const char *have = dwarf_diename(child);

		if (have && dwarf_tag(child) == tag && !strcmp(have, name))
			return true;
		more = dwarf_siblingof(child, child);
	}
	return false;
}

/* Finds the unit that describes the runtime's structures; several have its name. */
static bool find_unit(Dwarf *dwarf, Dwarf_Die *unit)
{
	Dwarf_Off at = 0, next;
	Dwarf_Die found;
	size_t header;

	while (!dwarf_nextcu(dwarf, at, &next, &header, NULL, NULL, NULL)) {
		if (dwarf_offdie(dwarf, at + header, unit) &&
		    find_child(unit, "runtime.g", DW_TAG_structure_type, &found))
			return true;
		at = next;
	}
	return false;
}

/* The offset of a member such as "sched.sp" of runtime.g, or -1. */
static int member(Dwarf_Die *unit, const char *structure, const char *path)
{
	Dwarf_Die die, field, type;
	Dwarf_Attribute attr;
	Dwarf_Word offset;
	int sum = 0;

	if (!find_child(unit, structure, DW_TAG_structure_type, &die))
		return -1;
	while (*path) {
		char name[64];
		size_t n = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		if (!find_child(&die, name, DW_TAG_member, &field) ||
		    !dwarf_attr(&field, DW_AT_data_member_location, &attr) ||
		    dwarf_formudata(&attr, &offset) || offset > 1 << 20)
			return -1;
		sum += offset;
		path += n + (path[n] == '.');
		if (!*path)
			break;
		if (!dwarf_attr(&field, DW_AT_type, &attr) || !dwarf_formref_die(&attr, &type) ||
		    dwarf_peel_type(&type, &die))
			return -1;
	}
	return sum;
}

static int size_of(Dwarf_Die *unit, const char *structure)
{
	Dwarf_Die die;

	return find_child(unit, structure, DW_TAG_structure_type, &die) ? dwarf_bytesize(&die) : -1;
}

static bool read_all(Dwarf_Die *unit, struct go_layout *l)
{
	static const struct {
		const char *structure, *path;
		size_t where;
	} wanted[] = {
#define W(s, m, f) { "runtime." s, m, offsetof(struct go_layout, f) }
		W("g", "sched.sp", sched_sp), W("g", "sched.pc", sched_pc),
		W("g", "syscallsp", syscallsp), W("g", "syscallpc", syscallpc),
		W("g", "atomicstatus", status), W("g", "goid", goid),
		W("g", "waitsince", waitsince), W("g", "waitreason", waitreason),
		W("g", "gopc", gopc), W("g", "startpc", startpc), W("g", "lockedm", lockedm),
		W("timer", "period", timer_period), W("timer", "f", timer_f),
		W("timer", "arg", timer_arg),
		W("gcControllerState", "heapLive", gc_live),
		W("gcControllerState", "heapMarked", gc_marked),
		W("gcControllerState", "gcPercentHeapGoal", gc_goal),
		W("gcControllerState", "heapInUse", gc_in_use),
		W("gcControllerState", "heapReleased", gc_released),
		W("gcControllerState", "heapFree", gc_free),
#undef W
	};
	struct go_layout got = *l;
	int heap = member(unit, "runtime.timers", "heap"), timers = member(unit, "runtime.p", "timers");

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		*(int *)((char *)&got + wanted[i].where) =
			member(unit, wanted[i].structure, wanted[i].path);
	got.g_bytes = size_of(unit, "runtime.g");
	got.record_bytes = size_of(unit, "runtime.memRecordCycle");
	got.p_timers = timers < 0 ? -1 : heap < 0 ? timers : timers + heap;
	got.timer_entry_bytes = heap < 0 ? 8 : 16;
	got.timer_state = member(unit, "runtime.timer", heap < 0 ? "status" : "state");
	if (got.timer_period < 0 || got.timer_f < 0 || got.timer_arg < 0 || got.timer_state < 0)
		got.p_timers = -1;
	for (const int *o = &got.sched_sp; o <= &got.startpc; o++)
		if (*o < 0 || *o + 8 > got.g_bytes)
			return false;
	if (got.g_bytes > 4096)
		return false;
	*l = got;
	return true;
}

/**
 * go_layout_from_dwarf() - read a layout from debug information
 * @layout: filled if everything needed is there, else unchanged
 */
bool go_layout_from_dwarf(struct elf_image *image, struct go_layout *layout)
{
	struct elf_debug debug;
	Dwarf_Die unit;
	bool good;

	elf_debug_open(&debug, image, NULL, -1);
	good = debug.dwarf && find_unit(debug.dwarf, &unit) && read_all(&unit, layout);
	elf_debug_close(&debug);
	return good;
}
