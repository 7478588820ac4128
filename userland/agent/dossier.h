/* SPDX-License-Identifier: GPL-2.0 */
/* The agent's directory: reports, recordings and last words, by process and time. */
#ifndef LEAKTRACE_AGENT_DOSSIER_H
#define LEAKTRACE_AGENT_DOSSIER_H

#include <stdbool.h>
#include <stdint.h>

struct host_row;
struct json_object;

int dossier_open(const char *directory);	/* makes it; 0, or EXIT_TROUBLE after an error message */

/*
 * "DIRECTORY/NAME-PID-TIME", which no file begins with yet; NAME is the unit, the container or
 * the name of the process. Malloced; NULL: no memory. ".txt" and so on follow.
 */
char *dossier_stem(const char *directory, const struct host_row *row);

/* STEM.txt and STEM.json, which is consumed: 0, or EXIT_TROUBLE after an error message. */
int dossier_write(const char *stem, const char *text, struct json_object *json);

/* Deletes the oldest beyond so many, and so many bytes; nothing of what keep() says. */
void dossier_trim(const char *directory, unsigned int reports, uint64_t bytes,
		  bool (*keep)(const char *stem, void *arg), void *arg);

#endif
