// SPDX-License-Identifier: GPL-2.0
/* Unwind tables: of the targets' own files, such tables with a bit wrong, and made up. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../fuzz_made.h"
#include "netlink.h"
#include "unwind/unwind.h"

struct blob real_table[REALS];
static char *real_path[REALS];

int table_real(const char *path)
{
	struct unwind_blob b;
	int i, fd;

	for (i = 0; i < REALS && real_path[i]; i++)
		if (!strcmp(real_path[i], path))
			return i;
	fd = i < REALS ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return -1;
	if (unwind_compile_fd(fd, &b)) {
		close(fd);
		return -1;
	}
	close(fd);
	real_path[i] = strdup(path);
	real_table[i] = (struct blob){ b.data, b.bytes };
	return i;
}

static struct blob made(uint64_t *rng)
{
	uint8_t choices[512];
	struct blob b;

	for (size_t i = 0; i < sizeof(choices); i++)
		choices[i] = random64(rng) >> 32;
	if (below(rng, 8))
		choices[0] &= 0x7f;	/* the large ones are rare */
	b.data = make_table(choices, 1 + below(rng, sizeof(choices)), below(rng, 256), &b.bytes);
	return b;
}

enum { LARGE_BYTES = 64 << 10 };	/* the kernel reads all of it each time: rare */

/* Another object's, that is all. */
static struct blob copied(uint64_t *rng)
{
	const struct blob *real = &real_table[below(rng, REALS)];
	struct blob b;

	if (!real->data || (real->bytes > LARGE_BYTES && below(rng, 32)))
		return made(rng);
	b.bytes = real->bytes;
	b.data = malloc(b.bytes);
	memcpy(b.data, real->data, b.bytes);
	memcpy(b.data + offsetof(struct leaktrace_unwind_header, key), rng, sizeof(*rng));
	return b;
}

static void bend(uint64_t *rng, struct blob *b)
{
	static const uint8_t at[] = { 0, 8, 16, 20, 24, 28, 32, 36 };
	static const uint32_t odd[] = { 0, 1, 1U << 31, UINT32_MAX };
	uint8_t *bytes = b->data;
	unsigned int n = 1;

	switch (below(rng, 6)) {
	case 0:
		b->bytes = 1 + below(rng, b->bytes);
		return;
	case 1:
		memcpy(bytes + at[below(rng, COUNT(at))], &odd[below(rng, COUNT(odd))], 4);
		return;
	case 2:		/* the last rule has an operation that there is not */
		bytes[b->bytes - sizeof(struct leaktrace_unwind_rule)] = 8 + below(rng, 248);
		return;
	case 3:
		n = 200;
		/* fallthrough */
	default:	/* rules, for the most part: many pass */
		while (n--)
			bytes[b->bytes - 1 - below(rng, below(rng, 3) ? b->bytes / 2 : b->bytes)] ^=
				1 << below(rng, 8);
	}
}

void table_refill(uint64_t *rng, int fd, uint8_t *key)
{
	struct blob b = below(rng, 4) ? made(rng) : copied(rng);

	if (!below(rng, 3))
		bend(rng, &b);
	memset(key, 0, LEAKTRACE_UNWIND_KEY_BYTES);
	if (b.bytes >= sizeof(struct leaktrace_unwind_header))
		memcpy(key, b.data + offsetof(struct leaktrace_unwind_header, key),
		       LEAKTRACE_UNWIND_KEY_BYTES);
	if (ftruncate(fd, 0) || pwrite(fd, b.data, b.bytes, 0) < 0)
		abort();
	free(b.data);
}

int table_of(const struct blob *b)
{
	int fd = memfd_create("table", MFD_CLOEXEC);

	if (fd < 0 || write(fd, b->data, b->bytes) < 0)
		abort();
	return fd;
}

int table_file(uint64_t *rng, uint8_t *key)
{
	int fd = memfd_create("table", MFD_CLOEXEC);

	if (fd < 0)
		abort();
	table_refill(rng, fd, key);
	return fd;
}

static int jump_to(uint8_t *jump, uint64_t at, uint64_t to)
{
	uint32_t far = to - at - 5;

	jump[0] = 0xe9;
	memcpy(jump + 1, &far, 4);
	return 5;
}

/*
 * Whole, but at its only door, which is required, is not what it says: there is no code at the
 * lowest addresses. And then bent, perhaps.
 */
int plan_file(uint64_t *rng)
{
	static int fd = -1;
	struct {
		struct leaktrace_gate_header h;
		struct leaktrace_gate_door door;
		uint8_t code[64];
	} p = {
		.h = { .magic = LEAKTRACE_GATE_MAGIC, .machine = LEAKTRACE_GATE_MACHINE, .ndoors = 1,
		       .code_bytes = 64, .tag_bits = 16, .address = 0x10000000, .mean_bytes = 1 },
		.door = { .address = 0x10000, .function = 0x10000, .old = { 0x90 },
			  .type = LEAKTRACE_TYPE_GLIBC, .flags = LEAKTRACE_GATE_DOOR_F_ALL, .name = "malloc" },
	};
	uint8_t *bytes = (uint8_t *)&p;

	p.door.jump_bytes = jump_to(p.door.jump, p.door.address, p.h.address);
	for (unsigned int n = below(rng, 3); n; n--)
		bytes[below(rng, 2) ? below(rng, 48) : sizeof(p.h) + below(rng, sizeof(p.door))] ^=
			1 << below(rng, 8);
	if (fd < 0)
		fd = memfd_create("plan", MFD_CLOEXEC);
	if (fd < 0 || pwrite(fd, &p, sizeof(p), 0) < 0)
		abort();
	return fd;
}
