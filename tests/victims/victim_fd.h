/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of victim_fd share. */
#ifndef VICTIM_FD_H
#define VICTIM_FD_H

#include "victim.h"

#define NULL_DEVICE "/dev/null"

enum { HELD = 4096 };

/* What hold opened and nobody has closed: held[held_first..held_last), in a ring. */
extern int held[HELD];
extern int held_first, held_last;

/* victim_fd_road.c */
extern int plain_fd;		/* any open file, born before "ready" */
extern int listener;
void roads_open(void);
void roads_close(void);
NAMED long by_hold(void);
NAMED long connect_client(void);
void walk_road(int argc, char **argv);

/* victim_fd_uring.c */
void ring_up(void);
void uring_open(int argc, char **argv);
void uring_accept(int argc, char **argv);
void uring_close(int argc, char **argv);

#endif
