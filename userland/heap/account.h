/* SPDX-License-Identifier: GPL-2.0 */
/* How much of the heap is in use, by the structures of glibc's malloc: is it a leak, or fragmentation? */
#ifndef LEAKTRACE_HEAP_ACCOUNT_H
#define LEAKTRACE_HEAP_ACCOUNT_H

#include <sys/types.h>

struct ledger_malloc;

/* Not known: another allocator's, a large one, or it cannot be read. */
void heap_account_read(pid_t pid, struct ledger_malloc *a);

#endif
