// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "agent/message.h"
#include "agent/webhook.h"
#include "export/push_http.h"
#include "util/macros.h"
#include "util/protobuf.h"

enum {
	CHILDREN_MAX = 8,
	TRIES = 3,
	RETRY_S = 2,			/* then twice as long */
	ALL_S = 90,			/* then the child is ended by its alarm */
};

static pid_t children[CHILDREN_MAX];	/* 0: none */

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static int post(const char *what, const char *url, const char *text)
{
	struct push *p = push_open(url, PUSH_JSON, never, NULL);
	struct bytes body = { 0 };
	enum push_result result = PUSH_LATER;

	if (!p)
		return 1;
	bytes_put(&body, text, strlen(text));
	for (int i = 0; i < TRIES && result == PUSH_LATER && !body.failed; i++) {
		if (i)
			sleep(RETRY_S << i);
		result = push_send(p, "", &body);
	}
	if (result != PUSH_SENT)
		message(PRIORITY_WARNING, "%s: not sent: %s", what, push_error(p));
	bytes_free(&body);
	push_close(p);
	return result != PUSH_SENT;
}

static void child(const char *what, const char *url, const char *text)
{
	static const int ours[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	sigset_t none;

	/* it has our sockets, which must not outlive us */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned int i = 0; i < ARRAY_SIZE(ours); i++)
		signal(ours[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(ALL_S);
	_exit(post(what, url, text));
}

void webhook_reap(void)
{
	for (int i = 0; i < CHILDREN_MAX; i++)
		if (children[i] && waitpid(children[i], NULL, WNOHANG))
			children[i] = 0;
}

void webhook_wait(void)
{
	for (int i = 0; i < CHILDREN_MAX; i++) {
		while (children[i] && waitpid(children[i], NULL, 0) < 0 && errno == EINTR)
			;
		children[i] = 0;
	}
}

void webhook_send(const char *what, const char *url, struct json_object *news)
{
	const char *text = json_object_to_json_string_ext(news, JSON_C_TO_STRING_PLAIN);
	pid_t pid = -1;
	int i = 0;

	webhook_reap();
	while (i < CHILDREN_MAX && children[i])
		i++;
	if (text && i < CHILDREN_MAX)
		pid = fork();
	if (!pid)
		child(what, url, text);
	if (pid > 0)
		children[i] = pid;
	else
		message(PRIORITY_WARNING, "%s: not sent: %s", what, i == CHILDREN_MAX ? "too much waits to be sent" : strerror(errno));
	json_object_put(news);
}
