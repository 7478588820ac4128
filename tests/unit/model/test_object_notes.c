// SPDX-License-Identifier: GPL-2.0
/* What is remembered of objects: the newest examples, and every thread nobody joined. */
#include <stdio.h>
#include <string.h>

#include <linux/leaktrace.h>

#include "model/object.h"
#include "model/object_notes.h"
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
	struct object_notes s = { 0 };
	char what[32];

	for (int i = 0; i < 10000; i++) {
		o = fd(i);
		snprintf(what, sizeof(what), "file %d", i);
		object_notes_add(&s, &o, what);
		/* what is seen at each look stays, though it is old */
		o = fd(0);
		object_notes_add(&s, &o, "the first");
	}
	o = fd(0);
	CHECK(object_notes_find(&s, &o) && !strcmp(object_notes_find(&s, &o), "the first"), "the first is gone");
	o = fd(9999);
	CHECK(object_notes_find(&s, &o) && !strcmp(object_notes_find(&s, &o), "file 9999"), "the last is gone");
	o = fd(1);
	CHECK(!object_notes_find(&s, &o), "nothing makes room");

	/* after so many examples, and many more than there may be of these */
	for (int i = 0; i < 20000; i++) {
		o = thread(i / 2, 1000 - i % 2);
		object_notes_add(&s, &o, THREAD_UNJOINED);
	}
	for (int i = 0; i < 20000; i++) {
		o = thread(i / 2, 1000 - i % 2);
		CHECK(object_notes_unjoined(&s, &o), "thread %d is joined", i);
	}
	o = thread(3, 998);
	CHECK(!object_notes_unjoined(&s, &o), "another thread of that number");
	o = thread(20000, 1000);
	CHECK(!object_notes_unjoined(&s, &o), "a thread that is none");
	object_notes_forget_unjoined(&s);
	o = thread(3, 1000);
	CHECK(!object_notes_unjoined(&s, &o), "not forgotten");
	object_notes_clear(&s);
	return verdict("seen");
}
