// SPDX-License-Identifier: GPL-2.0
/*
 * Trace files whose container is whole and whose records are not: read, judged
 * and reported in every format. A sanitizer watches.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <json-c/json.h>

#include "analysis/analysis.h"
#include "model/site.h"
#include "model/site_hash.h"
#include "model/kind.h"
#include "model/model.h"
#include "report/html.h"
#include "report/openmetrics.h"
#include "report/pprof.h"
#include "report/text.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "symbolize/symbolizer.h"
#include "tracefile/container.h"
#include "tracefile/format.h"
#include "tracefile/reader.h"
#include "tracefile/records.h"
#include "tracefile/writer.h"
#include "util/style.h"
#include "check.h"

enum { ROUNDS = 400, SITES = 6, OBJECTS = 60 };

static char path[] = "/tmp/leaktrace-test-XXXXXX";
static struct file_writer *w;
static unsigned int damage;		/* one byte in so many is wrong; 0: none */
static struct nl_msg *msg;

static void begin(void)
{
	msg = nlmsg_alloc_size(1 << 16);
	nlmsg_put(msg, 0, 0, 0, 0, 0);
}

static void end(unsigned int type)
{
	uint8_t *data = nlmsg_data(nlmsg_hdr(msg));
	int len = nlmsg_datalen(nlmsg_hdr(msg));

	for (int i = 0; damage && i < len; i++)
		if (random() % damage == 0)
			data[i] = random() % 3 ? random() % 20 : random();
	file_append(w, type, data, damage && random() % 20 == 0 ? random() % len : len);
	nlmsg_free(msg);
}

static void put_site(int i)
{
	uint32_t lifetimes[LEAKTRACE_LIFETIME_BUCKETS] = { [10] = i };
	struct nlattr *nest;

	begin();
	nla_put_u32(msg, LEAKTRACE_A_SITE_ID, i);
	nla_put_u8(msg, LEAKTRACE_A_SITE_KIND, i % KINDS);
	nla_put_u8(msg, LEAKTRACE_A_SITE_TYPE, i);
	nla_put_u32(msg, LEAKTRACE_A_SITE_STACK, i);
	nla_put_u64(msg, LEAKTRACE_A_SITE_BORN, OBJECTS + i);
	nla_put_u64(msg, LEAKTRACE_A_SITE_DIED, i);
	nla_put_u64(msg, LEAKTRACE_A_SITE_FIRST_NS, 1000000000);
	nla_put_u64(msg, LEAKTRACE_A_SITE_LAST_NS, 11000000000);
	nla_put(msg, LEAKTRACE_A_SITE_LIFETIMES, sizeof(lifetimes), lifetimes);
	nest = nla_nest_start(msg, LEAKTRACE_A_SITE_RELEASE);
	nla_put_u32(msg, LEAKTRACE_A_RELEASE_STACK, 1);
	nla_put_u64(msg, LEAKTRACE_A_RELEASE_COUNT, i);
	nla_nest_end(msg, nest);
	end(LEAKTRACE_CMD_SITE_GET);
	for (int o = 0; o < OBJECTS; o++) {
		begin();
		nla_put_u8(msg, LEAKTRACE_A_OBJECT_KIND, i % KINDS);
		nla_put_u8(msg, LEAKTRACE_A_OBJECT_TYPE, i);
		nla_put_u64(msg, LEAKTRACE_A_OBJECT_ID, o + 0x1000);
		nla_put_u32(msg, LEAKTRACE_A_OBJECT_SITE, i);
		nla_put_u64(msg, LEAKTRACE_A_OBJECT_BORN_NS, 1000000000 + o * 160000000ULL);
		nla_put_u32(msg, LEAKTRACE_A_OBJECT_FLAGS, o % 7);
		end(LEAKTRACE_CMD_OBJECT_GET);
	}
}

static void put_stack(int i)
{
	uint64_t pcs[] = { 0x1000 + i, 0x2000, 0x3000 };
	struct nlattr *nest;

	begin();
	nla_put_u32(msg, LEAKTRACE_A_STACK_ID, i);
	nla_put_u8(msg, LEAKTRACE_A_STACK_STATUS, i);
	nla_put(msg, LEAKTRACE_A_STACK_PCS, sizeof(pcs), pcs);
	end(LEAKTRACE_CMD_STACK_GET);
	begin();
	nla_put_u32(msg, LEAKTRACE_A_STACK_ID, i);
	nla_put_u8(msg, LEAKTRACE_A_STACK_STATUS, LEAKTRACE_STACK_ROOT);
	nla_put(msg, LEAKTRACE_A_STACK_PCS, sizeof(pcs), pcs);
	end(LEAKTRACE_CMD_STACK_REST);
	begin();
	nla_put_u64(msg, 1, 0x1000 + i);
	nla_put_u8(msg, 2, 0);
	nest = nla_nest_start(msg, 3);
	nla_put_string(msg, 1, "conn_open");
	nla_put_string(msg, 2, "server.c");
	nla_put_u32(msg, 3, 88);
	nla_put_string(msg, 4, "/bin/server");
	nla_put_string(msg, 5, "0123");
	nla_put_u64(msg, 6, 4);
	nla_nest_end(msg, nest);
	end(RECORD_SYMBOL);
}

static void write_file(void)
{
	static const char maps[] = "1000-9000 rw-p 00000000 00:00 0 [heap]\n";
	struct nlattr *nest;
	char err[256];

	w = file_create(path, err, sizeof(err));
	begin();
	nla_put_u32(msg, LEAKTRACE_A_TARGET_ID, 1);
	nla_put_u32(msg, LEAKTRACE_A_TARGET_PID, 4242);
	nla_put_u32(msg, LEAKTRACE_A_TARGET_KINDS, LEAKTRACE_KINDS_ALL);
	nla_put_string(msg, LEAKTRACE_A_TARGET_COMM, "server");
	nla_put_u64(msg, LEAKTRACE_A_TARGET_NOW_NS, 11500000000);
	nest = nla_nest_start(msg, LEAKTRACE_A_TARGET_KIND);
	nla_put_u8(msg, LEAKTRACE_A_KIND_ID, 0);
	nla_put_u64(msg, LEAKTRACE_A_KIND_LIVE, OBJECTS);
	nla_nest_end(msg, nest);
	end(LEAKTRACE_CMD_TARGET_GET);
	begin();
	nla_put_string(msg, 1, "/bin/server");
	nla_put_string(msg, 2, "host");
	end(RECORD_META);
	file_append(w, RECORD_MAPS, maps, sizeof(maps) - 1);
	for (int i = 1; i <= SITES; i++) {
		put_site(i);
		put_stack(i);
	}
	begin();
	nla_put_u8(msg, 1, 0);
	nla_put_u64(msg, 3, 0x1000);
	nla_put_u64(msg, 4, 1000000000);
	nla_put_string(msg, 5, "socket:[TCP 127.0.0.1:80]");
	end(RECORD_EXAMPLE);
	file_finish(w);
}

/* The outputs that are not a stream of their own. */
static void report_to_tools(struct model *m, FILE *f)
{
	struct json_object *pages = json_object_new_array();
	struct metrics *x = metrics_new();

	for (int k = 0; k < KINDS; k++) {
		void *data = NULL;
		size_t len = 0;

		CHECK(!report_pprof(m, k, &data, &len) && len);
		free(data);
	}
	metrics_add(x, m);
	CHECK(!metrics_write(x, f, true));
	metrics_free(x);
	json_object_array_add(pages, html_data(m));
	CHECK(!html_write(f, pages));
	json_object_put(pages);
}

/* Whether it could be read; what was read is reported in every way. */
static bool report_it(char **all)
{
	const struct trace_part everything = { .to_ns = UINT64_MAX };
	struct analysis_options opts = { 0 };
	struct model m;
	char err[256] = "";
	size_t len;
	FILE *f = open_memstream(all, &len);
	bool good;

	model_init(&m);
	good = !trace_read_part(path, &everything, &m, NULL, err, sizeof(err));
	CHECK(good || *err, "a failure without a word");
	if (good) {
		analysis_run(&m, &opts, NULL, NULL);
		for (int format = FORMAT_TEXT; format <= FORMAT_FOLDED; format++) {
			struct report_style look = { .format = format, .all = true };

			CHECK(!report_write(f, &m, &look));
		}
		report_to_tools(&m, f);
	}
	fclose(f);
	model_free(&m);
	return good;
}

/* A template's name has no end; what is written of it can be read. */
static void long_names(void)
{
	static char name[10000];
	struct symbol_frame fed = { .function = name, .file = name }, f[1];
	struct model m, back;
	struct written_set known = { 0 };
	struct file_reader *r;
	char err[256];
	unsigned int type;
	size_t len;
	void *data;
	bool found = false;

	memset(name, 'x', sizeof(name) - 1);
	model_init(&m);
	model_init(&back);
	m.offline = true;
	m.exe = strdup(name);
	m.symbolizer = symbolizer_offline();
	back.symbolizer = symbolizer_offline();
	CHECK(!symbolizer_add_saved(m.symbolizer, 0x1000, false, &fed, 1));
	m.stacks = calloc(1, sizeof(*m.stacks));
	m.nstacks = m.stacks_room = 1;
	m.stacks[0] = (struct stack){ .id = 1, .npcs = 1, .pcs = calloc(1, sizeof(uint64_t)) };
	m.stacks[0].pcs[0] = 0x1000;
	w = file_create(path, err, sizeof(err));
	CHECK(!trace_write_names(&m, w, true, &known));
	file_finish(w);
	r = file_open(path, err, sizeof(err));
	while (r && file_next(r, &type, &data, &len, err, sizeof(err)) > 0) {
		if (type == RECORD_META)
			CHECK(!trace_decode_meta(&back, &back, data, len));
		if (type == RECORD_SYMBOL)
			CHECK(found = !trace_decode_symbol(&back, data, len));
	}
	file_close(r);
	CHECK(found && back.exe && strlen(back.exe) == 4095);
	CHECK(symbolizer_resolve(back.symbolizer, 0x1000, false, f, 1) == 1 && f->function &&
	      strlen(f->function) == 4095);
	written_set_clear(&known);
	model_free(&m);
	model_free(&back);
}

static void add_stack(struct model *m)
{
	static const uint64_t pcs[] = { 0x1000, 0x2000 };

	m->offline = true;
	m->symbolizer = symbolizer_offline();
	m->stacks = calloc(1, sizeof(*m->stacks));
	m->nstacks = m->stacks_room = 1;
	m->stacks_sorted = true;
	m->stacks[0] = (struct stack){ .id = 1, .npcs = 2, .pcs = malloc(sizeof(pcs)) };
	memcpy(m->stacks[0].pcs, pcs, sizeof(pcs));
}

/* Frames that are between two of a stack, of this pair only; a call path's hash is that of the stack. */
static void tail_calls(void)
{
	const struct stack_gap gap = { .inner = 0x1000, .outer = 0x2000 };
	const struct stack_gap other = { .inner = 0x1000, .outer = 0x2000, .inner_is_return_address = true };
	struct symbol_frame fed = { .function = "at", .file = "a.c", .line = 7, .module = "a" }, f[2];
	const struct site site = { .stack = 1 };
	char err[256], hash[SITE_HASH_DIGITS + 1], without[SITE_HASH_DIGITS + 1];
	const struct symbol_frame *frames;
	struct written_set known = { 0 };
	struct model m, back;
	struct file_reader *r;
	unsigned int type;
	size_t len;
	void *data;

	model_init(&m);
	model_init(&back);
	add_stack(&m);
	add_stack(&back);
	CHECK(!symbolizer_add_saved(m.symbolizer, 0x1000, false, &fed, 1));
	CHECK(!symbolizer_add_saved(m.symbolizer, 0x2000, true, &fed, 1));
	fed.function = "jumped";
	fed.tail_call = true;
	site_hash(&m, &site, without);
	model_forget_names(&m);
	CHECK(!symbolizer_add_saved_tail_calls(m.symbolizer, &gap, &fed, 1));
	w = file_create(path, err, sizeof(err));
	CHECK(!trace_write_names(&m, w, true, &known));
	file_finish(w);
	r = file_open(path, err, sizeof(err));
	while (r && file_next(r, &type, &data, &len, err, sizeof(err)) > 0) {
		if (type == RECORD_SYMBOL)
			CHECK(!trace_decode_symbol(&back, data, len));
		if (type == RECORD_TAIL_CALLS)
			CHECK(!trace_decode_tail_calls(&back, data, len));
	}
	file_close(r);
	CHECK(symbolizer_tail_calls(back.symbolizer, &other, f, 2) == 0);
	CHECK(model_frames(&back, 1, &frames) == 3 && !frames[0].tail_call && frames[1].tail_call &&
	      !strcmp(frames[1].function, "jumped") && frames[1].line == 7 && !strcmp(frames[2].function, "at"));
	CHECK(!strcmp(site_hash(&back, &site, hash), without), "%s, not %s", hash, without);
	written_set_clear(&known);
	model_free(&m);
	model_free(&back);
}

/* How many frames are left of a stack whose second frame was found by inferred rules; written and read. */
static int inferred(bool called, bool told, uint8_t *status)
{
	struct symbol_frame fed = { .function = "at", .file = "a.c", .line = 7, .module = "a" };
	const struct symbol_frame *frames;
	struct written_set known = { 0 };
	struct model m, back;
	struct file_reader *r;
	unsigned int type;
	char err[256];
	size_t len;
	void *data;
	int n;

	model_init(&m);
	model_init(&back);
	add_stack(&m);
	add_stack(&back);
	fed.leads_by_inference = !told;
	fed.missing_debug = "/build/a.dwo";
	fed.rust_library = true;
	CHECK(!symbolizer_add_saved(m.symbolizer, 0x1000, false, &fed, 1));
	fed.leads_by_inference = false;
	fed.missing_debug = NULL;
	fed.rust_library = false;
	fed.not_called = !called;
	CHECK(!symbolizer_add_saved(m.symbolizer, 0x2000, true, &fed, 1));
	w = file_create(path, err, sizeof(err));
	CHECK(!trace_write_names(&m, w, true, &known));
	file_finish(w);
	r = file_open(path, err, sizeof(err));
	while (r && file_next(r, &type, &data, &len, err, sizeof(err)) > 0)
		if (type == RECORD_SYMBOL)
			CHECK(!trace_decode_symbol(&back, data, len));
	file_close(r);
	n = model_frames(&back, 1, &frames);
	CHECK(!frames[0].inferred && (n < 2 || frames[1].inferred == !told));
	CHECK(frames[0].missing_debug && !strcmp(frames[0].missing_debug, "/build/a.dwo") &&
	      (n < 2 || !frames[1].missing_debug));
	CHECK(frames[0].rust_library && (n < 2 || !frames[1].rust_library));
	*status = back.stacks[0].status;
	written_set_clear(&known);
	model_free(&m);
	model_free(&back);
	return n;
}

static void check_inferred(void)
{
	uint8_t status;

	CHECK(inferred(true, true, &status) == 2 && status == LEAKTRACE_STACK_ROOT);
	CHECK(inferred(true, false, &status) == 2 && status == LEAKTRACE_STACK_ROOT);
	/* call frame information is believed */
	CHECK(inferred(false, true, &status) == 2 && status == LEAKTRACE_STACK_ROOT);
	CHECK(inferred(false, false, &status) == 1 && status == LEAKTRACE_STACK_NOPROGRESS);
}

int main(void)
{
	unsigned int good = 0;
	char *all;

	close(mkstemp(path));
	srandom(3);
	long_names();
	tail_calls();
	check_inferred();
	write_file();
	CHECK(report_it(&all));
	CHECK(strstr(all, "LEAK") && strstr(all, "conn_open") && strstr(all, "server.c:88"));
	CHECK(strstr(all, "{\"leaktrace\":1,") && strstr(all, "server;"));
	CHECK(strstr(all, "\n# EOF\n") && strstr(all, "leaktrace_live{pid=\"4242\",comm=\"server\",kind="));
	CHECK(strstr(all, "<!doctype html>") && strstr(all, "</html>"));
	free(all);
	/* what is said about each is not of interest */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	for (int i = 0; i < ROUNDS; i++) {
		damage = 20 << i % 12;
		write_file();
		good += report_it(&all);
		free(all);
	}
	CHECK(good > ROUNDS / 20 && good < ROUNDS, "%u", good);
	unlink(path);
	return verdict("trace");
}
