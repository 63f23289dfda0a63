// SPDX-License-Identifier: Apache-2.0
/* See parameters.h. */
#include "parameters.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Text goes as octets, too: it need not end with a NUL. */
enum { FORMAT_TEXT = 0, FORMAT_BINARY = 1 };

void parameter_add(struct parameters *p, struct value value)
{
	int i = p->n++;

	assert(i < PARAMETERS_MAX);
	p->value[i] = NULL;
	p->length[i] = 0;
	p->format[i] = FORMAT_BINARY;
	switch (value.kind) {
	case VALUE_INT:
		snprintf(p->text[i], sizeof(p->text[i]), "%" PRId64, value.number);
		p->value[i] = p->text[i];
		p->format[i] = FORMAT_TEXT;
		return;
	case VALUE_TEXT:
	case VALUE_OCTETS:
		p->value[i] = value.data;
		p->length[i] = (int)value.len;
		return;
	case VALUE_NULL:
	case VALUE_RESULT: /* the writer has replaced it */
		return;
	}
}

void parameter_add_literal(struct parameters *p, const char *text)
{
	int i = p->n++;

	assert(i < PARAMETERS_MAX);
	p->value[i] = text;
	p->length[i] = 0;
	p->format[i] = FORMAT_TEXT;
}
