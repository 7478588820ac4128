// SPDX-License-Identifier: GPL-2.0
/* The protocol is a datagram: libsystemd is not needed for it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/service_manager.h"
#include "util/clock.h"

static void send_to(const char *path, const char *text)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd;

	if (len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		*to.sun_path = '\0';		/* an abstract address */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	/* there is nobody whom a failure could be told */
	(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
		      offsetof(struct sockaddr_un, sun_path) + len);
	close(fd);
}

void service_manager_tell(const char *fmt, ...)
{
	const char *path = getenv("NOTIFY_SOCKET");
	char text[512];
	va_list args;

	if (!path || (*path != '/' && *path != '@'))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	send_to(path, text);
}

void service_manager_reloading(void)
{
	service_manager_tell("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_ns() / 1000);
}

uint64_t service_manager_watchdog_ns(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!us || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(us, NULL, 10) * 1000 / 2;
}
