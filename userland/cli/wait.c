// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cli/wait.h"

bool wait_s(double s, void *signals)
{
	struct pollfd p = { .fd = *(int *)signals, .events = POLLIN };

	return poll(&p, 1, s * 1000) == 0;
}

void take_signals(int *signals, sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigprocmask(SIG_BLOCK, set, NULL);
	*signals = signalfd(-1, set, SFD_CLOEXEC);
}

void leave_signals(int signals, sigset_t *set)
{
	/* discard the Ctrl-C that ended the wait */
	while (sigtimedwait(set, NULL, &(struct timespec){ 0 }) > 0)
		;
	close(signals);
	sigprocmask(SIG_UNBLOCK, set, NULL);
}

bool wait_alone(double s)
{
	sigset_t set;
	int signals;
	bool over;

	take_signals(&signals, &set);
	over = wait_s(s, &signals);
	leave_signals(signals, &set);
	return over;
}
