// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the runtime's variables: by symbols if there are any; from the
 * instructions that refer to them, since strip does not remove code; the rest
 * is recognised by content (scan.c).
 */
#include <string.h>

#include "elf/go_data.h"
#include "elf/go_pclntab.h"
#include "elf/image.h"
#include "elf/symbol_table.h"
#include "runtime/go/find.h"
#include "runtime/go/process.h"
#include "runtime/go/scan.h"

enum { TRIES = 5 };

static uint64_t symbol(const struct go_process *p, const char *name)
{
	uint64_t at = elf_symbol_value(p->image, SHT_SYMTAB, name);

	return at ? at + p->bias : 0;
}

static bool is_variable(const struct go_process *p, uint64_t vaddr)
{
	for (size_t i = 0; i < p->image->nsegments; i++) {
		const struct elf_segment *s = &p->image->segment[i];

		if (!s->exec && vaddr - s->vaddr < s->memory_bytes)
			return true;
	}
	return false;
}

/* The code of a function, [f->start, f->end); NULL: not available. */
static const unsigned char *code_of(const struct go_process *p, const char *function,
				    struct go_func *f)
{
	if (!go_table_named(&p->table, function, f) || f->end <= f->start)
		return NULL;
	return go_elf_at(p->image, f->start, f->end - f->start);
}

/*
 * The address that the nth load of a variable in a function refers to: mov REG,
 * [rip+disp32], 32 or 64 bits wide.
 */
static uint64_t loaded(const struct go_process *p, const char *function, int nth)
{
	struct go_func f;
	const unsigned char *code = code_of(p, function, &f);

	if (!code)
		return 0;
	for (uint64_t i = 0; i + 6 <= f.end - f.start; i++) {
		int32_t disp;
		uint64_t to;

		if (code[i] != 0x8b || (code[i + 1] & 0xc7) != 5)
			continue;
		memcpy(&disp, code + i + 2, sizeof(disp));
		to = f.start + i + 6 + disp;
		if (is_variable(p, to) && !nth--)
			return to + p->bias;
	}
	return 0;
}

/* The address that the first lea of a variable in a function refers to. */
static uint64_t addressed(const struct go_process *p, const char *function)
{
	struct go_func f;
	const unsigned char *code = code_of(p, function, &f);

	if (!code)
		return 0;
	for (uint64_t i = 0; i + 7 <= f.end - f.start; i++) {
		int32_t disp;

		memcpy(&disp, code + i + 3, sizeof(disp));
		if (code[i] == 0x48 && code[i + 1] == 0x8d && (code[i + 2] & 0xc7) == 5 &&
		    is_variable(p, f.start + i + 7 + disp))
			return f.start + i + 7 + disp + p->bias;
	}
	return 0;
}

/*
 * The byte that makes the next collection look for leaks: the code that starts
 * a collection loads it, and within a few instructions sets the byte after it
 * to 1. If there is not exactly one such place, none is used.
 */
static uint64_t leak_pending(const struct go_process *p)
{
	struct go_func f;
	const unsigned char *code = code_of(p, "runtime.gcStart", &f);
	uint64_t found = 0;

	if (!code)
		return 0;
	for (uint64_t i = 0; i + 45 <= f.end - f.start; i++) {
		int32_t from, to;

		if (code[i] != 0x8a || (code[i + 1] & 0xc7) != 5)
			continue;
		memcpy(&from, code + i + 2, sizeof(from));
		for (uint64_t k = i + 6; k < i + 38; k++) {
			memcpy(&to, code + k + 2, sizeof(to));
			if (code[k] != 0xc6 || code[k + 1] != 5 || code[k + 6] != 1 ||
			    k + 7 + to != i + 6 + from + 1)
				continue;
			if (found)
				return 0;
			found = f.start + i + 6 + from + p->bias;
		}
	}
	return found;
}

/* If there are both a symbol and the code, they must agree, because this byte is written to. */
static uint64_t find_leak_pending(const struct go_process *p)
{
	uint64_t by_code = p->layout.leak_pending < 0 ? 0 : leak_pending(p);
	uint64_t work = symbol(p, "runtime.work");

	return work && work + p->layout.leak_pending != by_code ? 0 : by_code;
}

/** go_find() - find the addresses of the runtime's variables */
void go_find(struct go_process *p)
{
	struct go_globals *at = &p->globals;

	at->allgs_pointer = symbol(p, "runtime.allgptr");
	at->allgs_length = symbol(p, "runtime.allglen");
	at->mbuckets = symbol(p, "runtime.mbuckets");
	at->profile_cycle = symbol(p, "runtime.mProfCycle");
	at->profile_rate = symbol(p, "runtime.MemProfileRate");
	at->wait_reasons = symbol(p, "runtime.waitReasonStrings");
	at->allp = symbol(p, "runtime.allp");
	if (!at->allgs_length)
		at->allgs_pointer = 0;
	if (!at->profile_cycle)
		at->profile_cycle = loaded(p, "runtime.mProf_Flush", 0);
	if (!at->profile_rate)		/* the first is the cache of a thread without a P */
		at->profile_rate = loaded(p, "runtime.profilealloc", 1);
	at->controller = symbol(p, "runtime.gcController");
	if (!at->controller)
		at->controller = addressed(p, "runtime.gcControllerCommit");
	at->leak_pending = find_leak_pending(p);
	if (!at->allgs_pointer || !at->mbuckets || !at->wait_reasons || !at->allp)
		go_scan(p);
	/* the list may have moved while it was being read */
	for (int i = 1; i < TRIES && !at->allgs_pointer; i++)
		go_scan(p);
}
