// SPDX-License-Identifier: GPL-2.0
/* Writes a plan as leaktrace_gate.h has it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/leaktrace.h>

#include "gate/blob.h"
#include "gate/code.h"
#include "gate/place.h"
#include "util/format.h"

#include "../module/gate_check.h"

/* Beyond a distance x of the exponential distribution with mean 1: its share, times its mean. */
static double rest_after(double share)
{
	return share > 0 ? share * (1 - log(share)) : 0;
}

void gate_draws(__u32 draw[LEAKTRACE_GATE_NDRAWS])
{
	double n = LEAKTRACE_GATE_NDRAWS, lost = 0;

	for (int i = 0; i < LEAKTRACE_GATE_NDRAWS; i++) {
		double mean = n * (rest_after(1 - i / n) - rest_after(1 - (i + 1) / n));
		double exact = ldexp(mean, LEAKTRACE_GATE_DRAW_SHIFT) + lost;

		draw[i] = exact;
		lost = exact - draw[i];		/* their mean is to be exactly 1 */
	}
}

struct chosen {
	const struct gate_file *file;
	struct gate_allocator *allocator;
	const struct gate_entry *entry;
};

struct writing {
	struct gate_plan *plan;
	const struct gate_options *options;
	struct chosen chosen[LEAKTRACE_GATE_DOORS_MAX];
	uint32_t n, nislands;
	struct leaktrace_gate_header *header;
	struct leaktrace_gate_door *door;
	struct leaktrace_gate_island *island;
	struct assembly code;
	struct gate_common common;
};

static void note(struct gate_plan *plan, const char *what, const char *why)
{
	if (!*plan->refused)
		snprintf(plan->refused, sizeof(plan->refused), "%s: %s", what, why);
}

static void choose_of(struct writing *w, struct gate_file *file, struct gate_allocator *a,
		      bool deaths)
{
	for (uint32_t i = 0; i < a->n; i++) {
		const struct gate_entry *entry = &a->entry[i];

		if (entry->state == ENTRY_REFUSED && deaths == gate_entry_releases(entry))
			note(w->plan, entry->symbol, entry->why);
		if (entry->state != ENTRY_OPEN || gate_entry_releases(entry) != deaths)
			continue;
		if (w->n >= LEAKTRACE_GATE_DOORS_MAX) {
			note(w->plan, entry->symbol, "there are too many functions");
			continue;
		}
		w->chosen[w->n++] = (struct chosen){ file, a, entry };
		w->nislands += entry->door->island != 0;
	}
}

/* Too far from the first file's: one gate cannot reach both. */
static bool is_near(const struct gate_plan *plan, const struct gate_file *file)
{
	uint64_t first = plan->file[0].bias + plan->file[0].survey.found.allocator[0].entry[0].vaddr;
	uint64_t this = file->bias + file->survey.found.allocator[0].entry[0].vaddr;
	int64_t apart = this - first;

	return apart < 1 << 29 && apart > -(1 << 29);
}

/* All that release come before all that allocate. */
static void choose(struct writing *w)
{
	struct gate_plan *plan = w->plan;

	for (int deaths = 1; deaths >= 0; deaths--)
		for (size_t i = 0; i < plan->nfiles; i++)
			for (size_t j = 0; j < plan->file[i].survey.found.n; j++) {
				struct gate_file *file = &plan->file[i];
				struct gate_allocator *a = &file->survey.found.allocator[j];

				if (!a->refused && !is_near(plan, file))
					a->refused = "its code is too far from the other allocator's";
				if (!a->refused)
					choose_of(w, file, a, deaths);
				else
					note(plan, path_base(file->path), a->refused);
			}
}

static void range(const struct writing *w, uint64_t *low, uint64_t *high)
{
	*low = UINT64_MAX;
	*high = 0;
	for (uint32_t i = 0; i < w->n; i++) {
		uint64_t at = w->chosen[i].entry->vaddr + w->chosen[i].file->bias;

		*low = at < *low ? at : *low;
		*high = at > *high ? at : *high;
	}
}

static int allocate(struct writing *w)
{
	size_t doors = w->n * sizeof(*w->door), islands = w->nislands * sizeof(*w->island);
	struct gate_plan *plan = w->plan;

	plan->blob = calloc(1, sizeof(*w->header) + doors + islands + LEAKTRACE_GATE_CODE_BYTES);
	if (!plan->blob)
		return -ENOMEM;
	w->header = (void *)plan->blob;
	w->door = (void *)(w->header + 1);
	w->island = (void *)(w->door + w->n);
	w->code = (struct assembly){
		.bytes = (void *)(w->island + w->nislands), .max = LEAKTRACE_GATE_CODE_BYTES,
		.address = plan->address,
	};
	w->common = (struct gate_common){
		.address = plan->address, .tag_bits = w->options->tag_bits,
	};
	return 0;
}

static void jump(unsigned char *bytes, uint64_t from, uint64_t to, unsigned int n)
{
	int32_t distance = to - (from + n);

	bytes[0] = n == 2 ? 0xeb : 0xe9;
	memcpy(bytes + 1, &distance, n - 1);
}

static void take_old(const struct gate_file *file, uint64_t vaddr, unsigned char *old, size_t n)
{
	const unsigned char *code = elf_image_code(file->survey.image, vaddr, n);

	if (code)
		memcpy(old, code, n);
}

static uint64_t write_code(struct writing *w, uint32_t i)
{
	const struct chosen *c = &w->chosen[i];
	struct elf_image *image = c->file->survey.image;
	struct gate_opening opening = {
		.entry = c->entry, .door = c->entry->door, .bias = c->file->bias, .index = i,
		.small_alignment_passes = c->allocator->type == LEAKTRACE_TYPE_GLIBC &&
					  c->entry->name->shape == SHAPE_ALIGNED,
	};

	if (c->entry->name->instead)
		opening.instead = gate_survey_function(image, c->entry->name->instead) +
				  c->file->bias;
	for (uint32_t j = 0; j < c->allocator->n; j++)
		if (!strcmp(c->entry->name->name, "realloc") &&
		    !strcmp(c->allocator->entry[j].name->name, "malloc"))
			opening.make = c->allocator->entry[j].vaddr + c->file->bias;
	return gate_code_door(&w->code, &w->common, &opening);
}

static void write_door(struct writing *w, uint32_t i, uint32_t *islands)
{
	const struct chosen *c = &w->chosen[i];
	const struct gate_door *from = c->entry->door;
	struct leaktrace_gate_door *door = &w->door[i];
	uint64_t to = write_code(w, i);

	door->address = gate_door_step(from)->at + c->file->bias;
	door->function = c->entry->vaddr + c->file->bias;
	door->function_bytes = c->entry->bytes < UINT32_MAX ? c->entry->bytes : 0;
	door->jump_bytes = from->jump_bytes;
	door->entry = c->entry->name->entry;
	door->type = c->allocator->type;
	if (gate_entry_releases(c->entry))
		door->flags = LEAKTRACE_GATE_DOOR_F_DEATH | LEAKTRACE_GATE_DOOR_F_REQUIRED;
	take_old(c->file, gate_door_step(from)->at, door->old, from->jump_bytes);
	snprintf(door->name, sizeof(door->name), "%s", c->entry->symbol);
	if (from->island) {
		struct leaktrace_gate_island *island = &w->island[(*islands)++];

		island->address = from->island + c->file->bias;
		take_old(c->file, from->island, island->old, sizeof(island->old));
		jump(island->jump, island->address, to, sizeof(island->jump));
		to = island->address;
	}
	jump(door->jump, door->address, to, from->jump_bytes);
}

static void write_header(struct writing *w)
{
	*w->header = (struct leaktrace_gate_header){
		.magic = LEAKTRACE_GATE_MAGIC, .machine = LEAKTRACE_GATE_MACHINE,
		.ndoors = w->n, .nislands = w->nislands, .code_bytes = w->code.n,
		.tag_bits = w->options->tag_bits, .address = w->plan->address,
		.mean_bytes = w->options->mean_bytes,
	};
	gate_draws(w->header->draw);
}

static int write_all(struct writing *w)
{
	uint32_t islands = 0;
	int error = allocate(w);

	if (error)
		return error;
	gate_code_common(&w->code, &w->common);
	for (uint32_t i = 0; i < w->n; i++)
		write_door(w, i, &islands);
	if (w->code.failed)
		return -E2BIG;
	write_header(w);
	w->plan->blob_bytes = w->code.bytes + w->code.n - w->plan->blob;
	return leaktrace_gate_check(w->header, w->plan->blob_bytes) ? -EINVAL : 0;
}

/** gate_plan_write() - choose the place of the gate, and write the plan */
int gate_plan_write(struct gate_plan *plan, const struct maps *maps,
		    const struct gate_options *options, char *err, size_t errlen)
{
	struct writing w = { .plan = plan, .options = options };
	uint64_t low, high, bytes = LEAKTRACE_GATE_TAGS + (1ULL << options->tag_bits);
	int error;

	choose(&w);
	if (!w.n) {
		if (*plan->refused)
			snprintf(err, errlen, "no allocator can be watched: %s", plan->refused);
		else
			snprintf(err, errlen, "no allocator was found that can be watched: it has "
				 "no symbols, or is none of glibc, musl, jemalloc, tcmalloc, mimalloc");
		return -ENOENT;
	}
	range(&w, &low, &high);
	plan->address = options->address ? options->address :
			gate_place(maps, low, high, bytes, options->nth_place);
	if (!plan->address) {
		snprintf(err, errlen, "there is no room for a gate near the allocator's code");
		return -ENOSPC;
	}
	error = write_all(&w);
	if (error)
		snprintf(err, errlen, "the plan of a gate is wrong: %s",
			 error == -E2BIG ? "its code is too long or too far away" : strerror(-error));
	return error;
}
