/* SPDX-License-Identifier: GPL-2.0 */
/* Debug information from servers, for whoever asks for it. */
#ifndef LEAKTRACE_SYMBOLIZE_DEBUGINFOD_H
#define LEAKTRACE_SYMBOLIZE_DEBUGINFOD_H

/* Modules opened from now on ask $DEBUGINFOD_URLS. 0, or EXIT_TROUBLE after an error message. */
int debuginfod_ask(void);

#endif
