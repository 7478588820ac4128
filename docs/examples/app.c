// SPDX-License-Identifier: GPL-2.0
/*
 * The program that the examples in docs/ watch: a small server with two defects.
 * load_template() does not close the file if it is too short to be a template,
 * and remember() keeps a copy of each answer and never drops one.
 *
 * cc -g -O2 -pthread -o app docs/examples/app.c
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEMPLATE_MIN_BYTES = 64, ANSWER_BYTES = 96 << 10 };

struct answer {
	struct answer *next;
	char text[ANSWER_BYTES];
};

static struct answer *answers;
static long served_bytes;

__attribute__((noinline)) static int load_template(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, text, size);

	if (len < TEMPLATE_MIN_BYTES)
		return -1;	/* first defect: fd stays open */
	close(fd);
	return len;
}

__attribute__((noinline)) static void handle_request(const char *path)
{
	char text[4096];
	int len = load_template(path, text, sizeof(text));

	if (len > 0)
		served_bytes += len;
}

__attribute__((noinline)) static void remember(int byte)
{
	struct answer *a = malloc(sizeof(*a));

	if (!a)
		return;
	memset(a->text, byte, sizeof(a->text));
	a->next = answers;	/* second defect: the list only grows */
	answers = a;
}

static void *log_answers(void *arg)
{
	for (int i = 0; ; i++) {
		remember(i);
		usleep(150000);
	}
	return arg;
}

int main(void)
{
	pthread_t logger;

	if (pthread_create(&logger, NULL, log_answers, NULL)) {
		perror("pthread_create");
		return 1;
	}
	for (unsigned int i = 0; ; i++) {
		handle_request(i % 5 ? "/etc/os-release" : "/etc/debian_version");
		usleep(50000);
	}
}
