// SPDX-License-Identifier: GPL-2.0
/*
 * The peer of a socket, from the tables of the target's network namespace. A
 * table is read once per report, not once per socket.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/socket_describe.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/units.h"

struct peer {
	uint64_t inode;
	unsigned int port;		/* of a TCP socket that has a peer: its own; else 0 */
	char what[160];
	char state[12];			/* what only the description has */
};

/* The tables of the process that was last looked up. */
static struct {
	pid_t pid;
	uint64_t read_ns;
	struct peer *peers;
	size_t n, capacity;
	uint8_t listens[65536 / 8];	/* TCP ports, by number */
} cache;

static struct peer *add_peer(uint64_t inode)
{
	if (!array_reserve(cache.peers, cache.capacity, cache.n, 1))
		return NULL;
	cache.peers[cache.n] = (struct peer){ .inode = inode };
	return &cache.peers[cache.n++];
}

/* The kernel prints addresses as words in host byte order. */
static void address(const char *hex, unsigned int port, char *buf, size_t len)
{
	char name[INET6_ADDRSTRLEN] = "?";
	struct in6_addr a6;
	struct in_addr a4;

	if (strlen(hex) == 8) {
		a4.s_addr = strtoul(hex, NULL, 16);
		inet_ntop(AF_INET, &a4, name, sizeof(name));
		snprintf(buf, len, "%s:%u", name, port);
		return;
	}
	for (int i = 0; i < 4; i++) {
		char word[9] = "";

		strncpy(word, hex + 8 * i, 8);
		a6.s6_addr32[i] = strtoul(word, NULL, 16);
	}
	inet_ntop(AF_INET6, &a6, name, sizeof(name));
	snprintf(buf, len, "[%s]:%u", name, port);
}

static void set_peer(struct peer *p, const char *protocol, unsigned int state, const char *there, unsigned int port)
{
	static const char *const states[] = {
		"", "", " SYN_SENT", " SYN_RECV", " FIN_WAIT1", " FIN_WAIT2", " TIME_WAIT",
		"", " CLOSE_WAIT", " LAST_ACK", "", " CLOSING",
	};
	bool tcp = *protocol == 'T';

	snprintf(p->what, sizeof(p->what), "%s %s", protocol, there);
	if (tcp && state < ARRAY_SIZE(states))
		snprintf(p->state, sizeof(p->state), "%s", states[state]);
	p->port = tcp ? port : 0;
}

/* Without a peer: TCP listens, others wait for anybody. */
static void set_own(struct peer *p, const char *protocol, unsigned int state, const char *here, unsigned int port)
{
	bool listens = *protocol == 'T' && state == 10;

	snprintf(p->what, sizeof(p->what), "%s %s", protocol, here);
	if (!listens)
		return;
	strcpy(p->state, " listening");
	cache.listens[port % 65536 / 8] |= 1 << port % 8;
}

static void read_inet(const char *path, const char *protocol)
{
	FILE *f = fopen(path, "re");
	char line[512];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		char local[33], remote[33], here[80], there[80];
		unsigned int local_port, remote_port, state;
		struct peer *p;
		uint64_t inode;

		if (sscanf(line, " %*d: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*s %*s %*s %*s %*s %" SCNu64,
			   local, &local_port, remote, &remote_port, &state, &inode) != 6 ||
		    !inode || !(p = add_peer(inode)))
			continue;
		address(local, local_port, here, sizeof(here));
		address(remote, remote_port, there, sizeof(there));
		if (remote_port)
			set_peer(p, protocol, state, there, local_port);
		else
			set_own(p, protocol, state, here, local_port);
	}
	fclose(f);
}

static void read_unix(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[512];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		char name[120] = "";
		struct peer *p;
		uint64_t inode;

		if (sscanf(line, "%*x: %*x %*x %*x %*x %*x %" SCNu64 " %119[^\n]", &inode, name) < 1 ||
		    !inode || !(p = add_peer(inode)))
			continue;
		snprintf(p->what, sizeof(p->what), "UNIX%s%s", *name ? " " : "", name);
	}
	fclose(f);
}

static int by_inode(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static void read_tables(pid_t pid)
{
	static const struct {
		const char *file, *protocol;
	} tables[] = {
		{ "tcp", "TCP" }, { "tcp6", "TCP" }, { "udp", "UDP" }, { "udp6", "UDP" },
		{ "raw", "RAW" }, { "raw6", "RAW" },
	};
	char path[64];

	cache.pid = pid;
	cache.n = 0;
	memset(cache.listens, 0, sizeof(cache.listens));
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, tables[i].file);
		read_inet(path, tables[i].protocol);
	}
	snprintf(path, sizeof(path), "/proc/%d/net/unix", pid);
	read_unix(path);
	if (cache.n)
		qsort(cache.peers, cache.n, sizeof(*cache.peers), by_inode);
	cache.read_ns = monotonic_ns();
}

static const struct peer *find_peer(pid_t pid, uint64_t inode)
{
	struct peer key = { .inode = inode };

	if (cache.pid != pid || monotonic_ns() - cache.read_ns > NSEC_PER_SEC)
		read_tables(pid);
	return cache.n ? bsearch(&key, cache.peers, cache.n, sizeof(key), by_inode) : NULL;
}

/* "socket:[TCP 127.0.0.1:80]", malloced; with the inode number if it is in no table. */
char *socket_describe(pid_t pid, uint64_t inode)
{
	const struct peer *p = find_peer(pid, inode);

	return p ? strdup_printf("socket:[%s%s]", p->what, p->state) :
		   strdup_printf("socket:[%" PRIu64 "]", inode);
}

static bool is_accepted(const struct peer *p)
{
	return cache.listens[p->port % 65536 / 8] & 1 << p->port % 8;
}

char *socket_group(pid_t pid, uint64_t inode)
{
	const struct peer *p = find_peer(pid, inode);

	if (!p)
		return NULL;
	if (p->port && is_accepted(p))
		return strdup_printf("TCP accepted on port %u", p->port);
	if (p->port)
		return strdup_printf("TCP to %s", p->what + strlen("TCP "));
	return strdup_printf("%s%s", p->what, p->state);
}

void socket_tables_forget(void)
{
	cache.pid = 0;
}
