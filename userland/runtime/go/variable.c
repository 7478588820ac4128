// SPDX-License-Identifier: GPL-2.0
/*
 * Finds variables. Code refers to them relative to its own address; strip does not
 * remove that.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/go_data.h"
#include "elf/go_pclntab.h"
#include "elf/image.h"
#include "elf/symbol_table.h"
#include "runtime/go/process.h"
#include "runtime/go/variable.h"
#include "util/array.h"
#include "util/macros.h"

enum { DATA = 208, BSS = 224, PART_MAX = 1 << 30, USES_MAX = 1 << 22, REACH_BYTES = 512 };

/** go_is_runtime_name() - whether a function or variable is the runtime's own */
bool go_is_runtime_name(const char *name)
{
	return !strncmp(name, "runtime.", 8) || !strncmp(name, "internal/runtime/", 17) ||
	       !strncmp(name, "runtime/internal/", 17);
}

static int by_address(const void *a, const void *b)
{
	const struct go_variable *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static bool is_variable(const struct go_variables *v, uint64_t at)
{
	return at - v->part[0].start < v->part[0].bytes || at - v->part[1].start < v->part[1].bytes;
}

static bool add(struct go_variables *v, const struct go_variable *one)
{
	if (v->n >= USES_MAX)
		return true;		/* a hostile program: some stay without a name */
	if (!array_reserve(v->list, v->capacity, v->n, 1))
		return false;
	v->list[v->n++] = *one;
	return true;
}

static bool see_variable(const GElf_Sym *sym, const char *name, void *arg)
{
	struct go_variables *v = arg;
	struct go_variable one = {
		.at = sym->st_value + v->process->bias, .bytes = sym->st_size, .name = name,
	};

	if (GELF_ST_TYPE(sym->st_info) != STT_OBJECT || !sym->st_size || !name || !is_variable(v, one.at))
		return true;
	one.is_runtime = go_is_runtime_name(name);
	v->failed |= !add(v, &one);
	return !v->failed;
}

static bool read_symbols(struct go_variables *v)
{
	elf_each_symbol(v->process->image, SHT_SYMTAB, see_variable, v);
	return !v->failed;
}

/** go_variable_user() - the function at an address, be it inlined into another one; or NULL */
const char *go_variable_user(const struct go_process *p, uint64_t pc)
{
	struct go_frame frame[16];
	struct go_func f;

	if (!pc || !go_table_find(&p->table, pc - p->bias, &f) ||
	    go_func_frames(&p->table, &f, pc - p->bias, frame, ARRAY_SIZE(frame)) < 1)
		return NULL;
	return frame[0].function;
}

/* A function that initialises variables, or is the value of one. */
static bool is_initial(const char *name)
{
	return strstr(name, ".init") || strstr(name, ".glob.");
}

/* How good a function is to name a variable by: what initialises it says little. */
static int rank(const struct go_process *p, uint64_t pc)
{
	const char *name = go_function(p, pc);

	if (!name || go_is_runtime_name(name))
		return 0;
	if (is_initial(name))
		name = go_variable_user(p, pc) ?: name;
	return is_initial(name) ? 1 : 2;
}

/* What the operand at code[i] refers to: a displacement, behind which may be a constant. */
static uint64_t operand(const unsigned char *code, uint64_t i, uint64_t address)
{
	unsigned char op = code[i - 2];
	int32_t disp;

	memcpy(&disp, code + i, sizeof(disp));
	return address + i + 4 + disp + (op == 0xc7 || op == 0x81 ? 4 :
					 op == 0xc6 || op == 0x80 || op == 0x83 || op == 0x6b ? 1 : 0);
}

static bool read_uses_in(struct go_variables *v, const unsigned char *code, uint64_t address, uint64_t bytes)
{
	for (uint64_t i = 2; i + 4 <= bytes; i++) {
		struct go_variable one = { 0 };

		if ((code[i - 1] & 0xc7) != 5)
			continue;
		one.at = operand(code, i, address);
		if (!is_variable(v, one.at))
			continue;
		one.user = address + i;
		if (!add(v, &one))
			return false;
	}
	return true;
}

/* One entry for each address that code refers to, with the best of its users. */
static void merge_uses(struct go_variables *v)
{
	size_t kept = 0;
	int best = 0;

	if (v->n)
		qsort(v->list, v->n, sizeof(*v->list), by_address);
	for (size_t i = 0; i < v->n; i++) {
		struct go_variable *one = &v->list[i];
		int now;

		if (kept && v->list[kept - 1].at == one->at && best == 2)
			continue;
		now = rank(v->process, one->user);
		one->is_runtime = !now;
		one->is_only_set = now == 1;
		if (kept && v->list[kept - 1].at == one->at) {
			if (now > best)
				v->list[kept - 1] = *one;
			best = now > best ? now : best;
			continue;
		}
		best = now;
		v->list[kept++] = *one;
	}
	v->n = kept;
}

static bool read_uses(struct go_variables *v)
{
	const struct elf_image *image = v->process->image;

	for (size_t i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segment[i];
		const unsigned char *code = s->exec ? go_elf_at(image, s->vaddr, s->file_bytes) : NULL;

		if (code && !read_uses_in(v, code, s->vaddr + v->process->bias, s->file_bytes))
			return false;
	}
	merge_uses(v);
	return true;
}

static int by_target(const void *a, const void *b)
{
	const struct go_reference *x = a, *y = b;

	return x->to < y->to ? -1 : x->to > y->to;
}

static bool read_references(struct go_variables *v)
{
	for (int i = 0; i < GO_VARIABLE_PARTS; i++)
		for (uint64_t k = 0; k < v->part[i].bytes; k += 8) {
			uint64_t word;

			memcpy(&word, v->part[i].copy + k, sizeof(word));
			if (!is_variable(v, word))
				continue;
			if (!array_reserve(v->reference, v->references_capacity, v->references, 1))
				return false;
			v->reference[v->references++] = (struct go_reference){ word, v->part[i].start + k };
		}
	if (v->references)
		qsort(v->reference, v->references, sizeof(*v->reference), by_target);
	return true;
}

/** go_variables_open() - find the variables, and copy them; false: that cannot be */
bool go_variables_open(struct go_variables *v, const struct go_process *p)
{
	static const int places[GO_VARIABLE_PARTS] = { DATA, BSS };
	uint64_t range[2];

	*v = (struct go_variables){ .process = p };
	for (int i = 0; i < GO_VARIABLE_PARTS; i++) {
		if (!go_read(p, p->table.module + p->bias + places[i], range, sizeof(range)) ||
		    range[1] < range[0] || range[1] - range[0] > PART_MAX)
			return false;
		v->part[i].start = range[0];
		v->part[i].bytes = (range[1] - range[0]) & ~7ULL;
		v->part[i].copy = malloc(v->part[i].bytes + 1);
		if (!v->part[i].copy || !go_read(p, range[0], v->part[i].copy, v->part[i].bytes))
			return false;
	}
	if (!read_references(v) || !read_symbols(v))
		return false;
	v->has_symbols = v->n;
	if (v->n)
		qsort(v->list, v->n, sizeof(*v->list), by_address);
	return v->n || read_uses(v);
}

/* The last of those that begin at or before an address; NULL: none. */
static const struct go_variable *last_before(const struct go_variables *v, uint64_t at)
{
	size_t low = 0, high = v->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->list[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &v->list[low - 1] : NULL;
}

/* By its symbol, or by the code that uses it. */
static struct go_variable by_itself(const struct go_variables *v, uint64_t at)
{
	const struct go_variable *one = last_before(v, at);
	uint64_t bytes = one && one->bytes ? one->bytes : REACH_BYTES;

	return one && at - one->at < bytes ? *one : (struct go_variable){ 0 };
}

/* What a variable refers to has no name: the linker's own, that it is initialised with. */
static struct go_variable by_reference(const struct go_variables *v, uint64_t at)
{
	size_t low = 0, high = v->references;
	struct go_variable one;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->reference[middle].to <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || at - v->reference[low - 1].to >= REACH_BYTES)
		return (struct go_variable){ 0 };
	one = by_itself(v, v->reference[low - 1].from);
	one.at = one.at ? v->reference[low - 1].to : 0;
	one.bytes = REACH_BYTES;
	return one;
}

/** go_variables_at() - the variable that an address belongs to; without a name if nothing tells it */
struct go_variable go_variables_at(const struct go_variables *v, uint64_t at)
{
	struct go_variable one = by_itself(v, at), other;

	if (one.at && (one.name ? !strstr(one.name, "..stmp_") : one.at == at && !one.is_only_set))
		return one;
	other = by_reference(v, at);
	/* what is only initialised itself is used by way of the variable that refers to it */
	if (one.is_only_set && one.at == other.at && !other.is_only_set)
		one.user = other.user;
	if (one.at == at && !one.name)
		return one;
	if (other.at > one.at || (other.at && one.name))
		return other;
	return one.at ? one : (struct go_variable){ .at = at, .bytes = 8, .is_runtime = !v->has_symbols };
}

/** go_variables_close() - release them */
void go_variables_close(struct go_variables *v)
{
	for (int i = 0; i < GO_VARIABLE_PARTS; i++)
		free(v->part[i].copy);
	free(v->list);
	free(v->reference);
	memset(v, 0, sizeof(*v));
}
