// SPDX-License-Identifier: GPL-2.0
#include "heap/process.h"
#include "heap/snapshot.h"
#include "look/heap_size.h"

#define READ_BYTES	(1ULL << 30)	/* a larger process takes longer than a look may */

void look_heap_read(pid_t pid, struct look_heap *h)
{
	struct heap_snapshot s = { 0 };
	char ignored[512];

	*h = (struct look_heap){ 0 };
	s.process = heap_process_open(pid, ignored, sizeof(ignored));
	if (!s.process)
		return;
	if (s.process->rss_bytes < READ_BYTES && !heap_snapshot_read(&s, ignored, sizeof(ignored)) &&
	    !heap_snapshot_sum(&s))
		*h = (struct look_heap){
			.known = true, .bytes = s.total.bytes, .live_bytes = s.total.live_bytes,
			.fragmented_bytes = s.total.fragmented_bytes, .returnable_bytes = s.total.returnable_bytes,
		};
	heap_process_close(s.process);
	heap_snapshot_free(&s);
}
