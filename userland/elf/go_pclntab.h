/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the Go linker writes into every program, stripped or not: its version,
 * the function table (pclntab) and moduledata.
 *
 * Addresses are ELF virtual addresses; in a process the load bias is added. The
 * file is hostile: anything that points outside it is treated as absent.
 */
#ifndef LEAKTRACE_ELF_GO_PCLNTAB_H
#define LEAKTRACE_ELF_GO_PCLNTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image;

struct go_table {
	struct elf_image *image;	/* not ours */
	int minor;			/* of Go 1.minor; 0: unknown */
	char version[64];		/* "go1.19.8 X:experiment", truncated; "": unknown */
	uint64_t vaddr;			/* of the table */
	const unsigned char *bytes;
	uint64_t size_bytes;
	unsigned int quantum;		/* minimum instruction size, bytes */
	bool has_start_line;		/* function records have a start line (since Go 1.20) */
	uint64_t text;			/* function entries are relative to this */
	uint64_t funcs;			/* how many */
	uint64_t names, units, files, pcs, records; /* offsets into bytes */
	uint64_t module;		/* address of moduledata; 0: not found */
	uint64_t funcdata;		/* base of function data; 0: unknown */
	unsigned int wrapper;		/* the funcID of wrappers; 0: not yet determined */
};

struct go_func {
	const unsigned char *record;
	uint64_t left_bytes;		/* from the record to the end of the table */
	uint64_t start, end;		/* addresses */
};

enum { GO_FUNCDATA_ARGS, GO_FUNCDATA_LOCALS, GO_FUNCDATA_STACK_OBJECTS, GO_FUNCDATA_INLINE_TREE };
enum { GO_PCDATA_STACK_MAP = 1, GO_PCDATA_INLINE_TREE };

/* One level of inlining at an address. */
struct go_frame {
	const char *function;
	const char *file;		/* NULL: unknown */
	int line;
	bool inlined;			/* into the next */
};

bool go_table_open(struct go_table *table, struct elf_image *image);
bool go_table_find(const struct go_table *table, uint64_t vaddr, struct go_func *func);
bool go_table_func(const struct go_table *table, uint64_t i, struct go_func *func); /* i < funcs */
int go_func_sp_rows(const struct go_table *table, const struct go_func *func,
		    int (*row)(uint64_t start, uint64_t end, int32_t bytes, void *arg), void *arg);
bool go_table_named(const struct go_table *table, const char *name, struct go_func *func);
const char *go_func_name(const struct go_table *table, const struct go_func *func);
const char *go_func_name_within(const struct go_table *table, const struct go_func *func,
				uint64_t max_bytes);
bool go_func_sp_delta(const struct go_table *table, const struct go_func *func, uint64_t vaddr,
		      int64_t *bytes);
int32_t go_func_args_bytes(const struct go_func *func);
uint64_t go_func_funcdata(const struct go_table *table, const struct go_func *func, unsigned int kind);
int32_t go_func_pcdata(const struct go_table *table, const struct go_func *func, unsigned int kind,
		       uint64_t vaddr);
bool go_func_is_wrapper(struct go_table *table, const struct go_func *func);
int go_func_frames(const struct go_table *table, const struct go_func *func, uint64_t vaddr,
		   struct go_frame *frames, int max);

#endif
