// SPDX-License-Identifier: GPL-2.0
/*
 * Processes as targets of the module in this kernel. Stands where door.c does: what
 * the kernel knows of a process's code, the tool has given to it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"
#include "walk.h"

#include "model/target.h"
#include "netlink/client.h"
#include "netlink/requests.h"

enum { MAX_SESSIONS = 256, WAIT_MS = 120000, LOOK_MS = 20 };

const char *target_tool = "leaktrace";

static struct client *client;
static pid_t session[MAX_SESSIONS];
static unsigned int nsessions;

static void give_up(const char *why)
{
	fprintf(stderr, "target: %s\n", why);
	target_end();
	exit(2);
}

struct client *target_door(void)
{
	char err[256];

	if (!client)
		client = client_open(err, sizeof(err));
	if (!client)
		give_up(err);
	return client;
}

static uint32_t find(pid_t pid)
{
	struct target *t = NULL;
	uint32_t id = 0;
	size_t n;

	if (client_targets(target_door(), &t, &n))
		give_up(client_error(client));
	for (size_t i = 0; i < n; i++)
		if (t[i].pid == (uint32_t)pid && !(t[i].flags & LEAKTRACE_TARGET_F_EXITED))
			id = t[i].id;
	free(t);
	return id;
}

/* In the foreground, so that it hands over the tables of what is loaded later. */
static void attach(pid_t pid)
{
	char arg[16];
	pid_t tool;

	if (nsessions == MAX_SESSIONS)
		give_up("too many sessions");
	snprintf(arg, sizeof(arg), "%d", pid);
	tool = fork();
	if (!tool) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execlp(target_tool, target_tool, "attach", arg, "--follow-fork",
		       "--kinds", "fd,page,timer,thread", NULL);
		_exit(127);
	}
	session[nsessions++] = tool;
}

uint32_t target_of(pid_t pid)
{
	uint32_t id = find(pid);

	if (!id)
		attach(pid);
	for (int ms = 0; !id && ms < WAIT_MS; ms += LOOK_MS) {
		if (waitpid(session[nsessions - 1], NULL, WNOHANG) > 0)
			break;
		usleep(LOOK_MS * 1000);
		id = find(pid);
	}
	if (!id)
		give_up("nobody attached to it");
	return id;
}

void target_end(void)
{
	for (unsigned int i = 0; i < nsessions; i++) {
		kill(session[i], SIGKILL);
		waitpid(session[i], NULL, 0);
	}
	nsessions = 0;
}

struct code_of {
	uint32_t target;
};

struct code_of *door_read(pid_t pid)
{
	struct code_of *code = malloc(sizeof(*code));

	code->target = target_of(pid);
	return code;
}

void door_drop(struct code_of *code)
{
	free(code);
}

uint32_t door_target(const struct code_of *code)
{
	return code->target;
}
