// SPDX-License-Identifier: GPL-2.0
#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "top/curses.h"
#include "util/error.h"
#include "util/macros.h"
#include "util/optional_lib.h"
#include "util/terminal.h"

/* Of curses.h, only what is a function and not merely a macro. */
static WINDOW *(*init_screen)(void);
static int (*end_window)(void), (*c_break)(void), (*no_echo)(void), (*show_cursor)(int);
static int (*key_pad)(WINDOW *, bool), (*move_to)(WINDOW *, int, int);
static int (*add_text)(WINDOW *, const char *, int), (*clear_line)(WINDOW *), (*erase_all)(WINDOW *);
static int (*refresh_window)(WINDOW *), (*get_key)(WINDOW *), (*get_rows)(const WINDOW *);
static int (*get_columns)(const WINDOW *), (*escape_delay)(int), (*invalidate)(WINDOW *, bool);
static int (*look_on)(WINDOW *, attr_t, void *), (*look_off)(WINDOW *, attr_t, void *);
static void (*wait_for)(WINDOW *, int);

static WINDOW *screen;

static const struct optional_lib_symbol symbols[] = {
	{ "initscr", &init_screen }, { "endwin", &end_window }, { "cbreak", &c_break },
	{ "noecho", &no_echo }, { "curs_set", &show_cursor }, { "keypad", &key_pad },
	{ "wmove", &move_to }, { "waddnstr", &add_text }, { "wclrtoeol", &clear_line },
	{ "werase", &erase_all }, { "wrefresh", &refresh_window }, { "wgetch", &get_key },
	{ "getmaxy", &get_rows }, { "getmaxx", &get_columns }, { "set_escdelay", &escape_delay },
	{ "clearok", &invalidate }, { "wattr_on", &look_on }, { "wattr_off", &look_off },
	{ "wtimeout", &wait_for },
};

int curses_begin(void)
{
	int status;

	if (!terminal_is_capable(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return fail("top: needs a terminal: use --once, or --json");
	status = optional_lib_load("libncursesw.so.6", "libncursesw6", symbols, ARRAY_SIZE(symbols));
	if (status)
		return status;
	screen = init_screen();		/* ends the program if it does not know the terminal */
	if (!screen)
		return fail("top: the terminal cannot show a full screen: use --once");
	c_break();
	no_echo();
	show_cursor(0);
	key_pad(screen, true);
	escape_delay(25);
	return 0;
}

void curses_end(void)
{
	if (screen)
		end_window();
	screen = NULL;
}

void curses_size(unsigned int *rows, unsigned int *columns)
{
	*rows = get_rows(screen);
	*columns = get_columns(screen);
}

void curses_line(unsigned int row, const char *text, enum screen_look look)
{
	static const attr_t attributes[] = {
		[LOOK_PLAIN] = 0, [LOOK_BOLD] = WA_BOLD, [LOOK_REVERSE] = WA_REVERSE, [LOOK_DIM] = WA_DIM,
	};
	unsigned int columns = get_columns(screen), shown;
	size_t len = text_fit(text, columns);

	move_to(screen, row, 0);
	look_on(screen, attributes[look], NULL);
	add_text(screen, text, len);
	for (shown = text_columns(text); look == LOOK_REVERSE && shown < columns; shown++)
		add_text(screen, " ", 1);
	look_off(screen, attributes[look], NULL);
	/* behind the last column, curses is at the beginning of the next line */
	if (shown < columns)
		clear_line(screen);
}

void curses_clear(void)
{
	erase_all(screen);
}

void curses_show(void)
{
	refresh_window(screen);
}

static int translate(int key)
{
	static const struct { int curses, ours; } keys[] = {
		{ ERR, KEY_NONE_ }, { KEY_UP, KEY_UP_ }, { KEY_DOWN, KEY_DOWN_ }, { KEY_PPAGE, KEY_PAGE_UP_ },
		{ KEY_NPAGE, KEY_PAGE_DOWN_ }, { KEY_HOME, KEY_HOME_ }, { KEY_END, KEY_END_ },
		{ KEY_BACKSPACE, KEY_BACKSPACE_ }, { 127, KEY_BACKSPACE_ }, { 8, KEY_BACKSPACE_ },
		{ KEY_ENTER, KEY_ENTER_ }, { '\r', KEY_ENTER_ }, { KEY_RESIZE, KEY_RESIZED_ },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].curses == key)
			return keys[i].ours;
	return key < 0x100 ? key : KEY_NONE_;
}

int curses_key(int wait_ms)
{
	int key;

	wait_for(screen, wait_ms);
	key = translate(get_key(screen));
	if (key == KEY_RESIZED_)
		invalidate(screen, true);	/* terminals move what is on them by themselves */
	return key;
}
