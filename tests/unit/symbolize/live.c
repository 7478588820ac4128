// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that live, change and die while they are looked at.
 *
 * usage: test_symbol_live DIRECTORY   (with first, second and plugin.so)
 * As another user than root, deleted files need not be named, but never get
 * the names of what has replaced them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "symbolize/frame.h"
#include "symbolize/symbolizer.h"
#include "util/proc_maps.h"
#include "util/target_file.h"
#include "check.h"

enum { MAX_FRAMES = 16 };

struct target {
	pid_t pid;
	FILE *says;
	int hears;
	uint64_t outer;			/* address of outer() */
};

static char directory[PATH_MAX / 2];
static bool is_root;

static const char *in_directory(const char *name)
{
	static char path[4][PATH_MAX];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], PATH_MAX, "%s/%s", directory, name);
	return path[turn];
}

static uint64_t heard_address(struct target *target)
{
	char line[64] = "";

	return fgets(line, sizeof(line), target->says) ? strtoull(line, NULL, 16) : 0;
}

static struct target start(const char *program, const char *verb, const char *file)
{
	int in[2], out[2];
	struct target target;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		exit(2);
	target.pid = fork();
	if (!target.pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(program, program, verb, file, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	target.hears = in[1];
	target.says = fdopen(out[0], "r");
	target.outer = heard_address(&target);
	CHECK(target.outer, "%s did not start", program);
	return target;
}

static void tell(struct target *target)
{
	CHECK(write(target->hears, "\n", 1) == 1);
}

static void stop(struct target *target)
{
	kill(target->pid, SIGKILL);
	waitpid(target->pid, NULL, 0);
	fclose(target->says);
	close(target->hears);
}

static struct symbolizer *look_at(pid_t pid)
{
	char err[128] = "";
	struct symbolizer *s = symbolizer_open(pid, err, sizeof(err));

	CHECK(s, "%s", err);
	if (!s)
		exit(2);
	return s;
}

/* The function really called at pc. */
static struct symbol_frame at(struct symbolizer *s, uint64_t pc, bool is_return_address)
{
	struct symbol_frame frames[MAX_FRAMES] = { 0 };
	int n = symbolizer_resolve(s, pc, is_return_address, frames, MAX_FRAMES);

	CHECK(n >= 1 && !frames[n - 1].inlined);
	return frames[n - 1];
}

static bool is(const struct symbol_frame *frame, const char *function)
{
	return frame->function && !strcmp(frame->function, function);
}

static void names_a_process(void)
{
	struct target target = start(in_directory("first"), "wait", NULL);
	struct symbolizer *s = look_at(target.pid);
	struct symbol_frame frame = at(s, target.outer, false), one;
	int inlined = 0;

	CHECK(is(&frame, "outer") && !frame.offset && frame.line > 0, "%s", frame.function);
	CHECK(frame.file && strstr(frame.file, "shapes.c"), "%s", frame.file);
	CHECK(frame.module && !strcmp(frame.module, in_directory("first")), "%s", frame.module);
	CHECK(frame.build_id && strlen(frame.build_id) == 40, "%s", frame.build_id);
	for (uint64_t pc = target.outer; pc < target.outer + 0x500; pc++) {
		struct symbol_frame many[MAX_FRAMES], before = at(s, pc - 1, false);

		/* A return address belongs to the call before it. */
		frame = at(s, pc, true);
		CHECK(frame.function == before.function && frame.line == before.line &&
		      frame.offset == before.offset + 1);
		inlined += symbolizer_resolve(s, pc, false, many, MAX_FRAMES) > 1;
		/* With room for one, it is the function really called. */
		CHECK(symbolizer_resolve(s, pc, false, &one, 1) == 1 && !one.inlined &&
		      one.function == at(s, pc, false).function);
	}
	CHECK(inlined);
	CHECK(symbolizer_resolve(s, target.outer, false, &one, 0) == -EINVAL);
	frame = at(s, 0x10, false);
	CHECK(!frame.module && !frame.function && frame.offset == 0x10);
	at(s, 0, true);
	at(s, UINT64_MAX, true);
	stop(&target);
	CHECK(symbolizer_refresh(s) == -ESRCH);
	frame = at(s, target.outer, false);
	CHECK(is(&frame, "outer"), "after its death");
	symbolizer_close(s);
}

static void follows_dlopen_and_dlclose(void)
{
	struct target target = start(in_directory("first"), "load", in_directory("plugin.so"));
	struct symbolizer *s = look_at(target.pid);
	struct symbol_frame frame;
	uint64_t entry;
	char line[16];

	tell(&target);
	entry = heard_address(&target);
	frame = at(s, entry, false);
	CHECK(entry && !frame.module && !frame.function);
	CHECK(!symbolizer_refresh(s) && !symbolizer_refresh(s));
	frame = at(s, entry + 1, false);
	CHECK(is(&frame, "plugin_entry") && frame.offset == 1 && strstr(frame.module, "plugin.so"));
	tell(&target);
	CHECK(fgets(line, sizeof(line), target.says) && !strcmp(line, "closed\n"));
	CHECK(!symbolizer_refresh(s));
	frame = at(s, entry, false);
	CHECK(is(&frame, "plugin_entry"), "after dlclose");
	stop(&target);
	symbolizer_close(s);
}

static void follows_exec(void)
{
	struct target target = start(in_directory("first"), "exec", in_directory("second"));
	struct symbolizer *s = look_at(target.pid);
	struct symbol_frame frame;
	uint64_t before = target.outer;

	tell(&target);
	target.outer = heard_address(&target);
	CHECK(!symbolizer_refresh(s));
	frame = at(s, target.outer, false);
	CHECK(is(&frame, "outer") && !strcmp(frame.module, in_directory("second")), "%s", frame.module);
	frame = at(s, before, false);
	CHECK(is(&frame, "outer") && !strcmp(frame.module, in_directory("first")), "%s", frame.module);
	stop(&target);
	symbolizer_close(s);
}

static void copy_file(const char *from, const char *to)
{
	char command[3 * PATH_MAX];

	snprintf(command, sizeof(command), "cp -f '%s' '%s'", from, to);
	CHECK(!system(command));
}

/* The file is gone, and another one has its name: upgrades do that. */
static void knows_deleted_files(void)
{
	struct symbolizer *s;
	struct symbol_frame frame;
	struct target target;

	copy_file(in_directory("first"), in_directory("copy"));
	target = start(in_directory("copy"), "wait", NULL);
	unlink(in_directory("copy"));
	copy_file(in_directory("second"), in_directory("copy"));
	s = look_at(target.pid);
	frame = at(s, target.outer, false);
	CHECK(is(&frame, "outer") || (!is_root && !frame.function), "%s", frame.function);
	CHECK(!strcmp(frame.module, in_directory("copy")), "%s", frame.module);
	stop(&target);
	symbolizer_close(s);
}

/* Somebody truncates a file that is mapped by target and us. */
static void survives_truncation(void)
{
	struct symbolizer *s;
	struct target target;
	uint64_t entry;

	copy_file(in_directory("plugin.so"), in_directory("short.so"));
	target = start(in_directory("first"), "load", in_directory("short.so"));
	tell(&target);
	entry = heard_address(&target);
	s = look_at(target.pid);
	CHECK(!truncate(in_directory("short.so"), 0));
	at(s, entry, false);
	stop(&target);
	symbolizer_close(s);
}

static void works_without_main_thread(void)
{
	struct target target = start(in_directory("first"), "thread", NULL);
	struct symbolizer *s;
	struct symbol_frame frame;
	struct maps maps;

	for (int tries = 0; tries < 100; tries++) {
		if (!maps_read(target.pid, &maps)) {
			if (maps.tid != target.pid)
				break;
			maps_free(&maps);
		}
		usleep(10000);
	}
	CHECK(maps.n && maps.tid != target.pid);
	maps_free(&maps);
	s = look_at(target.pid);
	frame = at(s, target.outer, false);
	CHECK(is(&frame, "outer"), "%s", frame.function);
	stop(&target);
	symbolizer_close(s);
}

static void names_vdso(void)
{
	struct symbolizer *s = look_at(getpid());
	struct maps maps;
	int named = 0;

	CHECK(!maps_read(getpid(), &maps));
	for (size_t i = 0; i < maps.n; i++)
		for (uint64_t pc = maps.map[i].start;
		     !strcmp(maps.map[i].path, "[vdso]") && pc < maps.map[i].end; pc += 16) {
			struct symbol_frame frame = at(s, pc, false);

			CHECK(frame.module && !strcmp(frame.module, "[vdso]") && frame.build_id);
			named += frame.function && strstr(frame.function, "clock_gettime");
		}
	CHECK(named);
	maps_free(&maps);
	symbolizer_close(s);
}

static void names_generated_code(void)
{
	char *code = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct symbolizer *s = look_at(getpid());
	uint64_t pc = (uintptr_t)code;
	struct symbol_frame frame = at(s, pc + 5, false);
	char path[64];
	FILE *map;

	CHECK(frame.module && !strcmp(frame.module, "[anon]") && frame.offset == pc + 5);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	map = fopen(path, "w");
	fprintf(map, "%lx 100 old code\n%lx 20 new code\nrubbish\n%lx 10 other\n", pc, pc + 0x40,
		pc + 0x200);
	fclose(map);
	CHECK(!symbolizer_refresh(s));
	frame = at(s, pc + 0x50, false);
	CHECK(is(&frame, "new code") && frame.offset == 0x10 && !strcmp(frame.module, "[jit]"));
	frame = at(s, pc + 0x60, false);
	CHECK(is(&frame, "old code") && frame.offset == 0x60);
	frame = at(s, pc + 0x100, true);
	CHECK(is(&frame, "old code") && frame.offset == 0x100);
	frame = at(s, pc + 0x100, false);
	CHECK(!frame.function && !strcmp(frame.module, "[anon]"));
	unlink(path);
	symbolizer_close(s);
	munmap(code, 8192);
}

static void tells_what_it_was_fed(void)
{
	struct symbolizer *s = symbolizer_offline();
	char volatile_name[] = "gone soon";
	struct symbol_frame fed[2] = {
		{ .function = volatile_name, .file = "a.c", .line = 3, .module = "/m", .inlined = true },
		{ .function = "caller", .module = "/m", .build_id = "abcd", .offset = 7 },
	}, frames[MAX_FRAMES];

	CHECK(!symbolizer_refresh(s));
	CHECK(symbolizer_add_saved(s, 0x1000, true, fed, 0) == -EINVAL);
	CHECK(!symbolizer_add_saved(s, 0x1000, true, fed, 2));
	memset(volatile_name, 'x', sizeof(volatile_name) - 1);
	CHECK(symbolizer_resolve(s, 0x1000, true, frames, MAX_FRAMES) == 2);
	CHECK(is(&frames[0], "gone soon") && frames[0].inlined && frames[0].line == 3);
	CHECK(is(&frames[1], "caller") && frames[1].offset == 7 && !frames[1].file);
	CHECK(symbolizer_resolve(s, 0x1000, true, frames, 1) == 1 && is(&frames[0], "caller"));
	CHECK(symbolizer_resolve(s, 0x1000, false, frames, MAX_FRAMES) == 1 && !frames[0].function);
	for (uint64_t pc = 0; pc < 5000; pc++)
		CHECK(!symbolizer_add_saved(s, pc, false, &fed[1], 1));
	CHECK(!symbolizer_add_saved(s, 77, false, fed, 1));
	CHECK(symbolizer_resolve(s, 77, false, frames, MAX_FRAMES) == 1 && frames[0].line == 3);
	CHECK(symbolizer_resolve(s, 4999, false, frames, MAX_FRAMES) == 1 && is(&frames[0], "caller"));
	symbolizer_close(s);
}

/* A container's paths stay in the container, and cannot hang us. */
static void opens_inside_only(void)
{
	struct stat st;
	int root_fd, fd;

	mkdir(in_directory("root"), 0755);
	CHECK(!symlink("../../../../../../../../etc/passwd", in_directory("root/escape")));
	CHECK(!symlink("/plain", in_directory("root/absolute")));
	CHECK(!mkfifo(in_directory("root/fifo"), 0644));
	copy_file(in_directory("first"), in_directory("root/plain"));
	root_fd = open(in_directory("root"), O_PATH | O_DIRECTORY);
	CHECK(open_inside(root_fd, "/escape", &st) == -ENOENT);
	CHECK(open_inside(root_fd, "/fifo", &st) == -EINVAL);
	CHECK(open_inside(root_fd, "/", &st) == -EINVAL);
	CHECK(open_regular("/dev/null", &st) == -EINVAL);
	fd = open_inside(root_fd, "/absolute", &st);
	CHECK(fd >= 0 && S_ISREG(st.st_mode), "%d", fd);
	close(fd);
	close(root_fd);
}

int main(int argc, char **argv)
{
	char err[128];

	if (argc < 2 || !realpath(argv[1], directory))
		return 2;
	is_root = !geteuid();
	CHECK(!symbolizer_open(0x3fffff, err, sizeof(err)) && strstr(err, "no process"));
	symbolizer_close(NULL);
	names_a_process();
	follows_dlopen_and_dlclose();
	follows_exec();
	knows_deleted_files();
	survives_truncation();
	works_without_main_thread();
	names_vdso();
	names_generated_code();
	tells_what_it_was_fed();
	opens_inside_only();
	return verdict(is_root ? "live" : "live, unprivileged");
}
