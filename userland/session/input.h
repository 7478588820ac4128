/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an argument of a command stands for: a pid, a file, or NULL for all that is traced.
 * Each is judged and handed to fn, whose status ends it if it is not 0.
 */
#ifndef LEAKTRACE_SESSION_INPUT_H
#define LEAKTRACE_SESSION_INPUT_H

#include <stdbool.h>
#include <stdint.h>

struct analysis_options;
struct client;
struct model;
struct selector;

struct input {
	const struct analysis_options *analysis;
	struct selector *selector;	/* NULL: all */
	uint64_t holders_bytes;		/* memory to find what holds the objects of a live target; 0: not */
	const char *from, *until;	/* --between, for time_point_parse(); NULL: all of a file */
	int (*fn)(struct model *m, void *arg);
	void *arg;
	unsigned int given;		/* how often fn was called */
	struct client *client;		/* input_read() opens it */
};

int input_give(struct input *s, struct model *m);	/* a judged target to fn, if it is selected */
bool input_is_file(const char *arg);
int input_read_file(struct input *s, const char *path);
int input_read(struct input *s, const char *arg);	/* 0, or EXIT_TROUBLE after an error message */
void input_close(struct input *s);

#endif
