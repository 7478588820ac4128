// SPDX-License-Identifier: GPL-2.0
/*
 * HTTP by libcurl. A failure is described in one sentence, with the server's
 * response, and classified by whether a retry may succeed.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#include "export/push_encode.h"
#include "export/push_http.h"
#include "util/error.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/optional_lib.h"
#include "util/protobuf.h"
#include "util/version.h"

enum { ANSWER_MAX = 2048, CONNECT_S = 10, ALL_S = 60 };

/* libcurl's functions, without their prefix. */
static struct {
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_escape) *easy_escape;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_perform) *easy_perform;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_free) *free;
	__typeof__(curl_global_cleanup) *global_cleanup;
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
} curl;

static const struct optional_lib_symbol curl_symbols[] = {
	{ "curl_easy_cleanup", &curl.easy_cleanup },
	{ "curl_easy_escape", &curl.easy_escape },
	{ "curl_easy_getinfo", &curl.easy_getinfo },
	{ "curl_easy_init", &curl.easy_init },
	{ "curl_easy_perform", &curl.easy_perform },
	{ "curl_easy_setopt", &curl.easy_setopt },
	{ "curl_easy_strerror", &curl.easy_strerror },
	{ "curl_free", &curl.free },
	{ "curl_global_cleanup", &curl.global_cleanup },
	{ "curl_global_init", &curl.global_init },
	{ "curl_slist_append", &curl.slist_append },
	{ "curl_slist_free_all", &curl.slist_free_all },
};

struct push {
	bool (*stop)(void *arg);
	void *arg;
	CURL *curl;
	struct curl_slist *headers;
	enum push_protocol protocol;
	char *url;
	char answer[ANSWER_MAX + 1];		/* the start of the response body */
	size_t answer_len;
	long grpc_status;			/* -1: none received */
	char grpc_message[256];
	char error[512];
};

static size_t on_answer(char *data, size_t one, size_t len, void *arg)
{
	struct push *p = arg;
	size_t capacity = ANSWER_MAX - p->answer_len, take = len < capacity ? len : capacity;

	(void)one;
	memcpy(p->answer + p->answer_len, data, take);
	p->answer_len += take;
	p->answer[p->answer_len] = '\0';
	return len;
}

/* gRPC sends its status in trailers, or in headers if it fails early. */
static size_t on_header(char *data, size_t one, size_t len, void *arg)
{
	static const char status[] = "grpc-status:", message[] = "grpc-message:";
	struct push *p = arg;
	char line[256];

	(void)one;
	snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1), data);
	line[strcspn(line, "\r\n")] = '\0';
	if (!strncasecmp(line, status, sizeof(status) - 1))
		p->grpc_status = strtol(line + sizeof(status) - 1, NULL, 10);
	if (!strncasecmp(line, message, sizeof(message) - 1))
		snprintf(p->grpc_message, sizeof(p->grpc_message), "%s", line + sizeof(message) - 1);
	return len;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct push *p = arg;

	(void)a, (void)b, (void)c, (void)d;
	return p->stop(p->arg);
}

static void add_header(struct push *p, const char *header)
{
	struct curl_slist *more = curl.slist_append(p->headers, header);

	if (more)
		p->headers = more;
}

static void set_headers(struct push *p)
{
	const char *token = getenv("LEAKTRACE_PUSH_TOKEN");
	char *bearer;

	add_header(p, "Expect:");	/* no round trip before a large body */
	switch (p->protocol) {
	case PUSH_PPROF:
		add_header(p, "Content-Type: application/octet-stream");
		break;
	case PUSH_JSON:
		add_header(p, "Content-Type: application/json");
		break;
	case PUSH_PYROSCOPE:
		add_header(p, "Content-Type: application/proto");
		add_header(p, "Connect-Protocol-Version: 1");
		break;
	case PUSH_PARCA:
		add_header(p, "Content-Type: application/grpc+proto");
		add_header(p, "TE: trailers");
		break;
	}
	bearer = token && *token ? strdup_printf("Authorization: Bearer %s", token) : NULL;
	if (bearer)
		add_header(p, bearer);
	free(bearer);
}

static void set_options(struct push *p)
{
	bool tls = !strncasecmp(p->url, "https:", 6);

	curl.easy_setopt(p->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl.easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(p->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl.easy_setopt(p->curl, CURLOPT_TIMEOUT, (long)ALL_S);
	curl.easy_setopt(p->curl, CURLOPT_USERAGENT, "leaktrace/" LEAKTRACE_VERSION);
	curl.easy_setopt(p->curl, CURLOPT_HTTPHEADER, p->headers);
	curl.easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, on_answer);
	curl.easy_setopt(p->curl, CURLOPT_WRITEDATA, p);
	curl.easy_setopt(p->curl, CURLOPT_HEADERFUNCTION, on_header);
	curl.easy_setopt(p->curl, CURLOPT_HEADERDATA, p);
	curl.easy_setopt(p->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl.easy_setopt(p->curl, CURLOPT_XFERINFODATA, p);
	curl.easy_setopt(p->curl, CURLOPT_NOPROGRESS, 0L);
	if (p->protocol != PUSH_PARCA)
		return;
	/* gRPC requires HTTP/2, which cannot be negotiated without TLS */
	curl.easy_setopt(p->curl, CURLOPT_HTTP_VERSION, tls ? (long)CURL_HTTP_VERSION_2TLS :
			 (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	/* libcurl 7.88 fails when it reuses such a connection */
	curl.easy_setopt(p->curl, CURLOPT_FORBID_REUSE, 1L);
}

struct push *push_open(const char *url, enum push_protocol protocol,
		       bool (*stop)(void *arg), void *arg)
{
	struct push *p = calloc(1, sizeof(*p));
	size_t len = strlen(url);

	if (optional_lib_load("libcurl.so.4", "libcurl4", curl_symbols, ARRAY_SIZE(curl_symbols))) {
		free(p);
		return NULL;
	}
	if (!p || curl.global_init(CURL_GLOBAL_DEFAULT)) {
		fail("out of memory");
		free(p);
		return NULL;
	}
	while (*push_path(protocol) && len && url[len - 1] == '/')
		len--;
	p->protocol = protocol;
	p->stop = stop;
	p->arg = arg;
	p->url = strdup_printf("%.*s%s", (int)len, url, push_path(protocol));
	p->curl = curl.easy_init();
	if (!p->url || !p->curl) {
		fail("out of memory");
		push_close(p);
		return NULL;
	}
	set_headers(p);
	set_options(p);
	return p;
}

void push_close(struct push *p)
{
	if (!p)
		return;
	curl.slist_free_all(p->headers);
	if (p->curl)
		curl.easy_cleanup(p->curl);
	free(p->url);
	free(p);
	curl.global_cleanup();
}

/* The server's response is printed on a terminal: one line, without control characters. */
static void set_error(struct push *p, const char *what, const char *said)
{
	size_t len = 0;

	snprintf(p->error, sizeof(p->error), "%s%s%.300s", what, said && *said ? ": " : "", said ?: "");
	for (char *c = p->error; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = ' ';
	for (len = strlen(p->error); len && p->error[len - 1] == ' '; len--)
		p->error[len - 1] = '\0';
}

/* gRPC: UNAVAILABLE, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, ABORTED */
static bool grpc_may_pass(long status)
{
	return status == 14 || status == 8 || status == 4 || status == 10;
}

static enum push_result judge_answer(struct push *p, CURLcode code)
{
	char what[128];
	long http = 0;

	if (code != CURLE_OK) {
		set_error(p, curl.easy_strerror(code), NULL);
		return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ?
			PUSH_REFUSED : PUSH_LATER;
	}
	curl.easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &http);
	if (http < 200 || http > 299) {
		snprintf(what, sizeof(what), "the server answered HTTP %ld", http);
		set_error(p, what, p->answer);
		return http == 429 || http == 408 || http >= 500 ? PUSH_LATER : PUSH_REFUSED;
	}
	if (p->protocol != PUSH_PARCA || !p->grpc_status)
		return PUSH_SENT;
	if (p->grpc_status < 0) {
		set_error(p, "the server does not speak gRPC", NULL);
		return PUSH_REFUSED;
	}
	snprintf(what, sizeof(what), "the server answered gRPC status %ld", p->grpc_status);
	set_error(p, what, p->grpc_message);
	return grpc_may_pass(p->grpc_status) ? PUSH_LATER : PUSH_REFUSED;
}

enum push_result push_send(struct push *p, const char *query, const struct bytes *body)
{
	char *url = strdup_printf("%s%s", p->url, query);
	enum push_result result = PUSH_LATER;

	p->answer_len = 0;
	p->answer[0] = p->grpc_message[0] = '\0';
	p->grpc_status = -1;
	if (url) {
		curl.easy_setopt(p->curl, CURLOPT_URL, url);
		curl.easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
		curl.easy_setopt(p->curl, CURLOPT_POSTFIELDS, body->data);
		result = judge_answer(p, curl.easy_perform(p->curl));
	}
	free(url);
	return result;
}

const char *push_error(const struct push *p)
{
	return p->error;
}

double push_retry_after_s(const struct push *p)
{
	curl_off_t s = 0;

	return curl.easy_getinfo(p->curl, CURLINFO_RETRY_AFTER, &s) == CURLE_OK && s > 0 ? s : 0;
}

/* The query that tells a plain pprof endpoint what the profile is of. */
char *push_query(const struct push_profile *p, const char *url)
{
	const char *service = "";
	char *name, *query;

	for (size_t i = 0; i < p->nlabels; i++)
		if (!strcmp(p->labels[i].name, "service_name"))
			service = p->labels[i].value;
	name = curl.easy_escape(NULL, service, 0);
	query = strdup_printf("%cname=%s.%s&from=%.0f&until=%.0f&format=pprof", strchr(url, '?') ? '&' : '?',
			      name ?: "", p->kind, p->from_s, p->until_s);
	curl.free(name);
	return query;
}
