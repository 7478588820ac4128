// SPDX-License-Identifier: GPL-2.0
/* What agent.conf may say; and what it may not, which must be refused, not crash. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/configuration.h"
#include "model/kind.h"
#include "check.h"
#include "util/error.h"

static const char good[] =
	"# a comment\n; another\n\n[agent]\n Directory = /tmp/x y \nKeepBytes=2G\nKeepReports=7\nInterval=2s\n"
	"MaxProcessor=1%\nMaxMemory=64M\nMaxTargets=2\nMaxEvents=1000\nWebhook=http://127.0.0.1/x\nAlertmanager=http://127.0.0.1:9093//\nListen=9747\n"
	"[watch web]\nUnit=nginx\nExe=/usr/sbin/nginx\nDescriptors=70%\nThreads=off\nGrowth=2h\nKinds=fd,map\n"
	"AttachFor=5m\nAgain=12h\n[watch any]\nComm=a=b\n";

static int parse_bytes(struct configuration *c, const char *text, size_t len)
{
	FILE *f = len ? fmemopen((void *)text, len, "r") : fopen("/dev/null", "re");
	int status;

	configuration_begin(c);
	status = configuration_parse(c, f, "x.conf") ?: configuration_end(c, "x.conf");
	fclose(f);
	return status;
}

static int parse(struct configuration *c, const char *text)
{
	return parse_bytes(c, text, strlen(text));
}

static void is_read(void)
{
	struct configuration c;
	const struct watch *w;

	CHECK(!parse(&c, good));
	CHECK(!strcmp(c.directory, "/tmp/x y") && c.keep_bytes == 2ULL << 30 && c.keep_reports == 7 && c.interval_s == 2);
	CHECK(c.processor_share == 0.01 && c.memory_bytes == 64 << 20 && c.targets == 2 && c.events_per_s == 1000);
	CHECK(!strcmp(c.webhook, "http://127.0.0.1/x") && !strcmp(c.listen, "9747"));
	CHECK(!strcmp(c.alertmanager, "http://127.0.0.1:9093/api/v2/alerts"), "%s", c.alertmanager);
	w = configuration_watch(&c, "web");
	CHECK(w && w->selector && w->rules.share[HOST_FDS] == 0.7 && w->rules.share[HOST_THREADS] == 0);
	CHECK(w && w->rules.share[HOST_MEMORY] == 0.8 && w->rules.growth_s == 7200, "what is not said is as usual");
	CHECK(w && w->kinds == (1U << LEAKTRACE_KIND_FD | 1U << LEAKTRACE_KIND_MAP) && w->attach_s == 300 && w->again_s == 43200);
	w = configuration_watch(&c, "any");
	CHECK(w && !strcmp(w->select[0], "a=b") && w->kinds == LEAKTRACE_KINDS_DEFAULT);
	CHECK(!configuration_watch(&c, "none"));
	configuration_free(&c);
}

/* Its messages go to stderr, which is turned to a file. */
static void refuses(const char *text, const char *message)
{
	char said[512] = "";
	FILE *to = tmpfile();
	struct configuration c;
	int status, err = dup(STDERR_FILENO);

	dup2(fileno(to), STDERR_FILENO);
	status = parse(&c, text);
	dup2(err, STDERR_FILENO);
	close(err);
	rewind(to);
	CHECK(status == EXIT_TROUBLE, "%s", text);
	CHECK(fgets(said, sizeof(said), to) && strstr(said, message), "%s: %s", text, said);
	CHECK(!fgets(said, sizeof(said), to), "one line, not also: %s", said);
	fclose(to);
	configuration_free(&c);
}

static void is_refused(void)
{
	static const char *const wrong[][2] = {
		{ "[agent]\nInterval=0\n[watch a]\nComm=x\n", "x.conf:2: Interval=0: expected a time" },
		{ "[agent]\nInterval=nan\n[watch a]\nComm=x\n", "x.conf:2: " },
		{ "[agent]\nKeepBytes=1\n[watch a]\nComm=x\n", "x.conf:2: KeepBytes=1: expected a size" },
		{ "[agent]\nKeepBytes=-1G\n[watch a]\nComm=x\n", "x.conf:2: " },
		{ "[agent]\nKeepReports=0\n[watch a]\nComm=x\n", "x.conf:2: " },
		{ "[agent]\nMaxTargets=4294967297\n[watch a]\nComm=x\n", "x.conf:2: " },
		{ "[agent]\nMaxProcessor=off\n[watch a]\nComm=x\n", "x.conf:2: " },
		{ "[agent]\nDirectory=x\n[watch a]\nComm=x\n", "x.conf:2: " },
		{ "[agent]\nWebhook=file:///etc\n[watch a]\nComm=x\n", "x.conf:2: " },
		{ "[agent]\nAlertmanager=localhost:9093\n[watch a]\nComm=x\n", "x.conf:2: " },
		{ "[agent]\nComm=x\n", "x.conf:2: unknown key 'Comm' in [agent]" },
		{ "[watch a]\nInterval=1s\n", "x.conf:2: unknown key 'Interval' in [watch a]" },
		{ "[watch a]\ncomm=x\n", "x.conf:2: unknown key 'comm'" },
		{ "[watch a]\nComm=\n", "x.conf:2: Comm=: expected a name" },
		{ "[watch a]\nCgroup=//\n", "x.conf:2: " },
		{ "[watch a]\nComm=x\nDescriptors=60\n", "x.conf:3: " },
		{ "[watch a]\nComm=x\nDescriptors=101%\n", "x.conf:3: " },
		{ "[watch a]\nComm=x\nDescriptors=0x10%\n", "x.conf:3: " },
		{ "[watch a]\nComm=x\nMemory=60 %\n", "x.conf:3: " },
		{ "[watch a]\nComm=x\nGrowth=-1h\n", "x.conf:3: " },
		{ "[watch a]\nComm=x\nGrowth=inf\n", "x.conf:3: " },
		{ "[watch a]\nComm=x\nKinds=fd,\n", "x.conf:3: " },
		{ "[watch a]\nComm=x\nKinds=fd,no\n", "x.conf:3: " },
		{ "[watch a]\nComm=x\nAttachFor=0.5s\n", "x.conf:3: " },
		{ "Comm=x\n", "x.conf:1: a key before the first section" },
		{ "[watch a]\nnothing\n", "x.conf:2: expected KEY=VALUE" },
		{ "[watch]\n", "x.conf:1: unknown section [watch]" },
		{ "[watch a\n", "x.conf:1: unknown section" },
		{ "[watch ]\n", "x.conf:1: '' is no name" },
		{ "[watch a/b]\n", "x.conf:1: 'a/b' is no name" },
		{ "[Agent]\n", "x.conf:1: unknown section [Agent]" },
		{ "[agent]\n", "x.conf: no section [watch NAME]" },
		{ "[watch a]\n", "x.conf:1: [watch a] selects nothing" },
		{ "", "x.conf: no section" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		refuses(wrong[i][0], wrong[i][1]);
}

/* Bytes of a right one changed, left out, doubled: whatever it is called, nothing must break. */
static void is_hostile(void)
{
	char text[3 * sizeof(good)];
	struct configuration c;
	FILE *null = freopen("/dev/null", "w", stderr);

	srandom(22);
	for (int round = 0; round < 20000; round++) {
		size_t len = sizeof(good) - 1;

		memcpy(text, good, len);
		for (int n = random() % 8; n >= 0; n--) {
			size_t at = random() % len, part = random() % 40;

			if (part > len - at)
				part = len - at;
			switch (random() % 3) {
			case 0:
				text[at] = random();
				break;
			case 1:
				if (len - part < 10)
					break;
				memmove(text + at, text + at + part, len - at - part);
				len -= part;
				break;
			case 2:
				if (len + part > sizeof(text))
					break;
				memmove(text + at + part, text + at, len - at);
				len += part;
				break;
			}
		}
		parse_bytes(&c, text, len);
		configuration_free(&c);
	}
	CHECK(null);
}

int main(void)
{
	is_read();
	is_refused();
	is_hostile();
	return verdict("configuration of the agent");
}
