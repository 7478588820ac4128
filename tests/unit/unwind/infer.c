// SPDX-License-Identifier: GPL-2.0
/*
 * Rules inferred from instructions against those of call frame information: of a
 * file, and of a copy of it without any. Where both know where the caller's frame
 * is, they must agree.
 *
 * usage: unwind_infer FILE COPY AT_LEAST_PERCENT
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "unwind/lookup.h"
#include "unwind/unwind.h"

enum { REG_SP = 7 };

struct tally {
	unsigned long code, known, compared, wrong, bp, saved, stops;
};

static struct unwind_blob table_of(const char *path)
{
	struct unwind_blob blob = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC), error = unwind_compile_fd(fd, &blob);

	CHECK(!error, "%s: %d", path, error);
	close(fd);
	return blob;
}

static void compare(const struct leaktrace_unwind_rule *told,
		    const struct leaktrace_unwind_rule *inferred, uint64_t at, struct tally *t)
{
	t->code++;
	if (inferred->op == LEAKTRACE_UNWIND_INVALID)
		return;
	t->known++;
	if (inferred->op == LEAKTRACE_UNWIND_STOP) {
		t->stops++;
		return;
	}
	if (told->op != LEAKTRACE_UNWIND_REG || told->reg != inferred->reg)
		return;
	t->compared++;
	t->wrong += told->cfa_off != inferred->cfa_off;
	CHECK(told->cfa_off == inferred->cfa_off, "%#lx: cfa %d, not %d", at, inferred->cfa_off,
	      told->cfa_off);
	if (told->bp == LEAKTRACE_UNWIND_BP_CFA && inferred->bp == LEAKTRACE_UNWIND_BP_CFA) {
		t->bp++;
		CHECK(told->bp_off == inferred->bp_off, "%#lx: rbp", at);
	}
	for (int i = 0; i < LEAKTRACE_UNWIND_CALLEE_SAVED; i++)
		if (told->saved[i] && inferred->saved[i]) {
			t->saved++;
			CHECK(told->saved[i] == inferred->saved[i], "%#lx: register %d", at, i);
		}
}

int main(int argc, char **argv)
{
	struct unwind_blob told, inferred;
	const struct leaktrace_unwind_header *h;
	struct tally t = { 0 };

	if (argc < 4)
		return 2;
	told = table_of(argv[1]);
	inferred = table_of(argv[2]);
	h = told.data;
	for (uint64_t at = h ? h->base : 0; h && inferred.data && at < h->base + h->size_bytes; at++) {
		const struct leaktrace_unwind_rule *a = unwind_lookup(&told, at);
		const struct leaktrace_unwind_rule *b = unwind_lookup(&inferred, at);

		if (a && b && a->op != LEAKTRACE_UNWIND_INVALID && a->op != LEAKTRACE_UNWIND_PLT)
			compare(a, b, at, &t);
	}
	printf("%lu bytes of code, inferred %.1f %%, compared %lu (rbp %lu, others %lu), %lu roots, %lu wrong; ",
	       t.code, t.code ? 100.0 * t.known / t.code : 0, t.compared, t.bp, t.saved, t.stops, t.wrong);
	CHECK(t.known * 100 >= t.code * atoi(argv[3]), "too little is inferred");
	unwind_blob_free(&told);
	unwind_blob_free(&inferred);
	return verdict(argv[1]);
}
