/* SPDX-License-Identifier: GPL-2.0 */
/* Arrays whose capacity doubles as they grow. */
#ifndef LEAKTRACE_UTIL_ARRAY_H
#define LEAKTRACE_UTIL_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * The array with a capacity of at least @need elements of @size_bytes, and at most @max;
 * NULL if that cannot be: then it is as it was.
 */
static inline void *array_grown(void *array, size_t *capacity, size_t need, size_t max,
				size_t size_bytes)
{
	size_t n = *capacity ? *capacity : 64;
	void *bigger;

	if (max > PTRDIFF_MAX / size_bytes)
		max = PTRDIFF_MAX / size_bytes;		/* no object is larger */
	if (need > max)
		return NULL;
	while (n < need && n <= max / 2)
		n *= 2;
	if (n < need)
		n = max;
	bigger = realloc(array, n * size_bytes);
	if (bigger)
		*capacity = n;
	return bigger;
}

/*
 * array_reserve(array, capacity, used, more) - make room for more elements after those used
 *
 * array and capacity are variables, and are set; capacity has any unsigned type, whose
 * range is not exceeded, whatever the numbers are. false: no memory; both are as they were.
 */
#define array_reserve(array, capacity, used, more) ({					\
	size_t _capacity = (capacity), _used = (used), _more = (more);			\
	bool _reserved = _used <= _capacity && _more <= _capacity - _used;		\
											\
	if (!_reserved && _more <= SIZE_MAX - _used) {					\
		void *_grown = array_grown((array), &_capacity, _used + _more,		\
					   (__typeof__(capacity))-1, sizeof(*(array)));	\
											\
		_reserved = _grown;							\
		if (_reserved) {							\
			(array) = _grown;						\
			(capacity) = _capacity;						\
		}									\
	}										\
	_reserved;									\
})

#endif
