/* SPDX-License-Identifier: GPL-2.0 */
/* Where PHP keeps what: of each minor version, if it is built for one thread. */
#ifndef LEAKTRACE_SCRIPT_PHP_H
#define LEAKTRACE_SCRIPT_PHP_H

#include <stdint.h>

#include <linux/leaktrace_chain.h>

struct php_layout {
	int version;			/* major << 8 | minor */
	struct leaktrace_chain chain;	/* but for the root, which is the address of executor_globals */
	uint32_t file;			/* of a zend_op_array; its first and its last line follow */
};

extern const struct php_layout php_layouts[];
extern const int php_nlayouts;

#endif
