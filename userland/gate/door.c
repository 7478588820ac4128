// SPDX-License-Identifier: GPL-2.0
/*
 * A door is one instruction, so that nobody's instruction pointer is ever inside of what is
 * replaced. The gate changes rax, r10, r11 and the flags, and, of a call that is sampled,
 * begins the function again: so what lies before the door may only do what can be undone
 * (push, room on the stack, copies to registers that were pushed), or done again (what
 * computes rax, r10, r11 or flags from arguments).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/door.h"

enum {
	PAGE = 4096,
	LONG_JUMP = 5, SHORT_JUMP = 2,
	MAX_LOOK_AHEAD = 12,		/* instructions, for one that sets the flags */
	INT3 = 0xcc,
};

static const uint8_t arguments[] = { REG_RDI, REG_RSI, REG_RDX, REG_RCX, REG_R8, REG_R9 };

/* What is found while going through a function from its beginning. */
struct walk {
	struct gate_text *text;
	const struct gate_entry *entry;
	struct gate_step step[GATE_MAX_STEPS];
	uint32_t n;			/* steps before the door */
	unsigned int pushed, arguments;	/* masks of registers */
	const char *why;
};

struct choice {
	struct walk at;
	int rank;			/* the higher the better; 0: none */
	uint8_t jump_bytes;
	uint64_t island;
};

bool gate_door_repeats(const struct gate_step *step)
{
	return step->what == STEP_PURE &&
	       (step->writes & GATE_SCRATCH || step->flags == FLAGS_SET);
}

/* Repeated, an instruction must find what it found the first time. */
static bool can_repeat(const struct walk *w, uint32_t i)
{
	const struct gate_step *step = &w->step[i];
	unsigned int later = 0;

	if (step->writes & ~GATE_SCRATCH & step->reads)
		return false;
	for (uint32_t j = i + 1; j < w->n; j++)
		later |= w->step[j].writes & ~GATE_SCRATCH;
	return !(step->reads & later);
}

/* From the door on: whether the flags have a new value before they are read. */
static bool flags_die(const struct walk *w, const struct gate_step *door)
{
	uint64_t at = door->at;

	for (int i = 0; i < MAX_LOOK_AHEAD; i++) {
		const uint8_t *code = NULL;
		struct gate_step step;
		size_t bytes = 15;

		while (bytes && !(code = elf_image_code(w->text->image, at, bytes)))
			bytes--;
		if (!code || !gate_step_read(code, bytes, at, &step) || step.flags == FLAGS_READ)
			return false;
		if (step.flags == FLAGS_SET)
			return true;
		if (step.insn.effect == X86_JUMP || step.insn.effect == X86_TRAP)
			return false;
		at += step.insn.bytes;
	}
	return false;
}

/*
 * Flags at a door: none are passed to a function. What tests before the door is repeated.
 * What makes room on the stack sets flags, too, and is not.
 */
static bool flags_are_right(const struct walk *w, const struct gate_step *door)
{
	for (uint32_t i = w->n; i-- > 0;) {
		if (w->step[i].what == STEP_FRAME)
			return flags_die(w, door);
		if (w->step[i].what == STEP_PURE && w->step[i].flags == FLAGS_SET)
			return true;
	}
	return door->flags != FLAGS_READ;
}

/* Whether it means the same somewhere else. */
static bool can_move(const struct gate_step *step)
{
	const struct x86_insn *insn = &step->insn;
	uint8_t first = step->code[0], second = insn->bytes > 1 ? step->code[1] : 0;

	switch (insn->effect) {
	case X86_CALL: case X86_RETURN: case X86_TRAP:
		return false;
	case X86_JUMP:
		return insn->target && ((first == 0xeb && insn->bytes == 2) ||
					(first == 0xe9 && insn->bytes == 5));
	case X86_BRANCH:
		return ((first & 0xf0) == 0x70 && insn->bytes == 2) ||
		       (first == 0x0f && (second & 0xf0) == 0x80 && insn->bytes == 6);
	}
	if (step->what == STEP_NOTHING && first == 0xf3)
		return false;			/* endbr64: what jumps to it wants to find it */
	if (first == INT3 || memchr(step->code, 0x67, insn->rip_at ? insn->rip_at : 1))
		return false;
	/* Called by the gate, a function finds the gate's return address: only read. */
	return !insn->sp_memory || step->code[0] == 0x8b ||
	       ((first & 0xf0) == 0x40 && second == 0x8b);
}

static bool is_apart(const struct walk *w, const struct gate_step *door, unsigned int jump_bytes)
{
	return door->at % PAGE + jump_bytes <= PAGE &&
	       !gate_text_is_target(w->text, w->entry->vaddr + 1, door->at + door->insn.bytes);
}

static bool repeats_are_right(const struct walk *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (gate_door_repeats(&w->step[i]) && !can_repeat(w, i))
			return false;
	return true;
}

/* Better: not the first instruction, where others put their probes; then without island. */
static int rank(const struct walk *w, const struct gate_step *door, unsigned int jump_bytes)
{
	return 1 + 2 * (door->at != w->entry->vaddr) + (jump_bytes == LONG_JUMP);
}

static void consider(const struct walk *w, const struct gate_step *step, struct choice *best)
{
	unsigned int jump_bytes = step->insn.bytes >= LONG_JUMP ? LONG_JUMP : SHORT_JUMP;
	int this = rank(w, step, jump_bytes);
	uint64_t island = 0;

	if (this <= best->rank || step->insn.bytes < SHORT_JUMP || w->n >= GATE_MAX_STEPS ||
	    !can_move(step) || !is_apart(w, step, jump_bytes) || !flags_are_right(w, step) ||
	    !repeats_are_right(w))
		return;
	if (jump_bytes == SHORT_JUMP) {
		island = gate_text_find(w->text, step->at + SHORT_JUMP, LONG_JUMP);
		if (!island)
			return;
	}
	*best = (struct choice){ .at = *w, .rank = this, .jump_bytes = jump_bytes, .island = island };
	best->at.step[best->at.n++] = *step;
}

/* Whether a door may lie behind an instruction. */
static bool go_past(struct walk *w, const struct gate_step *step)
{
	unsigned int reg = step->insn.reg < 16 ? GATE_REG(step->insn.reg) : 0;

	if (w->n >= GATE_MAX_STEPS)
		return false;
	switch (step->what) {
	case STEP_PUSH:
		w->pushed |= reg;
		break;
	case STEP_PURE:
		if (step->writes & (w->arguments | (GATE_SAVED & ~w->pushed)))
			return false;
		break;
	case STEP_OTHER:
		return false;
	}
	w->step[w->n++] = *step;
	return true;
}

static void walk(struct walk *w, struct choice *best)
{
	uint64_t at = w->entry->vaddr, end = gate_text_end(w->text, at);
	struct gate_step step;

	if (w->entry->bytes && w->entry->bytes < end - at)
		end = at + w->entry->bytes;
	while (at < end && w->n < GATE_MAX_STEPS) {
		size_t left = end - at < 15 ? end - at : 15;
		const uint8_t *code = elf_image_code(w->text->image, at, left);

		if (!code || !gate_step_read(code, left, at, &step)) {
			w->why = "it begins with an instruction that is not understood";
			return;
		}
		consider(w, &step, best);
		if (!go_past(w, &step))
			return;
		at += step.insn.bytes;
	}
}

struct gate_door *gate_door_choose(struct gate_text *text, const struct gate_entry *entry,
				   const char **why)
{
	struct walk w = { .text = text, .entry = entry };
	struct choice best = { .rank = 0 };
	struct gate_door *door;

	for (int i = 0; i < entry->name->arguments; i++)
		w.arguments |= GATE_REG(arguments[i]);
	w.why = "none of its first instructions can be replaced by a jump";
	walk(&w, &best);
	*why = w.why;
	if (!best.rank)
		return NULL;
	door = calloc(1, sizeof(*door));
	*why = "no memory";
	if (!door)
		return NULL;
	memcpy(door->step, best.at.step, sizeof(door->step));
	door->n = best.at.n;
	door->jump_bytes = best.jump_bytes;
	door->island = best.island;
	if (door->island)
		gate_text_take(text, door->island, LONG_JUMP);
	return door;
}
