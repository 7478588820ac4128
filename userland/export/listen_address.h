/* SPDX-License-Identifier: GPL-2.0 */
/* Parses --listen and Host headers. */
#ifndef LEAKTRACE_EXPORT_LISTEN_ADDRESS_H
#define LEAKTRACE_EXPORT_LISTEN_ADDRESS_H

#include <stdbool.h>

struct sockaddr_storage;

int http_address(const char *listen, struct sockaddr_storage *address);	/* 0 or EXIT_TROUBLE */
char *http_address_url(const struct sockaddr_storage *address);		/* malloced */
bool http_address_is_local(const struct sockaddr_storage *address);
bool http_host_is_address(const char *host);	/* a numeric address, or a name that cannot be rebound */

#endif
