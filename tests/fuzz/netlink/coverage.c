// SPDX-License-Identifier: GPL-2.0
/* Which of the module's branches this thread has taken: only the module has KCOV. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "netlink.h"

enum { WORDS = 1 << 18 };

#define KCOV_INIT	_IOR('c', 1, unsigned long)
#define KCOV_ENABLE	_IO('c', 100)

static uint64_t *area;
static unsigned long text;

static unsigned long text_of_module(void)
{
	FILE *f = fopen("/sys/module/leaktrace/sections/.text", "r");
	unsigned long at = 0;

	if (f && fscanf(f, "%lx", &at) != 1)
		at = 0;
	if (f)
		fclose(f);
	return at;
}

int coverage_begin(void)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	text = text_of_module();
	if (fd < 0 || !text || ioctl(fd, KCOV_INIT, (unsigned long)WORDS))
		return -1;
	area = mmap(NULL, WORDS * sizeof(*area), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return area == MAP_FAILED || ioctl(fd, KCOV_ENABLE, 0) ? -1 : 0;
}

void coverage_take(struct world *w)
{
	uint64_t n = __atomic_load_n(&area[0], __ATOMIC_RELAXED);

	for (uint64_t i = 1; i <= n && i < WORDS; i++)
		if (area[i] - text < PCS)
			w->seen[area[i] - text] = 1;
	__atomic_store_n(&area[0], 0, __ATOMIC_RELAXED);
}
