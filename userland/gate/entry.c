// SPDX-License-Identifier: GPL-2.0
/*
 * Which allocators a file has is told by what only they export. An allocator may have a
 * prefix of its own, and a program several of them: jemalloc with je_ beside the C
 * library's.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/leaktrace.h>
#include <linux/leaktrace_gate.h>

#include "elf/symbol_table.h"
#include "gate/entry.h"
#include "util/macros.h"

enum {
	MAX_NAME_BYTES = 47,
	JEMALLOC = LEAKTRACE_TYPE_JEMALLOC,
	MIMALLOC = LEAKTRACE_TYPE_MIMALLOC,
};

#define NEW(symbol, arguments, shape, instead) \
	{ symbol, LEAKTRACE_GATE_NEW, shape, arguments, instead, 0 }
#define DELETE(symbol, arguments) { symbol, LEAKTRACE_GATE_DELETE, SHAPE_RELEASE, arguments, NULL, 0 }

static const struct gate_name names[] = {
	{ "free", LEAKTRACE_GATE_FREE, SHAPE_RELEASE, 1, NULL, 0 },
	{ "cfree", LEAKTRACE_GATE_FREE, SHAPE_RELEASE, 1, NULL, 0 },
	{ "free_sized", LEAKTRACE_GATE_FREE_SIZED, SHAPE_RELEASE, 2, NULL, 0 },
	{ "free_aligned_sized", LEAKTRACE_GATE_FREE_SIZED, SHAPE_RELEASE, 3, NULL, 0 },
	{ "sdallocx", LEAKTRACE_GATE_FREE_SIZED, SHAPE_RELEASE, 3, NULL, JEMALLOC },
	{ "dallocx", LEAKTRACE_GATE_FREE_SIZED, SHAPE_RELEASE, 2, NULL, JEMALLOC },
	{ "free_size", LEAKTRACE_GATE_FREE_SIZED, SHAPE_RELEASE, 2, NULL, MIMALLOC },
	{ "free_size_aligned", LEAKTRACE_GATE_FREE_SIZED, SHAPE_RELEASE, 3, NULL, MIMALLOC },
	{ "free_aligned", LEAKTRACE_GATE_FREE_SIZED, SHAPE_RELEASE, 2, NULL, MIMALLOC },
	DELETE("_ZdlPv", 1), DELETE("_ZdaPv", 1), DELETE("_ZdlPvm", 2), DELETE("_ZdaPvm", 2),
	DELETE("_ZdlPvRKSt9nothrow_t", 2), DELETE("_ZdaPvRKSt9nothrow_t", 2),
	DELETE("_ZdlPvSt11align_val_t", 2), DELETE("_ZdaPvSt11align_val_t", 2),
	DELETE("_ZdlPvmSt11align_val_t", 3), DELETE("_ZdaPvmSt11align_val_t", 3),
	DELETE("_ZdlPvSt11align_val_tRKSt9nothrow_t", 3),
	DELETE("_ZdaPvSt11align_val_tRKSt9nothrow_t", 3),
	{ "realloc", LEAKTRACE_GATE_REALLOC, SHAPE_RESIZE, 2, NULL, 0 },
	{ "rallocx", LEAKTRACE_GATE_REALLOC, SHAPE_RESIZE, 3, NULL, JEMALLOC },
	{ "reallocarray", LEAKTRACE_GATE_REALLOCARRAY, SHAPE_RESIZE_COUNT, 3, NULL, 0 },
	{ "malloc", LEAKTRACE_GATE_MALLOC, SHAPE_SIZE, 1, NULL, 0 },
	{ "zalloc", LEAKTRACE_GATE_MALLOC, SHAPE_SIZE, 1, NULL, MIMALLOC },
	{ "mallocx", LEAKTRACE_GATE_MALLOC, SHAPE_SIZE, 2, NULL, JEMALLOC },
	{ "malloc_aligned", LEAKTRACE_GATE_ALIGNED_ALLOC, SHAPE_SIZE, 2, NULL, MIMALLOC },
	{ "calloc", LEAKTRACE_GATE_CALLOC, SHAPE_COUNT, 2, NULL, 0 },
	{ "posix_memalign", LEAKTRACE_GATE_POSIX_MEMALIGN, SHAPE_OUT, 3, NULL, 0 },
	{ "aligned_alloc", LEAKTRACE_GATE_ALIGNED_ALLOC, SHAPE_ALIGNED, 2, NULL, 0 },
	{ "memalign", LEAKTRACE_GATE_MEMALIGN, SHAPE_ALIGNED, 2, NULL, 0 },
	{ "valloc", LEAKTRACE_GATE_VALLOC, SHAPE_SIZE, 1, NULL, 0 },
	{ "pvalloc", LEAKTRACE_GATE_PVALLOC, SHAPE_SIZE, 1, NULL, 0 },
	{ "new_nothrow", LEAKTRACE_GATE_NEW, SHAPE_SIZE, 1, NULL, MIMALLOC },
	{ "new_aligned_nothrow", LEAKTRACE_GATE_NEW, SHAPE_SIZE, 2, NULL, MIMALLOC },
	NEW("_ZnwmRKSt9nothrow_t", 2, SHAPE_SIZE, NULL),
	NEW("_ZnamRKSt9nothrow_t", 2, SHAPE_SIZE, NULL),
	NEW("_ZnwmSt11align_val_tRKSt9nothrow_t", 3, SHAPE_SIZE, NULL),
	NEW("_ZnamSt11align_val_tRKSt9nothrow_t", 3, SHAPE_SIZE, NULL),
	NEW("_Znwm", 1, SHAPE_THROWS, "_ZnwmRKSt9nothrow_t"),
	NEW("_Znam", 1, SHAPE_THROWS, "_ZnamRKSt9nothrow_t"),
	NEW("_ZnwmSt11align_val_t", 2, SHAPE_THROWS, "_ZnwmSt11align_val_tRKSt9nothrow_t"),
	NEW("_ZnamSt11align_val_t", 2, SHAPE_THROWS, "_ZnamSt11align_val_tRKSt9nothrow_t"),
};

/*
 * An allocator and its prefix, by a symbol that no other one has. Those that come first
 * own the functions without a prefix; libc's own are what is left.
 */
struct flavour {
	const char *prefix, *mark;
	uint8_t type;
	bool cxx;			/* may have operators of its own */
	bool plain;			/* has its functions without the prefix, too */
};

static const struct flavour flavours[] = {
	{ "", "mallctl", LEAKTRACE_TYPE_JEMALLOC, true, false },
	{ "je_", "je_mallctl", LEAKTRACE_TYPE_JEMALLOC, false, false },
	{ "_rjem_", "_rjem_mallctl", LEAKTRACE_TYPE_JEMALLOC, false, false },
	{ "tc_", "tc_malloc", LEAKTRACE_TYPE_TCMALLOC, true, true },
	{ "mi_", "mi_malloc", LEAKTRACE_TYPE_MIMALLOC, true, true },
	{ "", "gnu_get_libc_version", LEAKTRACE_TYPE_GLIBC, false, false },
	{ "", "__libc_memalign", LEAKTRACE_TYPE_GLIBC, false, false },
	{ "", "__malloc_donate", LEAKTRACE_TYPE_MUSL, false, false },
	{ "", "__libc_start_main", LEAKTRACE_TYPE_MUSL, false, false },
};

struct finding {
	struct gate_allocators *found;
	const struct elf_image *image;	/* whose symbols are seen */
	bool marked[ARRAY_SIZE(flavours)];
	struct gate_allocator *of[ARRAY_SIZE(flavours)];	/* after the marks have been seen */
	void (*see)(struct finding *f, const char *name, size_t bytes, const GElf_Sym *sym);
};

static void see_mark(struct finding *f, const char *name, size_t bytes, const GElf_Sym *sym)
{
	(void)sym;
	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++)
		if (!strncmp(flavours[i].mark, name, bytes) && !flavours[i].mark[bytes])
			f->marked[i] = true;
}

static const struct gate_name *name_of(const char *name, size_t bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(names[i].name, name, bytes) && !names[i].name[bytes])
			return &names[i];
	return NULL;
}

static void add_entry(struct gate_allocator *a, const struct gate_name *what, const char *name,
		      size_t bytes, const GElf_Sym *sym)
{
	struct gate_entry *entry = gate_entry_at(a, sym->st_value);

	if (!entry) {
		if (a->n >= GATE_MAX_ENTRIES)
			return;
		entry = &a->entry[a->n++];
		*entry = (struct gate_entry){ .vaddr = sym->st_value, .state = ENTRY_REFUSED };
	} else if (entry->name < what || (entry->name == what && entry->bytes)) {
		return;			/* an alias: the name that comes first in our list is shown */
	}
	entry->name = what;
	entry->bytes = sym->st_size;
	snprintf(entry->symbol, sizeof(entry->symbol), "%.*s", (int)bytes, name);
}

/* Operators belong to whoever has the functions without a prefix. */
static void see_entry(struct finding *f, const char *name, size_t bytes, const GElf_Sym *sym)
{
	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++) {
		const struct flavour *flavour = &flavours[i];
		size_t prefix = strlen(flavour->prefix);
		const struct gate_name *what = NULL;

		if (!f->of[i])
			continue;
		if (bytes > prefix && !strncmp(name, flavour->prefix, prefix))
			what = name_of(name + prefix, bytes - prefix);
		if (what && what->only && what->only != flavour->type)
			what = NULL;
		if (!what && flavour->plain) {
			what = name_of(name, bytes);
			if (what && what->only)
				continue;
		}
		if (!what || (!strncmp(what->name, "_Z", 2) && !flavour->cxx))
			continue;
		add_entry(f->of[i], what, name, bytes, sym);
		return;
	}
}

static bool see_symbol(const GElf_Sym *sym, const char *name, void *arg)
{
	struct finding *f = arg;
	size_t bytes = name ? strnlen(name, MAX_NAME_BYTES + 1) : 0;

	if (!elf_is_function(f->image, sym) || !bytes || bytes > MAX_NAME_BYTES)
		return true;
	bytes = strcspn(name, "@") < bytes ? strcspn(name, "@") : bytes;
	f->see(f, name, bytes, sym);
	return true;
}

static void see_all(struct finding *f, struct elf_image *image,
		    void (*see)(struct finding *f, const char *name, size_t bytes,
				const GElf_Sym *sym))
{
	f->see = see;
	f->image = image;
	elf_each_symbol(image, SHT_DYNSYM, see_symbol, f);
	elf_each_symbol(image, SHT_SYMTAB, see_symbol, f);
}

/* Without a prefix there is one; of those that the marks allow, the first. */
static int choose(struct finding *f)
{
	bool plain = false;

	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++) {
		bool takes_plain = !*flavours[i].prefix || flavours[i].plain;
		struct gate_allocator *a;

		if (!f->marked[i] || (!*flavours[i].prefix && plain) ||
		    f->found->n >= GATE_MAX_FLAVOURS)
			continue;
		plain |= takes_plain;
		a = &f->found->allocator[f->found->n++];
		a->type = flavours[i].type;
		a->prefix = flavours[i].prefix;
		f->of[i] = a;
	}
	return 0;
}

static bool has(struct gate_allocator *a, const char *name)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (!strcmp(a->entry[i].name->name, name))
			return true;
	return false;
}

/** gate_allocators_find() - the allocators of a file; none is fine */
int gate_allocators_find(struct gate_allocators *found, struct elf_image *image)
{
	struct finding f = { .found = found };
	size_t kept = 0;

	found->n = 0;
	found->allocator = calloc(GATE_MAX_FLAVOURS, sizeof(*found->allocator));
	if (!found->allocator)
		return -ENOMEM;
	see_all(&f, image, see_mark);
	choose(&f);
	if (found->n)
		see_all(&f, image, see_entry);
	/* The mark alone is none: who uses jemalloc may export its mallctl. */
	for (size_t i = 0; i < found->n; i++)
		if (has(&found->allocator[i], "malloc") && has(&found->allocator[i], "free"))
			found->allocator[kept++] = found->allocator[i];
	found->n = kept;
	return 0;
}

void gate_allocators_free(struct gate_allocators *found)
{
	for (size_t i = 0; i < found->n; i++)
		for (uint32_t j = 0; j < found->allocator[i].n; j++)
			free(found->allocator[i].entry[j].door);
	free(found->allocator);
	*found = (struct gate_allocators){ 0 };
}

struct gate_entry *gate_entry_named(struct gate_allocator *allocator, const char *name)
{
	for (uint32_t i = 0; i < allocator->n; i++)
		if (!strcmp(allocator->entry[i].symbol, name))
			return &allocator->entry[i];
	return NULL;
}

struct gate_entry *gate_entry_at(struct gate_allocator *allocator, uint64_t vaddr)
{
	for (uint32_t i = 0; i < allocator->n; i++)
		if (allocator->entry[i].vaddr == vaddr)
			return &allocator->entry[i];
	return NULL;
}
