// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a program as a target of the module in this kernel, and holds the stacks that
 * the module keeps against libdw's: of descriptors, threads and timers, at the end of
 * the system call that made them, and of pages, one instruction after their first
 * touch. Prints a line of a table.
 *
 * usage: guest [-m MAX] [-p PAGES] [-n NAME] [-t LEAKTRACE] COMMAND…
 *   -m MAX        ends after so many stacks (1,000)
 *   -p PAGES      of which so many of pages (100), as they take long
 *   -n NAME       only in processes whose program has this name
 *   -t LEAKTRACE  the tool
 *
 * Exit status 1: a stack was wrong, an object or its stack missing, or fewer than 99.9 %
 * of those that libdw found complete were the same. Differences are told on stderr.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "judge.h"
#include "loop.h"
#include "made.h"
#include "process.h"
#include "target.h"
#include "touch.h"

#include "model/kind.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"
#include "netlink/requests.h"
#include "symbolize/stack.h"

/* What libdw said, until the module is asked for its stacks, all at once. */
struct note {
	struct note *next;
	pid_t pid;
	uint32_t target, site;
	struct walked *truth;
};

static unsigned int most = 1000, most_pages = 100, noted, pages, missing;
static struct note *notes;
static struct score score;

static bool enough(void)
{
	return noted >= most;
}

static struct walked *walked_copy(const struct walked *w)
{
	size_t bytes = offsetof(struct walked, pc) + w->n * sizeof(w->pc[0]);

	return memcpy(malloc(bytes), w, bytes);
}

static void note(pid_t pid, uint32_t target, uint32_t site, const struct walked *truth)
{
	struct note *n = malloc(sizeof(*n));

	*n = (struct note){ notes, pid, target, site, walked_copy(truth) };
	notes = n;
	noted++;
}

static void miss(pid_t pid, const char *what, int kind, uint64_t id)
{
	fprintf(stderr, "missing: %s of %s %#lx of process %d\n", what, kind_name(kind), id, pid);
	missing++;
}

/* The site of a live object; 0: there is none. */
static uint32_t site_of(struct model *m, int kind, uint64_t id)
{
	client_dump(target_door(), LEAKTRACE_CMD_OBJECT_GET, m, kind);
	for (size_t i = 0; i < m->nobjects; i++) {
		const struct object *o = &m->objects[i];

		if (o->id == id && !o->space && !(o->flags & LEAKTRACE_OBJECT_F_EXITED))
			return o->site;
	}
	return 0;
}

static void note_made(struct task *t, const struct process *p, const struct made *made)
{
	static struct walked truth;
	struct model m;

	truth_walk(p->truth, t->tid, &truth);
	model_init(&m);
	m.target.id = door_target(p->code);
	for (unsigned int i = 0; i < made->n; i++) {
		uint32_t site = site_of(&m, made->kind, made->id[i]);

		if (site)
			note(t->pid, m.target.id, site, &truth);
		else
			miss(t->pid, "site", made->kind, made->id[i]);
	}
	model_free(&m);
}

/* The one site of pages that had a birth then; 0: none, or another process's memory. */
static uint32_t site_touched(struct model *m, const struct touch *touch)
{
	uint32_t id = 0;

	client_dump(target_door(), LEAKTRACE_CMD_SITE_GET, m, -1);
	for (size_t i = 0; i < m->nsites; i++) {
		const struct site *s = &m->sites[i];

		if (s->kind == LEAKTRACE_KIND_PAGE && s->last_ns >= touch->from_ns &&
		    s->last_ns <= touch->to_ns)
			id = s->id;
	}
	return id;
}

/* A file's page has no site: that one is not followed. */
static void after_step(struct task *t)
{
	static struct walked truth;
	struct process *p;
	struct touch touch;
	struct model m;
	uint32_t site;

	if (!touch_look(t, &touch))
		return;
	p = process_get(t->pid);
	model_init(&m);
	m.target.id = p ? door_target(p->code) : 0;
	site = p ? site_touched(&m, &touch) : 0;
	if (site) {
		truth_walk(p->truth, t->tid, &truth);
		note(t->pid, m.target.id, site, &truth);
		pages++;
	}
	model_free(&m);
	touch_done(t);
}

static bool is_new_memory(const struct user_regs_struct *regs)
{
	return (long)regs->rax >= 0 &&
	       (regs->orig_rax == SYS_brk ||
		(regs->orig_rax == SYS_mmap && regs->r10 & MAP_ANONYMOUS));
}

static void at_syscall(struct task *t)
{
	struct __ptrace_syscall_info info;
	struct user_regs_struct regs;
	struct process *p;
	struct made made;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof(info), &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_EXIT || ptrace(PTRACE_GETREGS, t->tid, 0, &regs))
		return;
	if (pages < most_pages && is_new_memory(&regs))
		touch_watch(t);
	made = made_by(t->tid, &regs);
	if (made.kind < 0)
		return;
	p = process_get(t->pid);
	if (p)
		note_made(t, p, &made);
}

static void take_stack(struct walked *w, const struct stack *s)
{
	w->status = s->status;
	w->guessed = s->guessed;
	w->recalled = NOT_RECALLED;
	w->n = s->npcs < MAX_DEPTH ? s->npcs : MAX_DEPTH;
	memcpy(w->pc, s->pcs, w->n * sizeof(w->pc[0]));
}

static void settle_note(struct model *m, const struct note *n)
{
	static struct walked ours;
	struct site *site = model_site(m, n->site);
	struct stack *stack = site ? model_stack(m, site->stack) : NULL;

	if (!stack) {
		fprintf(stderr, "missing: stack of site %u of process %d: target %u of %u, %zu sites, %zu stacks, site's %x\n",
			n->site, n->pid, n->target, m->target.id, m->nsites, m->nstacks,
			site ? site->stack : 0);
		missing++;
		return;
	}
	take_stack(&ours, stack);
	judge_tell(&score, n->pid, score_add(&score, &ours, n->truth), &ours, n->truth);
}

/* The module's stacks of a process, while it is there, against what was noted of it. */
static void settle(pid_t pid)
{
	struct note **at = &notes, *n = notes;
	struct model m;

	while (n && n->pid != pid)
		n = n->next;
	if (!n)
		return;
	model_init(&m);
	m.target.id = n->target;
	client_dump(target_door(), LEAKTRACE_CMD_SITE_GET, &m, -1);
	client_dump(target_door(), LEAKTRACE_CMD_STACK_GET, &m, -1);
	model_settle(&m);
	while ((n = *at)) {
		if (n->pid != pid) {
			at = &n->next;
			continue;
		}
		settle_note(&m, n);
		*at = n->next;
		free(n->truth);
		free(n);
	}
	model_free(&m);
}

static void at_exec(struct task *t)
{
	target_of(t->pid);
}

static void at_end(struct task *t)
{
	touch_forget(t);
	if (t->tid == t->pid)
		settle(t->pid);
}

int main(int argc, char **argv)
{
	struct loop loop = {
		.enough = enough, .at_syscall = at_syscall, .at_exec = at_exec,
		.at_end = at_end, .after_steps = after_step,
	};
	char more[16];
	int c, status;

	while ((c = getopt(argc, argv, "+m:p:n:t:")) != -1)
		switch (c) {
		case 'm': most = atoi(optarg); break;
		case 'p': most_pages = atoi(optarg); break;
		case 'n': loop.only = optarg; break;
		case 't': target_tool = optarg; break;
		default: return 2;
		}
	if (optind == argc)
		return 2;
	status = loop_run(&loop, argv + optind);
	if (status)
		fprintf(stderr, "%s: exit status %d\n", loop_name(&loop, argv + optind), status);
	while (notes)
		settle(notes->pid);
	target_end();
	snprintf(more, sizeof(more), "%u | %u", pages, missing);
	judge_print(&score, loop_name(&loop, argv + optind), more);
	return !judge_passes(&score) || missing || status;
}
