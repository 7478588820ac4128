/* SPDX-License-Identifier: GPL-2.0 */
/* Takes samples of a Go program, which are added to the view. 0 or -errno. */
#ifndef LEAKTRACE_RUNTIME_GO_SNAPSHOT_H
#define LEAKTRACE_RUNTIME_GO_SNAPSHOT_H

#include <stdbool.h>

struct go_process;
struct go_view;

int go_sample(struct go_view *v);			/* takes a sample of everything */

/* Each adds one kind of data to the current sample. */
int go_goroutines(struct go_view *v);
int go_heap(struct go_view *v);
bool go_heap_is_removed(const struct go_process *p);	/* nothing reads the profile: the linker drops it */
int go_timers(struct go_view *v);

#endif
