// SPDX-License-Identifier: GPL-2.0
/*
 * HTTP by libmicrohttpd, in one thread. Clients may be hostile: the number of
 * connections, the memory for each and their idle time are bounded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "export/http_server.h"
#include "export/listen_address.h"
#include "util/error.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/optional_lib.h"

enum { CONNECTIONS_MAX = 32, SILENT_MAX_S = 15, CONNECTION_BYTES = 32 << 10, IDLE_MS = 1000 };

/* libmicrohttpd's functions, without their prefix. */
static struct {
	__typeof__(MHD_start_daemon) *start_daemon;
	__typeof__(MHD_stop_daemon) *stop_daemon;
	__typeof__(MHD_run) *run;
	__typeof__(MHD_get_timeout) *get_timeout;
	__typeof__(MHD_get_daemon_info) *get_daemon_info;
	__typeof__(MHD_lookup_connection_value) *lookup_connection_value;
	__typeof__(MHD_create_response_from_buffer) *create_response_from_buffer;
	__typeof__(MHD_add_response_header) *add_response_header;
	__typeof__(MHD_queue_response) *queue_response;
	__typeof__(MHD_destroy_response) *destroy_response;
} mhd;

static const struct optional_lib_symbol mhd_symbols[] = {
	{ "MHD_start_daemon", &mhd.start_daemon },
	{ "MHD_stop_daemon", &mhd.stop_daemon },
	{ "MHD_run", &mhd.run },
	{ "MHD_get_timeout", &mhd.get_timeout },
	{ "MHD_get_daemon_info", &mhd.get_daemon_info },
	{ "MHD_lookup_connection_value", &mhd.lookup_connection_value },
	{ "MHD_create_response_from_buffer", &mhd.create_response_from_buffer },
	{ "MHD_add_response_header", &mhd.add_response_header },
	{ "MHD_queue_response", &mhd.queue_response },
	{ "MHD_destroy_response", &mhd.destroy_response },
};

struct http {
	struct MHD_Daemon *daemon;
	struct sockaddr_storage address;
	char *url;
	void (*fn)(const struct request *q, struct answer *a, void *arg);
	void *arg;
};

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct answer *a)
{
	struct MHD_Response *r = mhd.create_response_from_buffer(a->len, a->body ?: "",
		a->body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!r) {
		free(a->body);
		return MHD_NO;
	}
	mhd.add_response_header(r, "Content-Type", a->type ?: "text/plain; charset=utf-8");
	mhd.add_response_header(r, "Cache-Control", "no-store");
	mhd.add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		mhd.add_response_header(r, "Allow", "GET, HEAD");
	result = mhd.queue_response(connection, a->status, r);
	mhd.destroy_response(r);
	return result;
}

static void refuse(struct answer *a, unsigned int status, const char *why)
{
	a->status = status;
	a->body = strdup_printf("%s\n", why);
	a->len = a->body ? strlen(a->body) : 0;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **state)
{
	const char *accept = mhd.lookup_connection_value(c, MHD_HEADER_KIND, "Accept");
	const char *host = mhd.lookup_connection_value(c, MHD_HEADER_KIND, "Host");
	struct request q = {
		.path = url,
		.pid = mhd.lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "pid"),
		.openmetrics = accept && strstr(accept, "application/openmetrics-text"),
	};
	struct answer a = { 0 };
	struct http *h = arg;

	(void)version, (void)data;
	/* called once for the headers, then for each part of a body, which is ignored */
	if (!*state || *len) {
		*state = h;
		*len = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		refuse(&a, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are supported");
	else if (http_address_is_local(&h->address) && !http_host_is_address(host))
		refuse(&a, MHD_HTTP_FORBIDDEN, "use the address, not a host name: http://127.0.0.1/…");
	else
		h->fn(&q, &a, h->arg);
	return send_answer(c, &a);
}

static int start(struct http *h)
{
	bool v6 = h->address.ss_family == AF_INET6;

	errno = 0;
	h->daemon = mhd.start_daemon(MHD_USE_EPOLL | (v6 ? MHD_USE_IPv6 : 0), 0, NULL, NULL, on_request, h,
				     MHD_OPTION_SOCK_ADDR, &h->address,
				     MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)SILENT_MAX_S,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
				     MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
	if (h->daemon)
		return 0;
	h->url = http_address_url(&h->address);
	return fail("cannot listen on %s: %s", h->url ?: "the address",
		    errno ? strerror(errno) : "libmicrohttpd gave no reason");
}

/* Reads the port if the kernel chose one. */
static void find_address(struct http *h)
{
	const union MHD_DaemonInfo *info = mhd.get_daemon_info(h->daemon, MHD_DAEMON_INFO_LISTEN_FD);
	socklen_t len = sizeof(h->address);

	if (info)
		getsockname(info->listen_fd, (struct sockaddr *)&h->address, &len);
	h->url = http_address_url(&h->address);
}

struct http *http_open(const char *listen, void (*fn)(const struct request *q, struct answer *a, void *arg),
		       void *arg)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h) {
		fail("out of memory");
		return NULL;
	}
	h->fn = fn;
	h->arg = arg;
	if (http_address(listen, &h->address) ||
	    optional_lib_load("libmicrohttpd.so.12", "libmicrohttpd12", mhd_symbols, ARRAY_SIZE(mhd_symbols)) ||
	    start(h)) {
		http_close(h);
		return NULL;
	}
	find_address(h);
	return h;
}

void http_close(struct http *h)
{
	if (h && h->daemon)
		mhd.stop_daemon(h->daemon);
	if (h)
		free(h->url);
	free(h);
}

int http_fd(const struct http *h)
{
	const union MHD_DaemonInfo *info = mhd.get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info ? info->epoll_fd : -1;
}

int http_timeout_ms(const struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	/* at the connection limit it stops listening until it is run again */
	if (mhd.get_timeout(h->daemon, &ms) != MHD_YES || ms > IDLE_MS)
		return IDLE_MS;
	return ms;
}

void http_run(struct http *h)
{
	mhd.run(h->daemon);
}

const char *http_url(const struct http *h)
{
	return h->url ?: "?";
}

bool http_is_local(const struct http *h)
{
	return http_address_is_local(&h->address);
}
