// SPDX-License-Identifier: Apache-2.0
/*
 * Attribute filters and selectors by ETSI GS NFV-SOL 013 5.2 and 5.3: the grammar with its quotes
 * and escapes, the operators for each type of attribute, and what a filter may cost.
 */
#include "base/strbuf.h"
#include "nfv/filter.h"
#include "nfv/selection.h"
#include "suite.h"

#include <string.h>

static const struct nfv_attribute table[] = {
	{"id", NFV_TEXT, NFV_ALWAYS},
	{"vnfInstanceName", NFV_TEXT, NFV_OPTIONAL},
	{"count", NFV_NUMBER, NFV_OPTIONAL},
	{"started", NFV_BOOLEAN, NFV_OPTIONAL},
	{"notAfter", NFV_TIME, NFV_ALWAYS},
	{"revocation", NFV_WHOLE, NFV_OPTIONAL},
	{"revocation/reason", NFV_TEXT, NFV_ALWAYS},
	{"list/item/name", NFV_TEXT, NFV_ALWAYS},
	{"list", NFV_WHOLE, NFV_OPTIONAL},
	{"tags", NFV_TEXT, NFV_OPTIONAL},
	{"certificate", NFV_WHOLE, NFV_UNLESS_DEFAULT},
};
static const struct nfv_attributes attributes = {table, ARRAY_LEN(table)};

static const char item_text[] =
	"{\"id\": \"b\", \"vnfInstanceName\": \"it's (a), test;~\", \"count\": 7, \"started\": "
	"true,"
	" \"notAfter\": \"2026-12-31T23:00:00Z\", \"revocation\": {\"reason\": \"superseded\"},"
	" \"list\": [{\"item\": {\"name\": \"x\"}}, {\"item\": {\"name\": \"y\"}}, {}],"
	" \"tags\": [\"red\", \"green\"], \"certificate\": \"PEM\"}";

static json_t *item_new(void)
{
	json_t *item = json_loads(item_text, 0, NULL);

	ck_assert_ptr_nonnull(item);
	return item;
}

static int parse(const char *text, struct nfv_filter **filterp)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = nfv_filter_parse(text, &attributes, filterp, &refusal);

	if (err == REFUSED) {
		ck_assert_int_eq(refusal.reason, REFUSAL_nfv_filter);
		ck_assert_int_eq(refusal_http_status(&refusal), 400);
	}
	return err;
}

static const struct {
	const char *filter;
	bool fits;
} filters[] = {
	{NULL, true},
	{"(eq,id,b)", true},
	{"(eq,id,B)", false},
	{"(eq,id,'b')", true},
	{"(neq,id,b)", false},
	{"(neq,id,a)", true},
	{"(gt,id,a)", true},
	{"(gt,id,b)", false},
	{"(gte,id,b)", true},
	{"(lt,id,c)", true},
	{"(lt,id,b)", false},
	{"(lte,id,b)", true},
	{"(in,id,a,b,c)", true},
	{"(in,id,b)", true},
	{"(in,id,a,c)", false},
	{"(nin,id,a,c)", true},
	{"(nin,id,a,b)", false},
	{"(cont,vnfInstanceName,est)", true},
	{"(cont,vnfInstanceName,xxx,est)", true},
	{"(cont,vnfInstanceName,xxx)", false},
	{"(ncont,vnfInstanceName,xxx,yyy)", true},
	{"(ncont,vnfInstanceName,xxx,est)", false},
	/* quotes */
	{"(eq,vnfInstanceName,'it''s (a), test;~')", true},
	{"(cont,vnfInstanceName,''';')", false},
	{"(cont,vnfInstanceName,'''s (')", true},
	{"(in,vnfInstanceName,'a,b','it''s (a), test;~')", true},
	{"(cont,vnfInstanceName,(a)", true},
	{"(cont,vnfInstanceName,;~)", true},
	{"(eq,id,'')", false},
	/* several terms */
	{"(eq,id,b);(eq,count,7)", true},
	{"(eq,id,b);(eq,count,8)", false},
	{"(eq,id,b);(neq,id,';');(gt,count,1)", true},
	/* numbers */
	{"(eq,count,7)", true},
	{"(eq,count,7.0)", true},
	{"(gt,count,6.5)", true},
	{"(gt,count,10)", false},
	{"(lt,count,1e1)", true},
	{"(in,count,1,7)", true},
	/* booleans */
	{"(eq,started,true)", true},
	{"(eq,started,false)", false},
	{"(neq,started,false)", true},
	/* times: points in time, whatever their text */
	{"(eq,notAfter,2027-01-01T00:00:00+01:00)", true},
	{"(lt,notAfter,2027-01-01T00:00:00Z)", true},
	{"(gt,notAfter,2026-12-31T22:59:59.999Z)", true},
	{"(gt,notAfter,2026-12-31T23:00:00Z)", false},
	/* within objects and arrays */
	{"(eq,revocation/reason,superseded)", true},
	{"(eq,revocation/reason,keyCompromise)", false},
	{"(eq,list/item/name,y)", true},
	{"(eq,list/item/name,z)", false},
	{"(eq,tags,green)", true},
	{"(eq,tags,blue)", false},
	{"(neq,tags,green)", true}, /* red does */
	{"(cont,tags,ree)", true},
};

START_TEST(sol013_5_2_filter_fits)
{
	_cleanup_(nfv_filter_freep) struct nfv_filter *filter = NULL;
	json_t *item = item_new();

	ck_assert_int_eq(parse(filters[_i].filter, &filter), 0);
	ck_assert_int_eq(nfv_filter_fits(filter, item), filters[_i].fits);
	json_decref(item);
}
END_TEST

/* The binding: a missing attribute fits neq and nothing else. */
START_TEST(missing_attribute_fits_neq_alone)
{
	static const char *const ops[] = {"eq", "neq", "gt", "lt", "gte", "lte", "in", "nin"};
	static const char *const missing[] = {"{}", "{\"tags\": [], \"revocation\": {}}"};
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		for (size_t k = 0; k < ARRAY_LEN(missing); k++) {
			_cleanup_(nfv_filter_freep) struct nfv_filter *filter = NULL;
			json_t *item = json_loads(missing[k], 0, NULL);

			snprintf(text, sizeof(text), "(%s,%s,x)", ops[i],
				 k ? "tags" : "revocation/reason");
			ck_assert_int_eq(parse(text, &filter), 0);
			ck_assert_int_eq(nfv_filter_fits(filter, item), strcmp(ops[i], "neq") == 0);
			json_decref(item);
		}
	}
}
END_TEST

static const char *const bad_filters[] = {
	"",
	"()",
	"(",
	")",
	"eq,id,b",
	"(eq,id,b",
	"eq,id,b)",
	"(eq,id)",
	"(eq,id,)",
	"(eq,id,b,c)",
	"(neq,id,b,c)",
	"(eq)",
	"(,id,b)",
	"(equals,id,b)",
	"(EQ,id,b)",
	"(eq, id,b)",
	"(e,id,b)",
	"(eq,,b)",
	"(eq,noSuchThing,b)",
	"(eq,revocation,b)",
	"(eq,certificate,b)",
	"(eq,revocation/,b)",
	"(eq,revocation/reason/x,b)",
	"(eq,/id,b)",
	"(eq,id/,b)",
	"(eq,i~1d,b)",
	"(eq,id~,b)",
	"(eq,tags/@red,b)",
	"(in,id,)",
	"(in,id,a,)",
	"(in,id,,a)",
	"(eq,id,b'c)",
	"(eq,id,'b)",
	"(eq,id,'b'c)",
	"(eq,id,'b''",
	"(eq,id,')",
	"(eq,id,''')",
	"(eq,id,b);",
	";(eq,id,b)",
	"(eq,id,b);;(eq,id,b)",
	"(eq,id,b)(eq,id,b)",
	"(eq,id,b),(eq,id,b)",
	"(eq,id,b) ",
	" (eq,id,b)",
	"((eq,id,b))",
	"(eq,count,seven)",
	"(eq,count,0x7)",
	"(eq,count,7 )",
	"(eq,count,true)",
	"(eq,count,'')",
	"(cont,count,7)",
	"(gt,started,true)",
	"(cont,started,true)",
	"(eq,started,TRUE)",
	"(eq,started,1)",
	"(eq,notAfter,tomorrow)",
	"(eq,notAfter,2027-02-30T00:00:00Z)",
	"(eq,notAfter,2027-01-01)",
	"(cont,notAfter,2027)",
};

START_TEST(sol013_5_2_malformed_filter_is_refused)
{
	_cleanup_(nfv_filter_freep) struct nfv_filter *filter = NULL;

	ck_assert_int_eq(parse(bad_filters[_i], &filter), REFUSED);
	ck_assert_ptr_null(filter);
}
END_TEST

static char *repeated(const char *begin, const char *part, size_t n, const char *end)
{
	struct strbuf b = STRBUF_NULL;

	strbuf_add(&b, begin);
	for (size_t i = 0; i < n; i++)
		strbuf_add(&b, part);
	strbuf_add(&b, end);
	return strbuf_take(&b);
}

static void assert_parsed(const char *begin, const char *part, size_t n, const char *end,
			  int expected)
{
	_cleanup_(freep) char *text = repeated(begin, part, n, end);
	_cleanup_(nfv_filter_freep) struct nfv_filter *filter = NULL;
	json_t *item = item_new();

	ck_assert_int_eq(parse(text, &filter), expected);
	if (filter)
		ck_assert(nfv_filter_fits(filter, item));
	json_decref(item);
}

START_TEST(thousand_terms_and_no_more)
{
	assert_parsed("(eq,id,b)", ";(eq,id,b)", 999, "", 0);
	assert_parsed("(eq,id,b)", ";(eq,id,b)", 1000, "", REFUSED);
	assert_parsed("(in,id", ",a", 1999, ",b)", 0);
	assert_parsed("(in,id", ",a", 2000, ",b)", REFUSED);
	assert_parsed("(neq,id,'", ";", 100000, "')", 0);
	assert_parsed("(eq,", "list/", 100000, ",b)", REFUSED);
	assert_parsed("", "(", 100000, "", REFUSED);
	assert_parsed("(neq,id,'", "''", 100000, "')", 0);
}
END_TEST

START_TEST(text_that_must_be_is_known)
{
	_cleanup_(nfv_filter_freep) struct nfv_filter *filter = NULL;

	ck_assert_int_eq(
		parse("(neq,id,a);(in,tags,x,y);(in,id,'q');(eq,vnfInstanceName,n)", &filter), 0);
	ck_assert_str_eq(nfv_filter_text(filter, "id"), "q");
	ck_assert_str_eq(nfv_filter_text(filter, "vnfInstanceName"), "n");
	ck_assert_ptr_null(nfv_filter_text(filter, "tags"));
	ck_assert_ptr_null(nfv_filter_text(filter, "notAfter"));
	ck_assert_uint_eq(nfv_filter_cost(filter), 5);
}
END_TEST

/* --- selectors --- */

static const struct {
	const char *query;
	const char *names; /* of the item that is left, sorted; NULL: refused */
} selections[] = {
	{"", "count id list notAfter revocation started tags vnfInstanceName"},
	{"exclude_default", "count id list notAfter revocation started tags vnfInstanceName"},
	{"exclude_default=", "count id list notAfter revocation started tags vnfInstanceName"},
	{"all_fields",
	 "certificate count id list notAfter revocation started tags vnfInstanceName"},
	{"fields=count", "count id notAfter"},
	{"fields=id", "id notAfter"},
	{"fields=count,certificate", "certificate count id notAfter"},
	{"fields=revocation/reason", "id notAfter revocation"},
	{"fields=list/item/name", "id list notAfter"},
	{"fields=certificate&exclude_default",
	 "certificate count id list notAfter revocation started tags vnfInstanceName"},
	{"exclude_fields=count,list",
	 "certificate id notAfter revocation started tags vnfInstanceName"},
	{"exclude_fields=certificate",
	 "count id list notAfter revocation started tags vnfInstanceName"},
	{"fields=", NULL},
	{"fields=noSuchThing", NULL},
	{"fields=count,", NULL},
	{"fields=,count", NULL},
	{"fields=count count", NULL},
	{"fields=revocation/", NULL},
	{"exclude_fields=", NULL},
	{"exclude_fields=noSuchThing", NULL},
	{"exclude_fields=id", NULL},
	{"exclude_fields=revocation/reason", NULL},
	{"all_fields=true", NULL},
	{"exclude_default=x", NULL},
	{"all_fields&fields=count", NULL},
	{"all_fields&exclude_fields=count", NULL},
	{"all_fields&exclude_default", NULL},
	{"fields=count&exclude_fields=list", NULL},
	{"exclude_fields=count&exclude_default", NULL},
};

static int name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the members, sorted and joined by spaces. */
static char *names_of(json_t *item)
{
	struct strbuf b = STRBUF_NULL;
	const char *names[NFV_ATTRIBUTES_MAX], *name;
	size_t n = 0;
	json_t *value;

	json_object_foreach(item, name, value) names[n++] = name;
	qsort(names, n, sizeof(*names), name_order);
	for (size_t i = 0; i < n; i++)
		strbuf_printf(&b, "%s%s", i ? " " : "", names[i]);
	return strbuf_take(&b);
}

START_TEST(sol013_5_3_selectors)
{
	struct json_query query;
	struct nfv_selection selection;
	struct refusal refusal = REFUSAL_NULL;
	json_t *item = item_new();
	int err;

	ck_assert_int_eq(json_query_parse(selections[_i].query, &query), 0);
	err = nfv_selection_read(&query, &attributes, &selection, &refusal);
	if (selections[_i].names) {
		_cleanup_(freep) char *names = NULL;

		ck_assert_int_eq(err, 0);
		nfv_selection_apply(&selection, item);
		names = names_of(item);
		ck_assert_str_eq(names, selections[_i].names);
		ck_assert_int_eq(nfv_selected(&selection, "certificate"),
				 strstr(names, "certificate") != NULL);
	} else {
		ck_assert_int_eq(err, REFUSED);
		ck_assert_int_eq(refusal.reason, REFUSAL_nfv_selector);
		ck_assert_int_eq(refusal_http_status(&refusal), 400);
	}
	json_query_clear(&query);
	json_decref(item);
}
END_TEST

static Suite *filter_suite(void)
{
	Suite *suite = suite_create("json filter");
	TCase *filter = tcase_create("filter"), *selector = tcase_create("selectors");

	tcase_add_loop_test(filter, sol013_5_2_filter_fits, 0, ARRAY_LEN(filters));
	tcase_add_loop_test(filter, sol013_5_2_malformed_filter_is_refused, 0,
			    ARRAY_LEN(bad_filters));
	tcase_add_test(filter, missing_attribute_fits_neq_alone);
	tcase_add_test(filter, thousand_terms_and_no_more);
	tcase_add_test(filter, text_that_must_be_is_known);
	tcase_add_loop_test(selector, sol013_5_3_selectors, 0, ARRAY_LEN(selections));
	suite_add_tcase(suite, filter);
	suite_add_tcase(suite, selector);
	return suite;
}

SUITE_MAIN(filter_suite, SUITE_FORKS)
