// SPDX-License-Identifier: GPL-2.0
/*
 * A function whose last act is to call another may jump there: then the other one returns
 * to its caller, and the function is in no stack. The caller's call instruction names it
 * all the same. So it is certain that it ran, and if debug information knows of tail calls
 * in it, why it is not there. Where it jumped to is certain only if that is always the same
 * function.
 */
#include "elf/tail_calls.h"
#include "symbolize/frame.h"
#include "symbolize/tail_call.h"

enum {
	FUNCTIONS_MAX = 8,
	INLINED_MAX = 16,
};

struct chain {
	uint64_t function[FUNCTIONS_MAX], after[FUNCTIONS_MAX];
	int n;
};

static bool is_in(const struct chain *c, uint64_t function)
{
	for (int i = 0; i < c->n; i++)
		if (c->function[i] == function)
			return true;
	return false;
}

/* False: the frame is the called function's own, or it cannot be told what came between. */
static bool follow(struct elf_module *module, uint64_t function, uint64_t inner, struct chain *c)
{
	while (!inner || !elf_function_has(&module->lines, function, inner)) {
		struct elf_tail_calls calls = elf_tail_calls_of(&module->lines, function);

		if (!calls.n || c->n == FUNCTIONS_MAX || is_in(c, function))
			return false;
		c->function[c->n] = function;
		c->after[c->n++] = calls.after;
		if (!calls.function)
			return true;
		function = calls.function;
	}
	return true;
}

/* With several tail calls in it, the line is not known. */
static int name(struct elf_module *module, struct string_table *names, int root_fd, uint64_t function, uint64_t after,
		struct symbol_frame *frames, int max)
{
	int n = elf_module_resolve(module, names, root_fd, after ? after - 1 : function, !!after, frames, max);

	if (n && !after) {
		frames[0] = frames[n - 1];
		frames[0].file = NULL;
		frames[0].line = 0;
		n = 1;
	}
	for (int i = 0; i < n; i++)
		frames[i].tail_call = true;
	return n;
}

/**
 * elf_module_called() - what the call before a return address calls
 * @function: it, or the stub or word of the GOT by which it is called
 * @import: set to the name if it is called by a stub or the GOT, otherwise to NULL
 *
 * Return: whether the instruction names a function.
 */
bool elf_module_called(struct elf_module *module, int root_fd, uint64_t return_vaddr, uint64_t *function,
		       const char **import)
{
	bool direct = elf_direct_call(module->image, return_vaddr, function);
	struct elf_symbol *symbol;

	*import = NULL;
	if (!direct && !elf_call_by_word(module->image, return_vaddr, function))
		return false;
	elf_module_index(module, root_fd);
	symbol = elf_symbols_find(&module->symbols, *function);
	if (symbol && symbol->rank == ELF_SYMBOL_PLT)
		*import = symbol->raw;
	return direct || *import;	/* another word is a variable, whose value changes */
}

/** elf_module_tail_calls() - the functions that left the stack between a called one and a frame */
int elf_module_tail_calls(struct elf_module *module, struct string_table *names, int root_fd, uint64_t function,
			  uint64_t inner, struct symbol_frame *frames, int max)
{
	struct chain chain = { .n = 0 };
	struct elf_symbol *symbol;
	int n = 0;

	elf_module_index(module, root_fd);
	symbol = inner ? elf_symbols_find(&module->symbols, inner) : NULL;
	if (module->language || (symbol && symbol->start == function) || !follow(module, function, inner, &chain))
		return 0;
	for (int i = chain.n - 1; i >= 0 && max - n >= INLINED_MAX; i--)
		n += name(module, names, root_fd, chain.function[i], chain.after[i], frames + n, INLINED_MAX);
	return n;
}
