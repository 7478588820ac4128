// SPDX-License-Identifier: GPL-2.0
/* Hundreds of workers do not flood the news, and nobody is forgotten. */
#include "check.h"
#include "session/news.h"
#include "util/units.h"

enum { WORKERS = 300 };

static unsigned int others;

static bool due(struct news *n, uint64_t key, uint32_t target, enum alarm_news news)
{
	const struct news_item item = { .key = key, .target = target, .news = news };

	return news_is_due(n, &item, &others);
}

static void test_workers(void)
{
	struct news *n = news_new();
	unsigned int lines = 0, last = 0;

	for (int i = 1; i <= WORKERS; i++) {
		if (!due(n, 1, i, ALARM_LEAK))
			continue;
		lines++;
		last = others + 1;
	}
	CHECK(lines == 9 && last == 256, "%u lines, %u processes", lines, last);
	CHECK(due(n, 2, 5, ALARM_LEAK) && !others, "another call path");
	CHECK(!due(n, 1, 5, ALARM_LEAK), "told before");
	/* growth is told of the first, which stands for the others */
	CHECK(due(n, 1, 1, ALARM_LEAK_GREW) && due(n, 1, 1, ALARM_LEAK_GREW));
	CHECK(!due(n, 1, 2, ALARM_LEAK_GREW));
	news_forget(n, 1);
	CHECK(due(n, 1, 3, ALARM_LEAK_GREW) && others == 2 && !due(n, 1, 2, ALARM_LEAK_GREW));
	news_free(n);
}

static void test_cleared(void)
{
	struct news *n = news_new();

	CHECK(due(n, 1, 1, ALARM_GROWTH) && due(n, 1, 1, ALARM_LEAK) && due(n, 1, 2, ALARM_LEAK) && others == 1);
	CHECK(due(n, 1, 1, ALARM_CLEARED) && due(n, 1, 2, ALARM_CLEARED));
	CHECK(due(n, 1, 1, ALARM_LEAK) && !others, "again, after it was cleared everywhere");
	news_free(n);
}

static void test_processes(void)
{
	struct news *n = news_new();
	unsigned int lines = 0, left_out = 0, all = 0;
	uint64_t now_ns = NSEC_PER_SEC;

	/* at once, and then a hundred a second for a minute */
	for (int i = 0; i < 60 * 100; i++, now_ns += NSEC_PER_SEC / 100) {
		if (!news_of_process_is_due(n, "attached", now_ns, &left_out))
			continue;
		lines++;
		all += left_out + 1;
	}
	CHECK(lines >= 16 && lines <= 16 + 60 / 5, "%u lines", lines);
	CHECK(all > 5000, "%u of 6000", all);
	CHECK(news_of_process_is_due(n, "exited", now_ns, &left_out) && !left_out);
	for (int i = 0; i < 100; i++)
		CHECK(news_of_process_is_due(n, "loss", now_ns, &left_out), "always");
	/* one every ten seconds, for days */
	for (int i = 0; i < 100; i++, now_ns += 10 * NSEC_PER_SEC)
		CHECK(news_of_process_is_due(n, "detached", now_ns, &left_out) && !left_out);
	news_free(n);
	CHECK(due(NULL, 1, 1, ALARM_LEAK) && news_of_process_is_due(NULL, "exited", 1, &left_out), "without memory");
}

int main(void)
{
	test_workers();
	test_cleared();
	test_processes();
	return verdict("news");
}
