/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A report of a model that was made of hostile bytes, to nowhere: in one of all
 * formats, which the input draws, as all six take longer than all before them.
 */
#ifndef FUZZ_REPORT_H
#define FUZZ_REPORT_H

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/kind.h"
#include "model/model.h"
#include "report/html.h"
#include "report/openmetrics.h"
#include "report/pprof.h"
#include "report/text.h"
#include "util/style.h"

static void fuzz_pprof(struct model *m)
{
	for (int kind = 0; kind < KINDS; kind++) {
		void *profile;
		size_t len;

		if (!report_pprof(m, kind, &profile, &len))
			free(profile);
	}
}

static void fuzz_metrics(FILE *f, struct model *m, bool openmetrics)
{
	struct metrics *x = metrics_new();

	metrics_add(x, m);
	metrics_write(x, f, openmetrics);
	metrics_free(x);
}

static void fuzz_page(FILE *f, struct model *m)
{
	struct json_object *reports = json_object_new_array();

	json_object_array_add(reports, html_data(m));
	html_write(f, reports);
	json_object_put(reports);
}

static void fuzz_report(FILE *f, struct model *m, const uint8_t *data, size_t size)
{
	struct report_style look = { .all = true };
	unsigned int sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = sum * 31 + data[i];
	look.format = sum % (FORMAT_HTML + 1);
	switch (look.format) {
	case FORMAT_PPROF:
		fuzz_pprof(m);
		break;
	case FORMAT_OPENMETRICS:
	case FORMAT_PROMETHEUS:
		fuzz_metrics(f, m, look.format == FORMAT_OPENMETRICS);
		break;
	case FORMAT_HTML:
		fuzz_page(f, m);
		break;
	default:
		report_write(f, m, &look);
	}
}

#endif
