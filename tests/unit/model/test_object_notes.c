// SPDX-License-Identifier: GPL-2.0
/* What is remembered of objects: the newest examples, and every thread nobody joined. */
#include <string.h>

#include "leaktrace.h"
#include "check.h"

static struct object thread(uint64_t id, uint64_t born_ns)
{
	return (struct object){ .id = id, .born_ns = born_ns, .kind = LEAKTRACE_KIND_THREAD };
}

static struct object fd(uint64_t id)
{
	return (struct object){ .id = id, .born_ns = 7, .kind = LEAKTRACE_KIND_FD };
}

int main(void)
{
	struct object o;
	struct seen s = { 0 };
	char what[32];

	for (int i = 0; i < 10000; i++) {
		o = fd(i);
		snprintf(what, sizeof(what), "file %d", i);
		seen_put(&s, &o, what);
		/* what is seen at each look stays, though it is old */
		o = fd(0);
		seen_put(&s, &o, "the first");
	}
	o = fd(0);
	CHECK(seen_what(&s, &o) && !strcmp(seen_what(&s, &o), "the first"), "the first is gone");
	o = fd(9999);
	CHECK(seen_what(&s, &o) && !strcmp(seen_what(&s, &o), "file 9999"), "the last is gone");
	o = fd(1);
	CHECK(!seen_what(&s, &o), "nothing makes room");

	/* after so many examples, and many more than there may be of these */
	for (int i = 0; i < 20000; i++) {
		o = thread(i / 2, 1000 - i % 2);
		seen_put(&s, &o, THREAD_UNJOINED);
	}
	for (int i = 0; i < 20000; i++) {
		o = thread(i / 2, 1000 - i % 2);
		CHECK(seen_unjoined(&s, &o), "thread %d is joined", i);
	}
	o = thread(3, 998);
	CHECK(!seen_unjoined(&s, &o), "another thread of that number");
	o = thread(20000, 1000);
	CHECK(!seen_unjoined(&s, &o), "a thread that is none");
	seen_forget_unjoined(&s);
	o = thread(3, 1000);
	CHECK(!seen_unjoined(&s, &o), "not forgotten");
	seen_clear(&s);
	return verdict("seen");
}
