/* SPDX-License-Identifier: GPL-2.0 */
/* What a scraper is told: of the agent itself, and of what it traces. */
#ifndef LEAKTRACE_AGENT_METRICS_H
#define LEAKTRACE_AGENT_METRICS_H

struct answer;
struct request;

void agent_metrics_answer(const struct request *q, struct answer *a, void *agent);

#endif
