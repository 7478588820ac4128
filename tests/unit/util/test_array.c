// SPDX-License-Identifier: GPL-2.0
/* Arrays that grow, by any capacity, whatever is asked of them. */
#include <string.h>

#include "util/array.h"
#include "check.h"

static void grows(void)
{
	uint64_t *array = NULL;
	size_t capacity = 0, moved = 0;

	CHECK(array_reserve(array, capacity, 0, 0) && !array && !capacity, "nothing is there already");
	for (size_t n = 0; n < 100000; n++) {
		size_t before = capacity;

		CHECK(array_reserve(array, capacity, n, 1) && capacity > n);
		moved += capacity != before;
		array[n] = n;
	}
	CHECK(moved < 16, "it doubles: %zu times", moved);
	for (size_t n = 0; n < 100000; n++)
		if (array[n] != n)
			CHECK(false, "at %zu", n);
	free(array);
}

static void all_at_once(void)
{
	char *array = NULL;
	size_t capacity = 0;

	CHECK(array_reserve(array, capacity, 0, 1000) && capacity >= 1000);
	memset(array, 1, 1000);
	CHECK(array_reserve(array, capacity, 1000, 5000) && capacity >= 6000 && array[999] == 1);
	free(array);
}

/* A count that no capacity can hold is refused, and never wraps. */
static void too_much(void)
{
	uint64_t *array = NULL;
	size_t capacity = 0;
	uint8_t small = 0;

	CHECK(!array_reserve(array, capacity, SIZE_MAX, 1) && !array && !capacity);
	CHECK(!array_reserve(array, capacity, 0, SIZE_MAX / 4) && !array && !capacity);
	CHECK(array_reserve(array, small, 0, 1) && small == 64);
	CHECK(array_reserve(array, small, 128, 127) && small == 255);
	memset(array, 0, 255 * sizeof(*array));
	CHECK(!array_reserve(array, small, 255, 1) && small == 255 && array, "nobody can count to 256");
	free(array);
}

int main(void)
{
	grows();
	all_at_once();
	too_much();
	return verdict("array");
}
