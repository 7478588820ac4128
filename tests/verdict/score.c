// SPDX-License-Identifier: GPL-2.0
/*
 * Plays every program of the corpus with some seeds, and prints what the judge
 * made of them as a table.
 *
 * usage: score [FIRST_SEED [SEEDS]]   (1001 3; the rule was tuned on 1 to 9)
 * Exit status 1: it misses what the judge is held to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

struct sum {
	unsigned int runs, wanted, found, reported, recorded, alarms, lasting;
	unsigned int false_live, false_report, false_recorded;
	unsigned int roots, whole, bad_runs;
	double times[4096], timely[4096];
	unsigned int ntimes, ntimely;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n ? n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2 : -1;
}

static void add(struct sum *to, const struct outcome *o)
{
	to->runs++;
	to->wanted += o->wanted;
	to->found += o->found;
	to->reported += o->reported;
	to->recorded += o->recorded;
	to->false_live += o->false_live;
	to->false_report += o->false_report;
	to->false_recorded += o->false_recorded;
	to->bad_runs += !o->leaky && (o->false_live || o->false_report || o->false_recorded);
	to->alarms += o->alarms;
	to->lasting += o->lasting;
	to->roots += o->roots;
	to->whole += o->whole;
	if (o->verdict_s < 0)
		return;
	to->times[to->ntimes++] = o->verdict_s;
	if (o->leaked_per_s >= 0.8 && o->leaked_per_s <= 1.25)
		to->timely[to->ntimely++] = o->verdict_s;
}

static void run(const struct program *p, unsigned long seed, struct sum *part, struct sum *all)
{
	struct world w = { .random = seed * 1000003 };
	struct outcome out;

	for (const char *c = p->name; *c; c++)
		w.random = w.random * 31 + *c;
	p->make(&w);
	play(&w, seed % SAMPLINGS, &out);
	add(part, &out);
	add(all, &out);
	if (*out.worst && getenv("VERBOSE"))
		fprintf(stderr, "%s, seed %lu: %s\n", p->name, seed, out.worst);
}

static void row(const char *name, struct sum *s)
{
	char time[32] = "";

	if (s->ntimes)
		snprintf(time, sizeof(time), "%.0f s", median(s->times, s->ntimes));
	printf("| %s | %u |", name, s->runs);
	if (s->wanted)
		printf(" %u/%u | %u/%u | %u/%u | %s |", s->found, s->wanted, s->reported, s->wanted,
		       s->recorded, s->wanted, time);
	else
		printf(" | | | |");
	printf(" %u | %u | %u | %u | %u |\n", s->false_live, s->false_report, s->false_recorded,
	       s->lasting, s->alarms);
}

static void table(const struct program *p, unsigned long first, unsigned int seeds, struct sum *all)
{
	for (; p->name; p++) {
		static struct sum part;

		memset(&part, 0, sizeof(part));
		for (unsigned int i = 0; i < seeds; i++)
			run(p, first + i, &part, all);
		row(p->name, &part);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	static struct sum bad, heap, good;
	unsigned long first = argc > 1 ? strtoul(argv[1], NULL, 10) : 1001;
	unsigned int seeds = argc > 2 ? strtoul(argv[2], NULL, 10) : 3;
	double recall, reported, recorded, time;
	const char *head = "| program | runs | found | by a report | by a recording | time to verdict "
		"| false at end: session | report | recording | in 2nd half | ever |\n"
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

	if (!seeds || seeds > 1000) {
		fprintf(stderr, "usage: score [FIRST_SEED [SEEDS]]\n");
		return 2;
	}
	printf("%s", head);
	table(leaking, first, seeds, &bad);
	row("**all that leak**", &bad);
	printf("\n%s", head);
	table(growing, first, seeds, &heap);
	row("**all whose heap grows**", &heap);
	printf("\n%s", head);
	table(innocent, first, seeds, &good);
	row("**all that don't**", &good);
	recall = 100.0 * bad.found / bad.wanted;
	reported = 100.0 * bad.reported / bad.wanted;
	recorded = 100.0 * bad.recorded / bad.wanted;
	time = median(bad.timely, bad.ntimely);
	printf("\nrecall %.1f %%, of reports without history %.1f %%, of recordings %.1f %%\n\n",
	       recall, reported, recorded);
	printf("non-leaking runs with a false leak at the end: %u of %u\n\n", good.bad_runs, good.runs);
	printf("median time to verdict at one leaked object a second: %.0f s (%u runs)\n\n", time,
	       bad.ntimely);
	printf("roots that are one finding: %u of %u\n", bad.whole, bad.roots);
	return recall < 95 || reported < 95 || recorded < 95 || good.bad_runs > 1 || time < 0 || time >= 60 ||
		bad.whole < bad.roots || bad.false_live + bad.false_report + bad.false_recorded > 1 || heap.bad_runs ||
		heap.found < heap.wanted || heap.reported < heap.wanted || heap.recorded < heap.wanted;
}
