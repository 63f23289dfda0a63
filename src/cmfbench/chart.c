// SPDX-License-Identifier: Apache-2.0
/* SVG for charts: axes with round numbers, a line and a row of the legend for each series. */
#include "chart.h"

#include <math.h>
#include <stdio.h>

enum {
	WIDTH = 760,
	HEIGHT = 420,
	LEFT = 80,
	RIGHT = 560, /* the legend is behind it */
	TOP = 40,
	BOTTOM = 360,
	LEGEND_ROW = 18,
};

static const char *const colours[] = {"#1b6ca8", "#c1440e", "#2e7d32", "#7b3fa0",
				      "#8a6d00", "#00838f", "#ad1457", "#455a64"};

/* What is drawn where. */
struct frame {
	double x_min, x_max, y_max;
};

static double place_x(const struct frame *f, double x)
{
	return LEFT +
	       (RIGHT - LEFT) * (log10(x) - log10(f->x_min)) / (log10(f->x_max) - log10(f->x_min));
}

static double place_y(const struct frame *f, double y)
{
	return BOTTOM - (BOTTOM - TOP) * y / f->y_max;
}

static void text_at(struct strbuf *out, double x, double y, const char *anchor, const char *text)
{
	strbuf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
	strbuf_markup(out, text);
	strbuf_add(out, "</text>\n");
}

static void number_at(struct strbuf *out, double x, double y, const char *anchor, double number)
{
	char text[32];

	if (number >= 1e6)
		snprintf(text, sizeof(text), "%g M", number / 1e6);
	else
		snprintf(text, sizeof(text), "%g", number);
	text_at(out, x, y, anchor, text);
}

/* The step of 1, 2 or 5 times a power of ten that cuts y_max into 4 to 10 parts. */
static double step_of(double y_max)
{
	double step = pow(10, floor(log10(y_max)));

	if (y_max / step >= 4)
		return step;
	return y_max / step >= 2 ? step / 2 : step / 5;
}

static void line(struct strbuf *out, double x1, double y1, double x2, double y2)
{
	strbuf_printf(out, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"#ddd\"/>\n", x1, y1, x2, y2);
}

/* Numbers on the axis of x within each power of ten: fewer where there are many powers. */
static bool is_tick(int digit, double powers)
{
	if (powers < 0.8)
		return true;
	return digit == 1 || (powers < 3 && (digit == 2 || digit == 5));
}

static void draw_axes(const struct chart *chart, const struct frame *f, struct strbuf *out)
{
	const double step = step_of(f->y_max), powers = log10(f->x_max / f->x_min);

	for (double y = 0; y <= f->y_max * 1.0001; y += step) {
		line(out, LEFT, place_y(f, y), RIGHT, place_y(f, y));
		number_at(out, LEFT - 8, place_y(f, y) + 4, "end", y);
	}
	for (int power = (int)floor(log10(f->x_min)); power <= (int)ceil(log10(f->x_max));
	     power++) {
		for (int digit = 1; digit <= 9; digit++) {
			double x = digit * pow(10, power);

			if (x < f->x_min || x > f->x_max || !is_tick(digit, powers))
				continue;
			line(out, place_x(f, x), TOP, place_x(f, x), BOTTOM);
			number_at(out, place_x(f, x), BOTTOM + 18, "middle", x);
		}
	}
	text_at(out, (LEFT + RIGHT) / 2.0, BOTTOM + 42, "middle", chart->x_name);
	strbuf_printf(out, "<g transform=\"translate(18 %d) rotate(-90)\">", (TOP + BOTTOM) / 2);
	text_at(out, 0, 0, "middle", chart->y_name);
	strbuf_add(out, "</g>\n");
}

static void draw_series(const struct chart_series *series, size_t number, const struct frame *f,
			struct strbuf *out)
{
	const char *colour = colours[number % ARRAY_LEN(colours)];
	const double row = TOP + 8.0 + LEGEND_ROW * (double)number;

	strbuf_printf(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\" d=\"", colour);
	for (size_t i = 0; i < series->n; i++)
		strbuf_printf(out, "%c%.1f %.1f", i ? 'L' : 'M', place_x(f, series->points[i].x),
			      place_y(f, series->points[i].y));
	strbuf_add(out, "\"/>\n");
	for (size_t i = 0; i < series->n; i++)
		strbuf_printf(out,
			      "<circle r=\"4\" cx=\"%.1f\" cy=\"%.1f\" fill=\"%s\">"
			      "<title>%g, %g</title></circle>\n",
			      place_x(f, series->points[i].x), place_y(f, series->points[i].y),
			      colour, series->points[i].x, series->points[i].y);
	strbuf_printf(out, "<circle r=\"5\" cx=\"%d\" cy=\"%.1f\" fill=\"%s\"/>\n", RIGHT + 20, row,
		      colour);
	text_at(out, RIGHT + 32, row + 4, "start", series->name);
}

/* False: there are no points. */
static bool frame_of(const struct chart *chart, struct frame *f)
{
	*f = (struct frame){INFINITY, 0, 0};
	for (size_t s = 0; s < chart->n_series; s++) {
		for (size_t i = 0; i < chart->series[s].n; i++) {
			const struct chart_point *p = &chart->series[s].points[i];

			f->x_min = fmin(f->x_min, p->x);
			f->x_max = fmax(f->x_max, p->x);
			f->y_max = fmax(f->y_max, p->y);
		}
	}
	if (f->x_max <= 0 || f->y_max <= 0)
		return false;
	/* Some room; a single value is in the middle. */
	f->x_min /= 1.25;
	f->x_max *= 1.25;
	f->y_max *= 1.1;
	return true;
}

void chart_draw(const struct chart *chart, struct strbuf *out)
{
	struct frame f;

	if (!frame_of(chart, &f))
		return;
	strbuf_printf(out,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%d\" "
		      "height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
		      "font-size=\"12\">\n<title>",
		      WIDTH, HEIGHT, WIDTH, HEIGHT);
	strbuf_markup(out, chart->title);
	strbuf_add(out, "</title>\n");
	draw_axes(chart, &f, out);
	for (size_t i = 0; i < chart->n_series; i++)
		draw_series(&chart->series[i], i, &f, out);
	strbuf_add(out, "</svg>\n");
}
