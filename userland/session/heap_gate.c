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

/* A filter might kill whoever makes the system call by which a gate speaks. */
static bool is_filtered(pid_t pid)
{
	char path[32], line[128];
	int mode = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Seccomp: %d", &mode) == 1)
			break;
	if (f)
		fclose(f);
	return mode != 0;
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

static int plan_and_open(struct session *s, struct traced *t, char *err, size_t errlen)
{
	struct gate_options options = {
		.mean_bytes = s->options->heap_rate_bytes, .tag_bits = 18,
	};
	int error = -EEXIST;

	for (; error == -EEXIST && options.nth_place < MAX_PLACES; options.nth_place++) {
		struct gate_plan plan;

		error = gate_plan_make(&plan, t->model.target.pid, &options, err, errlen);
		if (!error) {
			error = hand_over(s, t, &plan);
			if (error)
				snprintf(err, errlen, "%s", client_error(s->client));
		}
		gate_plan_free(&plan);
	}
	return error;
}

void heap_gate_try(struct session *s, struct traced *t)
{
	pid_t pid = t->model.target.pid;
	char err[256];
	int error;

	if (t->gate_decided || !(t->model.target.kinds & 1U << LEAKTRACE_KIND_HEAP))
		return;
	if (is_filtered(pid)) {
		error = -EPERM;
		snprintf(err, sizeof(err), "it has a seccomp filter, which may not let a gate speak");
	} else {
		error = plan_and_open(s, t, err, sizeof(err));
	}
	t->gate_decided = !error || error != -ENOENT || ++t->gate_tries >= MAX_TRIES;
	if (error && t->gate_decided)
		fprintf(stderr, "leaktrace: the heap of %d is not followed: %s\n", pid, err);
}
