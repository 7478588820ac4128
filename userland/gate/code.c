// SPDX-License-Identifier: GPL-2.0
/*
 * At a door only rax, r10, r11 and the flags may change, and the stack is not touched. Most
 * calls take the short way: a subtraction, or a comparison of two bytes, then the
 * instructions that the door replaced, and back.
 *
 * A call that is sampled is made by the gate: it undoes what the function did before the
 * door, so that all is as at its call, and calls it from its beginning (a copy of it), in
 * a frame of GATE_FRAME_BYTES. Announcements are made with the callee-saved registers of
 * the caller. A release is announced, then done.
 *
 * The frame, from the stack pointer:
 *
 *	 0 countdown	 8 size		16 result	24, 32, 40 arguments
 *	48 answer	56 whether the new block is sampled	64 door << 8
 */
#include <linux/leaktrace_gate.h>

#include "gate/code.h"

enum {
	SYS_MREMAP = 25,
	SHARD_SHIFT = 24, SHARD_BYTES_SHIFT = 6,
	HASH = (int)0x9e3779b1,
};

/* rdi: an address that mremap refuses; eax: its number. */
static void put_mremap(struct assembly *a, const struct gate_common *common)
{
	put_lea(a, REG_RDI, common->address | 1);
	PUT(a, 0xb8);					/* mov $mremap,%eax */
	put_number(a, SYS_MREMAP);
	PUT(a, 0x0f, 0x05);				/* syscall */
}

/* Called in a frame; esi, r9, r10 are set. */
static void put_announce(struct assembly *a, struct gate_common *common)
{
	common->announce = here(a);
	PUT(a, 0x4c, 0x8d, 0x44, 0x24, 8 + GATE_FRAME_BYTES);	/* lea 8+FRAME(%rsp),%r8 */
	put_mremap(a, common);
	PUT(a, 0xc3);					/* ret */
}

/* Jumped to in a frame: rax is the result, r10 the block or 0, esi BIRTH | door << 8. */
static void put_birth(struct assembly *a, struct gate_common *common)
{
	uint32_t made;

	common->birth = here(a);
	PUT(a, 0x48, 0x89, 0x44, 0x24, 16);		/* mov %rax,16(%rsp) */
	PUT(a, 0x4d, 0x85, 0xd2);			/* test %r10,%r10 */
	made = put_branch_on(a, IF_NOT_EQUAL);
	PUT(a, 0x83, 0xc6, LEAKTRACE_GATE_OP_DROP - LEAKTRACE_GATE_OP_BIRTH);	/* add $,%esi */
	put_landing(a, made);
	PUT(a, 0x48, 0x8b, 0x54, 0x24, 8);		/* mov 8(%rsp),%rdx */
	PUT(a, 0x4c, 0x8b, 0x0c, 0x24);			/* mov (%rsp),%r9 */
	put_call(a, common->announce);
	PUT(a, 0x48, 0x8b, 0x44, 0x24, 16);		/* mov 16(%rsp),%rax */
	PUT(a, 0x48, 0x83, 0xc4, GATE_FRAME_BYTES);	/* add $FRAME,%rsp */
	PUT(a, 0xc3);
}

/* Called as the function was, rdi is the block, eax DEATH | door << 8. All arguments stay. */
static void put_death(struct assembly *a, struct gate_common *common)
{
	common->death = here(a);
	PUT(a, 0x57, 0x56, 0x52, 0x51, 0x41, 0x50, 0x41, 0x51);	/* push %rdi … %r9 */
	PUT(a, 0x89, 0xc6);				/* mov %eax,%esi */
	PUT(a, 0x49, 0x89, 0xfa);			/* mov %rdi,%r10 */
	PUT(a, 0x4c, 0x8d, 0x44, 0x24, 6 * 8 + 8);	/* lea 56(%rsp),%r8 */
	PUT(a, 0x31, 0xd2);				/* xor %edx,%edx */
	PUT(a, 0x45, 0x31, 0xc9);			/* xor %r9d,%r9d */
	put_mremap(a, common);
	PUT(a, 0x41, 0x59, 0x41, 0x58, 0x59, 0x5a, 0x5e, 0x5f);	/* pop */
	PUT(a, 0xc3);
}

/*
 * Called in a frame that is empty: rax is the countdown, r11 the size + EXTRA, r10 whether
 * the new block is sampled, ecx door << 8.
 */
static void put_resize_begin(struct assembly *a, struct gate_common *common)
{
	common->resize_begin = here(a);
	PUT(a, 0x48, 0x89, 0x44, 0x24, 8);		/* mov %rax,8(%rsp) */
	PUT(a, 0x49, 0x83, 0xeb, LEAKTRACE_GATE_EXTRA);	/* sub $EXTRA,%r11 */
	PUT(a, 0x4c, 0x89, 0x5c, 0x24, 16);		/* mov %r11,16(%rsp) */
	PUT(a, 0x48, 0x89, 0x7c, 0x24, 32);		/* mov %rdi,32(%rsp) */
	PUT(a, 0x48, 0x89, 0x74, 0x24, 40);		/* mov %rsi,40(%rsp) */
	PUT(a, 0x48, 0x89, 0x54, 0x24, 48);		/* mov %rdx,48(%rsp) */
	PUT(a, 0x48, 0xc7, 0x44, 0x24, 56, 0, 0, 0, 0);	/* movq $0,56(%rsp) */
	PUT(a, 0x4c, 0x89, 0x54, 0x24, 64);		/* mov %r10,64(%rsp) */
	PUT(a, 0x48, 0x89, 0x4c, 0x24, 72);		/* mov %rcx,72(%rsp) */
	PUT(a, 0x8d, 0x71, LEAKTRACE_GATE_OP_REALLOC_BEGIN);	/* lea BEGIN(%rcx),%esi */
	PUT(a, 0x49, 0x89, 0xfa);			/* mov %rdi,%r10 */
	PUT(a, 0x31, 0xd2);				/* xor %edx,%edx */
	PUT(a, 0x4c, 0x8d, 0x4c, 0x24, 56);		/* lea 56(%rsp),%r9 */
	PUT(a, 0x4c, 0x8d, 0x44, 0x24, 8 + GATE_FRAME_BYTES);	/* lea 80(%rsp),%r8 */
	put_mremap(a, common);
	PUT(a, 0x48, 0x8b, 0x7c, 0x24, 32);		/* mov 32(%rsp),%rdi */
	PUT(a, 0x48, 0x8b, 0x74, 0x24, 40);		/* mov 40(%rsp),%rsi */
	PUT(a, 0x48, 0x8b, 0x54, 0x24, 48);		/* mov 48(%rsp),%rdx */
	PUT(a, 0xc3);
}

/* Jumped to in the frame, rax is the result: NULL for a size leaves the old block alive. */
static void put_resize_end(struct assembly *a, struct gate_common *common)
{
	uint32_t made, released, stranger, done;

	common->resize_end = here(a);
	PUT(a, 0x48, 0x89, 0x44, 0x24, 16);		/* mov %rax,16(%rsp) */
	PUT(a, 0x48, 0x85, 0xc0);			/* test %rax,%rax */
	made = put_branch_on(a, IF_NOT_EQUAL);
	PUT(a, 0x48, 0x83, 0x7c, 0x24, 8, 0);		/* cmpq $0,8(%rsp) */
	released = put_branch_on(a, IF_EQUAL);
	PUT(a, 0x48, 0x83, 0x7c, 0x24, 48, 0);		/* cmpq $0,48(%rsp) */
	stranger = put_branch_on(a, IF_EQUAL);
	PUT(a, 0x8b, 0x74, 0x24, 64);			/* mov 64(%rsp),%esi */
	PUT(a, 0x83, 0xce, LEAKTRACE_GATE_OP_REALLOC_UNDO);	/* or $UNDO,%esi */
	PUT(a, 0x4c, 0x8b, 0x54, 0x24, 24);		/* mov 24(%rsp),%r10 */
	PUT(a, 0x4c, 0x8d, 0x4c, 0x24, 48);		/* lea 48(%rsp),%r9 */
	put_call(a, common->announce);
	put_landing(a, made);
	put_landing(a, released);
	put_landing(a, stranger);
	PUT(a, 0x48, 0x8b, 0x44, 0x24, 16);		/* mov 16(%rsp),%rax */
	PUT(a, 0x83, 0x7c, 0x24, 56, 0);		/* cmpl $0,56(%rsp) */
	done = put_branch_on(a, IF_EQUAL);
	PUT(a, 0x8b, 0x74, 0x24, 64);			/* mov 64(%rsp),%esi */
	PUT(a, 0x83, 0xce, LEAKTRACE_GATE_OP_BIRTH);	/* or $BIRTH,%esi */
	PUT(a, 0x49, 0x89, 0xc2);			/* mov %rax,%r10 */
	put_jump(a, common->birth);
	put_landing(a, done);
	PUT(a, 0x48, 0x83, 0xc4, GATE_FRAME_BYTES);	/* add $FRAME,%rsp */
	PUT(a, 0xc3);
}

/** gate_code_common() - what all doors share; it comes first */
void gate_code_common(struct assembly *a, struct gate_common *common)
{
	put_announce(a, common);
	put_birth(a, common);
	put_death(a, common);
	put_resize_begin(a, common);
	put_resize_end(a, common);
}

/* --- one door --- */

/* Back to where the function's caller had left it. */
static void put_undo(struct assembly *a, const struct gate_door *door)
{
	for (uint32_t i = door->n - 1; i-- > 0;) {
		const struct gate_step *step = &door->step[i];
		uint8_t reg = step->insn.reg;

		if (step->what == STEP_FRAME) {
			PUT(a, 0x48, 0x81, 0xc4);	/* add $,%rsp */
			put_number(a, -step->insn.value);
		} else if (step->what == STEP_PUSH && GATE_REG(reg) & GATE_SAVED) {
			if (reg & 8)
				PUT(a, 0x41);
			PUT(a, 0x58 | (reg & 7));	/* pop */
		} else if (step->what == STEP_PUSH) {
			PUT(a, 0x48, 0x83, 0xc4, 8);	/* add $8,%rsp */
		}
	}
}

static uint64_t behind(const struct gate_opening *o)
{
	const struct gate_step *step = gate_door_step(o->door);

	return step->at + step->insn.bytes + o->bias;
}

/* On with the function: what the gate has changed, the replaced instruction, and back. */
static void put_rest(struct assembly *a, const struct gate_opening *o)
{
	for (uint32_t i = 0; i + 1 < o->door->n; i++)
		if (gate_door_repeats(&o->door->step[i]))
			put_copy(a, &o->door->step[i], o->bias);
	put_copy(a, gate_door_step(o->door), o->bias);
	if (gate_door_step(o->door)->insn.effect != X86_JUMP)
		put_jump(a, behind(o));
}

/* The function from its beginning, without its door. Return: where it is. */
static uint64_t put_whole(struct assembly *a, const struct gate_opening *o)
{
	uint64_t at = here(a);

	for (uint32_t i = 0; i < o->door->n; i++)
		put_copy(a, &o->door->step[i], o->bias);
	if (gate_door_step(o->door)->insn.effect != X86_JUMP)
		put_jump(a, behind(o));
	return at;
}

/* rax = the countdown of this thread. r10 is lost. */
static void put_shard(struct assembly *a, const struct gate_common *common)
{
	PUT(a, 0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0);	/* mov %fs:0,%rax */
	PUT(a, 0x69, 0xc0);				/* imul $HASH,%eax,%eax */
	put_number(a, HASH);
	PUT(a, 0xc1, 0xe8, SHARD_SHIFT);		/* shr $24,%eax */
	PUT(a, 0xc1, 0xe0, SHARD_BYTES_SHIFT);		/* shl $6,%eax */
	put_lea(a, REG_R10, common->address + LEAKTRACE_GATE_SHARDS);
	PUT(a, 0x4c, 0x01, 0xd0);			/* add %r10,%rax */
}

/* r11 = size + EXTRA. Return: a branch for sizes that are no size; 0: there is none. */
static uint32_t put_size(struct assembly *a, const struct gate_opening *o)
{
	uint32_t mark;

	switch (o->entry->name->shape) {
	case SHAPE_SIZE: case SHAPE_THROWS:
		PUT(a, 0x4c, 0x8d, 0x5f, LEAKTRACE_GATE_EXTRA);	/* lea EXTRA(%rdi),%r11 */
		return 0;
	case SHAPE_ALIGNED: case SHAPE_RESIZE:
		PUT(a, 0x4c, 0x8d, 0x5e, LEAKTRACE_GATE_EXTRA);	/* lea EXTRA(%rsi),%r11 */
		return 0;
	case SHAPE_OUT:
		PUT(a, 0x4c, 0x8d, 0x5a, LEAKTRACE_GATE_EXTRA);	/* lea EXTRA(%rdx),%r11 */
		return 0;
	case SHAPE_COUNT:
		PUT(a, 0x49, 0x89, 0xfb);		/* mov %rdi,%r11 */
		PUT(a, 0x4c, 0x0f, 0xaf, 0xde);		/* imul %rsi,%r11 */
		break;
	default:
		PUT(a, 0x49, 0x89, 0xf3);		/* mov %rsi,%r11 */
		PUT(a, 0x4c, 0x0f, 0xaf, 0xda);		/* imul %rdx,%r11 */
	}
	mark = put_branch_on(a, IF_OVERFLOW);
	PUT(a, 0x49, 0x83, 0xc3, LEAKTRACE_GATE_EXTRA);	/* add $EXTRA,%r11 */
	return mark;
}

/* Takes r11 from the countdown at rax: the carry says whether that is sampled. */
static void put_take(struct assembly *a)
{
	PUT(a, 0x4c, 0x29, 0x18);			/* sub %r11,(%rax) */
}

/* Goes to two branches if rdi has its tag in one of its slots. */
static void put_tags(struct assembly *a, const struct gate_common *common, uint32_t mark[2])
{
	PUT(a, 0x48, 0x89, 0xf8);			/* mov %rdi,%rax */
	PUT(a, 0x48, 0xc1, 0xe8, 4);			/* shr $4,%rax */
	PUT(a, 0x69, 0xc0);				/* imul $HASH,%eax,%eax */
	put_number(a, HASH);
	PUT(a, 0x41, 0x89, 0xc2);			/* mov %eax,%r10d */
	PUT(a, 0x41, 0xc1, 0xea, 32 - common->tag_bits);	/* shr $,%r10d */
	PUT(a, 0x0c, 0x01);				/* or $1,%al */
	put_lea(a, REG_R11, common->address + LEAKTRACE_GATE_TAGS);
	PUT(a, 0x43, 0x38, 0x04, 0x13);			/* cmp %al,(%r11,%r10) */
	mark[0] = put_branch_on(a, IF_EQUAL);
	PUT(a, 0x41, 0x83, 0xf2, 1);			/* xor $1,%r10d */
	PUT(a, 0x43, 0x38, 0x04, 0x13);			/* cmp %al,(%r11,%r10) */
	mark[1] = put_branch_on(a, IF_EQUAL);
}

static void put_number_of_door(struct assembly *a, uint8_t opcode, const struct gate_opening *o,
			       enum leaktrace_gate_op op)
{
	PUT(a, opcode);					/* mov $,%… */
	put_number(a, o->index << 8 | op);
}

/* A frame, with what the announcement of a birth needs. */
static void put_frame(struct assembly *a, const struct gate_opening *o)
{
	put_undo(a, o->door);
	PUT(a, 0x48, 0x83, 0xec, GATE_FRAME_BYTES);	/* sub $FRAME,%rsp */
	PUT(a, 0x48, 0x89, 0x04, 0x24);			/* mov %rax,(%rsp) */
	PUT(a, 0x49, 0x83, 0xeb, LEAKTRACE_GATE_EXTRA);	/* sub $EXTRA,%r11 */
	PUT(a, 0x4c, 0x89, 0x5c, 0x24, 8);		/* mov %r11,8(%rsp) */
}

/* The block is what the function returns, or, with an error of 0, where it was told. */
static void put_sampled(struct assembly *a, const struct gate_common *common,
			const struct gate_opening *o, uint64_t whole)
{
	bool out = o->entry->name->shape == SHAPE_OUT;
	uint32_t error = 0;

	put_frame(a, o);
	if (out)
		PUT(a, 0x48, 0x89, 0x7c, 0x24, 24);	/* mov %rdi,24(%rsp) */
	put_call(a, whole);
	if (out) {
		PUT(a, 0x45, 0x31, 0xd2);		/* xor %r10d,%r10d */
		PUT(a, 0x85, 0xc0);			/* test %eax,%eax */
		error = put_branch_on(a, IF_NOT_EQUAL);
		PUT(a, 0x4c, 0x8b, 0x54, 0x24, 24);	/* mov 24(%rsp),%r10 */
		PUT(a, 0x4d, 0x8b, 0x12);		/* mov (%r10),%r10 */
		put_landing(a, error);
	} else {
		PUT(a, 0x49, 0x89, 0xc2);		/* mov %rax,%r10 */
	}
	put_number_of_door(a, 0xbe, o, LEAKTRACE_GATE_OP_BIRTH);	/* mov $,%esi */
	put_jump(a, common->birth);
}

/*
 * No exception may go through a frame of the gate: the variant that returns NULL is called,
 * and where it does the original is gone to, without a frame.
 */
static void put_sampled_throwing(struct assembly *a, const struct gate_common *common,
				 const struct gate_opening *o, uint64_t whole)
{
	uint32_t none;

	put_frame(a, o);
	PUT(a, 0x48, 0x89, 0x7c, 0x24, 24);		/* mov %rdi,24(%rsp) */
	PUT(a, 0x48, 0x89, 0x74, 0x24, 32);		/* mov %rsi,32(%rsp) */
	put_lea(a, o->entry->name->arguments == 1 ? REG_RSI : REG_RDX, common->address);
	put_call(a, o->instead);
	PUT(a, 0x48, 0x85, 0xc0);			/* test %rax,%rax */
	none = put_branch_on(a, IF_EQUAL);
	PUT(a, 0x49, 0x89, 0xc2);			/* mov %rax,%r10 */
	put_number_of_door(a, 0xbe, o, LEAKTRACE_GATE_OP_BIRTH);
	put_jump(a, common->birth);
	put_landing(a, none);
	PUT(a, 0x4c, 0x8b, 0x0c, 0x24);			/* mov (%rsp),%r9 */
	PUT(a, 0x45, 0x31, 0xd2);			/* xor %r10d,%r10d */
	put_number_of_door(a, 0xbe, o, LEAKTRACE_GATE_OP_DROP);
	put_call(a, common->announce);
	PUT(a, 0x48, 0x8b, 0x7c, 0x24, 24);		/* mov 24(%rsp),%rdi */
	PUT(a, 0x48, 0x8b, 0x74, 0x24, 32);		/* mov 32(%rsp),%rsi */
	PUT(a, 0x48, 0x83, 0xc4, GATE_FRAME_BYTES);	/* add $FRAME,%rsp */
	put_jump(a, whole);
}

static uint64_t put_birth_door(struct assembly *a, const struct gate_common *common,
			       const struct gate_opening *o, uint64_t whole)
{
	uint64_t at = here(a);
	uint32_t sampled, absurd, passes = 0;

	if (o->small_alignment_passes) {
		PUT(a, 0x48, 0x83, 0xff, 16);		/* cmp $16,%rdi */
		passes = put_branch_on(a, IF_NOT_ABOVE);
	}
	put_shard(a, common);
	absurd = put_size(a, o);
	put_take(a);
	sampled = put_branch_on(a, IF_BELOW);
	if (passes)
		put_landing(a, passes);
	if (absurd)
		put_landing(a, absurd);
	put_rest(a, o);
	put_landing(a, sampled);
	if (o->entry->name->shape == SHAPE_THROWS)
		put_sampled_throwing(a, common, o, whole);
	else
		put_sampled(a, common, o, whole);
	return at;
}

static uint64_t put_death_door(struct assembly *a, const struct gate_common *common,
			       const struct gate_opening *o, uint64_t whole)
{
	uint64_t at = here(a);
	uint32_t tagged[2];

	put_tags(a, common, tagged);
	put_rest(a, o);
	put_landing(a, tagged[0]);
	put_landing(a, tagged[1]);
	put_undo(a, o->door);
	put_number_of_door(a, 0xb8, o, LEAKTRACE_GATE_OP_DEATH);	/* mov $,%eax */
	put_call(a, common->death);
	put_jump(a, whole);
	return at;
}

/* The block was sampled, or a stranger has its tag; the new one may be sampled, or not. */
static void put_resize_tagged(struct assembly *a, const struct gate_common *common,
			      const struct gate_opening *o, uint64_t whole, uint64_t rest)
{
	uint32_t absurd;

	put_shard(a, common);
	absurd = put_size(a, o);
	put_take(a);
	PUT(a, 0x4d, 0x19, 0xd2);			/* sbb %r10,%r10 */
	put_undo(a, o->door);
	put_number_of_door(a, 0xb9, o, LEAKTRACE_GATE_OP_UNSPEC);	/* mov $,%ecx */
	PUT(a, 0x48, 0x83, 0xec, GATE_FRAME_BYTES);	/* sub $FRAME,%rsp */
	put_call(a, common->resize_begin);
	put_call(a, whole);
	put_jump(a, common->resize_end);
	if (absurd) {
		put_landing(a, absurd);
		put_jump(a, rest);
	}
}

/* Of no block: that is what malloc is for, and there it is counted. */
static uint64_t put_resize_door(struct assembly *a, const struct gate_common *common,
				const struct gate_opening *o, uint64_t whole)
{
	uint32_t tagged[2], sampled, absurd, none = 0;
	uint64_t at = here(a), rest;

	if (o->make) {
		PUT(a, 0x48, 0x85, 0xff);		/* test %rdi,%rdi */
		none = put_branch_on(a, IF_EQUAL);
	}
	put_tags(a, common, tagged);
	put_shard(a, common);
	absurd = put_size(a, o);
	put_take(a);
	sampled = put_branch_on(a, IF_BELOW);
	if (absurd)
		put_landing(a, absurd);
	rest = here(a);
	put_rest(a, o);
	put_landing(a, sampled);
	put_sampled(a, common, o, whole);
	put_landing(a, tagged[0]);
	put_landing(a, tagged[1]);
	put_resize_tagged(a, common, o, whole, rest);
	if (none) {
		put_landing(a, none);
		put_undo(a, o->door);
		PUT(a, 0x48, 0x89, 0xf7);		/* mov %rsi,%rdi */
		put_jump(a, o->make);
	}
	return at;
}

/** gate_code_door() - the code that one door leads to, which is returned */
uint64_t gate_code_door(struct assembly *a, const struct gate_common *common,
			const struct gate_opening *opening)
{
	uint64_t whole = put_whole(a, opening);

	switch (opening->entry->name->shape) {
	case SHAPE_RELEASE:
		return put_death_door(a, common, opening, whole);
	case SHAPE_RESIZE: case SHAPE_RESIZE_COUNT:
		return put_resize_door(a, common, opening, whole);
	default:
		return put_birth_door(a, common, opening, whole);
	}
}
