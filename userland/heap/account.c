// SPDX-License-Identifier: GPL-2.0
#include "heap/account.h"
#include "heap/process.h"
#include "heap/snapshot.h"
#include "model/ledger.h"

#define READ_BYTES	(1ULL << 30)	/* a larger process takes longer than a look may */

/** heap_account_read() - sum up what malloc has */
void heap_account_read(pid_t pid, struct ledger_malloc *a)
{
	struct heap_snapshot s = { 0 };
	char ignored[512];

	*a = (struct ledger_malloc){ 0 };
	s.process = heap_process_open(pid, ignored, sizeof(ignored));
	if (!s.process)
		return;
	if (s.process->rss_bytes < READ_BYTES && !heap_snapshot_read(&s, ignored, sizeof(ignored)) &&
	    !heap_snapshot_sum(&s))
		*a = (struct ledger_malloc){
			.known = true, .bytes = s.total.bytes, .live_bytes = s.total.live_bytes,
			.fragmented_bytes = s.total.fragmented_bytes, .end_bytes = s.total.top_bytes,
			.returnable_bytes = s.total.returnable_bytes, .unread_bytes = s.total.unread_bytes,
		};
	heap_process_close(s.process);
	heap_snapshot_free(&s);
}
