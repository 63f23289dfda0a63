// SPDX-License-Identifier: Apache-2.0
/*
 * Attribute selectors, SOL 013 5.3. What is always there, within an object too, cannot be left out:
 * the parts of an object that is optional go with it.
 */
#include "nfv/selection.h"

#include <string.h>

static int wrong(struct refusal *refusal, const char *what)
{
	return refuse_about(refusal, REFUSAL_nfv_selector, "%s", what);
}

/* The length of the name of the attribute itself, without what lies within it. */
static size_t top_len(const char *path)
{
	return strcspn(path, "/");
}

static void select_all(struct nfv_selection *selection, bool optional, bool beyond_default)
{
	for (size_t i = 0; i < selection->attributes->n; i++) {
		enum nfv_attribute_presence presence = selection->attributes->attribute[i].presence;

		selection->wanted[i] = presence == NFV_ALWAYS ||
				       (presence == NFV_OPTIONAL && optional) ||
				       (presence == NFV_UNLESS_DEFAULT && beyond_default);
	}
}

/* Each of the names sets what is wanted, or, to leave out, what is not. */
static int names_apply(const char *names, struct nfv_selection *selection, bool wanted,
		       struct refusal *refusal)
{
	const struct nfv_attributes *attributes = selection->attributes;
	const struct nfv_attribute *attribute;
	size_t len;

	do {
		len = strcspn(names, ",");
		attribute = nfv_attribute_find(attributes, names, len);
		/* Within an object all is always there: who names a part gets the whole. */
		if (attribute && wanted)
			attribute = nfv_attribute_find(attributes, attribute->path,
						       top_len(attribute->path));
		if (!attribute)
			return wrong(refusal, "there is no such attribute");
		if (!wanted && attribute->presence == NFV_ALWAYS)
			return wrong(refusal,
				     "an attribute that is always there is to be left out");
		selection->wanted[attribute - attributes->attribute] = wanted;
		names += len;
	} while (*names++ == ',');
	return 0;
}

/* SOL 013 5.3.2: which of the parameters may stand together. */
static int combination_check(const char *all, const char *fields, const char *exclude,
			     const char *by_default, struct refusal *refusal)
{
	if ((all && *all) || (by_default && *by_default))
		return wrong(refusal, "all_fields and exclude_default have no value");
	if ((all && (fields || exclude || by_default)) || (exclude && (fields || by_default)))
		return wrong(refusal, "selectors exclude each other");
	return 0;
}

int nfv_selection_read(struct json_query *query, const struct nfv_attributes *attributes,
		       struct nfv_selection *selectionp, struct refusal *refusal)
{
	const char *all = json_query_get(query, "all_fields");
	const char *fields = json_query_get(query, "fields");
	const char *exclude = json_query_get(query, "exclude_fields");
	const char *by_default = json_query_get(query, "exclude_default");
	int err = combination_check(all, fields, exclude, by_default, refusal);

	if (err)
		return err;
	*selectionp = (struct nfv_selection){.attributes = attributes};
	/* With fields alone nothing but these beside what is always there; with exclude_default
	 * they come to what is there by default. None at all means exclude_default. */
	select_all(selectionp, !fields || by_default, all || exclude);
	if (fields)
		return names_apply(fields, selectionp, true, refusal);
	return exclude ? names_apply(exclude, selectionp, false, refusal) : 0;
}

bool nfv_selected(const struct nfv_selection *selection, const char *path)
{
	const struct nfv_attribute *attribute =
		nfv_attribute_find(selection->attributes, path, strlen(path));

	return attribute && selection->wanted[attribute - selection->attributes->attribute];
}

void nfv_selection_apply(const struct nfv_selection *selection, json_t *item)
{
	for (size_t i = 0; i < selection->attributes->n; i++) {
		const char *path = selection->attributes->attribute[i].path;

		/* Parts of objects are never left out by themselves. */
		if (!selection->wanted[i] && !strchr(path, '/'))
			json_object_del(item, path);
	}
}
