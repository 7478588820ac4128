// SPDX-License-Identifier: GPL-2.0
/*
 * One ELF file: symbol tables for names, DWARF for lines and inlined calls. The
 * file is opened when it is first seen, so that its code can still be named
 * after the file is gone; its indexes are built at the first lookup.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "elf/lines.h"
#include "elf/symbols.h"
#include "symbolize/debug_file.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "symbolize/module.h"
#include "unwind/x86_64_code.h"
#include "util/string_table.h"

enum {
	CALL_BYTES_MIN = 2,		/* call *%reg */
	CALL_BYTES_MAX = 8,		/* call *disp32(base,index), with a prefix */
};

static const char *hex_of(const struct elf_image *image, struct string_table *names)
{
	char hex[2 * MAX_BUILD_ID_BYTES + 1] = "";

	for (size_t i = 0; i < image->build_id_bytes; i++)
		sprintf(hex + 2 * i, "%02x", image->build_id[i]);
	return string_table_intern(names, hex);
}

/**
 * elf_module_open() - a module for an image
 * @image: owned by the module from now on, also on failure
 * @path: its path in the target; interned in @names
 *
 * Return: the module, or NULL without memory.
 */
struct elf_module *elf_module_open(struct elf_image *image, const char *path, struct string_table *names)
{
	struct elf_module *module = calloc(1, sizeof(*module));

	if (!module) {
		elf_image_close(image);
		return NULL;
	}
	module->image = image;
	module->path = path;
	module->build_id = hex_of(image, names);
	return module;
}

static struct elf_image *find_split(void *context, const struct elf_split_name *name)
{
	struct elf_module *module = context;

	return elf_split_find(name, module->path, module->root_fd);
}

/**
 * elf_module_index() - read what names code, once
 * @root_fd: the target's root directory, where debug files may be
 *
 * All symbol tables are read: .gnu_debugdata has only what .dynsym lacks, and
 * strip can leave a .symtab of a few names. Duplicates are dropped.
 */
void elf_module_index(struct elf_module *module, int root_fd)
{
	struct elf_symbols *symbols = &module->symbols;

	module->root_fd = root_fd;
	if (module->indexed)
		return;
	module->indexed = true;
	symbols->code = module->image;
	elf_debug_open(&module->debug, module->image, module->path, root_fd);
	elf_symbols_add_table(symbols, module->image, SHT_SYMTAB);
	if (!symbols->n && module->debug.file)
		elf_symbols_add_table(symbols, module->debug.file, SHT_SYMTAB);
	if (!symbols->n)
		module->mini = elf_image_unpack(module->image, ".gnu_debugdata");
	if (module->mini)
		elf_symbols_add_table(symbols, module->mini, SHT_SYMTAB);
	elf_symbols_add_table(symbols, module->image, SHT_DYNSYM);
	elf_symbols_add_plt(symbols, module->image);
	elf_symbols_sort(symbols);
	module->language = language_open(module->image, &module->language_data);
	if (module->debug.dwarf)
		elf_lines_open(&module->lines, module->debug.dwarf, module->debug.source,
			       module->image);
	module->lines.find_split = find_split;
	module->lines.context = module;
}

static const char *scope_name(Dwarf *dwarf, struct string_table *names, struct elf_scope *scope)
{
	elf_scope_name(scope, dwarf, names);
	return scope->linkage ? string_table_demangle(names, scope->linkage) : scope->plain;
}

static bool is_mangled(const char *symbol)
{
	return symbol[0] == '_' && (symbol[1] == 'Z' || symbol[1] == 'R');
}

/*
 * The name of a function that is not inlined. A local symbol may be a clone of
 * it (foo.cold, foo.part.0): then DWARF has the name in the source. A global
 * symbol is the well-known name, where DWARF has an internal alias
 * (__GI___libc_write). The offset is relative to the symbol in either case.
 */
static void name_function(struct elf_module *module, struct string_table *names, Dwarf *dwarf,
			  struct elf_scope *scope, uint64_t vaddr, uint64_t step_bytes, struct symbol_frame *frame)
{
	struct elf_symbol *symbol = elf_symbols_find(&module->symbols, vaddr);
	const char *from_symbol = symbol ? elf_symbol_name(symbol, names) : NULL;
	const char *from_dwarf = scope ? scope_name(dwarf, names, scope) : NULL;
	Dwarf_Addr start;
	Dwarf_Die die;

	if (from_dwarf && (!symbol || (symbol->rank == ELF_SYMBOL_LOCAL &&
				       (scope->linkage || !is_mangled(symbol->raw)))))
		frame->function = from_dwarf;
	else
		frame->function = from_symbol;
	if (symbol && frame->function)
		frame->offset = vaddr + step_bytes - symbol->start;
	else if (frame->function && dwarf_offdie(dwarf, scope->die, &die) &&
		 !dwarf_entrypc(&die, &start) && start <= vaddr)
		frame->offset = vaddr + step_bytes - start;
	else
		frame->function = NULL;
}

/* Where the rest of a unit's debug information should be; a skeleton may have all that we read. */
static const char *missing_debug(struct elf_unit *unit, struct string_table *names)
{
	struct elf_split_name name;

	return unit && unit->lacks_split && !unit->nscopes && elf_split_name(&unit->die, &name) ?
	       elf_lines_file(unit, names, name.file) : NULL;
}

/* Asked only of code without a name. */
static bool is_rust_library(struct elf_module *module, uint64_t vaddr)
{
	if (!module->rust_library_read)
		module->rust_library = rust_library_find(module->image);
	module->rust_library_read = true;
	return vaddr >= module->rust_library.start && vaddr < module->rust_library.end;
}

/* A language's own table is complete, even if symbols are stripped and DWARF is absent. */
static int resolve_by_language(struct elf_module *module, struct string_table *names, uint64_t vaddr,
			       uint64_t step_bytes, struct symbol_frame *frames, int max)
{
	int n = module->language ? module->language->resolve(module->language_data, names, vaddr, step_bytes,
							     frames, max) : 0;

	for (int i = 0; i < n; i++) {
		frames[i].module = module->path;
		frames[i].build_id = module->build_id;
	}
	return n;
}

/**
 * elf_module_resolve() - name an address of a module
 * @root_fd: the target's root directory, where debug files may be
 * @vaddr: the address to look up
 * @step_bytes: its distance from the pc
 * @frames: up to @max, innermost first
 *
 * Return: the number of frames, at least 1.
 */
int elf_module_resolve(struct elf_module *module, struct string_table *names, int root_fd,
		       uint64_t vaddr, uint64_t step_bytes, struct symbol_frame *frames, int max)
{
	struct elf_scope *scope = NULL;
	struct elf_unit *unit;
	Dwarf *dwarf;
	struct symbol_frame frame = {
		.module = module->path, .build_id = module->build_id,
		.offset = vaddr + step_bytes,
	};
	int n = 0;

	elf_module_index(module, root_fd);
	n = resolve_by_language(module, names, vaddr, step_bytes, frames, max);
	if (n)
		return n;
	unit = elf_lines_unit(&module->lines, vaddr);
	dwarf = elf_unit_dwarf(&module->lines, unit);
	if (unit) {
		frame.file = elf_lines_at(unit, names, vaddr, &frame.line);
		scope = elf_unit_scope(unit, vaddr);
	}
	for (; scope && scope->inlined && n < max - 1; scope = &unit->scope[scope->parent]) {
		frames[n] = frame;
		frames[n].inlined = true;
		frames[n].function = scope_name(dwarf, names, scope);
		frame.file = elf_unit_call(unit, names, scope, &frame.line);
		n++;
	}
	while (scope && scope->inlined) {	/* max reached: keep the function itself */
		frame.file = elf_unit_call(unit, names, scope, &frame.line);
		scope = &unit->scope[scope->parent];
	}
	name_function(module, names, dwarf, scope, vaddr, step_bytes, &frame);
	for (int i = 0; i < n; i++)
		frames[i].offset = frame.offset;
	frame.rust_library = !frame.function && is_rust_library(module, vaddr);
	frame.missing_debug = missing_debug(unit, names);
	frames[n] = frame;
	return n + 1;
}

/**
 * elf_module_is_inferred() - whether a walk goes on from @vaddr by rules inferred from instructions
 *
 * So it is with code that has neither call frame information nor any other table.
 */
bool elf_module_is_inferred(struct elf_module *module, uint64_t vaddr)
{
	if (!module->told_read)
		unwind_told_read(&module->told, module->image);
	module->told_read = true;
	return !unwind_is_told(&module->told, vaddr);
}

/** elf_module_has_call() - whether a call ends at @return_vaddr, as far as its code is known */
bool elf_module_has_call(const struct elf_module *module, uint64_t return_vaddr)
{
	struct x86_insn insn;

	if (module->image->machine != EM_X86_64)
		return true;
	for (unsigned int bytes = CALL_BYTES_MIN; bytes <= CALL_BYTES_MAX; bytes++) {
		const unsigned char *code = elf_image_code(module->image, return_vaddr - bytes, bytes);

		if (code && x86_decode(code, bytes, return_vaddr - bytes, &insn) && insn.bytes == bytes &&
		    insn.effect == X86_CALL)
			return true;
	}
	return !elf_image_code(module->image, return_vaddr - CALL_BYTES_MIN, CALL_BYTES_MIN);
}

/** elf_module_close() - release a module; NULL is fine */
void elf_module_close(struct elf_module *module)
{
	if (!module)
		return;
	if (module->language)
		module->language->close(module->language_data);
	elf_lines_close(&module->lines);
	elf_symbols_free(&module->symbols);
	unwind_pieces_free(&module->told.pieces);
	elf_debug_close(&module->debug);
	elf_image_close(module->mini);
	elf_image_close(module->image);
	free(module);
}
