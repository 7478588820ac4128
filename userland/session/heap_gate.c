// SPDX-License-Identifier: GPL-2.0
/*
 * The gate of a target: planned from its mappings, opened by the kernel. It is closed when
 * the target is deleted, by whomever.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gate/plan.h"
#include "netlink/client.h"
#include "netlink/gates.h"
#include "session/heap_gate.h"
#include "session/session.h"
#include "util/error.h"

enum {
	MAX_PLACES = 4,			/* a place may have been taken meanwhile */
	MAX_TRIES = 5,			/* once a second: until it has loaded its libraries */
};

/*
 * A filter might kill whoever makes the system call by which a gate speaks. A debugger puts
 * back what it found where it sets a breakpoint, which may have been a door. NULL: neither.
 */
static const char *why_not(pid_t pid)
{
	char path[32], line[128];
	int mode = 0, tracer = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Seccomp: %d", &mode) != 1)
			sscanf(line, "TracerPid: %d", &tracer);
	if (f)
		fclose(f);
	if (mode)
		return "it has a seccomp filter, which may not let a gate speak";
	/* Whom 'run' has started is traced by us. */
	return tracer && tracer != getpid() ? "a debugger is attached to it" : NULL;
}

static int hand_over(struct session *s, struct traced *t, const struct gate_plan *plan)
{
	int fd = memfd_create("gate", MFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = write(fd, plan->blob, plan->blob_bytes) == (ssize_t)plan->blob_bytes ?
	      client_gate_open(s->client, t->model.target.id, fd) : -EIO;
	close(fd);
	return err;
}

static int open_at(struct session *s, struct traced *t, const struct gate_options *where,
		   char *err, size_t errlen)
{
	struct gate_plan plan;
	int error = gate_plan_make(&plan, t->model.target.pid, where, err, errlen);

	if (!error) {
		error = hand_over(s, t, &plan);
		if (error)
			snprintf(err, errlen, "%s", client_error(s->client));
	}
	gate_plan_free(&plan);
	return error;
}

/* Where the process has a gate that was closed: its islands lead there. */
static uint64_t address_of_closed(struct session *s, const struct traced *t)
{
	struct gate_list list;
	uint64_t address = 0;

	if (!client_gates(s->client, &list))
		for (size_t i = 0; i < list.ngates; i++)
			if (list.gate[i].pid == (uint32_t)t->model.target.pid && !list.gate[i].open)
				address = list.gate[i].address;
	gate_list_free(&list);
	return address;
}

static int plan_and_open(struct session *s, struct traced *t, char *err, size_t errlen)
{
	struct gate_options options = {
		.mean_bytes = s->options->heap_rate_bytes, .tag_bits = 18,
		.address = address_of_closed(s, t),
	};
	int error = -EEXIST;

	if (options.address)
		error = open_at(s, t, &options, err, errlen);
	options.address = 0;
	for (; error == -EEXIST && options.nth_place < MAX_PLACES; options.nth_place++)
		error = open_at(s, t, &options, err, errlen);
	return error;
}

void heap_gate_try(struct session *s, struct traced *t)
{
	pid_t pid = t->model.target.pid;
	const char *why;
	char err[256];
	int error;

	if (t->gate_decided || !(t->model.target.kinds & 1U << LEAKTRACE_KIND_HEAP))
		return;
	why = why_not(pid);
	if (why) {
		error = -EPERM;
		snprintf(err, sizeof(err), "%s", why);
	} else {
		error = plan_and_open(s, t, err, sizeof(err));
	}
	t->gate_decided = !error || error != -ENOENT || ++t->gate_tries >= MAX_TRIES;
	if (error && t->gate_decided)
		fprintf(stderr, "leaktrace: the heap of %d is not followed: %s\n", pid, err);
}
