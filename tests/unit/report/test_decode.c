// SPDX-License-Identifier: GPL-2.0
/* Messages as the kernel makes them, and as an enemy would. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "analysis/analysis.h"
#include "model/decode.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "symbolize/stack.h"
#include "check.h"

static struct nl_msg *msg;

static struct nlattr *start(void)
{
	nlmsg_free(msg);
	msg = nlmsg_alloc_size(1 << 16);
	nlmsg_put(msg, 0, 0, 0, 0, 0);
	return nlmsg_data(nlmsg_hdr(msg));
}

static int length(void)
{
	return nlmsg_datalen(nlmsg_hdr(msg));
}

static void targets(void)
{
	struct nlattr *a = start(), *nest;
	struct target t;

	nla_put_u32(msg, LEAKTRACE_A_TARGET_ID, 7);
	nla_put_string(msg, LEAKTRACE_A_TARGET_COMM, "a\033b");
	nest = nla_nest_start(msg, LEAKTRACE_A_TARGET_KIND);
	nla_put_u8(msg, LEAKTRACE_A_KIND_ID, LEAKTRACE_KIND_TIMER);
	nla_put_u64(msg, LEAKTRACE_A_KIND_LIVE, 1ULL << 40);
	nla_nest_end(msg, nest);
	nest = nla_nest_start(msg, LEAKTRACE_A_TARGET_KIND);
	nla_put_u8(msg, LEAKTRACE_A_KIND_ID, 200);
	nla_nest_end(msg, nest);
	nla_put_u32(msg, 99, 1);
	CHECK(!decode_target(a, length(), &t));
	CHECK(t.id == 7 && !strcmp(t.comm, "a?b"));
	CHECK(t.kind[LEAKTRACE_KIND_TIMER].present && !t.kind[LEAKTRACE_KIND_FD].present);
	CHECK(t.kind[LEAKTRACE_KIND_TIMER].live == 1ULL << 40);
	a = start();
	nla_put_u8(msg, LEAKTRACE_A_TARGET_ID, 7);
	CHECK(decode_target(a, length(), &t) == -EINVAL, "an id of one byte");
}

static void sites(void)
{
	uint32_t lifetimes[LEAKTRACE_LIFETIME_BUCKETS] = { 1, 2, [35] = 9 };
	struct nlattr *a = start(), *nest;
	struct site s;

	nla_put_u32(msg, LEAKTRACE_A_SITE_ID, 3);
	nla_put_u64(msg, LEAKTRACE_A_SITE_BORN, 5);
	nla_put_u64(msg, LEAKTRACE_A_SITE_DIED, 50);
	nla_put(msg, LEAKTRACE_A_SITE_LIFETIMES, sizeof(lifetimes), lifetimes);
	for (int i = 0; i < 9; i++) {
		nest = nla_nest_start(msg, LEAKTRACE_A_SITE_RELEASE);
		nla_put_u64(msg, LEAKTRACE_A_RELEASE_COUNT, i);
		nla_nest_end(msg, nest);
	}
	CHECK(!decode_site(a, length(), &s));
	CHECK(s.died == 5 && s.lifetimes[35] == 9 && s.releases == LEAKTRACE_RELEASES_MAX);
	a = start();
	nla_put_u8(msg, LEAKTRACE_A_SITE_KIND, 17);
	CHECK(decode_site(a, length(), &s) == -EINVAL, "a kind that is none");
	a = start();
	nest = nla_nest_start(msg, LEAKTRACE_A_SITE_LIFETIMES);
	nla_put_u32(msg, 1, 11);
	nla_put_u32(msg, 2, 12);
	nla_nest_end(msg, nest);
	CHECK(!decode_site(a, length(), &s) && s.lifetimes[1] == 12);
}

static void stacks(void)
{
	uint64_t pcs[LEAKTRACE_STACK_DEPTH_MAX + 1] = { 1, 2, 3 };
	struct nlattr *a = start();
	struct stack s;

	nla_put(msg, LEAKTRACE_A_STACK_PCS, 24, pcs);
	CHECK(!decode_stack(a, length(), &s) && s.npcs == 3 && s.pcs[2] == 3);
	free(s.pcs);
	a = start();
	nla_put(msg, LEAKTRACE_A_STACK_PCS, 23, pcs);
	CHECK(decode_stack(a, length(), &s) == -EINVAL, "three bytes too few");
	a = start();
	nla_put(msg, LEAKTRACE_A_STACK_PCS, sizeof(pcs), pcs);
	CHECK(decode_stack(a, length(), &s) == -EINVAL, "too deep");
	pcs[3] = pcs[4] = pcs[5] = LEAKTRACE_CHAIN_WORD;
	a = start();
	nla_put(msg, LEAKTRACE_A_STACK_PCS, 40, pcs);
	CHECK(!decode_stack(a, length(), &s) && s.npcs == 3 && s.nwords == 2 && s.words == s.pcs + 3);
	free(s.pcs);
	a = start();
	nla_put(msg, LEAKTRACE_A_STACK_PCS, 48, pcs);
	CHECK(!decode_stack(a, length(), &s) && s.npcs == 3 && s.nwords == 2, "half a frame");
	free(s.pcs);
	a = start();
	nla_put(msg, LEAKTRACE_A_STACK_PCS, sizeof(pcs), pcs);
	CHECK(decode_stack(a, length(), &s) == -EINVAL, "more of a script than the kernel keeps");
}

static void copies(void)
{
	uint8_t memory[100] = { 0 };
	struct nlattr *a = start();
	struct stack_copy c;

	nla_put_u32(msg, LEAKTRACE_A_STACK_KEPT, 3);
	nla_put_u64(msg, LEAKTRACE_A_STACK_SP, 0x7000);
	nla_put(msg, LEAKTRACE_A_STACK_MEMORY, sizeof(memory), memory);
	CHECK(!decode_stack_copy(a, length(), &c) && c.kept == 3 && c.sp == 0x7000 &&
	      c.memory_bytes == 100 && !c.bp_known);
	nla_put_u64(msg, LEAKTRACE_A_STACK_BP, 0);
	CHECK(!decode_stack_copy(a, length(), &c) && c.bp_known);
	a = start();
	nla_put_u32(msg, LEAKTRACE_A_STACK_KEPT, 3);
	CHECK(decode_stack_copy(a, length(), &c) == -EINVAL, "no memory");
	a = start();
	nla_put_u8(msg, LEAKTRACE_A_STACK_SP, 1);
	nla_put(msg, LEAKTRACE_A_STACK_MEMORY, sizeof(memory), memory);
	CHECK(decode_stack_copy(a, length(), &c) == -EINVAL, "a pointer of one byte");
}

/* Bytes at random in copies of the right size, so that a sanitizer sees a read too far. */
static void noise(void)
{
	struct model m;

	model_init(&m);
	m.offline = true;
	srandom(1);
	for (int i = 0; i < 20000; i++) {
		int len = random() % 200, type = random() % 14;
		uint8_t *bytes = malloc(len ?: 1);

		for (int k = 0; k < len; k++)
			bytes[k] = random() % 3 ? random() % 24 : random();
		model_record(&m, type, (struct nlattr *)bytes, len);
		free(bytes);
	}
	model_settle(&m);
	analysis_run(&m, &(struct analysis_options){ 0 }, NULL, NULL);
	model_free(&m);
	CHECK(true);
}

int main(void)
{
	targets();
	sites();
	stacks();
	copies();
	noise();
	nlmsg_free(msg);
	return verdict("decode");
}
