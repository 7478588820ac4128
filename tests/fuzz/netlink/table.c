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
