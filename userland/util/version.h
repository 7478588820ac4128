/* SPDX-License-Identifier: GPL-2.0 */
/* The version of the command line tool; the module has its own. */
#ifndef LEAKTRACE_UTIL_VERSION_H
#define LEAKTRACE_UTIL_VERSION_H

#define LEAKTRACE_VERSION	"0.1.0"

#endif
