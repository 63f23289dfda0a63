// SPDX-License-Identifier: Apache-2.0
/* A drawing of points in two dimensions, as SVG. */
#pragma once

#include "base/strbuf.h"

#include <stddef.h>

struct chart_point {
	double x, y; /* above 0 */
};

struct chart_series {
	const char *name;
	struct chart_point *points; /* joined in their order */
	size_t n;
};

struct chart {
	const char *title;
	const char *x_name, *y_name; /* with their units */
	const struct chart_series *series;
	size_t n_series;
};

/* Adds an element svg; x is drawn by its logarithm, y from 0. Nothing is drawn without points. */
void chart_draw(const struct chart *chart, struct strbuf *out);
