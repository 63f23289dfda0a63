// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of the query of a list: filter and attribute selectors of SOL 013 5.2 and 5.3. A
 * query that is taken is the same when it is written again; a filter compares with items of any
 * shape, and what it says that a text must be holds for every item that fits.
 */
#include "nfv/filter.h"
#include "nfv/selection.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static const struct nfv_attribute table[] = {
	{"id", NFV_TEXT, NFV_ALWAYS},
	{"count", NFV_NUMBER, NFV_OPTIONAL},
	{"started", NFV_BOOLEAN, NFV_OPTIONAL},
	{"notAfter", NFV_TIME, NFV_ALWAYS},
	{"revocation", NFV_WHOLE, NFV_OPTIONAL},
	{"revocation/reason", NFV_TEXT, NFV_ALWAYS},
	{"tags", NFV_TEXT, NFV_OPTIONAL},
	{"certificate", NFV_WHOLE, NFV_UNLESS_DEFAULT},
};
static const struct nfv_attributes attributes = {table, ARRAY_LEN(table)};

static const char *const items[] = {
	"{}",
	("{\"id\":\"b\",\"count\":7,\"started\":true,\"notAfter\":\"2026-12-31T23:00:00Z\","
	 "\"revocation\":{\"reason\":\"superseded\"},\"tags\":[\"red\",\"green\"],"
	 "\"certificate\":\"PEM\"}"),
	("{\"id\":1,\"count\":\"7\",\"started\":null,\"notAfter\":\"x\",\"revocation\":[],"
	 "\"tags\":{\"a\":[[]]}}"),
};

static void filter_try(const char *text)
{
	_cleanup_(nfv_filter_freep) struct nfv_filter *filter = NULL;
	struct refusal refusal = REFUSAL_NULL;
	int err = nfv_filter_parse(text, &attributes, &filter, &refusal);

	MUST(err == 0 || err == REFUSED);
	MUST(!err == !!filter && !err == (refusal.reason == REFUSAL_NONE));
	for (size_t i = 0; filter && i < ARRAY_LEN(items); i++) {
		json_t *item = json_loads(items[i], 0, NULL);
		const char *id = nfv_filter_text(filter, "id");

		if (nfv_filter_fits(filter, item) && id)
			MUST(strcmp(json_string_value(json_object_get(item, "id")), id) == 0);
		json_decref(item);
	}
}

static void selection_try(struct json_query *query)
{
	struct nfv_selection selection;
	struct refusal refusal = REFUSAL_NULL;
	json_t *item = json_loads(items[1], 0, NULL);
	int err = nfv_selection_read(query, &attributes, &selection, &refusal);

	MUST(err == 0 || err == REFUSED);
	if (err == 0) {
		nfv_selection_apply(&selection, item);
		MUST(json_object_get(item, "id") && json_object_get(item, "notAfter"));
	}
	json_decref(item);
}

static void write_again(struct json_query *query)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	struct json_query again;

	json_query_write(query, "nextpage_opaque_marker", &text);
	MUST(json_query_parse(text.text ? text.text : "", &again) == 0);
	for (size_t i = 0; i < again.len; i++)
		MUST(strcmp(json_query_get(query, again.item[i].name), again.item[i].value) == 0);
	json_query_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = strndup((const char *)data, size);
	struct json_query query;

	filter_try(text);
	if (json_query_parse(text, &query))
		return 0;
	if (json_query_get(&query, "filter"))
		filter_try(json_query_get(&query, "filter"));
	selection_try(&query);
	write_again(&query);
	json_query_clear(&query);
	return 0;
}
