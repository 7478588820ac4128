// SPDX-License-Identifier: GPL-2.0
/*
 * Walks of our own stack by the compiled tables, from inside a signal handler,
 * as the kernel does them; backtrace(), which reads the same call frame
 * information by other code, must find the same return addresses.
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"
#include "unwind/lookup.h"
#include "unwind/unwind.h"

enum { MAX_OBJECTS = 64, MAX_DEPTH = 256, REG_NUMBER_SP = 7, REG_NUMBER_BP = 6, SAMPLES = 400 };

struct object {
	uint64_t start, end, bias;
	struct unwind_blob blob;
};

struct frame {
	const struct leaktrace_unwind_rule *rule;
	uint64_t cfa;
};

struct walk {
	uint64_t pc[MAX_DEPTH];
	struct frame frame[MAX_DEPTH];
	int n, base;
	uint64_t reg[16], ip;		/* reg: whole at base, then only sp and bp */
	bool exact;
};

static struct object object[MAX_OBJECTS];
static int nobjects;
static volatile int samples, complete;

static int load(struct dl_phdr_info *info, size_t size, void *data)
{
	struct object *o = &object[nobjects];
	const char *path = *info->dlpi_name ? info->dlpi_name : "/proc/self/exe";
	int fd = open(path, O_RDONLY), error;

	(void)size;
	(void)data;
	if (nobjects == MAX_OBJECTS)
		return 0;
	error = fd >= 0 ? unwind_compile_fd(fd, &o->blob) :
			  unwind_compile_image((void *)getauxval(AT_SYSINFO_EHDR), 4096, &o->blob);
	if (fd >= 0)
		close(fd);
	CHECK(!error || error == -ENODATA, "%s: %d", path, error);
	o->start = UINT64_MAX;
	o->bias = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		if (o->start > o->bias + p->p_vaddr)
			o->start = o->bias + p->p_vaddr;
		o->end = o->bias + p->p_vaddr + p->p_memsz;
	}
	nobjects += !error;
	return 0;
}

static const struct leaktrace_unwind_rule *find_rule(uint64_t pc)
{
	for (int i = 0; i < nobjects; i++)
		if (pc >= object[i].start && pc < object[i].end)
			return unwind_lookup(&object[i].blob, pc - object[i].bias);
	return NULL;
}

/* Stacks hold words that no variable of ours names. */
__attribute__((no_sanitize("address", "undefined"))) static uint64_t peek(uint64_t at)
{
	return *(const uint64_t *)at;
}

static uint64_t get(struct walk *w, int reg)
{
	int x = reg == 3 ? 0 : reg - 11;

	if (reg != REG_NUMBER_SP && reg != REG_NUMBER_BP && (reg == 3 || reg >= 12))
		for (int j = w->n - 2; j >= w->base; j--)
			if (w->frame[j].rule->saved[x])
				return peek(w->frame[j].cfa + 8 * w->frame[j].rule->saved[x]);
	return w->reg[reg];
}

__attribute__((no_sanitize("address", "undefined"))) static void step_signal(struct walk *w)
{
	/* The handler's ret took the first word of the frame. */
	ucontext_t *uc = (ucontext_t *)w->reg[REG_NUMBER_SP];
	static const int gregs[16] = {
		REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
		REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
	};

	for (int i = 0; i < 16; i++)
		w->reg[i] = uc->uc_mcontext.gregs[gregs[i]];
	w->ip = uc->uc_mcontext.gregs[REG_RIP];
	w->exact = true;
	w->base = w->n;
}

/* False: the end, in *status the op that ended it. */
static bool step(struct walk *w, int *status)
{
	const struct leaktrace_unwind_rule *r = find_rule(w->exact ? w->ip : w->ip - 1);
	uint64_t cfa, bp = w->reg[REG_NUMBER_BP];

	*status = r ? r->op : LEAKTRACE_UNWIND_INVALID;
	if (*status == LEAKTRACE_UNWIND_SIGNAL) {
		step_signal(w);
		return true;
	}
	if (*status == LEAKTRACE_UNWIND_REG)
		cfa = get(w, r->reg) + r->cfa_off;
	else if (*status == LEAKTRACE_UNWIND_DEREF)
		cfa = peek(get(w, r->reg) + r->cfa_off) + r->add;
	else if (*status == LEAKTRACE_UNWIND_PLT)
		cfa = w->reg[REG_NUMBER_SP] + 8 + ((w->ip & 15) >= (uint64_t)r->add ? 8 : 0);
	else
		return false;
	w->frame[w->n - 1] = (struct frame){ r, cfa };
	w->ip = r->ra == LEAKTRACE_UNWIND_RA_REG ? w->reg[r->ra_off] : peek(cfa + r->ra_off);
	if (r->bp == LEAKTRACE_UNWIND_BP_CFA)
		bp = peek(cfa + r->bp_off);
	else if (r->bp == LEAKTRACE_UNWIND_BP_BP)
		bp = peek(bp + r->bp_off);
	w->reg[REG_NUMBER_SP] = cfa;
	w->reg[REG_NUMBER_BP] = bp;
	w->exact = false;
	return w->ip;
}

/* From here, through the handler's frame, to the root. */
static int walk(struct walk *w)
{
	register uint64_t rbx asm("rbx"), r12 asm("r12"), r13 asm("r13"), r14 asm("r14"), r15 asm("r15");
	int status = LEAKTRACE_UNWIND_INVALID;

	asm volatile("" : "=r"(rbx), "=r"(r12), "=r"(r13), "=r"(r14), "=r"(r15));
	w->reg[3] = rbx;
	w->reg[12] = r12;
	w->reg[13] = r13;
	w->reg[14] = r14;
	w->reg[15] = r15;
	asm volatile("lea 0(%%rip), %0\n\tmov %%rsp, %1\n\tmov %%rbp, %2"
		     : "=r"(w->ip), "=r"(w->reg[REG_NUMBER_SP]), "=r"(w->reg[REG_NUMBER_BP]));
	w->n = w->base = 0;
	w->exact = true;
	do
		w->pc[w->n++] = w->ip;
	while (w->n < MAX_DEPTH && step(w, &status));
	return status;
}

static void on_signal(int signo)
{
	static struct walk w;
	void *theirs[MAX_DEPTH];
	int status, n, at, skip = 0;

	(void)signo;
	if (samples >= SAMPLES)
		return;
	samples++;
	status = walk(&w);
	n = backtrace(theirs, MAX_DEPTH);
	/* Both see this function, at two of its addresses; then all is equal.
	 * Sanitizers put a frame of their own around backtrace().
	 */
	do
		for (at = 0, skip++; at < w.n && w.pc[at] != (uint64_t)theirs[skip];)
			at++;
	while (at == w.n && skip < 2);
	CHECK(at > 0 && at <= 2, "signal frame at %d of %d", at, w.n);
	for (int i = skip; i < n && at < w.n; i++, at++)
		CHECK(w.pc[at] == (uint64_t)theirs[i], "frame %d of %d: %#lx, not %p", i, n,
		      w.pc[at], theirs[i]);
	CHECK(at == w.n, "%d frames of ours are left", w.n - at);
	complete += status == LEAKTRACE_UNWIND_STOP;
	CHECK(status == LEAKTRACE_UNWIND_STOP, "ended by %d", status);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static double deep(int n, char *room)
{
	char more[64 + n % 7 * 16];
	double sum = n;

	memset(more, n, sizeof(more));
	if (n)
		sum += deep(n - 1, more);
	return sum + room[0] + more[n % 64];
}

/* Work in our code and in libc's: sorting, formatting, allocating. */
static void work(void)
{
	int number[512];
	char text[64] = "", *copy;

	for (int i = 0; i < 512; i++)
		number[i] = i * 7919 % 1013;
	qsort(number, 512, sizeof(*number), compare);
	for (int i = 0; i < 64; i++) {
		snprintf(text, sizeof(text), "%d %g", number[i], strtod("3.25", NULL) * i);
		copy = strdup(text);
		free(copy);
	}
	deep(40, text);
}

int main(void)
{
	struct itimerval every = { { 0, 500 }, { 0, 500 } }, never = { 0 };
	void *first[4];

	dl_iterate_phdr(load, NULL);
	backtrace(first, 4);		/* loads libgcc_s now, not in the handler */
	for (int i = 0; i < nobjects; i++)
		unwind_blob_free(&object[i].blob);
	nobjects = 0;
	dl_iterate_phdr(load, NULL);
	signal(SIGPROF, on_signal);
	setitimer(ITIMER_PROF, &every, NULL);
	while (samples < SAMPLES)
		work();
	setitimer(ITIMER_PROF, &never, NULL);
	signal(SIGPROF, SIG_IGN);
	for (int i = 0; i < nobjects; i++)
		unwind_blob_free(&object[i].blob);
	printf("%d stacks in %d objects, %d complete; ", samples, nobjects, complete);
	return verdict("unwind walk");
}
