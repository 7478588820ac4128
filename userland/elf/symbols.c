// SPDX-License-Identifier: GPL-2.0
/*
 * Maps addresses to functions. A name is returned only inside [st_value,
 * st_value + st_size): in a stripped binary the nearest preceding symbol is
 * some unrelated exported function, and a wrong name is worse than none. For
 * the same reason a symbol without a size, as hand-written assembly has, names
 * nothing.
 *
 * Symbols nest (aliases, entry points inside a function), so each knows its
 * parent: a lookup is a binary search and a few steps outwards.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "elf/symbol_table.h"
#include "elf/symbols.h"
#include "util/array.h"
#include "util/string_table.h"

enum {
	MAX_SYMBOLS = 8 << 20,		/* 40 bytes each */
	MAX_NAME_BYTES = 16 << 10,
};

static const uint32_t NO_SYMBOL = UINT32_MAX;

static void add(struct elf_symbols *symbols, uint64_t start, uint64_t bytes, const char *raw,
		enum elf_symbol_rank rank)
{
	if (!bytes || start + bytes < start || !raw || !*raw || *raw == '@' || symbols->n >= MAX_SYMBOLS)
		return;
	if (!array_reserve(symbols->symbol, symbols->capacity, symbols->n, 1))
		return;
	symbols->symbol[symbols->n++] = (struct elf_symbol) {
		.start = start, .end = start + bytes, .raw = raw, .rank = rank,
	};
}

/**
 * elf_symbols_add() - add one function
 * @raw: its name; must outlive @symbols
 *
 * Ranges that are empty, wrap around or lie outside the code are ignored.
 */
void elf_symbols_add(struct elf_symbols *symbols, uint64_t start, uint64_t bytes,
		     const char *raw, enum elf_symbol_rank rank)
{
	if (elf_image_is_code(symbols->code, start))
		add(symbols, start, bytes, raw, rank);
}

/**
 * elf_symbols_add_word() - add a word of the GOT through which a function is called
 * @raw: the function's name; must outlive @symbols
 */
void elf_symbols_add_word(struct elf_symbols *symbols, uint64_t vaddr, const char *raw)
{
	add(symbols, vaddr, sizeof(uint64_t), raw, ELF_SYMBOL_PLT);
}

static enum elf_symbol_rank rank_of(const GElf_Sym *sym)
{
	switch (GELF_ST_BIND(sym->st_info)) {
	case STB_LOCAL:
		return ELF_SYMBOL_LOCAL;
	case STB_WEAK:
		return ELF_SYMBOL_WEAK;
	default:
		return ELF_SYMBOL_GLOBAL;	/* also STB_GNU_UNIQUE */
	}
}

static bool add_function(const GElf_Sym *sym, const char *name, void *arg)
{
	int type = GELF_ST_TYPE(sym->st_info);

	if ((type == STT_FUNC || type == STT_GNU_IFUNC) && sym->st_shndx != SHN_UNDEF && sym->st_size)
		elf_symbols_add(arg, sym->st_value, sym->st_size, name, rank_of(sym));
	return true;
}

/**
 * elf_symbols_add_table() - add the functions of a symbol table
 * @image: must outlive @symbols
 * @type: SHT_SYMTAB or SHT_DYNSYM
 */
void elf_symbols_add_table(struct elf_symbols *symbols, struct elf_image *image, uint32_t type)
{
	elf_each_symbol(image, type, add_function, symbols);
}

struct wanted_function {
	const char *name;
	uint64_t vaddr;
	bool found;
};

static bool see_exported(const GElf_Sym *sym, const char *name, void *arg)
{
	struct wanted_function *wanted = arg;
	int type = GELF_ST_TYPE(sym->st_info);
	uint64_t vaddr = type == STT_FUNC && sym->st_size ? sym->st_value : 0;

	if (!name || (type != STT_FUNC && type != STT_GNU_IFUNC) || GELF_ST_BIND(sym->st_info) == STB_LOCAL ||
	    sym->st_shndx == SHN_UNDEF || strcmp(name, wanted->name))
		return true;
	wanted->vaddr = !wanted->found || wanted->vaddr == vaddr ? vaddr : 0;
	wanted->found = true;
	return true;
}

/**
 * elf_exported_function() - find a function that others may call by its name
 * @vaddr: where it begins; 0: it has versions, or chooses another function
 *
 * Return: whether there is one.
 */
bool elf_exported_function(struct elf_image *image, const char *name, uint64_t *vaddr)
{
	struct wanted_function wanted = { .name = name };

	elf_each_symbol(image, SHT_DYNSYM, see_exported, &wanted);
	*vaddr = wanted.vaddr;
	return wanted.found;
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/*
 * Of two names for the same range the one that sorts last is used: worse <
 * better. Exported names are the ones that people know, and they are the same
 * with and without debug packages: write, not __write or __GI___libc_write.
 */
static int by_quality(const struct elf_symbol *a, const struct elf_symbol *b)
{
	bool a_hidden = a->rank >= ELF_SYMBOL_LOCAL, b_hidden = b->rank >= ELF_SYMBOL_LOCAL;
	size_t na, nb;

	if (a_hidden != b_hidden)
		return a_hidden ? -1 : 1;
	na = underscores(a->raw);
	nb = underscores(b->raw);
	if (na == nb && a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	if (na == nb) {
		na = strnlen(a->raw, MAX_NAME_BYTES);
		nb = strnlen(b->raw, MAX_NAME_BYTES);
	}
	if (na != nb)
		return na > nb ? -1 : 1;
	return -strncmp(a->raw, b->raw, MAX_NAME_BYTES);
}

static int by_place(const void *va, const void *vb)
{
	const struct elf_symbol *a = va, *b = vb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end)
		return a->end > b->end ? -1 : 1;
	return by_quality(a, b);
}

/** elf_symbols_sort() - after the last addition, before the first lookup */
void elf_symbols_sort(struct elf_symbols *symbols)
{
	struct elf_symbol *symbol = symbols->symbol;
	uint32_t kept = 0, outer = NO_SYMBOL;

	if (!symbols->n)
		return;
	qsort(symbol, symbols->n, sizeof(*symbol), by_place);
	for (uint32_t i = 0; i < symbols->n; i++) {
		/* An alias: the same range, and a better name. */
		if (kept && symbol[kept - 1].start == symbol[i].start &&
		    symbol[kept - 1].end == symbol[i].end) {
			symbol[i].outer = symbol[kept - 1].outer;
			symbol[kept - 1] = symbol[i];
			continue;
		}
		outer = kept ? kept - 1 : NO_SYMBOL;
		while (outer != NO_SYMBOL && symbol[outer].end <= symbol[i].start)
			outer = symbol[outer].outer;
		symbol[i].outer = outer;
		symbol[kept++] = symbol[i];
	}
	symbols->n = kept;
}

/**
 * elf_symbols_find() - the innermost function that covers an address
 *
 * Return: the symbol, or NULL.
 */
struct elf_symbol *elf_symbols_find(struct elf_symbols *symbols, uint64_t vaddr)
{
	uint32_t low = 0, high = symbols->n, at;

	while (low < high) {		/* the first that starts after the address */
		uint32_t mid = low + (high - low) / 2;

		if (symbols->symbol[mid].start <= vaddr)
			low = mid + 1;
		else
			high = mid;
	}
	at = low ? low - 1 : NO_SYMBOL;
	while (at != NO_SYMBOL && symbols->symbol[at].end <= vaddr)
		at = symbols->symbol[at].outer;
	return at == NO_SYMBOL ? NULL : &symbols->symbol[at];
}

/* A symbol's name without its version, still mangled; NULL without memory. */
static const char *linkage_name(const struct elf_symbol *symbol, struct string_table *names)
{
	size_t bytes = strnlen(symbol->raw, MAX_NAME_BYTES);
	const char *version = memchr(symbol->raw, '@', bytes), *name;
	char *cut;

	if (!version)
		return string_table_intern(names, symbol->raw);
	cut = strndup(symbol->raw, version - symbol->raw);
	name = string_table_intern(names, cut);
	free(cut);
	return name;
}

/**
 * elf_symbol_name() - the name to show for a symbol
 *
 * Return: demangled, interned in @names, or NULL without memory.
 */
const char *elf_symbol_name(struct elf_symbol *symbol, struct string_table *names)
{
	if (symbol->shown)
		return symbol->shown;
	symbol->shown = string_table_demangle(names, linkage_name(symbol, names));
	if (symbol->shown && symbol->rank == ELF_SYMBOL_PLT) {
		size_t bytes = strlen(symbol->shown);
		char *stub = malloc(bytes + sizeof("@plt"));

		if (stub) {
			memcpy(stub, symbol->shown, bytes);
			strcpy(stub + bytes, "@plt");
			symbol->shown = string_table_intern(names, stub);
			free(stub);
		}
	}
	return symbol->shown;
}

/** elf_symbols_free() - forget all symbols */
void elf_symbols_free(struct elf_symbols *symbols)
{
	free(symbols->symbol);
	symbols->symbol = NULL;
	symbols->n = symbols->capacity = 0;
}
