// SPDX-License-Identifier: GPL-2.0
/*
 * Names a pc: from saved frames, else through its mapping and module, else from
 * the runtime's list of generated code.
 *
 * A return address may be the first byte of the next function, after a call
 * that never returns: the byte before it is looked up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "elf/symbols.h"
#include "elf/tail_calls.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "symbolize/mappings.h"
#include "symbolize/module.h"
#include "symbolize/perf_map.h"
#include "symbolize/saved_frames.h"
#include "symbolize/symbolizer.h"
#include "symbolize/tail_call.h"
#include "util/proc_maps.h"
#include "util/string_table.h"

enum { IMPORTS = 256 };

struct import {				/* the function that a module's stub stands for */
	const struct elf_module *importer;
	uint64_t stub;
	size_t nmodules;		/* that were known when it was looked for */
	struct elf_module *module;	/* NULL: none has it, or several */
	uint64_t function;
};

struct symbolizer {
	struct import import[IMPORTS];
	unsigned int users;
	struct string_table *names;
	struct mapping_table code;
	struct perf_map jit;
	struct saved_frame_table fed;
};

static int set_trouble(char *err, size_t errlen, pid_t pid, int error)
{
	if (!err || !errlen)
		return error;
	if (error == -ESRCH)
		snprintf(err, errlen, "no process %d, or one without memory (a zombie or a kernel thread)", pid);
	else
		snprintf(err, errlen, "cannot read the memory map of process %d: %s", pid,
			 strerror(-error));
	return error;
}

/**
 * symbolizer_offline() - a symbolizer that knows only saved frames
 *
 * Return: the symbolizer, or NULL without memory.
 */
struct symbolizer *symbolizer_offline(void)
{
	struct symbolizer *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->users = 1;
	s->code.root_fd = -1;
	s->names = s->code.names = string_table_open();
	if (!s->names) {
		free(s);
		return NULL;
	}
	return s;
}

/**
 * symbolizer_open() - open a symbolizer for a process
 * @err: on failure, one line that says why
 *
 * Return: the symbolizer, or NULL.
 */
struct symbolizer *symbolizer_open(pid_t pid, char *err, size_t errlen)
{
	struct symbolizer *s = symbolizer_offline();
	int error;

	if (!s) {
		set_trouble(err, errlen, pid, -ENOMEM);
		return NULL;
	}
	s->code.pid = pid;
	error = symbolizer_refresh(s);
	if (error) {
		set_trouble(err, errlen, pid, error);
		symbolizer_close(s);
		return NULL;
	}
	return s;
}

/**
 * symbolizer_open_saved() - open a symbolizer for a process that has exited
 * @maps_text: a saved copy of its /proc/PID/maps
 *
 * Return: the symbolizer, or NULL.
 */
struct symbolizer *symbolizer_open_saved(const char *maps_text)
{
	struct symbolizer *s = symbolizer_offline();
	char *text = s ? strdup(maps_text) : NULL;
	struct maps maps;
	int err = -ENOMEM;

	if (text)
		err = maps_parse(text, &maps);
	if (!err) {
		err = mapping_table_set(&s->code, &maps);
		maps_free(&maps);
	}
	if (err) {
		symbolizer_close(s);
		return NULL;
	}
	return s;
}

/**
 * symbolizer_refresh() - read the target's mappings again
 *
 * Return: 0, or -errno; known mappings are kept.
 */
int symbolizer_refresh(struct symbolizer *s)
{
	int err;

	if (!s->code.pid)
		return 0;		/* no target */
	err = mapping_table_refresh(&s->code);
	if (!err && s->code.has_jit)
		perf_map_refresh(&s->jit, s->names, s->code.pid, s->code.root_fd);
	return err;
}

/* The mapping has no usable ELF file, or the address is in none of its segments. */
static void resolve_without_module(struct symbolizer *s, const struct exec_mapping *code, uint64_t pc,
				   uint64_t at, struct symbol_frame *frame)
{
	const struct perf_map_symbol *jit = perf_map_find(&s->jit, at);

	frame->offset = pc;
	if (code) {
		frame->module = code->label;
		if (code->module)
			frame->build_id = code->module->build_id;
		if (code->inode || code->module)
			frame->offset = pc - code->start + code->offset_bytes;
	}
	if (jit && (!code || !code->module)) {
		frame->function = jit->name;
		frame->module = "[jit]";
		frame->offset = pc - jit->start;
	}
}

/**
 * symbolizer_resolve() - name a pc
 *
 * Return: the number of frames, innermost first, or -EINVAL.
 */
int symbolizer_resolve(struct symbolizer *s, uint64_t pc, bool is_return_address,
		       struct symbol_frame *frames, int max)
{
	uint64_t step_bytes = is_return_address && pc, at = pc - step_bytes, vaddr;
	const struct saved_frames *fed;
	const struct exec_mapping *code;

	if (max < 1)
		return -EINVAL;
	fed = saved_frames_find(&s->fed, &(struct saved_key){ .pc = pc, .is_return_address = is_return_address });
	if (fed) {
		int n = fed->n < max ? fed->n : max;

		/* max reached: keep the function that is not inlined. */
		memcpy(frames, fed->frames, n * sizeof(*frames));
		frames[n - 1] = fed->frames[fed->n - 1];
		return n;
	}
	code = mapping_table_find(&s->code, at);
	if (code && code->module &&
	    elf_image_vaddr(code->module->image, at - code->start + code->offset_bytes, &vaddr)) {
		int n = elf_module_resolve(code->module, code->module->names, s->code.root_fd, vaddr,
					   step_bytes, frames, max);

		for (int i = 0; i < n; i++)	/* a copy of the file may have another path */
			frames[i].module = code->label;
		frames[n - 1].leads_by_inference = elf_module_is_inferred(code->module, vaddr);
		frames[n - 1].not_called = step_bytes && !elf_module_has_call(code->module, vaddr + 1);
		return n;
	}
	memset(frames, 0, sizeof(*frames));
	resolve_without_module(s, code, pc, at, frames);
	return 1;
}

bool symbolizer_has_script(const struct symbolizer *s)
{
	return s->code.script.layout;
}

bool symbolizer_script_is_unknown(const struct symbolizer *s, char *name, size_t bytes)
{
	return script_is_unknown(&s->code.script, name, bytes);
}

/* A frame ends a run or does not: its name is the same. */
static struct saved_key key_of_words(const uint64_t words[2])
{
	return (struct saved_key){ .pc = words[0] & ~LEAKTRACE_CHAIN_END_RUN, .inner = words[1] };
}

/**
 * symbolizer_script() - name a frame of a script
 * @words: of the frame
 * @frame: filled
 */
void symbolizer_script(struct symbolizer *s, const uint64_t words[2], struct symbol_frame *frame)
{
	const struct saved_key key = key_of_words(words);
	const struct saved_frames *fed = saved_frames_find(&s->fed, &key);
	const struct script *script = &s->code.script;
	struct script_name name;

	if (fed) {
		*frame = fed->frames[0];
		return;
	}
	*frame = (struct symbol_frame){
		.function = "<code gone>", .script = script_key(script),
		.module = *script->module ? string_table_intern(s->names, script->module) : NULL,
	};
	if (!symbolizer_has_script(s) || !script_name(script, words, &name))
		return;
	frame->function = string_table_intern(s->names, name.function);
	frame->file = string_table_intern(s->names, name.file);
	frame->line = name.line;
	saved_frames_add(&s->fed, s->names, &key, frame, 1);
}

static struct saved_key key_of_gap(const struct stack_gap *gap)
{
	return (struct saved_key){
		.pc = gap->outer, .inner = gap->inner, .is_return_address = gap->inner_is_return_address,
	};
}

/* Where the inner frame is in the module; 0: in another one. False: it is none that was called. */
static bool place_inner(struct symbolizer *s, const struct stack_gap *gap, const struct elf_module *module,
			uint64_t *inner)
{
	uint64_t at = gap->inner - gap->inner_is_return_address, vaddr;
	const struct exec_mapping *code = mapping_table_find(&s->code, at);

	*inner = 0;
	if (!code || !code->module ||
	    !elf_image_vaddr(code->module->image, at - code->start + code->offset_bytes, &vaddr))
		return true;
	if (code->module == module)
		*inner = vaddr;
	return !elf_is_sigreturn(code->module->image, vaddr + gap->inner_is_return_address);
}

/* The only module that has a function of this name: the importer, too, as others may replace it. */
static void find_import(struct symbolizer *s, const char *name, struct import *import)
{
	uint64_t function;

	import->module = NULL;
	for (size_t i = 0; i < s->code.nmodules; i++) {
		struct elf_module *module = s->code.module[i];

		if (!elf_exported_function(module->image, name, &function))
			continue;
		if (import->module || !function) {
			import->module = NULL;
			return;
		}
		import->module = module;
		import->function = function;
	}
}

static const struct import *look_up_import(struct symbolizer *s, const struct elf_module *importer, uint64_t stub,
					   const char *name)
{
	struct import *import = &s->import[(stub / 8 ^ (uintptr_t)importer / 64) % IMPORTS];

	if (import->importer != importer || import->stub != stub || import->nmodules != s->code.nmodules) {
		*import = (struct import){ .importer = importer, .stub = stub, .nmodules = s->code.nmodules };
		find_import(s, name, import);
	}
	return import;
}

static const char *label_of(const struct symbolizer *s, const struct elf_module *module)
{
	for (size_t i = 0; i < s->code.now.n; i++)	/* a copy of the file may have another path */
		if (s->code.now.code[i].module == module)
			return s->code.now.code[i].label;
	return module->path;
}

/**
 * symbolizer_tail_calls() - name the functions that left the stack between two frames
 *
 * Return: the number of frames, innermost first; 0: there are none, or it cannot be told.
 */
int symbolizer_tail_calls(struct symbolizer *s, const struct stack_gap *gap, struct symbol_frame *frames, int max)
{
	const struct saved_key key = key_of_gap(gap);
	const struct saved_frames *fed = gap->inner ? saved_frames_find(&s->fed, &key) : NULL;
	const struct exec_mapping *code = mapping_table_find(&s->code, gap->outer - 1);
	uint64_t vaddr, inner, function;
	struct elf_module *module;
	const char *import;
	int n;

	if (fed) {
		n = fed->n < max ? fed->n : max;
		memcpy(frames, fed->frames, n * sizeof(*frames));
		return n;
	}
	module = code ? code->module : NULL;
	if (!module || !elf_image_vaddr(module->image, gap->outer - 1 - code->start + code->offset_bytes, &vaddr) ||
	    !elf_module_called(module, s->code.root_fd, vaddr + 1, &function, &import))
		return 0;
	if (import) {
		const struct import *found = look_up_import(s, module, function, import);

		module = found->module;
		function = found->function;
	}
	if (!module || !place_inner(s, gap, module, &inner))
		return 0;
	n = elf_module_tail_calls(module, module->names, s->code.root_fd, function, inner, frames, max);
	for (int i = 0; i < n; i++)
		frames[i].module = label_of(s, module);
	return n;
}

/**
 * symbolizer_place() - locate a pc without naming it
 *
 * Sets module, build id and offset as symbolizer_resolve() does for an address
 * that no symbol covers.
 */
void symbolizer_place(struct symbolizer *s, uint64_t pc, bool is_return_address,
		      struct symbol_frame *frame)
{
	uint64_t step_bytes = is_return_address && pc, vaddr;
	const struct exec_mapping *code = mapping_table_find(&s->code, pc - step_bytes);

	memset(frame, 0, sizeof(*frame));
	frame->offset = pc;
	if (!code)
		return;
	frame->module = code->label;
	frame->offset = pc - code->start + code->offset_bytes;
	if (!code->module)
		return;
	frame->build_id = code->module->build_id;
	if (elf_image_vaddr(code->module->image, frame->offset - step_bytes, &vaddr))
		frame->offset = vaddr + step_bytes;
}

/**
 * symbolizer_file_offset() - locate a pc in its file
 * @offset_bytes: from the start of the file
 *
 * Return: whether a file is mapped there, or was.
 */
bool symbolizer_file_offset(struct symbolizer *s, uint64_t pc, uint64_t *offset_bytes)
{
	const struct exec_mapping *code = mapping_table_find(&s->code, pc - 1);

	if (!code || !(code->inode || code->module))
		return false;
	*offset_bytes = pc - code->start + code->offset_bytes;
	return true;
}

/**
 * symbolizer_add_saved() - add saved frames of a pc
 *
 * Return: 0 or -errno.
 */
int symbolizer_add_saved(struct symbolizer *s, uint64_t pc, bool is_return_address,
			 const struct symbol_frame *frames, int n)
{
	const struct saved_key key = { .pc = pc, .is_return_address = is_return_address };

	return saved_frames_add(&s->fed, s->names, &key, frames, n);
}

/**
 * symbolizer_add_saved_tail_calls() - add saved frames between two pcs
 *
 * Return: 0 or -errno.
 */
int symbolizer_add_saved_tail_calls(struct symbolizer *s, const struct stack_gap *gap,
				    const struct symbol_frame *frames, int n)
{
	const struct saved_key key = key_of_gap(gap);

	return key.inner ? saved_frames_add(&s->fed, s->names, &key, frames, n) : -EINVAL;
}

/**
 * symbolizer_share() - use a symbolizer that another has opened
 * @s: the symbolizer; NULL is fine
 *
 * Return: @s, which each of them closes.
 */
struct symbolizer *symbolizer_share(struct symbolizer *s)
{
	if (s)
		s->users++;
	return s;
}

/** symbolizer_close() - for the last who uses it: release it and every string it returned */
void symbolizer_close(struct symbolizer *s)
{
	if (!s || --s->users)
		return;
	mapping_table_free(&s->code);
	perf_map_free(&s->jit);
	saved_frames_free(&s->fed);
	string_table_close(s->names);
	free(s);
}
