// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>

#include "model/kind.h"
#include "model/ledger.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "report/ledger.h"
#include "report/text.h"
#include "util/format.h"
#include "util/json.h"
#include "util/style.h"
#include "util/units.h"

/* Page cache of less is not told to be no leak. */
#define CACHE_BYTES_MIN		(16ULL << 20)
#define CACHE_SHARE_MIN		0.25
#define LISTED_SHARE_MIN	0.01	/* parts of less are left out of a sentence */

static const char *const nouns[LEDGER_PARTS] = {
	[LEDGER_ANONYMOUS] = "anonymous", [LEDGER_FILE] = "files",
	[LEDGER_SHARED_MEMORY] = "shared memory", [LEDGER_HUGETLB] = "hugetlb",
	[LEDGER_SWAP] = "swapped out", [LEDGER_PAGE_TABLES] = "page tables",
	[LEDGER_KERNEL_STACKS] = "kernel stacks", [LEDGER_SLAB] = "slab",
	[LEDGER_PER_CPU] = "per-CPU", [LEDGER_VMALLOC] = "vmalloc",
	[LEDGER_SOCKETS] = "socket buffers", [LEDGER_ZSWAP] = "zswap", [LEDGER_OTHER] = "other",
};

/* Of memory that is the process's own: pages touched since attach by a call path that is known. */
static uint64_t explained_bytes(const struct model *m)
{
	const struct ledger_account *a = &m->ledger.process;
	uint64_t all = a->total_bytes + a->bytes[LEDGER_SWAP], pages = 0;

	for (size_t i = 0; i < m->nsites; i++)
		if (m->sites[i].kind == LEAKTRACE_KIND_PAGE && m->sites[i].stack)
			pages += site_live(&m->sites[i]);
	return pages * PAGE_BYTES < all ? pages * PAGE_BYTES : all;
}

static uint64_t unexplained_bytes(const struct model *m)
{
	const struct ledger_account *a = &m->ledger.process;

	return a->total_bytes + a->bytes[LEDGER_HUGETLB] + a->bytes[LEDGER_SWAP] - explained_bytes(m);
}

/* ": anonymous 12 MiB, files 3 MiB" */
static void write_parts(FILE *f, const struct ledger_account *a, const char *cache)
{
	const char *lead = ": ";
	char buf[32];

	for (int i = 0; i < LEDGER_PARTS; i++) {
		if (a->bytes[i] < a->total_bytes * LISTED_SHARE_MIN || !a->bytes[i])
			continue;
		fprintf(f, "%s%s %s", lead, i == LEDGER_FILE ? cache : nouns[i],
			format_bytes(a->bytes[i], buf));
		lead = ", ";
	}
}

static void write_process(FILE *f, const struct model *m, const struct report_style *style)
{
	const struct ledger_account *a = &m->ledger.process;
	uint64_t explained = explained_bytes(m);
	char buf[32];

	fprintf(f, "%sresident%s  %s", BOLD(style), PLAIN(style), format_bytes(a->total_bytes, buf));
	write_parts(f, a, nouns[LEDGER_FILE]);
	if (explained)
		fprintf(f, "; %s of it touched since attach by call paths that are known",
			format_bytes(explained, buf));
	fputc('\n', f);
}

static void write_cgroup(FILE *f, const struct model *m, const struct report_style *style)
{
	const struct ledger_account *a = &m->ledger.cgroup;
	uint64_t cache = a->bytes[LEDGER_FILE];
	char buf[32], whole[32];

	fprintf(f, "%scgroup%s  %s", BOLD(style), PLAIN(style), format_bytes(a->total_bytes, buf));
	write_parts(f, a, "page cache");
	fputc('\n', f);
	if (cache >= CACHE_BYTES_MIN && cache >= a->total_bytes * CACHE_SHARE_MIN)
		fprintf(f, "  not a leak: %s of its %s is page cache, which the kernel takes back when memory is short\n",
			format_bytes(cache, buf), format_bytes(a->total_bytes, whole));
}

void report_ledger(FILE *f, struct model *m, const struct report_style *style)
{
	if (!(m->target.kinds & 1U << LEAKTRACE_KIND_PAGE) ||
	    !(m->ledger.process.known || m->ledger.cgroup.known))
		return;
	if (m->ledger.process.known)
		write_process(f, m, style);
	if (m->ledger.cgroup.known)
		write_cgroup(f, m, style);
	fputc('\n', f);
}

static struct json_object *parts_of(const struct ledger_account *a, int n)
{
	struct json_object *o = json_object_new_object();

	for (int i = 0; i < n; i++)
		json_put(o, ledger_part_name(i), json_object_new_uint64(a->bytes[i]));
	return o;
}

/** report_json_malloc() - what glibc's malloc has, and how much of it is in use */
struct json_object *report_json_malloc(const struct ledger_malloc *a)
{
	struct json_object *o = json_object_new_object();

	json_put_number(o, "bytes", a->bytes);
	json_put_number(o, "live_bytes", a->live_bytes);
	json_put_number(o, "fragmented_bytes", a->fragmented_bytes);
	json_put_number(o, "end_bytes", a->end_bytes);
	json_put_number(o, "returnable_bytes", a->returnable_bytes);
	json_put_number(o, "unread_bytes", a->unread_bytes);
	return o;
}

struct json_object *report_json_ledger(struct model *m)
{
	const struct ledger *l = &m->ledger;
	struct json_object *o, *cgroup;

	if (!l->process.known && !l->cgroup.known && !l->malloc_last.known)
		return NULL;
	o = l->process.known ? parts_of(&l->process, LEDGER_PAGE_TABLES + 1) : json_object_new_object();
	if (l->process.known) {
		json_put(o, "resident", json_object_new_uint64(l->process.total_bytes));
		json_put(o, "explained", json_object_new_uint64(explained_bytes(m)));
		json_put(o, "unexplained", json_object_new_uint64(unexplained_bytes(m)));
	}
	if (l->malloc_last.known)
		json_put(o, "malloc", report_json_malloc(&l->malloc_last));
	if (l->malloc_last.known && l->malloc_first.known)
		json_put(o, "malloc_first", report_json_malloc(&l->malloc_first));
	if (l->cgroup.known) {
		cgroup = parts_of(&l->cgroup, LEDGER_PARTS);
		json_put(cgroup, "current", json_object_new_uint64(l->cgroup.total_bytes));
		json_put(o, "cgroup", cgroup);
	}
	return o;
}
