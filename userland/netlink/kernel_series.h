/* SPDX-License-Identifier: GPL-2.0 */
/* Was leaktrace tested on this kernel's series? */
#ifndef KERNEL_SERIES_H
#define KERNEL_SERIES_H

#include <stdbool.h>
#include <stddef.h>

bool kernel_series_untested(const char *release);
bool kernel_series_sentence(char *buf, size_t len);

#endif
