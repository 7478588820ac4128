// SPDX-License-Identifier: GPL-2.0
/*
 * The HTML report. Its parts are separate files that are embedded at build
 * time; here they are put together with the data. Any name in the data may be
 * hostile: the data is in a block that is not executed and contains no '<', the
 * script inserts names as text, never as markup, and the
 * Content-Security-Policy runs only scripts with an unpredictable nonce.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <json-c/json.h>

#include "report/html.h"

#define EMBED(name, file)						\
	__asm__(".pushsection .rodata, \"a\"\n"				\
		#name ":\n.incbin \"" file "\"\n" #name "_end:\n"	\
		".byte 0\n.popsection\n");				\
	extern const char name[], name##_end[]

EMBED(page_html, "report/html/page.html");
EMBED(page_css, "report/html/page.css");
EMBED(page_js, "report/html/page.js");
EMBED(chart_js, "report/html/chart.js");
EMBED(flamegraph_js, "report/html/flamegraph.js");

enum { NONCE_BYTES = 16 };

struct page {
	FILE *f;
	struct json_object *reports;
	char nonce[2 * NONCE_BYTES + 1];
};

static int make_nonce(struct page *p)
{
	unsigned char raw[NONCE_BYTES];

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		return -EIO;
	for (int i = 0; i < NONCE_BYTES; i++)
		snprintf(p->nonce + 2 * i, 3, "%02x", raw[i]);
	return 0;
}

static void put_part(struct page *p, const char *start, const char *end)
{
	fwrite(start, 1, end - start, p->f);
}

/* Writes JSON with '<' escaped, so that nothing in it can end the script block. */
static void put_data(struct page *p)
{
	const char *s = json_object_to_json_string_ext(p->reports, JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE);

	for (; s && *s; s++) {
		if (*s == '<' || *s == '>' || *s == '&')
			fprintf(p->f, "\\u%04x", *s);
		else
			fputc(*s, p->f);
	}
}

/* Replaces a placeholder between two @ in page.html. */
static void put_slot(struct page *p, const char *name, size_t len)
{
	if (len == 5 && !memcmp(name, "nonce", 5)) {
		fputs(p->nonce, p->f);
	} else if (len == 5 && !memcmp(name, "style", 5)) {
		put_part(p, page_css, page_css_end);
	} else if (len == 6 && !memcmp(name, "script", 6)) {
		put_part(p, chart_js, chart_js_end);
		put_part(p, flamegraph_js, flamegraph_js_end);
		put_part(p, page_js, page_js_end);
	} else if (len == 4 && !memcmp(name, "data", 4)) {
		put_data(p);
	}
}

int html_write(FILE *f, struct json_object *reports)
{
	struct page p = { .f = f, .reports = reports };
	const char *at = page_html, *slot, *end;
	int err = make_nonce(&p);

	while (!err && (slot = memchr(at, '@', page_html_end - at))) {
		end = memchr(slot + 1, '@', page_html_end - slot - 1);
		if (!end)
			break;
		put_part(&p, at, slot);
		put_slot(&p, slot + 1, end - slot - 1);
		at = end + 1;
	}
	put_part(&p, at, page_html_end);
	return err ?: ferror(f) ? -(errno ?: EIO) : 0;
}
