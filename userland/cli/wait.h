/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting between two looks, which Ctrl-C ends, but not the report. */
#ifndef LEAKTRACE_CLI_WAIT_H
#define LEAKTRACE_CLI_WAIT_H

#include <signal.h>
#include <stdbool.h>

/* signals: a signalfd. The signals do nothing else until they are left. */
void take_signals(int *signals, sigset_t *set);
void leave_signals(int signals, sigset_t *set);
bool wait_s(double s, void *signals);	/* false after Ctrl-C */
bool wait_alone(double s);		/* all of it */

#endif
