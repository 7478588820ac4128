// SPDX-License-Identifier: GPL-2.0
/*
 * What the memory of a Go program can make `leaktrace go --holders` do. The memory is that
 * of a real program ($FUZZ_GO), which is stopped with something in each of its containers.
 * Input is what is changed in it, a word each: struct change, as many as there are. Words
 * are numbered as they are read when nothing is changed, so that each change is seen.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "fuzz_memory.h"
#include "runtime/go/holders.h"
#include "runtime/go/holders_growth.h"
#include "runtime/go/holders_tree.h"
#include "runtime/go/process.h"
#include "util/style.h"

enum { CHANGES = 64, WORDS = 1 << 18, READ_BYTES_MAX = 1 << 13 /* longer ones: no pointers, or all of them */ };

enum change_how { SET, ADD, OTHER_WORD, INTO_ITS_PAGE, TORN, CHANGE_KINDS };

struct change {
	uint32_t word;			/* its number */
	uint8_t how;
	uint8_t unused[3];
	uint64_t value;
};

static struct go_process *process;
static FILE *nowhere;
static uint64_t *words;			/* addresses, in the order in which they were read */
static size_t nr_words;
static bool recording;
static uint64_t reads;

static struct {
	uint64_t at, value;
	bool torn;
} changed[CHANGES];
static size_t nr_changed;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- what fuzz_memory.h leaves to us --- */

static void record(uint64_t at, size_t bytes)
{
	if (bytes > READ_BYTES_MAX)
		return;
	for (uint64_t word = at & ~7ULL; word < at + bytes && nr_words < WORDS; word += 8)
		words[nr_words++] = word;
}

/* The bytes of a changed word that are among those that were read. */
static void change(size_t i, uint64_t at, uint8_t *to, size_t bytes)
{
	uint64_t value = changed[i].value;
	const uint8_t *from = (const uint8_t *)&value;

	if (changed[i].torn && reads % 2)
		return;
	for (size_t byte = 0; byte < 8; byte++)
		if (changed[i].at + byte - at < bytes)
			to[changed[i].at + byte - at] = from[byte];
}

int memory_read(pid_t pid, uint64_t at, void *to, size_t bytes)
{
	struct iovec local = { to, bytes }, remote = { (void *)at, bytes };

	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != (ssize_t)bytes)
		return -EFAULT;
	if (recording)
		record(at, bytes);
	reads++;
	for (size_t i = 0; i < nr_changed; i++)
		if (changed[i].at + 8 > at && changed[i].at < at + bytes)
			change(i, at, to, bytes);
	return 0;
}

/* --- the program --- */

static void give_up(const char *why)
{
	fprintf(stderr, "fuzz_holders: %s\n", why);
	exit(2);
}

/* Keeps something of each kind, and is stopped. */
static pid_t start(const char *path)
{
	static const char keep[] = "map 20\nslice 4\nlogin 20\nenqueue 8\nprepend 40\nhold 4\ncycle 3\nexpire 3\n"
		"recv 3\npool 2\ntitle 3\nvisit 20\nlate 2\n";
	int in[2], out[2];
	char answers[1024];
	unsigned int told = 0;
	pid_t pid;

	if (pipe(in) || pipe(out))
		give_up("no pipe");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		personality(ADDR_NO_RANDOMIZE);
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	if (pid < 0 || write(in[1], keep, strlen(keep)) != (ssize_t)strlen(keep))
		give_up("no program");
	for (ssize_t n; told < 14 && (n = read(out[0], answers, sizeof(answers))) > 0;)
		while (n)
			told += answers[--n] == '\n';
	if (told < 14 || kill(pid, SIGSTOP) || waitpid(pid, NULL, WUNTRACED) != pid)
		give_up("the program ended");
	return pid;
}

static void look(void)
{
	static const struct go_holders_options how = { .max_bytes = 64 << 20, .all = true };
	struct report_style style = { .format = FORMAT_TEXT, .all = true };
	struct go_holders_options again = how;
	struct go_past past = { 0 };
	struct go_holders h;
	char err[512];
	void *profile = NULL;
	size_t len;

	if (!go_holders_read(&h, process, &how, err, sizeof(err)) && go_past_keep(&past, &h)) {
		go_holders_free(&h);
		again.past = &past;
		if (!go_holders_read(&h, process, &again, err, sizeof(err))) {
			if (recording && (!h.chains || !h.findings))
				give_up("a program that is as it was has neither chains nor findings");
			go_holders_text(nowhere, &h, &style);
			json_object_put(go_holders_json(&h));
			go_holders_folded(nowhere, &h);
			go_holders_html(nowhere, &h);
			if (!go_holders_pprof(&h, &profile, &len))
				free(profile);
		}
	} else if (recording) {
		give_up(err);
	}
	go_holders_free(&h);
	go_past_free(&past);
	fflush(nowhere);
}

static void open_process(void)
{
	const char *path = getenv("FUZZ_GO");
	char err[512];
	int why;

	if (!path)
		give_up("no program of Go in $FUZZ_GO");
	process = go_open(start(path), &why, err, sizeof(err));
	nowhere = fopen("/dev/null", "w");
	words = malloc(WORDS * sizeof(*words));
	if (!process || !nowhere || !words)
		give_up(err);
	recording = true;
	look();
	recording = false;
}

/* --- input --- */

static void plan(const struct change *c)
{
	uint64_t at = words[c->word % nr_words], value = 0;

	if (memory_read(process->pid, at, &value, sizeof(value)))
		return;
	switch (c->how % CHANGE_KINDS) {
	case ADD:
		value += (int64_t)c->value;
		break;
	case OTHER_WORD:
		value = words[c->value % nr_words];
		break;
	case INTO_ITS_PAGE:
		value = (at & ~0xfffULL) + (c->value & 0xfff);
		break;
	default:
		value = c->value;
	}
	changed[nr_changed].at = at;
	changed[nr_changed].value = value;
	changed[nr_changed++].torn = c->how % CHANGE_KINDS == TORN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct change c;

	if (!process)
		open_process();
	nr_changed = 0;
	reads = 0;
	for (; size >= sizeof(c) && nr_changed < CHANGES; data += sizeof(c), size -= sizeof(c)) {
		memcpy(&c, data, sizeof(c));
		plan(&c);
	}
	look();
	return 0;
}
