// SPDX-License-Identifier: GPL-2.0
/*
 * Debug information from debuginfod servers, with --debuginfod only. Otherwise
 * the library is not even loaded, whatever $DEBUGINFOD_URLS says: a tool on a
 * production host must not contact anybody unasked. A downloaded file is as
 * untrusted as any other, and must have the right build id.
 */
#include <elfutils/debuginfod.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbolize/debug_file.h"
#include "symbolize/debuginfod.h"
#include "util/error.h"
#include "util/macros.h"
#include "util/optional_lib.h"

static struct {
	__typeof__(debuginfod_begin) *begin;
	__typeof__(debuginfod_find_debuginfo) *find_debuginfo;
} library;

static const struct optional_lib_symbol symbols[] = {
	{ "debuginfod_begin", &library.begin },
	{ "debuginfod_find_debuginfo", &library.find_debuginfo },
};

static debuginfod_client *client;

/* The library caches files, and also which files servers do not have. */
static int fetch(const unsigned char *id, size_t id_bytes)
{
	return library.find_debuginfo(client, id, id_bytes, NULL);
}

/**
 * debuginfod_ask() - download debug information that is not on this host from now on
 *
 * Return: 0, or EXIT_TROUBLE: after an error message.
 */
int debuginfod_ask(void)
{
	const char *urls = getenv(DEBUGINFOD_URLS_ENV_VAR);

	if (!urls || !urls[strspn(urls, " ")])
		return fail("--debuginfod: %s names no server",
			    DEBUGINFOD_URLS_ENV_VAR);
	if (optional_lib_load("libdebuginfod.so.1", "libdebuginfod1", symbols, ARRAY_SIZE(symbols)))
		return EXIT_TROUBLE;
	/* Seconds without progress; a user is waiting for the report. */
	setenv(DEBUGINFOD_TIMEOUT_ENV_VAR, "10", 0);
	client = library.begin();
	if (!client)
		return fail("--debuginfod: cannot initialise libdebuginfod");
	elf_debug_fetch = fetch;
	return 0;
}
