/* SPDX-License-Identifier: GPL-2.0 */
/* JSON, POSTed to a URL by a child process: a server that does not answer holds up nobody. */
#ifndef LEAKTRACE_AGENT_WEBHOOK_H
#define LEAKTRACE_AGENT_WEBHOOK_H

struct json_object;

/* what: who is told, for messages. Consumes news. */
void webhook_send(const char *what, const char *url, struct json_object *news);
void webhook_reap(void);		/* of children that have ended: now and then */
void webhook_wait(void);		/* until all have been sent, or given up */

#endif
