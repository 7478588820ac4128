// SPDX-License-Identifier: GPL-2.0
/*
 * Records, which are what the module says as well as what a trace file keeps: each is
 * decoded, and a model made of all. A byte says which of them, two how long it is.
 * What is made of a model then is fuzz_trace.c's and fuzz_message.c's.
 */
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>

#include "model/decode.h"
#include "model/event.h"
#include "model/model.h"
#include "model/status.h"
#include "symbolize/stack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_event(const struct event *e, void *arg)
{
	*(uint64_t *)arg += e->id;
}

/* What a model has no room for. */
static void take_other(uint8_t type, struct nlattr *attrs, int len)
{
	struct stack_copy copy;
	struct probe probe;
	struct batch batch;
	uint64_t sum = 0;

	switch (type % 3) {
	case 0:
		decode_batch(attrs, len, &batch, take_event, &sum);
		break;
	case 1:
		decode_probe(attrs, len, &probe);
		break;
	default:
		if (!decode_stack_copy(attrs, len, &copy) && copy.memory_bytes)
			sum += copy.memory[0] + copy.memory[copy.memory_bytes - 1];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model m;

	model_init(&m);
	while (size > 3) {
		uint8_t type = data[0];
		size_t len = data[1] | data[2] << 8;
		void *payload;

		data += 3;
		size -= 3;
		len = len < size ? len : size;
		/* of its own: a sanitizer sees who reads on */
		payload = malloc(len ?: 1);
		memcpy(payload, data, len);
		if (type & 0x80)
			take_other(type, payload, len);
		else
			model_record(&m, type, payload, len);
		free(payload);
		data += len;
		size -= len;
	}
	model_settle(&m);
	for (size_t i = 0; i < m.nstacks; i++)
		if (!model_stack(&m, m.stacks[i].id) && m.stacks[i].id)
			abort();
	model_free(&m);
	return 0;
}
