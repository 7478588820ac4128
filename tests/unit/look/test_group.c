// SPDX-License-Identifier: GPL-2.0
/* What is counted together, and what stands for many. */
#include <stdio.h>
#include <string.h>

#include <linux/leaktrace.h>

#include "look/group.h"
#include "check.h"

static struct look_groups all;

static const char *group(uint8_t kind, const char *text)
{
	struct look_name name = { .type = LEAKTRACE_TYPE_FILE };
	long i;

	snprintf(name.text, sizeof(name.text), "%s", text);
	i = look_group_of(&all, kind, &name);
	return i < 0 ? "none" : all.group[i].name;
}

static const char *wider(const char *text)
{
	static char name[LOOK_NAME_BYTES];

	snprintf(name, sizeof(name), "%s", text);
	return look_name_wider(name) ? name : "nothing";
}

static void test_wider(void)
{
	char longest[LOOK_NAME_BYTES];

	CHECK(!strcmp(wider("/tmp/x/a"), "/tmp/x/*"));
	CHECK(!strcmp(wider("/tmp/x/*"), "/tmp/*"));
	CHECK(!strcmp(wider("/tmp/*"), "/*"));
	CHECK(!strcmp(wider("/*"), "nothing"));
	CHECK(!strcmp(wider("/a"), "/*"));
	CHECK(!strcmp(wider("TCP to 10.0.0.7:5432"), "TCP to 10.0.0.7:*"));
	CHECK(!strcmp(wider("TCP to [::1]:80"), "TCP to [::1]:*"));
	CHECK(!strcmp(wider("TCP to 10.0.0.7:*"), "TCP to *"));
	CHECK(!strcmp(wider("TCP to *"), "nothing"));
	CHECK(!strcmp(wider("UDP 0.0.0.0:68"), "UDP 0.0.0.0:*"));
	CHECK(!strcmp(wider("TCP accepted on port 80"), "nothing"));
	CHECK(!strcmp(wider("eventfd"), "nothing") && !strcmp(wider(""), "nothing"));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	CHECK(!strcmp(wider(longest), "nothing"), "there is no room for more");
}

static void test_many(void)
{
	char path[64];

	for (int i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "/srv/%c/log", 'a' + i);
		CHECK(!strcmp(group(LEAKTRACE_KIND_FD, path), path), "a few have a group each");
	}
	for (int i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "/tmp/%c", 'a' + i);
		CHECK(!strcmp(group(LEAKTRACE_KIND_FD, path), path));
	}
	CHECK(!strcmp(group(LEAKTRACE_KIND_FD, "/tmp/z"), "/tmp/*"), "the rest is one");
	CHECK(!strcmp(group(LEAKTRACE_KIND_FD, "/tmp/z"), "/tmp/*"), "and stays so");
	CHECK(!strcmp(group(LEAKTRACE_KIND_FD, "/tmp/a"), "/tmp/a"), "as those do that were there before");
	CHECK(!strcmp(group(LEAKTRACE_KIND_MAP, "/tmp/y"), "/tmp/y"), "each kind has its own");
}

static void test_names(void)
{
	struct look_name name;
	char longest[1000];

	look_name_set(&name, LEAKTRACE_TYPE_THREAD, "worker-17-3");
	CHECK(!strcmp(name.text, "worker-#-#"));
	look_name_set(&name, LEAKTRACE_TYPE_FILE, "/tmp/a\nb");
	CHECK(!strcmp(name.text, "/tmp/a?b"));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	look_name_set(&name, LEAKTRACE_TYPE_FILE, longest);
	CHECK(strlen(name.text) == LOOK_NAME_BYTES - 1);
}

int main(void)
{
	test_wider();
	test_many();
	test_names();
	look_groups_free(&all);
	return verdict("groups of a look");
}
