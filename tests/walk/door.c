// SPDX-License-Identifier: GPL-2.0
/*
 * Stands where the module's netlink door is: userland/netlink/code_upload.c reads a process's
 * mappings, compiles tables and hands them over, in a sealed file as ever.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/leaktrace_unwind.h>

#include "model/model.h"
#include "netlink/code_maps.h"
#include "netlink/code_upload.h"
#include "netlink/requests.h"
#include "walk.h"

enum { MAX_TABLES = 4096, MAP_TYPE = 1, MESSAGE_BYTES = 1 << 20 };

struct code_of {
	struct lt_maps *maps;
};

static struct {
	uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES];
	struct lt_table *table;
} known[MAX_TABLES];
static uint32_t n_known;

int client_unwind_get(struct client *c, const uint8_t *key, uint32_t *id)
{
	(void)c;
	for (uint32_t i = 0; i < n_known; i++)
		if (!memcmp(known[i].key, key, sizeof(known[i].key))) {
			*id = i + 1;
			return 0;
		}
	return -ENOENT;
}

int client_unwind_add(struct client *c, int fd, uint32_t *id)
{
	struct leaktrace_unwind_header *blob;
	struct lt_table *table;
	struct stat st;

	(void)c;
	if (n_known == MAX_TABLES || fstat(fd, &st))
		return -ENOSPC;
	blob = malloc(st.st_size);
	table = blob && pread(fd, blob, st.st_size, 0) == st.st_size ?
		walker_table(blob, st.st_size) : NULL;
	if (!table) {
		free(blob);
		return -EINVAL;
	}
	memcpy(known[n_known].key, blob->key, sizeof(blob->key));
	known[n_known++].table = table;
	*id = n_known;
	return 0;
}

/* Only code_map_send() wants these, and we have no target. */
int client_target_get(struct client *c, uint32_t id, struct model *m)
{
	(void)c;
	(void)id;
	(void)m;
	return -ENOENT;
}

int client_maps_set(struct client *c, uint32_t target, uint32_t generation,
		    const struct code_map *code)
{
	(void)c;
	(void)target;
	(void)generation;
	(void)code;
	return -ENOENT;
}

static void take_map(struct nlattr *nest, struct lt_maps *maps, unsigned int i)
{
	struct nlattr *tb[LEAKTRACE_A_MAP_MAX + 1];
	uint32_t id;

	if (nla_parse_nested(tb, LEAKTRACE_A_MAP_MAX, nest, NULL))
		abort();
	id = nla_get_u32(tb[LEAKTRACE_A_MAP_TABLE]);
	walker_map(maps, i, nla_get_u64(tb[LEAKTRACE_A_MAP_START]),
		   nla_get_u64(tb[LEAKTRACE_A_MAP_END]), nla_get_u64(tb[LEAKTRACE_A_MAP_BIAS]),
		   id ? known[id - 1].table : NULL, nla_get_u32(tb[LEAKTRACE_A_MAP_FLAGS]));
}

static void take_maps(struct code_of *code, struct nl_msg *msg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	unsigned int n = 0, i = 0;
	struct nlattr *a;
	int left;

	nlmsg_for_each_attr(a, h, 0, left)
		n++;
	code->maps = walker_maps(n);
	nlmsg_for_each_attr(a, h, 0, left)
		take_map(a, code->maps, i++);
}

struct code_of *door_read(pid_t pid)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE_BYTES);
	struct code_of *of = NULL;
	struct code_map *code;

	nlmsg_put(msg, 0, 0, 0, 0, 0);
	code = code_map_read(NULL, pid);
	if (code)
		code->has_chain = false;	/* a script's frames are none of libdw's */
	if (code && !code_map_put(code, msg, MAP_TYPE, 0)) {
		of = calloc(1, sizeof(*of));
		take_maps(of, msg);
	}
	code_map_free(code);
	nlmsg_free(msg);
	return of;
}

void door_drop(struct code_of *code)
{
	if (code)
		free(code->maps);
	free(code);
}

struct lt_maps *door_maps(struct code_of *code)
{
	return code->maps;
}
