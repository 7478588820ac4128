// SPDX-License-Identifier: GPL-2.0
/* The languages that are supported. */
#include <string.h>

#include "elf/image.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"

static const struct language *const languages[] = {
	&language_go, &language_python, &language_php, &language_perl, &language_ruby,
};

enum { LANGUAGES = sizeof(languages) / sizeof(languages[0]) };

/**
 * language_open() - open the language-specific data of a module
 * @code: filled, passed to the functions of the returned language
 *
 * Return: the language, or NULL.
 */
const struct language *language_open(struct elf_image *image, void **code)
{
	for (int i = 0; i < LANGUAGES; i++) {
		*code = languages[i]->open(image);
		if (*code)
			return languages[i];
	}
	return NULL;
}

/**
 * language_stack_end() - the number of frames up to and including the root
 *
 * A runtime that switches stacks can leave stale frame pointers behind: what
 * follows the root are remains of another stack.
 *
 * Return: how many of the frames belong to the stack.
 */
int language_stack_end(const struct symbol_frame *frames, int n)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; frames[i].function && k < LANGUAGES; k++)
			if (languages[k]->is_root(frames[i].function))
				return i + 1;
	return n;
}

/** language_in_collector() - whether a garbage collector is on this stack */
bool language_in_collector(const struct symbol_frame *frames, int n)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; frames[i].function && k < LANGUAGES; k++)
			if (languages[k]->is_collector(frames[i].function))
				return true;
	return false;
}

/** language_starts_thread() - whether the thread is started on behalf of code that is not on this stack */
bool language_starts_thread(const struct symbol_frame *frames, int n)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; frames[i].function && k < LANGUAGES; k++)
			if (languages[k]->starts_threads(frames[i].function))
				return true;
	return false;
}

/**
 * language_of_frame() - the language whose table has named a frame
 *
 * Return: the language, or NULL: native.
 */
const struct language *language_of_frame(const struct symbol_frame *frame)
{
	for (int k = 0; frame->function && k < LANGUAGES; k++)
		if (languages[k]->is_own(frame))
			return languages[k];
	return NULL;
}

/** language_library() - the standard library that a frame belongs to, or NULL */
const char *language_library(const struct symbol_frame *frame)
{
	for (int k = 0; frame->function && k < LANGUAGES; k++)
		if ((!frame->script || languages[k]->is_own(frame)) && languages[k]->is_library(frame))
			return languages[k]->library;
	/* nobody knows any more which script's */
	return frame->script && !frame->file ? "a script" : NULL;
}

/** language_is_root() - whether stacks begin with this frame */
bool language_is_root(const struct symbol_frame *frame)
{
	for (int k = 0; frame->function && k < LANGUAGES; k++)
		if (languages[k]->is_root(frame->function))
			return true;
	return false;
}
