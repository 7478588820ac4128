// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace report: what a target leaks, from the kernel's tables or a file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "output.h"

struct report_run {
	const struct options *o;
	struct client *client;
	struct output *out;
	bool leaks;
};

static int say(struct report_run *r, struct model *m)
{
	judge(m, &r->o->bench, NULL, NULL);
	r->leaks |= report_leaks(m);
	return output_report(r->out, m);
}

static int report_file(struct report_run *r, const char *path)
{
	char err[256] = "";
	struct model m;
	int status = 0;

	model_init(&m);
	if (trace_read(path, &m, err, sizeof(err)))
		status = fail("%s", err);
	else
		status = say(r, &m);
	model_free(&m);
	return status;
}

static int report_target(struct report_run *r, uint32_t id)
{
	struct model m;
	int status;

	model_init(&m);
	if (observe(r->client, &m, id))
		status = fail("%s", client_error(r->client));
	else
		status = say(r, &m);
	model_free(&m);
	return status;
}

static int report_all(struct report_run *r)
{
	struct target *targets = NULL;
	int status = 0;
	size_t n = 0;

	if (client_targets(r->client, &targets, &n))
		status = fail("%s", client_error(r->client));
	else if (!n)
		status = fail("nothing is being traced: run 'leaktrace attach PID'");
	for (size_t i = 0; i < n && !status; i++)
		status = report_target(r, targets[i].id);
	free(targets);
	return status;
}

static int report_pid(struct report_run *r, pid_t pid)
{
	struct target t;
	int err = observe_find(r->client, pid, &t);

	if (err == -ESRCH)
		return fail("%d is not being traced: run 'leaktrace attach %d' first", pid, pid);
	if (err)
		return fail("%s", client_error(r->client));
	return report_target(r, t.id);
}

static int run_one(struct report_run *r, const char *arg)
{
	struct stat st;
	char err[512];
	pid_t pid;

	/* a number is a pid; ./7 is a file */
	if (arg && options_pid(arg, &pid)) {
		if (stat(arg, &st))
			return fail("cannot open %s: %s", arg, strerror(errno));
		return report_file(r, arg);
	}
	if (!r->client)
		r->client = client_open(err, sizeof(err));
	if (!r->client)
		return fail("%s", err);
	return arg ? report_pid(r, pid) : report_all(r);
}

int cmd_report(struct options *o)
{
	struct report_run r = { .o = o };
	int status = 0, i = 0;

	r.out = output_open(o);
	if (!r.out)
		return EXIT_TROUBLE;
	do
		status = run_one(&r, i < o->argc ? o->argv[i] : NULL);
	while (!status && ++i < o->argc);
	client_close(r.client);
	if (output_close(r.out))
		status = EXIT_TROUBLE;
	return status ?: r.leaks ? EXIT_LEAKS : EXIT_CLEAN;
}
