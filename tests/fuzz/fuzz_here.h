/* SPDX-License-Identifier: GPL-2.0 */
/* Where the memory of fuzz_words.h is, and the mark of words that lead into it. */
#ifndef FUZZ_HERE_H
#define FUZZ_HERE_H

#define FUZZ_MEMORY	0x510000000000ULL
#define FUZZ_HERE	0x51ULL

/* Of fuzz_script: where a thread's base is, and which version of which interpreter it is. */
#define FUZZ_THREAD	0x1000

enum { FUZZ_CPYTHON_3_11 = 2, FUZZ_PHP_8_0 = 5, FUZZ_RUBY_3_1 = 11 };

#endif
