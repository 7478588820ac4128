// SPDX-License-Identifier: GPL-2.0
/*
 * Debug information from servers, for who asks for it with --debuginfod. Otherwise
 * the library is not even loaded, whatever $DEBUGINFOD_URLS says: on a production host
 * nothing may be fetched, nor told to anybody, that nobody asked for. What a server
 * sends is a file like others, and must have the build id.
 */
#include <elfutils/debuginfod.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "symbolize/debug_file.h"
#include "util/optional_lib.h"

static struct {
	__typeof__(debuginfod_begin) *begin;
	__typeof__(debuginfod_find_debuginfo) *find_debuginfo;
} library;

static const struct late_symbol symbols[] = {
	{ "debuginfod_begin", &library.begin },
	{ "debuginfod_find_debuginfo", &library.find_debuginfo },
};

static debuginfod_client *client;

/* The library has a cache, of what servers don't have, too. */
static int fetch(const unsigned char *id, size_t id_bytes)
{
	return library.find_debuginfo(client, id, id_bytes, NULL);
}

/**
 * debuginfod_ask() - from now on ask servers for what is not on this host
 *
 * Return: 0, or EXIT_TROUBLE: said why not.
 */
int debuginfod_ask(void)
{
	const char *urls = getenv(DEBUGINFOD_URLS_ENV_VAR);

	if (!urls || !urls[strspn(urls, " ")])
		return fail("--debuginfod: %s names no server",
			    DEBUGINFOD_URLS_ENV_VAR);
	if (late_load("libdebuginfod.so.1", "libdebuginfod1", symbols, ARRAY_SIZE(symbols)))
		return EXIT_TROUBLE;
	/* Seconds without a byte; somebody waits for the report. */
	setenv(DEBUGINFOD_TIMEOUT_ENV_VAR, "10", 0);
	client = library.begin();
	if (!client)
		return fail("--debuginfod: cannot initialise libdebuginfod");
	elf_debug_fetch = fetch;
	return 0;
}
