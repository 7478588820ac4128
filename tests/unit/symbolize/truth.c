// SPDX-License-Identifier: GPL-2.0
/*
 * Names, lines and inlined calls of a file against witnesses: eu-addr2line,
 * llvm-symbolizer, and all symbols that cover the address, found by looking at
 * each of them.
 *
 * usage: test_symbol SUBJECT TRUTH [names-only]
 * SUBJECT is what we resolve (stripped, compressed, split...); TRUTH is the
 * same code with all its information in one file. With names-only SUBJECT has
 * no DWARF, and its own symbol tables are the witness. DEBUG_DIR in the
 * environment stands in for /usr/lib/debug, ROOT_DIR is the target's root; with FETCH servers are asked, too.
 * MISSING is the folder of .dwo files that are not there, which must be said.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/image.h"
#include "symbolize/debug_file.h"
#include "symbolize/debuginfod.h"
#include "symbolize/frame.h"
#include "symbolize/module.h"
#include "util/string_table.h"
#include "check.h"

enum { MAX_FRAMES = 64, MAX_ADDRESSES = 2000, LINE_BYTES = 8192 };

struct truth_frame {
	char function[LINE_BYTES], file[LINE_BYTES];
	int line;
};

struct witness {			/* somebody else's opinion on an address */
	FILE *answers;
	struct truth_frame frame[MAX_FRAMES];
	int n;
};

int debuginfod_ask(void);

static struct string_table *names;
static int root_fd = -1;
static struct witness elfutils, llvm;

static struct elf_image *image_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_image *image = fd < 0 ? NULL : elf_image_map(fd);

	if (fd >= 0)
		close(fd);
	if (!image) {
		perror(path);
		exit(2);
	}
	return image;
}

/* Whether some function symbol of this (demangled) name covers vaddr; with NULL: any. */
static bool symbol_covers(struct elf_image *image, uint64_t vaddr, const char *name)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(image->elf, scn))) {
		Elf_Data *data;
		GElf_Sym sym;

		if (!gelf_getshdr(scn, &shdr) ||
		    (shdr.sh_type != SHT_SYMTAB && shdr.sh_type != SHT_DYNSYM))
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
			char raw[LINE_BYTES];
			int type = GELF_ST_TYPE(sym.st_info);

			if ((type != STT_FUNC && type != STT_GNU_IFUNC) || !sym.st_shndx ||
			    vaddr - sym.st_value >= sym.st_size)
				continue;
			snprintf(raw, sizeof(raw), "%s", elf_strptr(image->elf, shdr.sh_link, sym.st_name));
			raw[strcspn(raw, "@")] = '\0';
			if (!name || !strcmp(string_table_demangle(names, raw), name))
				return true;
		}
	}
	return false;
}

/* "FUNCTION[ inlined at ...]", then "FILE:LINE[:COLUMN]". */
static bool read_frame(char *function, FILE *from, struct truth_frame *frame)
{
	static char line[LINE_BYTES];
	char *at;

	function[strcspn(function, "\n")] = '\0';
	at = strstr(function, " inlined at ");
	if (at)
		*at = '\0';
	strcpy(frame->function, function);
	if (!fgets(line, sizeof(line), from))
		return false;
	at = strchr(line, ':');
	frame->line = at ? atoi(at + 1) : 0;
	if (at)
		*at = '\0';
	strcpy(frame->file, line);
	return true;
}

/* eu-addr2line -a: the address, frames, and no mark at the end. */
static void next_of_elfutils(struct witness *witness)
{
	static char line[LINE_BYTES];

	witness->n = 0;
	if (!*line && !fgets(line, sizeof(line), witness->answers))
		return;
	while (fgets(line, sizeof(line), witness->answers) && strncmp(line, "0x", 2) &&
	       read_frame(line, witness->answers, &witness->frame[witness->n]))
		witness->n++;
}

/* llvm-symbolizer: frames, then an empty line. */
static void next_of_llvm(struct witness *witness)
{
	static char line[LINE_BYTES];

	witness->n = 0;
	while (fgets(line, sizeof(line), witness->answers) && *line != '\n' &&
	       read_frame(line, witness->answers, &witness->frame[witness->n]))
		witness->n++;
}

/* Demanglers differ in spaces: "operator< <int>" or "operator<<int>". */
static bool same_name(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, " ");
		b += strspn(b, " ");
		if (*a != *b || !*a)
			return *a == *b;
	}
}

/* A lambda is named with what encloses it, which the witnesses' "operator()" leaves out. */
static const char *without_lambda(const char *function)
{
	const char *at = strstr(function, "{lambda}::operator()");

	return at ? at + strlen("{lambda}::") : function;
}

/* The last frame's name is checked on its own. */
static bool agrees(const struct witness *witness, const struct symbol_frame *ours, int n)
{
	if (n != witness->n)
		return false;
	for (int i = 0; i < n; i++) {
		const struct truth_frame *theirs = &witness->frame[i];

		if (ours[i].inlined != (i < n - 1) || ours[i].line != theirs->line ||
		    (theirs->line && (!ours[i].file || strcmp(ours[i].file, theirs->file))) ||
		    (ours[i].inlined && (!ours[i].function ||
					 !same_name(without_lambda(ours[i].function), theirs->function))))
			return false;
	}
	return true;
}

static void show(const char *who, const struct witness *witness)
{
	for (int i = 0; i < witness->n; i++)
		fprintf(stderr, "  %s: %s %s:%d\n", who, witness->frame[i].function,
			witness->frame[i].file, witness->frame[i].line);
}

/*
 * Both witnesses err: eu-addr2line about padding, and about inlines in some of
 * clang's code; llvm-symbolizer about names. Where they differ, we may be with
 * either, but never alone.
 */
static void compare_chain(const struct symbol_frame *ours, int n, uint64_t vaddr)
{
	int before = checks_failed;

	CHECK(agrees(&elfutils, ours, n) || agrees(&llvm, ours, n), "%#lx", (unsigned long)vaddr);
	if (checks_failed == before || checks_failed > 6)
		return;
	for (int i = 0; i < n; i++)
		fprintf(stderr, "  ours: %s %s:%d\n", ours[i].function, ours[i].file, ours[i].line);
	show("elfutils", &elfutils);
	show("llvm", &llvm);
}

/* The function that was really called: an alias is as good, a guess is not. */
static void check_name(const struct symbol_frame *ours, const char *theirs,
		       struct elf_image *witness, uint64_t vaddr)
{
	unsigned long at = vaddr;

	if (ours->function && strstr(ours->function, "@plt"))
		CHECK(!symbol_covers(witness, vaddr, NULL), "%#lx: stub %s", at, ours->function);
	else if (ours->function)
		CHECK(symbol_covers(witness, vaddr, ours->function) ||
		      (theirs && !strcmp(ours->function, theirs)), "%#lx: %s, not %s", at,
		      ours->function, theirs);
	else
		CHECK(!symbol_covers(witness, vaddr, NULL) && ours->offset == vaddr,
		      "%#lx: no name, not %s", at, theirs);
}

static void compare(struct elf_module *subject, struct elf_image *witness, FILE *questions,
		    bool all)
{
	struct symbol_frame ours[MAX_FRAMES];
	int inlined = 0, lines = 0, named = 0, by_both = 0, lacking = 0;
	const char *missing = getenv("MISSING");
	char line[32];

	while (fgets(line, sizeof(line), questions)) {
		uint64_t vaddr = strtoull(line, NULL, 16);
		int n = elf_module_resolve(subject, names, root_fd, vaddr, 0, ours, MAX_FRAMES);

		CHECK(n >= 1, "%s", line);
		next_of_elfutils(&elfutils);
		next_of_llvm(&llvm);
		check_name(&ours[n - 1], all && elfutils.n ? elfutils.frame[elfutils.n - 1].function : NULL,
			   witness, vaddr);
		named += ours[n - 1].function != NULL;
		lines += ours[0].line != 0;
		inlined += n > 1;
		if (ours[n - 1].missing_debug) {
			lacking++;
			CHECK(missing && !strncmp(ours[n - 1].missing_debug, missing, strlen(missing)) &&
			      !strcmp(strrchr(ours[n - 1].missing_debug, '.'), ".dwo"), "%s", ours[n - 1].missing_debug);
		}
		if (!all)
			continue;
		compare_chain(ours, n, vaddr);
		by_both += agrees(&elfutils, ours, n) && agrees(&llvm, ours, n);
	}
	CHECK(named, "nothing was named");
	CHECK(!lacking == !missing, "%d lack debug information", lacking);
	CHECK(!all || lines, "nothing had a line");
	CHECK(!all || by_both, "a witness is missing");
	printf("named %d, with lines %d, with inlines %d, by both witnesses %d; ", named, lines,
	       inlined, by_both);
}

/* Addresses of the code, evenly spread, into a file that eu-addr2line reads. */
static void ask(struct elf_image *image, FILE *to)
{
	GElf_Shdr shdr;
	uint64_t step;

	if (!elf_image_section(image, ".text", &shdr))
		exit(2);
	step = shdr.sh_size / MAX_ADDRESSES + 1;
	for (uint64_t at = 0; at < shdr.sh_size; at += step)
		fprintf(to, "0x%llx\n", (unsigned long long)(shdr.sh_addr + at));
	for (const char **name = (const char *[]) { ".plt", ".plt.sec", ".plt.got", NULL }; *name; name++)
		if (elf_image_section(image, *name, &shdr))
			fprintf(to, "0x%llx\n", (unsigned long long)shdr.sh_addr + shdr.sh_size - 4);
	fclose(to);
}

static FILE *hear(const char *command, const char *file, const char *questions)
{
	char line[2 * PATH_MAX];

	/* eu-addr2line would ask servers by itself */
	snprintf(line, sizeof(line), "env -u DEBUGINFOD_URLS %s '%s' < %s", command, file, questions);
	return popen(line, "r");
}

int main(int argc, char **argv)
{
	char path[PATH_MAX], asked[] = "/tmp/symbol-XXXXXX";
	struct elf_image *image, *witness;
	struct elf_module *module;
	FILE *questions;

	if (argc < 3)
		return 2;
	if (getenv("DEBUG_DIR"))
		elf_debug_dir = getenv("DEBUG_DIR");
	if (getenv("ROOT_DIR"))
		root_fd = open(getenv("ROOT_DIR"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (getenv("FETCH"))
		CHECK(!debuginfod_ask());
	names = string_table_open();
	image = image_of(argv[1]);
	witness = image_of(argv[2]);
	module = elf_module_open(image, string_table_intern(names, realpath(argv[1], path)), names);
	ask(witness, fdopen(mkstemp(asked), "w"));
	elfutils.answers = hear("eu-addr2line -a -f -i -C -e", argv[2], asked);
	llvm.answers = hear("llvm-symbolizer -e", argv[2], asked);
	questions = fopen(asked, "r");
	compare(module, witness, questions, argc < 4);
	fclose(questions);
	pclose(elfutils.answers);
	pclose(llvm.answers);
	unlink(asked);
	elf_module_close(module);
	elf_image_close(witness);
	string_table_close(names);
	return verdict(argv[1]);
}
