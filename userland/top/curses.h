/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A full screen on the terminal: the few functions of ncursesw that we need, which is loaded
 * when it is. All text is UTF-8 without control characters.
 */
#ifndef LEAKTRACE_TOP_CURSES_H
#define LEAKTRACE_TOP_CURSES_H

#include <stdbool.h>

enum screen_look { LOOK_PLAIN, LOOK_BOLD, LOOK_REVERSE, LOOK_DIM };

/* Other keys are characters. */
enum screen_key {
	KEY_NONE_ = -1, KEY_ESCAPE_ = 27, KEY_ENTER_ = 10,
	KEY_UP_ = 0x1000, KEY_DOWN_, KEY_PAGE_UP_, KEY_PAGE_DOWN_, KEY_HOME_, KEY_END_, KEY_BACKSPACE_,
	KEY_RESIZED_,
};

int curses_begin(void);		/* 0, or EXIT_TROUBLE after an error message; curses_end() in any case */
void curses_end(void);

void curses_size(unsigned int *rows, unsigned int *columns);
void curses_line(unsigned int row, const char *text, enum screen_look look);	/* the whole line */
void curses_clear(void);	/* nothing is seen of it before curses_show() */
void curses_show(void);
int curses_key(int wait_ms);	/* KEY_NONE_: none in that time */

#endif
