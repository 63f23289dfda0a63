// SPDX-License-Identifier: Apache-2.0
/*
 * What the steps of a comparison share: the VNFCs that are registered from a VNF, found by either
 * of their identifiers, and units of bounded size. See reconcile.h.
 */
#include "direct/reconcile.h"

#include "base/fault_point.h"

#include <errno.h>
#include <string.h>

/* --- what is registered --- */

static int known_add(void *arg, const struct store_vnfc *vnfc)
{
	struct reconciling *r = arg;
	struct store_vnfc *row;

	if (r->n_known == r->size_known) {
		size_t size = r->size_known ? 2 * r->size_known : 16;
		struct known *grown = reallocarray(r->known, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		r->known = grown;
		r->size_known = size;
	}
	r->known[r->n_known] = (struct known){.row = *vnfc};
	row = &r->known[r->n_known++].row;
	/* The walk frees its own. */
	row->vnfc_id = vnfc->vnfc_id ? strdup(vnfc->vnfc_id) : NULL;
	row->resource_id = vnfc->resource_id ? strdup(vnfc->resource_id) : NULL;
	row->vdu_id = vnfc->vdu_id ? strdup(vnfc->vdu_id) : NULL;
	row->operation_id = vnfc->operation_id ? strdup(vnfc->operation_id) : NULL;
	row->subject_id = strdup(vnfc->subject_id);
	row->trust_domain = strdup(vnfc->trust_domain);
	row->manager = strdup(vnfc->manager);
	row->vnfm = row->vnf_instance = NULL;
	if (!row->subject_id || !row->trust_domain || !row->manager ||
	    (vnfc->vnfc_id && !row->vnfc_id) || (vnfc->resource_id && !row->resource_id) ||
	    (vnfc->vdu_id && !row->vdu_id) || (vnfc->operation_id && !row->operation_id))
		return -ENOMEM;
	return 0;
}

static int known_order(const void *a, const void *b)
{
	const struct known_by *one = a, *other = b;

	return strcmp(one->id, other->id);
}

static int index_make(struct reconciling *r, bool by_resource, struct known_index *index)
{
	index->len = 0;
	index->item = calloc(r->n_known ? r->n_known : 1, sizeof(*index->item));
	if (!index->item)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_known; i++) {
		struct known *k = &r->known[i];
		const char *id = by_resource ? k->row.resource_id : k->row.vnfc_id;

		if (id)
			index->item[index->len++] = (struct known_by){id, k};
	}
	qsort(index->item, index->len, sizeof(*index->item), known_order);
	return 0;
}

struct known *known_index_find(const struct known_index *index, const char *id)
{
	const struct known_by key = {id, NULL};
	const struct known_by *found =
		id && index->len ? bsearch(&key, index->item, index->len, sizeof(key), known_order)
				 : NULL;

	return found ? found->known : NULL;
}

int known_read(struct reconciling *r)
{
	int err = store_vnfc_list(r->call.reader, r->vnf.id, known_add, r);

	if (err == 0)
		err = index_make(r, false, &r->by_vnfc);
	return err == 0 ? index_make(r, true, &r->by_resource) : err;
}

void known_forget(struct reconciling *r)
{
	for (size_t i = 0; i < r->n_known; i++)
		store_vnfc_clear(&r->known[i].row);
	free(r->known);
	free(r->by_vnfc.item);
	free(r->by_resource.item);
	store_vnf_clear(&r->vnf);
	r->known = NULL;
	r->n_known = r->size_known = 0;
	r->by_vnfc = r->by_resource = (struct known_index){NULL, 0};
}

/* --- units --- */

int batch_commit(struct reconciling *r)
{
	r->n_batch = 0;
	/* A dry run has looked, and leaves nothing. */
	if (r->view->dry_run) {
		store_unit_clear(r->call.unit);
		return 0;
	}
	if (store_unit_empty(r->call.unit))
		return 0;
	fault_point("direct-before-commit");
	return store_unit_commit(r->call.unit);
}

/* One VNFC more is in the unit. */
int batch_grow(struct reconciling *r)
{
	return ++r->n_batch < r->batch ? 0 : batch_commit(r);
}

void comparison_tell(const struct reconciling *r, const char *subject_id, const char *what)
{
	if (r->report->note)
		r->report->note(r->report->note_arg, r->view->vnf_instance_id, subject_id, what);
}

/* --- what is shown --- */

size_t comparison_shown(const struct cmf_direct_view *view)
{
	return view->vnf && view->vnf->instantiated ? view->vnf->n_vnfcs : 0;
}
