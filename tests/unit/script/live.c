// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's walk through the frames of a script (module/chain.c), compiled here as it
 * is, and the names that the tool has for what it finds, on real interpreters:
 *
 *   script_live INTERPRETER...
 *
 * A program in Python, or in PHP, Perl or Ruby if the interpreter's name begins so, runs functions,
 * methods, generators and callbacks of C, says what its own traceback is, and waits in a
 * system call, as it would at an event. What says "unknown NAME" instead is an interpreter
 * by that name whose frames cannot be found, or one whose frames can, if NAME is empty.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../walk/kernel/kernel.h"
#undef max
#include "../../../module/chain_check.h"
#include "../../../module/chain.c"

#include "script/script.h"
#include "util/format.h"
#include "util/proc_maps.h"
#include "util/target_file.h"

static const char in_python[] =
	"import functools, os, sys, threading\n"
	"def tell():\n"
	"    f = sys._getframe()\n"
	"    lines = []\n"
	"    while f:\n"
	"        code = f.f_code\n"
	"        name = getattr(code, 'co_qualname', code.co_name)\n"
	"        lines.append('%s:%d %s' % (code.co_filename, f.f_lineno, name))\n"
	"        f = f.f_back\n"
	/* of its own frame another line is current now */
	"    lines[0] = None\n"
	"    os.write(1, ('%d\\n' % threading.get_native_id() +\n"
	"        ''.join(l + '\\n' for l in lines[1:]) + '.\\n').encode())\n"
	"    os.read(0, 1)\n"
	"class Été:\n"
	"    def method(self, n):\n"
	"        if n:\n"
	"            return self.method(n - 1)\n"
	"        return tell(\n"
	"        )\n"
	"def generator():\n"
	"    yield 1\n"
	"    Été().method(3)\n"
	"    yield 2\n"
	"def compare(a, b):\n"
	"    for x in generator():\n"
	"        pass\n"
	"    return 0\n"
	"def deep(n):\n"
	"    if n:\n"
	"        deep(n - 1); return\n"
	"    tell()\n"
	"def work():\n"
	"    sorted([1, 2], key=functools.cmp_to_key(compare))\n"
	"    (lambda: list(map(lambda x: tell(), [1])))()\n"
	"    [tell() for _ in range(2)]\n"
	"    exec('def once():\\n\\n    tell()\\nonce()')\n"
	"    deep(50)\n"
	"for i in range(20):\n"
	"    work()\n"
	"t = threading.Thread(target=work)\n"
	"t.start()\n"
	"t.join()\n"
	"os.write(1, b'end\\n')\n";

/* Of a call the traceback says where it was made, and the next one in which function that is. */
static const char in_php[] =
	"function named(?array $call): string {\n"
	"    if (!$call || in_array($call['function'], ['eval', 'include'])) return '{main}';\n"
	"    $class = explode(\"\\0\", $call['class'] ?? '')[0];\n"
	"    return ($class ? \"$class::\" : '') . $call['function'];\n"
	"}\n"
	"function tell() {\n"
	"    $calls = debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS);\n"
	"    $said = getmypid() . \"\\n\";\n"
	"    foreach ($calls as $i => $call)\n"
	"        if (isset($call['file']))\n"
	"            $said .= \"{$call['file']}:{$call['line']} \" . named($calls[$i + 1] ?? null) . \"\\n\";\n"
	"    fwrite(STDOUT, \"$said.\\n\");\n"
	"    fread(STDIN, 1);\n"
	"}\n"
	"trait Told {\n"
	"    static function fromTrait() { tell(); }\n"
	"}\n"
	"class Été {\n"
	"    use Told;\n"
	"    function method(int $n) {\n"
	"        if ($n)\n"
	"            return $this->method($n - 1);\n"
	"        return tell(\n"
	"        );\n"
	"    }\n"
	"    function __get($name) { self::fromTrait(); }\n"
	"    function __call($name, $arguments) { tell(); }\n"
	"    function later() { return function() { tell(); }; }\n"
	"}\n"
	"function generator() {\n"
	"    yield 1;\n"
	"    (new Été)->method(3);\n"
	"    yield 2;\n"
	"}\n"
	"function compare($a, $b) {\n"
	"    foreach (generator() as $x)\n"
	"        ;\n"
	"    return 0;\n"
	"}\n"
	"function deep(int $n) {\n"
	"    if ($n)\n"
	"        deep($n - 1);\n"
	"    else\n"
	"        tell();\n"
	"}\n"
	"function work() {\n"
	"    $two = [1, 2];\n"
	"    usort($two, 'compare');\n"
	"    (fn() => array_map(fn($x) => tell(), [1]))();\n"
	"    eval('function once' . mt_rand() . '() {}\n\n  tell();');\n"
	"    (new Été)->nothing;\n"
	"    (new Été)->nothing();\n"
	"    (new Été)->later()();\n"
	"    array_map(new class { function __invoke($x) { tell(); } }, [1]);\n"
	"    try { throw new Exception; } catch (Exception $e) { tell(); } finally { tell(); }\n"
	"    deep(50);\n"
	"}\n"
	"for ($i = 0; $i < 20; $i++)\n"
	"    work();\n"
	"spl_autoload_register(function ($class) { tell(); });\n"
	"class_exists('Unknown');\n"
	"register_shutdown_function(function () { tell(); fwrite(STDOUT, \"end\\n\"); });\n";

unsigned long walk_thread_base;
static pid_t task;

bool walk_peek(unsigned long at, unsigned long *value)
{
	struct iovec here = { value, 8 }, there = { (void *)at, 8 };

	return process_vm_readv(task, &here, 1, &there, 1, 0) == 8;
}

static unsigned int told, wrong;

static bool walk(pid_t pid, pid_t tid, struct script *script, struct lt_walk *w)
{
	struct user_regs_struct regs;
	struct lt_maps maps = { .generation = 1 };
	struct leaktrace_chain chain;
	bool ok;

	if (!script_describe(script, &chain, &ok) || !ok || leaktrace_chain_check(&chain)) {
		fprintf(stderr, "no description\n");
		return false;
	}
	if (ptrace(PTRACE_SEIZE, tid, 0, 0) || ptrace(PTRACE_INTERRUPT, tid, 0, 0) ||
	    waitpid(tid, NULL, __WALL) != tid || ptrace(PTRACE_GETREGS, tid, 0, &regs)) {
		perror("ptrace");
		return false;
	}
	task = pid;
	walk_thread_base = regs.fs_base;
	maps.chain = &chain;
	w->maps = &maps;
	w->missed = 0;
	w->n = w->nwords = 0;
	lt_chain_walk(w);
	ok = w->chain == LEAKTRACE_CHAIN_WHOLE;
	if (!ok)
		fprintf(stderr, "the walk ended with %d\n", w->chain);
	ptrace(PTRACE_DETACH, tid, 0, 0);
	return ok;
}

/* The innermost frame is tell()'s own. */
static bool same(const struct script *script, const struct lt_walk *w, char **line, unsigned int n)
{
	if (w->nwords != 2 * (n + 1)) {
		fprintf(stderr, "%u frames instead of %u\n", w->nwords / 2, n + 1);
		return false;
	}
	for (unsigned int i = 0; i < n; i++) {
		uint64_t word[2] = { w->pc[2 * i + 2], w->pc[2 * i + 3] };
		struct script_name name;
		char text[2048] = "no name";

		if (script_name(script, word, &name))
			snprintf(text, sizeof(text), "%s:%d %s\n", name.file, name.line, name.function);
		if (strcmp(text, line[i])) {
			fprintf(stderr, "frame %u is %sinstead of    %s", i, text, line[i]);
			return false;
		}
	}
	return true;
}

static void find(pid_t pid, struct script *script)
{
	struct maps maps;
	int root;

	if (maps_read(pid, &maps))
		exit(2);
	root = open_root(pid, maps.tid);
	script_find(pid, &maps, root, script);
	close(root);
	maps_free(&maps);
}

static void look_for_unknown(pid_t pid, const char *wanted)
{
	struct script script;
	char name[64] = "";

	told++;
	find(pid, &script);
	if (script_is_unknown(&script, name, sizeof(name)) != !!*wanted || strcmp(name, wanted)) {
		printf("unknown: '%s', not '%s'\n", name, wanted);
		wrong++;
	}
}

static void look(pid_t pid, pid_t tid, char **line, unsigned int n)
{
	static struct lt_walk *w;
	struct script script;

	if (!w) {
		w = calloc(1, sizeof(*w) + LT_WALK_WORDS * sizeof(u64));
		w->pc = (u64 *)(w + 1);
	}
	told++;
	find(pid, &script);
	if (!walk(pid, tid, &script, w) || !same(&script, w, line, n))
		wrong++;
}

static void converse(pid_t pid, FILE *from, int to)
{
	char *line[256] = { 0 }, *first = NULL;
	size_t room[256] = { 0 }, first_room = 0;
	unsigned int n;

	while (getline(&first, &first_room, from) > 0 && strcmp(first, "end\n")) {
		if (!strncmp(first, "unknown ", 8)) {
			first[strcspn(first, "\n")] = '\0';
			look_for_unknown(pid, first + 8);
			break;
		}
		for (n = 0; n < 256 && getline(&line[n], &room[n], from) > 0 && strcmp(line[n], ".\n"); n++)
			;
		usleep(1000);		/* it is about to wait */
		look(pid, atoi(first), line, n);
		if (write(to, "x", 1) != 1)
			break;
	}
}

static void run(const char *interpreter)
{
	int in[2], out[2];
	FILE *from;
	pid_t pid;

	if (pipe(in) || pipe(out))
		exit(2);
	pid = fork();
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		if (!strncmp(path_base(interpreter), "php", 3))
			execlp(interpreter, interpreter, "-r", in_php, NULL);
		else if (!strncmp(path_base(interpreter), "ruby", 4))
			execlp(interpreter, interpreter, "../tests/unit/script/live.rb", NULL);
		else if (!strncmp(path_base(interpreter), "perl", 4))
			execlp(interpreter, interpreter, "../tests/unit/script/live.pl", NULL);
		else
			execlp(interpreter, interpreter, "-c", in_python, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	from = fdopen(out[0], "r");
	converse(pid, from, in[1]);
	fclose(from);
	close(in[1]);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++) {
		told = wrong = 0;
		run(argv[i]);
		printf("%s: %u stacks, %u wrong\n", argv[i], told, wrong);
		status |= !told || wrong;
	}
	return status;
}
