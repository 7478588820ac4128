/* SPDX-License-Identifier: GPL-2.0 */
/* Error messages while the whole terminal is a screen: kept instead of written across it. */
#ifndef LEAKTRACE_TOP_MESSAGES_H
#define LEAKTRACE_TOP_MESSAGES_H

#include <stddef.h>

void messages_begin(void);
/* The last line since the last call, without control characters; buf is as it was if there is none. */
void messages_take(char *buf, size_t len);
void messages_end(void);

#endif
