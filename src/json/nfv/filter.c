// SPDX-License-Identifier: Apache-2.0
/*
 * Attribute-based filters, SOL 013 5.2: "(op,attribute,value[,value]*)", joined by ";", all of
 * which must fit. Text from the network becomes terms with values of the types of their attributes
 * here, once; items are then compared with them.
 */
#include "nfv/filter.h"

#include "values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum op { OP_EQ, OP_NEQ, OP_GT, OP_LT, OP_GTE, OP_LTE, OP_IN, OP_NIN, OP_CONT, OP_NCONT };

/* SOL 013 5.2.2: which operators there are, and for what. */
static const struct {
	const char *name;
	bool many;    /* takes several values */
	bool ordered; /* not for booleans */
	bool text;    /* for texts only */
} ops[] = {
	[OP_EQ] = {"eq", false, false, false},   [OP_NEQ] = {"neq", false, false, false},
	[OP_GT] = {"gt", false, true, false},    [OP_LT] = {"lt", false, true, false},
	[OP_GTE] = {"gte", false, true, false},  [OP_LTE] = {"lte", false, true, false},
	[OP_IN] = {"in", true, false, false},    [OP_NIN] = {"nin", true, false, false},
	[OP_CONT] = {"cont", true, false, true}, [OP_NCONT] = {"ncont", true, false, true},
};

/* Of the type of the attribute. */
struct value {
	char *text; /* owned */
	double number;
	int64_t ms;
	bool truth;
};

struct term {
	enum op op;
	const struct nfv_attribute *attribute;
	size_t first; /* of its values */
	size_t n;
};

struct nfv_filter {
	struct term *term;
	size_t n_terms;
	struct value *value;
	size_t n_values;
};

/* --- reading --- */

/* Where the reader stands, and what it fills. */
struct reading {
	const char *at;
	const struct nfv_attributes *attributes;
	struct nfv_filter *filter;
	struct refusal *refusal;
};

static int wrong(struct reading *r, const char *what)
{
	return refuse_about(r->refusal, REFUSAL_nfv_filter, "%s", what);
}

static int expect(struct reading *r, char c, const char *what)
{
	if (*r->at != c)
		return wrong(r, what);
	r->at++;
	return 0;
}

static int op_read(struct reading *r, struct term *term)
{
	size_t len = strcspn(r->at, ",");

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (strlen(ops[i].name) == len && memcmp(ops[i].name, r->at, len) == 0) {
			term->op = (enum op)i;
			r->at += len;
			return expect(r, ',', "an operator is followed by a comma");
		}
	}
	return wrong(r, "there is no such operator");
}

/*
 * "~" escapes ('/', ',', '@' and '~' in names) and "@" (keys of maps) are not in the names of any
 * attribute here: a path with them is that of none.
 */
static int attribute_read(struct reading *r, struct term *term)
{
	size_t len = strcspn(r->at, ",");

	term->attribute = nfv_attribute_find(r->attributes, r->at, len);
	if (!term->attribute || term->attribute->type == NFV_WHOLE)
		return wrong(r, "there is no such attribute to filter by");
	if ((ops[term->op].ordered && term->attribute->type == NFV_BOOLEAN) ||
	    (ops[term->op].text && term->attribute->type != NFV_TEXT))
		return wrong(r, "the operator is not for the type of the attribute");
	r->at += len;
	return expect(r, ',', "an attribute is followed by a comma");
}

/* 'it''s (a), b' without the quotes; what has none of ",)'" stands for itself. */
static int text_read(struct reading *r, char **textp)
{
	_cleanup_(freep) char *text = NULL;
	bool quoted = *r->at == '\'';
	size_t len = strcspn(r->at, ",)"), n = 0;

	if (!quoted && (len == 0 || memchr(r->at, '\'', len)))
		return wrong(r, "a value is empty, or has a quote within it");
	text = malloc((quoted ? strlen(r->at) : len) + 1);
	if (!text)
		return -ENOMEM;
	if (!quoted) {
		memcpy(text, r->at, len);
		n = len;
		r->at += len;
	} else {
		for (r->at++; *r->at && (*r->at != '\'' || r->at[1] == '\''); r->at++) {
			text[n++] = *r->at;
			r->at += *r->at == '\'';
		}
		if (*r->at++ != '\'')
			return wrong(r, "a quote is not closed");
	}
	text[n] = '\0';
	*textp = TAKE(text);
	return 0;
}

static int number_parse(const char *text, double *numberp)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
	bool fine = json_is_real(json) && !strpbrk(text, " \t\r\n");

	if (fine)
		*numberp = json_real_value(json);
	json_decref(json);
	return fine ? 0 : -EINVAL;
}

static int value_parse(enum nfv_attribute_type type, struct value *value)
{
	switch (type) {
	case NFV_NUMBER:
		return number_parse(value->text, &value->number);
	case NFV_TIME:
		return json_time_parse(value->text, &value->ms);
	case NFV_BOOLEAN:
		value->truth = strcmp(value->text, "true") == 0;
		return value->truth || strcmp(value->text, "false") == 0 ? 0 : -EINVAL;
	case NFV_TEXT:
	case NFV_WHOLE:
		break;
	}
	return 0;
}

static int value_read(struct reading *r, struct term *term)
{
	struct nfv_filter *filter = r->filter;
	struct value *values = filter->value, *value;
	int err;

	if (filter->n_values == NFV_VALUES_MAX)
		return wrong(r, "it has too many values");
	if ((filter->n_values & (filter->n_values - 1)) == 0) {
		values = reallocarray(values, filter->n_values ? 2 * filter->n_values : 1,
				      sizeof(*values));
		if (!values)
			return -ENOMEM;
		filter->value = values;
	}
	value = &values[filter->n_values];
	*value = (struct value){0};
	err = text_read(r, &value->text);
	if (err)
		return err;
	filter->n_values++;
	term->n++;
	return value_parse(term->attribute->type, value)
		       ? wrong(r, "a value is not of the type of the attribute")
		       : 0;
}

static int term_read(struct reading *r, struct term *term)
{
	int err = expect(r, '(', "a term begins with a parenthesis");

	*term = (struct term){.first = r->filter->n_values};
	if (err == 0)
		err = op_read(r, term);
	if (err == 0)
		err = attribute_read(r, term);
	if (err == 0)
		err = value_read(r, term);
	while (err == 0 && *r->at == ',') {
		r->at++;
		err = ops[term->op].many ? value_read(r, term)
					 : wrong(r, "the operator takes one value");
	}
	return err ? err : expect(r, ')', "a term ends with a parenthesis");
}

static size_t terms_count(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == ';';
	return n;
}

static int terms_read(struct reading *r)
{
	struct nfv_filter *filter = r->filter;
	/* No more than that: there may be ';' in values, too. */
	size_t max = terms_count(r->at);
	int err;

	if (max > NFV_TERMS_MAX)
		max = NFV_TERMS_MAX;
	filter->term = calloc(max, sizeof(*filter->term));
	if (!filter->term)
		return -ENOMEM;
	for (;;) {
		if (filter->n_terms == max)
			return wrong(r, "it has too many terms");
		err = term_read(r, &filter->term[filter->n_terms]);
		if (err)
			return err;
		filter->n_terms++;
		if (*r->at == '\0')
			return 0;
		err = expect(r, ';', "terms are joined by semicolons");
		if (err)
			return err;
	}
}

int nfv_filter_parse(const char *text, const struct nfv_attributes *attributes,
		     struct nfv_filter **filterp, struct refusal *refusal)
{
	_cleanup_(nfv_filter_freep) struct nfv_filter *filter = calloc(1, sizeof(*filter));
	struct reading reading = {text, attributes, filter, refusal};
	int err;

	if (!filter)
		return -ENOMEM;
	err = text ? terms_read(&reading) : 0;
	if (err == 0)
		*filterp = TAKE(filter);
	return err;
}

void nfv_filter_free(struct nfv_filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->n_values; i++)
		free(filter->value[i].text);
	free(filter->value);
	free(filter->term);
	free(filter);
}

/* --- comparing --- */

static int order(double a, double b)
{
	return (a > b) - (a < b);
}

/* How the item's value stands to one of the filter: below, at or above 0; false: it has another
 * type. */
static bool value_compare(const json_t *json, enum nfv_attribute_type type,
			  const struct value *value, int *orderp)
{
	int64_t ms;

	switch (type) {
	case NFV_TEXT:
		if (!json_is_string(json))
			return false;
		*orderp = strcmp(json_string_value(json), value->text);
		return true;
	case NFV_NUMBER:
		*orderp = order(json_number_value(json), value->number);
		return json_is_number(json);
	case NFV_BOOLEAN:
		*orderp = json_is_true(json) - value->truth;
		return json_is_boolean(json);
	case NFV_TIME:
		if (!json_is_string(json) || json_time_parse(json_string_value(json), &ms))
			return false;
		*orderp = (ms > value->ms) - (ms < value->ms);
		return true;
	case NFV_WHOLE:
		break;
	}
	return false;
}

static bool value_fits(const json_t *json, enum nfv_attribute_type type, enum op op,
		       const struct value *value)
{
	int compared;

	if (!value_compare(json, type, value, &compared))
		return false;
	switch (op) {
	case OP_EQ:
	case OP_IN:
	case OP_NIN:
		return compared == 0;
	case OP_NEQ:
		return compared != 0;
	case OP_GT:
		return compared > 0;
	case OP_LT:
		return compared < 0;
	case OP_GTE:
		return compared >= 0;
	case OP_LTE:
		return compared <= 0;
	case OP_CONT:
	case OP_NCONT:
		return strstr(json_string_value(json), value->text) != NULL;
	}
	return false;
}

/* One value of the item: whether it fits any of the term, or with nin and ncont none. */
static bool term_fits_value(const struct nfv_filter *filter, const struct term *term,
			    const json_t *json)
{
	bool any = false;

	for (size_t i = 0; i < term->n && !any; i++)
		any = value_fits(json, term->attribute->type, term->op,
				 &filter->value[term->first + i]);
	return any != (term->op == OP_NIN || term->op == OP_NCONT);
}

/* Follows the path; an array fits if one of its elements does. What is missing fits neq alone. */
static bool term_fits(const struct nfv_filter *filter, const struct term *term, const json_t *json,
		      const char *path)
{
	size_t len = strcspn(path, "/"), i;
	const json_t *element;

	if (!json)
		return term->op == OP_NEQ;
	if (json_is_array(json)) {
		json_array_foreach(json, i, element)
		{
			if (term_fits(filter, term, element, path))
				return true;
		}
		return json_array_size(json) == 0 && term->op == OP_NEQ;
	}
	if (*path == '\0')
		return term_fits_value(filter, term, json);
	return term_fits(filter, term, json_object_getn(json, path, len),
			 path + len + (path[len] == '/'));
}

bool nfv_filter_fits(const struct nfv_filter *filter, const json_t *item)
{
	for (size_t i = 0; i < filter->n_terms; i++) {
		const struct term *term = &filter->term[i];

		if (!term_fits(filter, term, item, term->attribute->path))
			return false;
	}
	return true;
}

const char *nfv_filter_text(const struct nfv_filter *filter, const char *path)
{
	for (size_t i = 0; i < filter->n_terms; i++) {
		const struct term *term = &filter->term[i];

		if ((term->op == OP_EQ || (term->op == OP_IN && term->n == 1)) &&
		    term->attribute->type == NFV_TEXT && strcmp(term->attribute->path, path) == 0)
			return filter->value[term->first].text;
	}
	return NULL;
}

size_t nfv_filter_cost(const struct nfv_filter *filter)
{
	return filter->n_values;
}
