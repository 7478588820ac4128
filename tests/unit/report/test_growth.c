// SPDX-License-Identifier: GPL-2.0
/*
 * What grows without being an object: watches of one instance, a shared mapping, address
 * space. Of this process, by /proc; and what goes on growing is told from a single step.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <unistd.h>

#include <json-c/json.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "check.h"
#include "model/model.h"
#include "model/object.h"
#include "report/growth.h"
#include "util/proc_maps.h"
#include "util/style.h"

enum { MIB = 1 << 20, STEPS = 4, WATCHES = 40 };

static struct object objects[2];

static void look(struct model *m)
{
	usleep(2000);		/* the rate is by time */
	model_read_proc(m);
}

static char *text_of(const struct model *m)
{
	struct report_style style = { .format = FORMAT_TEXT };
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	report_growth(f, m, &style);
	fclose(f);
	return text;
}

static void begin(struct model *m)
{
	model_init(m);
	m->target.pid = getpid();
	m->objects = objects;
	m->nobjects = 2;
	look(m);
}

static void end(struct model *m)
{
	m->objects = NULL;
	m->nobjects = 0;
	model_free(m);
}

static void watch_more(void)
{
	int fds[2];

	for (int i = 0; i < WATCHES && !pipe(fds); i++)
		epoll_ctl(objects[1].id, EPOLL_CTL_ADD, fds[0], &(struct epoll_event){ 0 });
}

static void test_growth(void)
{
	char *shared = mmap(NULL, MIB, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *text;
	struct json_object *json, *row;
	struct model m;

	begin(&m);
	for (int i = 1; i <= STEPS; i++) {
		shared = mremap(shared, (i * 20 - 19) * MIB, (i * 20 + 1) * MIB, MREMAP_MAYMOVE);
		CHECK(shared != MAP_FAILED);
		CHECK(mmap(NULL, 80 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
		watch_more();
		look(&m);
	}
	text = text_of(&m);
	CHECK(strstr(text, "grows: epoll watches: 160, 160 more than at attach; at this rate, fs.epoll.max_user_watches"),
	      "%s", text);
	CHECK(strstr(text, "grows: shared mapping of /dev/zero (deleted): 81 MiB, 80 MiB more than at attach\n"), "%s", text);
	CHECK(strstr(text, "grows: address space: ") && strstr(text, "(--kinds map shows who maps it)"), "%s", text);
	CHECK(!strstr(text, "inotify"), "%s", text);
	free(text);
	json = report_json_growth(&m);
	CHECK(json && json_object_array_length(json) == 3);
	row = json_object_array_get_idx(json, 0);
	CHECK(!strcmp(json_object_get_string(json_object_object_get(row, "what")), "epoll_watches") &&
	      json_object_get_int(json_object_object_get(row, "now")) == STEPS * WATCHES);
	json_object_put(json);
	/* another program */
	limits_forget_growth(&m);
	look(&m);
	json = report_json_growth(&m);
	CHECK(!json);
	end(&m);
}

/* A table that is made larger once, and then used. */
static void test_step(void)
{
	struct model m;
	char *text;

	begin(&m);
	CHECK(mmap(NULL, 512 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	for (int i = 0; i < WATCHES; i++)
		inotify_add_watch(objects[0].id, i % 2 ? "/proc" : "/", IN_CREATE);
	for (int i = 0; i < STEPS; i++) {
		look(&m);
		/* what any program maps now and then */
		CHECK(mmap(NULL, MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	}
	text = text_of(&m);
	CHECK(!*text, "%s", text);
	free(text);
	end(&m);
}

/* In a file, and from one that lies. */
static void test_file(void)
{
	struct limit l[LIMITS] = { 0 }, back[LIMITS] = { 0 };
	struct nl_msg *msg = nlmsg_alloc();
	struct nlattr *a;
	int rest;

	nlmsg_put(msg, 0, 0, 1, 0, 0);
	l[LIMIT_SHARED_FILE] = (struct limit){ .now = 7, .name = "/dev/shm/ring",
		.growth = { .first = 5, .most = 7, .first_ns = 1, .last_ns = 60000000001, .looks = 3, .grew = 2 } };
	limits_put(msg, 1, l);
	nlmsg_for_each_attr(a, nlmsg_hdr(msg), 0, rest)
		CHECK(!limits_take(a, back));
	CHECK(!memcmp(&back[LIMIT_SHARED_FILE], &l[LIMIT_SHARED_FILE], sizeof(*l)));
	CHECK(limit_growth_per_min(&back[LIMIT_SHARED_FILE]) == 2);
	back[LIMIT_SHARED_FILE].growth.last_ns = 0;
	CHECK(!limit_growth_per_min(&back[LIMIT_SHARED_FILE]));
	nlmsg_free(msg);
}

int main(void)
{
	objects[0] = (struct object){ .kind = LEAKTRACE_KIND_FD, .type = LEAKTRACE_TYPE_INOTIFY, .id = inotify_init(), .count = 1 };
	objects[1] = (struct object){ .kind = LEAKTRACE_KIND_FD, .type = LEAKTRACE_TYPE_EPOLL, .id = epoll_create1(0), .count = 1 };
	test_growth();
	test_step();
	test_file();
	return verdict("growth");
}
