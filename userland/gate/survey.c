// SPDX-License-Identifier: GPL-2.0
/*
 * Each block is to be counted once, at the innermost of our doors that its request passes.
 * What a function calls is told apart when it happens, by the return address. What a
 * function ends in, by a jump, has the return address of the caller: that must be known
 * before, and is read from its code here.
 *
 * Whatever releases blocks needs a door. Otherwise they would be said to live.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <linux/leaktrace.h>
#include <linux/leaktrace_gate.h>

#include "elf/symbols.h"
#include "gate/survey.h"

enum { MAX_BODY_BYTES = 4096 };

struct pass_search {
	struct gate_survey *survey;
	struct gate_allocator *allocator;
	struct elf_symbols stubs;
};

uint64_t gate_survey_function(struct elf_image *image, const char *name)
{
	size_t entry = gelf_fsize(image->elf, ELF_T_SYM, 1, EV_CURRENT);
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	GElf_Sym sym;

	while ((scn = elf_nextscn(image->elf, scn))) {
		Elf_Data *data = NULL;

		if (!gelf_getshdr(scn, &shdr))
			break;
		if (shdr.sh_type != SHT_SYMTAB && shdr.sh_type != SHT_DYNSYM)
			continue;
		if (elf_image_content(image, &shdr) && !(shdr.sh_flags & SHF_COMPRESSED))
			data = elf_getdata(scn, NULL);
		if (!data || !data->d_buf || data->d_type != ELF_T_SYM || !entry)
			continue;
		for (size_t i = 1; i < data->d_size / entry && i < INT_MAX; i++) {
			const char *this;

			if (!gelf_getsym(data, i, &sym) || sym.st_shndx == SHN_UNDEF ||
			    GELF_ST_TYPE(sym.st_info) != STT_FUNC)
				continue;
			this = elf_strptr(image->elf, shdr.sh_link, sym.st_name);
			if (this && !strcmp(this, name))
				return sym.st_value;
		}
	}
	return 0;
}

/* The entry that a jump or call leads to, perhaps through a stub. */
static struct gate_entry *entry_behind(struct pass_search *s, uint64_t target)
{
	struct gate_entry *entry = gate_entry_at(s->allocator, target);
	struct elf_symbol *stub;

	if (entry)
		return entry;
	stub = elf_symbols_find(&s->stubs, target);
	if (!stub || stub->rank != ELF_SYMBOL_PLT)
		return NULL;
	return gate_entry_at(s->allocator, gate_survey_function(s->survey->image, stub->raw));
}

/* Whether blocks of the one are counted at the other, if that is what it ends in, or calls. */
static bool may_pass(const struct gate_entry *entry, const struct gate_entry *to, bool calls)
{
	const struct gate_name *name = entry->name, *other = to->name;

	if (entry == to)
		return false;
	switch (name->shape) {
	case SHAPE_RELEASE:
		return !calls && other->shape == SHAPE_RELEASE;
	case SHAPE_RESIZE:
		return false;
	case SHAPE_RESIZE_COUNT:
		return other->shape == SHAPE_RESIZE;
	}
	if (other->shape >= SHAPE_RESIZE)
		return false;
	if (name->entry == LEAKTRACE_GATE_NEW)
		return true;
	/* malloc is only one of the ways out of these. */
	return !calls && name->entry >= LEAKTRACE_GATE_POSIX_MEMALIGN &&
	       other->entry >= LEAKTRACE_GATE_POSIX_MEMALIGN;
}

static void find_pass(struct pass_search *s, struct gate_entry *entry)
{
	uint64_t at = entry->vaddr, end = gate_text_end(&s->survey->text, at);
	struct x86_insn insn;

	if (entry->bytes && entry->bytes < end - at)
		end = at + entry->bytes;
	if (end - at > MAX_BODY_BYTES)
		end = at + MAX_BODY_BYTES;
	for (; at < end; at += insn.bytes) {
		size_t left = end - at < 15 ? end - at : 15;
		const uint8_t *code = elf_image_code(s->survey->image, at, left);
		struct gate_entry *to;

		if (!code || !x86_decode(code, left, at, &insn))
			return;
		if (!insn.target || (insn.effect != X86_CALL && insn.effect != X86_JUMP &&
				     insn.effect != X86_BRANCH))
			continue;
		to = entry_behind(s, insn.target);
		if (!to || !may_pass(entry, to, insn.effect == X86_CALL))
			continue;
		entry->state = ENTRY_PASSES;
		entry->passes = to - s->allocator->entry;
		return;
	}
}

/* To an entry with a door, and not in a circle. */
static bool is_passed(const struct gate_allocator *a, const struct gate_entry *entry)
{
	for (int i = 0; i < 4 && entry->state == ENTRY_PASSES; i++)
		entry = &a->entry[entry->passes];
	return entry->state == ENTRY_OPEN;
}

static void open_door(struct gate_survey *survey, struct gate_entry *entry)
{
	const char *instead = entry->name->instead;

	entry->state = ENTRY_REFUSED;
	if (entry->name->shape == SHAPE_THROWS && !gate_survey_function(survey->image, instead)) {
		entry->why = "it may throw, and there is no variant that does not";
		return;
	}
	entry->door = gate_door_choose(&survey->text, entry, &entry->why);
	if (entry->door)
		entry->state = ENTRY_OPEN;
}

static void open_doors(struct gate_survey *survey, struct gate_allocator *a)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (a->entry[i].state != ENTRY_PASSES)
			open_door(survey, &a->entry[i]);
	for (uint32_t i = 0; i < a->n; i++)
		if (a->entry[i].state == ENTRY_PASSES && !is_passed(a, &a->entry[i]))
			open_door(survey, &a->entry[i]);
}

static void judge(struct gate_allocator *a)
{
	for (uint32_t i = 0; i < a->n; i++) {
		const struct gate_entry *entry = &a->entry[i];

		if (entry->state != ENTRY_REFUSED)
			continue;
		/* These belong to an interface of jemalloc's that few use. */
		if (entry->name->only == LEAKTRACE_TYPE_JEMALLOC)
			continue;
		/* mimalloc's copies, and releases the old block by free. */
		if (a->type == LEAKTRACE_TYPE_MIMALLOC &&
		    entry->name->shape == SHAPE_RESIZE_COUNT)
			continue;
		if (gate_entry_releases(entry))
			a->refused = "a function that releases blocks cannot be watched";
		else if (!a->refused && entry->name->entry == LEAKTRACE_GATE_MALLOC)
			a->refused = "its malloc cannot be watched";
	}
}

static void survey_allocator(struct gate_survey *survey, struct gate_allocator *a)
{
	struct pass_search s = {
		.survey = survey, .allocator = a, .stubs = { .code = survey->image },
	};

	elf_symbols_add_plt(&s.stubs, survey->image);
	elf_symbols_sort(&s.stubs);
	for (uint32_t i = 0; i < a->n; i++)
		find_pass(&s, &a->entry[i]);
	elf_symbols_free(&s.stubs);
	open_doors(survey, a);
	judge(a);
}

/** gate_survey_read() - find the allocators of a file, and doors for their functions */
int gate_survey_read(struct gate_survey *survey, struct elf_image *image)
{
	uint64_t low = UINT64_MAX, high = 0;
	int error;

	*survey = (struct gate_survey){ .image = image };
	if (image->machine != EM_X86_64)
		return 0;
	error = gate_allocators_find(&survey->found, image);
	if (error || !survey->found.n)
		return error;
	for (size_t i = 0; i < survey->found.n; i++)
		for (uint32_t j = 0; j < survey->found.allocator[i].n; j++) {
			uint64_t at = survey->found.allocator[i].entry[j].vaddr;

			low = at < low ? at : low;
			high = at > high ? at : high;
		}
	error = gate_text_read(&survey->text, image, low, high);
	for (size_t i = 0; !error && i < survey->found.n; i++)
		survey_allocator(survey, &survey->found.allocator[i]);
	if (error)
		gate_survey_free(survey);
	return error;
}

void gate_survey_free(struct gate_survey *survey)
{
	gate_allocators_free(&survey->found);
	gate_text_free(&survey->text);
}
