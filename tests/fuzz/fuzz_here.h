/* SPDX-License-Identifier: GPL-2.0 */
/* The input of fuzz_python: where its memory is, and the mark of words that lead into it. */
#ifndef FUZZ_PYTHON_H
#define FUZZ_PYTHON_H

#define PYTHON_MEMORY	0x510000000000ULL
#define PYTHON_HERE	0x51ULL

#endif
