// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks of the C library's malloc, without end, as told.
 *
 *   leak COUNT BYTES   blocks that nobody frees
 *   serve COUNT BYTES  blocks that are kept for a while, and freed
 *   grow COUNT BYTES   one block, made larger by realloc so many times; then freed
 */
#include "victim.h"

void *volatile last;
static void *queue[64];
static unsigned int nqueue;

NAMED void leak_here(long bytes)
{
	last = malloc(bytes);
}

NAMED void serve_here(long bytes)
{
	void **slot = &queue[nqueue++ % 64];

	free(*slot);
	*slot = malloc(bytes);
}

NAMED void grow_here(long count, long bytes)
{
	char *at = NULL;

	for (long i = 1; i <= count; i++)
		at = realloc(at, i * bytes);
	free(at);
}

static void leak(int argc, char **argv)
{
	for (long i = 0; i < number(argc, argv, 1, 1); i++)
		leak_here(number(argc, argv, 2, 100));
}

static void keep_serving(int argc, char **argv)
{
	for (long i = 0; i < number(argc, argv, 1, 1); i++)
		serve_here(number(argc, argv, 2, 100));
}

static void grow(int argc, char **argv)
{
	grow_here(number(argc, argv, 1, 1), number(argc, argv, 2, 100));
}

static const struct command commands[] = {
	{ "leak", leak }, { "serve", keep_serving }, { "grow", grow },
};

int main(void)
{
	return serve(commands, ARRAY_SIZE(commands));
}
