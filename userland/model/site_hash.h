/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An identity of sites that outlives a run: of one kind and type at one call path it
 * is the same in every process, and on every host with the same binaries.
 */
#ifndef LEAKTRACE_MODEL_SITE_HASH_H
#define LEAKTRACE_MODEL_SITE_HASH_H

struct model;
struct runtime_site;
struct site;

enum { SITE_HASH_DIGITS = 16 };

/* Writes hexadecimal digits, and returns buf. */
const char *site_hash(struct model *m, const struct site *s, char buf[SITE_HASH_DIGITS + 1]);
const char *runtime_site_hash(const struct runtime_site *s, char buf[SITE_HASH_DIGITS + 1]);

#endif
