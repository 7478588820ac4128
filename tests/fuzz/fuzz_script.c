// SPDX-License-Identifier: GPL-2.0
/*
 * What the memory of a program in Python, PHP, Perl or Ruby can make the tool do: a description of
 * its frames is made, the kernel walks by it (module/chain.c), and what it finds is named.
 *
 * Input: a byte that chooses interpreter and version, 7 more, and the memory (fuzz_words.h),
 * which begins with the interpreter's variables.
 */
#include <unistd.h>

#include "../walk/kernel/kernel.h"
#undef max
#include "../../module/chain_check.h"
#include "../../module/chain.c"

#include "fuzz_words.h"
#include "script/cpython.h"
#include "script/interpreter.h"
#include "script/perl.h"
#include "script/php.h"
#include "script/ruby.h"
#include "script/script.h"

enum { HEAD_BYTES = 8 };

unsigned long walk_thread_base = FUZZ_MEMORY + FUZZ_THREAD;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

bool walk_peek(unsigned long at, unsigned long *value)
{
	return !memory_read(0, at, value, sizeof(*value));
}

static void choose(struct script *s, int number)
{
	number %= cpython_nlayouts + php_nlayouts + ruby_nlayouts + perl_nlayouts;
	if (number < cpython_nlayouts) {
		s->interpreter = &interpreter_cpython;
		s->layout = &cpython_layouts[number];
	} else if (number < cpython_nlayouts + php_nlayouts) {
		s->interpreter = &interpreter_php;
		s->layout = &php_layouts[number - cpython_nlayouts];
	} else if (number < cpython_nlayouts + php_nlayouts + ruby_nlayouts) {
		s->interpreter = &interpreter_ruby;
		s->layout = &ruby_layouts[number - cpython_nlayouts - php_nlayouts];
	} else {
		s->interpreter = &interpreter_perl;
		s->layout = &perl_layouts[number - cpython_nlayouts - php_nlayouts - ruby_nlayouts];
	}
}

static void check_name(const struct script_name *name)
{
	if (!memchr(name->function, 0, sizeof(name->function)) || !memchr(name->file, 0, sizeof(name->file)) ||
	    name->line < 0)
		abort();
}

static void walk(const struct script *s, const struct leaktrace_chain *chain)
{
	static struct lt_walk *w;
	struct lt_maps maps = { .generation = 1, .chain = (struct leaktrace_chain *)chain };

	if (!w) {
		w = calloc(1, sizeof(*w) + LT_WALK_WORDS * sizeof(u64));
		w->pc = (u64 *)(w + 1);
	}
	w->maps = &maps;
	w->missed = 0;
	w->n = w->nwords = 0;
	lt_chain_walk(w);
	for (unsigned int i = 0; i < w->nwords; i += LEAKTRACE_CHAIN_FRAME_WORDS) {
		uint64_t word[LEAKTRACE_CHAIN_FRAME_WORDS] = { w->pc[i], w->pc[i + 1] };
		struct script_name name;

		if (script_name(s, word, &name))
			check_name(&name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = { .pid = getpid(), .root = FUZZ_MEMORY, .begun = FUZZ_MEMORY };
	struct leaktrace_chain chain;
	bool is_certain;

	if (size < HEAD_BYTES)
		return 0;
	fill_memory(data + HEAD_BYTES, size - HEAD_BYTES);
	choose(&s, data[0]);
	if (!script_describe(&s, &chain, &is_certain))
		return 0;
	if (leaktrace_chain_check(&chain))
		abort();
	walk(&s, &chain);
	return 0;
}
