// SPDX-License-Identifier: GPL-2.0
/*
 * The truth of unwind tables: over every byte of code of many files, our rule
 * and libdw's compute the same CFA, return address and saved registers. Where
 * we claim less (UNSUP) or more (stubs without CFI) it is counted and bounded.
 * Go's call frame information knows nothing of the frame pointer, of stacks that
 * are switched or begin, nor of signals: for Go only the CFA and the return address
 * are compared, and what the former functions cover is counted and bounded.
 *
 * usage: test_unwind [FILE]...; without: the vdso and a sample of the system, with
 * FULL=1 all of it (RESULTS.md)
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "unwind/lookup.h"
#include "unwind/unwind.h"
#include "unwind/oracle.h"

enum { SAMPLE = 150, REG_SP = 7, REG_BP = 6, REG_RA = 16, GAP_BYTES = 16 };

static const int saved_reg[LEAKTRACE_UNWIND_CALLEE_SAVED] = { 3, 12, 13, 14, 15 };

struct tally {
	uint64_t rows, bytes, rules, blob_bytes;
	uint64_t simple_rows, simple_bytes, unsup_rows, unsup_bytes, none_bytes;
	uint64_t synth_bytes, no_cfa_rows, other_saved, known_bytes;
	uint64_t files, without, skipped;
	double compile_s;
};

struct subject {
	const char *path;
	struct unwind_blob blob;
	const struct leaktrace_unwind_header *h;
	const uint32_t *granule, *row;
	uint32_t g, i;			/* cursor over rows */
	bool go;
	Dwarf *dwarf;
	Dwarf_CFI *eh, *debug;
};

static struct tally sum;

static uint64_t row_at(const struct subject *s, uint32_t g, uint32_t i)
{
	return s->h->base + ((uint64_t)g << LEAKTRACE_UNWIND_GRANULE_SHIFT) +
	       ((s->row[i] - ((uint64_t)g << LEAKTRACE_UNWIND_GRANULE_SHIFT)) & 0xffff);
}

/* The first row behind pc; pcs only grow. */
static uint64_t next_row(struct subject *s, uint64_t pc)
{
	while (s->i < s->h->nrows) {
		while (s->granule[s->g + 1] <= s->i)
			s->g++;
		if (row_at(s, s->g, s->i) > pc)
			return row_at(s, s->g, s->i);
		s->i++;
	}
	return s->h->base + s->h->size_bytes;
}

static uint64_t our_cfa(const struct leaktrace_unwind_rule *r, const struct machine *m)
{
	switch (r->op) {
	case LEAKTRACE_UNWIND_REG:
		return m->reg[r->reg] + r->cfa_off;
	case LEAKTRACE_UNWIND_DEREF:
		return memory(m->reg[r->reg] + r->cfa_off) + r->add;
	default:
		return m->reg[REG_SP] + 8 + ((m->reg[REG_RA] & 15) >= (uint64_t)r->add ? 8 : 0);
	}
}

static struct place our_ra(const struct leaktrace_unwind_rule *r, const struct machine *m)
{
	if (r->ra == LEAKTRACE_UNWIND_RA_REG)
		return (struct place){ PLACE_REG, r->ra_off };
	return (struct place){ PLACE_MEMORY, m->cfa + r->ra_off };
}

static struct place our_bp(const struct leaktrace_unwind_rule *r, const struct machine *m)
{
	switch (r->bp) {
	case LEAKTRACE_UNWIND_BP_CFA:
		return (struct place){ PLACE_MEMORY, m->cfa + r->bp_off };
	case LEAKTRACE_UNWIND_BP_BP:
		return (struct place){ PLACE_MEMORY, m->reg[REG_BP] + r->bp_off };
	case LEAKTRACE_UNWIND_BP_UNDEFINED:
		return (struct place){ PLACE_UNDEFINED, 0 };
	default:
		return (struct place){ PLACE_SAME, 0 };
	}
}

static bool same(struct place a, struct place b)
{
	return a.kind == b.kind && a.at == b.at && a.kind != PLACE_UNKNOWN;
}

static void compare_saved(struct subject *s, uint64_t pc, const struct leaktrace_unwind_rule *r,
			  Dwarf_Frame *frame, const struct machine *m)
{
	for (int i = 0; i < LEAKTRACE_UNWIND_CALLEE_SAVED; i++) {
		struct place theirs = oracle_register(frame, m, saved_reg[i]);
		struct place ours = { PLACE_SAME, 0 };

		if (r->saved[i] == UNWIND_SAVED_UNKNOWN) {
			sum.other_saved++;
			CHECK(theirs.kind != PLACE_SAME, "%s %#lx reg %d", s->path, pc, saved_reg[i]);
			continue;
		}
		/* libdw's default for what CFI does not mention is not the same for all. */
		if (theirs.kind == PLACE_UNDEFINED)
			theirs.kind = PLACE_SAME;
		if (r->saved[i])
			ours = (struct place){ PLACE_MEMORY, m->cfa + 8 * r->saved[i] };
		CHECK(same(ours, theirs), "%s %#lx reg %d: %d", s->path, pc, saved_reg[i], theirs.kind);
	}
}

static void compare_rule(struct subject *s, uint64_t pc, const struct leaktrace_unwind_rule *r,
			 Dwarf_Frame *frame)
{
	struct machine m;
	uint64_t cfa;

	machine_init(&m, pc);
	/* libdw takes no half definitions after an expression; libgcc does. */
	if (!oracle_cfa(frame, &m)) {
		sum.no_cfa_rows++;
		return;
	}
	cfa = our_cfa(r, &m);
	CHECK(cfa == m.cfa, "%s %#lx op %d", s->path, pc, r->op);
	CHECK(same(our_ra(r, &m), oracle_register(frame, &m, REG_RA)), "%s %#lx", s->path, pc);
	if (s->go)
		return;
	CHECK(same(our_bp(r, &m), oracle_register(frame, &m, REG_BP)), "%s %#lx", s->path, pc);
	compare_saved(s, pc, r, frame, &m);
}

/* Rules that every compiler writes must never end as UNSUP. */
static bool is_simple(Dwarf_Frame *frame, uint64_t pc)
{
	struct machine m;
	struct place ra, bp;
	uint64_t off;

	machine_init(&m, pc);
	if (!oracle_cfa(frame, &m))
		return false;
	ra = oracle_register(frame, &m, REG_RA);
	bp = oracle_register(frame, &m, REG_BP);
	off = m.cfa - m.reg[REG_SP];
	if (off > 1 << 20 && m.cfa - m.reg[REG_BP] > 1 << 20)
		return false;
	return ra.kind == PLACE_MEMORY && ra.at == m.cfa - 8 &&
	       (bp.kind == PLACE_SAME || (bp.kind == PLACE_MEMORY && m.cfa - bp.at < 1 << 20));
}

static void compare(struct subject *s, uint64_t pc, uint64_t end, Dwarf_Frame *frame, bool signalp)
{
	const struct leaktrace_unwind_rule *r = unwind_lookup(&s->blob, pc);
	struct machine m;

	CHECK(r && r->op != LEAKTRACE_UNWIND_INVALID, "%s %#lx", s->path, pc);
	if (!r || r->op == LEAKTRACE_UNWIND_INVALID)
		return;
	if (s->go && (r->op == LEAKTRACE_UNWIND_STOP || r->op == LEAKTRACE_UNWIND_SWITCH ||
		      r->op == LEAKTRACE_UNWIND_SIGNAL)) {
		sum.known_bytes += end - pc;
		return;
	}
	CHECK(signalp == (r->op == LEAKTRACE_UNWIND_SIGNAL), "%s %#lx", s->path, pc);
	if (signalp)
		return;
	machine_init(&m, pc);
	m.cfa = 0;
	CHECK((oracle_register(frame, &m, REG_RA).kind == PLACE_UNDEFINED) ==
	      (r->op == LEAKTRACE_UNWIND_STOP), "%s %#lx", s->path, pc);
	if (r->op == LEAKTRACE_UNWIND_STOP)
		return;
	if (r->op == LEAKTRACE_UNWIND_UNSUP) {
		sum.unsup_rows++;
		sum.unsup_bytes += end - pc;
		CHECK(!is_simple(frame, pc), "%s %#lx", s->path, pc);
		return;
	}
	if (is_simple(frame, pc)) {
		sum.simple_rows++;
		sum.simple_bytes += end - pc;
	}
	/* Its CFA depends on the pc: each place in a slot counts. */
	for (uint64_t at = pc; at < end && at < pc + (r->op == LEAKTRACE_UNWIND_PLT ? 16 : 1); at++)
		compare_rule(s, at, r, frame);
}

/* What libdw has no frame for: INVALID, a gap, or bytes that prove themselves. */
static void count_uncovered(struct subject *s, uint64_t pc, uint64_t bytes, uint64_t delta_rebase)
{
	const struct leaktrace_unwind_rule *r = unwind_lookup(&s->blob, pc);

	if (!r || r->op == LEAKTRACE_UNWIND_INVALID)
		sum.none_bytes += bytes;
	else if (delta_rebase >= GAP_BYTES)
		sum.synth_bytes += bytes;
}

static Dwarf_Frame *find_frame(struct subject *s, uint64_t pc)
{
	Dwarf_Frame *frame = NULL;

	if (s->eh && !dwarf_cfi_addrframe(s->eh, pc, &frame))
		return frame;
	if (s->debug && !dwarf_cfi_addrframe(s->debug, pc, &frame))
		return frame;
	return NULL;
}

static void compare_all(struct subject *s)
{
	uint64_t pc = s->h->base, limit = pc + s->h->size_bytes, delta_rebase = 0, step;

	while (pc < limit) {
		Dwarf_Frame *frame = find_frame(s, pc);
		Dwarf_Addr start, end;
		uint64_t next = next_row(s, pc);
		bool signalp;

		if (!frame) {
			/* Functions begin anywhere, but mostly at 16. */
			step = delta_rebase < 64 ? 1 : 16 - pc % 16;
			if (step > next - pc)
				step = next - pc;
			count_uncovered(s, pc, step, delta_rebase);
			delta_rebase += step;
			pc += step;
			continue;
		}
		dwarf_frame_info(frame, &start, &end, &signalp);
		if (end > next)
			end = next;
		/* Not a pc of ours: a lie in a section's size, or data behind code. */
		if (end <= pc || end > limit)
			end = pc + 1;
		sum.rows++;
		sum.bytes += end - pc;
		compare(s, pc, end, frame, signalp);
		free(frame);
		delta_rebase = 0;
		pc = end;
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static bool is_go(Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t strings;
	bool go = false;

	if (elf_getshdrstrndx(elf, &strings))
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name = gelf_getshdr(scn, &shdr) ?
			elf_strptr(elf, strings, shdr.sh_name) : NULL;

		go |= name && !strcmp(name, ".go.buildinfo");
	}
	return go;
}

static void test_file(const char *path)
{
	struct subject s = { .path = path };
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	double began = seconds();
	Elf *elf;

	if (fd < 0)
		return;
	error = unwind_compile_fd(fd, &s.blob);
	sum.compile_s += seconds() - began;
	sum.files++;
	if (error) {
		sum.without++;
		CHECK(error == -ENODATA || error == -ENOEXEC, "%s: %d", path, error);
		close(fd);
		return;
	}
	CHECK(unwind_blob_valid(s.blob.data, s.blob.bytes), "%s", path);
	sum.skipped += s.blob.skipped_fdes;
	sum.rules += s.blob.nrules;
	sum.blob_bytes += s.blob.bytes;
	s.h = s.blob.data;
	s.granule = (const uint32_t *)(s.h + 1);
	s.row = s.granule + s.h->ngranules + 1;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	s.go = is_go(elf);
	s.eh = dwarf_getcfi_elf(elf);
	s.dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	s.debug = s.dwarf ? dwarf_getcfi(s.dwarf) : NULL;
	compare_all(&s);
	if (s.eh)
		dwarf_cfi_end(s.eh);
	dwarf_end(s.dwarf);
	elf_end(elf);
	close(fd);
	unwind_blob_free(&s.blob);
}

static char **paths;
static size_t npaths;

static int collect(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	unsigned char head[20] = { 0 };
	int fd;

	(void)ftw;
	/* Their code is elsewhere. */
	if (type == FTW_D && !strcmp(path, "/usr/lib/debug"))
		return FTW_SKIP_SUBTREE;
	if (type != FTW_F || !S_ISREG(st->st_mode) || st->st_size < 64)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	/* Programs and libraries of this machine, not objects. */
	if (read(fd, head, sizeof(head)) == sizeof(head) && !memcmp(head, "\177ELF\2\1", 6) &&
	    head[18] == 62 && (head[16] == 2 || head[16] == 3)) {
		if (npaths % 256 == 0)
			paths = realloc(paths, (npaths + 256) * sizeof(*paths));
		paths[npaths++] = strdup(path);
	}
	close(fd);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void test_system(void)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec" };
	size_t step;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		nftw(dirs[i], collect, 16, FTW_PHYS | FTW_ACTIONRETVAL);
	qsort(paths, npaths, sizeof(*paths), by_name);
	step = getenv("FULL") || npaths < SAMPLE ? 1 : npaths / SAMPLE;
	for (size_t i = 0; i < npaths; i += step)
		test_file(paths[i]);
	for (size_t i = 0; i < npaths; i++)
		free(paths[i]);
	free(paths);
}

/* The kernel's own code in each process, as a file. */
static void test_vdso(void)
{
	unsigned long start = 0, end = 0;
	char line[256], path[64];
	FILE *f = fopen("/proc/self/maps", "r");
	uint64_t rows = sum.rows;
	int fd;

	while (!end && f && fgets(line, sizeof(line), f))
		if (strstr(line, "[vdso]"))
			sscanf(line, "%lx-%lx", &start, &end);
	if (f)
		fclose(f);
	fd = memfd_create("vdso", MFD_CLOEXEC);
	CHECK(end && write(fd, (void *)start, end - start) == (ssize_t)(end - start));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	test_file(path);
	CHECK(sum.rows > rows);
	close(fd);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 0;
}

int main(int argc, char **argv)
{
	elf_version(EV_CURRENT);
	for (int i = 1; i < argc; i++)
		test_file(argv[i]);
	if (argc == 1) {
		test_vdso();
		test_system();
	}
	printf("%lu files, %lu without CFI; %lu rows, %lu code bytes with CFI, %lu without, "
	       "%lu of these explained by their bytes\n", sum.files, sum.without, sum.rows,
	       sum.bytes, sum.none_bytes + sum.synth_bytes, sum.synth_bytes);
	printf("simple %.3f %% of rows, %.3f %% of bytes; with the rest of the format %.3f %%, "
	       "%.3f %%; registers saved out of reach: %lu\n",
	       percent(sum.simple_rows, sum.rows), percent(sum.simple_bytes, sum.bytes),
	       100 - percent(sum.unsup_rows, sum.rows), 100 - percent(sum.unsup_bytes, sum.bytes),
	       sum.other_saved);
	printf("%lu FDEs skipped; %lu KB of tables, %lu rules, compiled in %.2f s\n", sum.skipped,
	       sum.blob_bytes >> 10, sum.rules, sum.compile_s);
	CHECK(sum.unsup_bytes * 1000 <= sum.bytes || sum.bytes < 10000000);
	CHECK(sum.known_bytes < 4096 * sum.files, "%lu", sum.known_bytes);
	CHECK(sum.no_cfa_rows * 10000 <= sum.rows || sum.rows < 100000, "%lu", sum.no_cfa_rows);
	return verdict("unwind tables");
}
