// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses to listen on: numeric only, so that no resolver decides who can
 * reach us; loopback by default.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/listen_address.h"
#include "util/error.h"
#include "util/format.h"

#define DEFAULT_ADDRESS	"127.0.0.1"
#define DEFAULT_PORT	"9746"

static bool parse_port(const char *text_, in_port_t *port)
{
	char *end;
	unsigned long v = strtoul(text_, &end, 10);

	*port = htons(v);
	return *text_ >= '0' && *text_ <= '9' && !*end && v <= 65535;
}

/* Splits "host:port"; without a colon it is a port. */
static bool split(const char *listen, char host[64], const char **port)
{
	const char *colon = strrchr(listen, ':'), *start = listen, *end = colon;

	*port = colon ? colon + 1 : listen;
	if (!colon) {
		strcpy(host, DEFAULT_ADDRESS);
		return true;
	}
	if (*start == '[' && end > start && end[-1] == ']') {
		start++;
		end--;
	}
	if (end - start >= 64)
		return false;
	snprintf(host, 64, "%.*s", (int)(end - start), start);
	return true;
}

int http_address(const char *listen, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	const char *port;
	char host[64];
	in_port_t n;

	memset(address, 0, sizeof(*address));
	listen = listen ?: DEFAULT_ADDRESS ":" DEFAULT_PORT;
	if (!split(listen, host, &port) || !parse_port(port, &n))
		return fail("--listen: '%s' is neither PORT nor ADDRESS:PORT", listen);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = n;
	} else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = n;
	} else {
		return fail("--listen: '%s' is not an IP address (127.0.0.1:9746, [::1]:9746)", listen);
	}
	return 0;
}

char *http_address_url(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	char host[INET6_ADDRSTRLEN] = "";

	if (address->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		return strdup_printf("http://[%s]:%u/", host, ntohs(v6->sin6_port));
	}
	inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
	return strdup_printf("http://%s:%u/", host, ntohs(v4->sin_port));
}

bool http_address_is_local(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
}

/*
 * DNS rebinding: a web site may let its own name resolve to this machine, and
 * then read from us with its visitor's browser. So requests by host name are
 * rejected.
 */
bool http_host_is_address(const char *host)
{
	unsigned char raw[sizeof(struct in6_addr)];
	char name[64];
	const char *port;

	if (!host)
		return true;
	if (!strchr(host, ':'))
		snprintf(name, sizeof(name), "%.63s", host);
	else if (!split(host, name, &port))
		return false;
	return !strcasecmp(name, "localhost") || inet_pton(AF_INET, name, raw) == 1 ||
		inet_pton(AF_INET6, name, raw) == 1;
}
