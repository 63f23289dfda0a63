// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of what the page for authors of clients takes: a form, and what somebody hands in for
 * a message, in any encoding. What is printed is ASCII in lines, and in HTML it is text.
 */
#include "explain.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void text_check(const struct strbuf *text)
{
	_cleanup_(strbuf_clear) struct strbuf html = STRBUF_NULL;

	strbuf_markup(&html, text->text ? text->text : "");
	MUST(!html.text || !strpbrk(html.text, "<>\""));
}

static void explain(struct bytes given)
{
	_cleanup_(explain_input_clear) struct explain_input in = {.der = OCTETS_NULL};
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;

	MUST(explain_input_read(given, &in) == 0);
	MUST(!in.is == !in.hint);
	explain_octets_as_message(octets_view(&in.der), &out);
	for (size_t i = 0; i < out.len; i++)
		MUST(out.text[i] == '\n' || (out.text[i] >= 0x20 && out.text[i] < 0x7f));
	explain_problem(octets_view(&in.der), &out);
	explain_answer(octets_view(&in.der), &out);
	text_check(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(explain_form_clear) struct explain_form form = {.message = OCTETS_NULL};

	explain((struct bytes){data, size});
	MUST(explain_form_read((struct bytes){data, size}, &form) == 0);
	(void)explain_form_profile(&form);
	explain(octets_view(&form.message));
	MUST(ERR_peek_error() == 0);
	return 0;
}
