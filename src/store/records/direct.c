// SPDX-License-Identifier: Apache-2.0
/* VNFs and VNFCs of direct mode in the store. */
#include "store/direct.h"

#include "reader.h"
#include "unit.h"

void store_vnf_clear(struct store_vnf *vnf)
{
	free(vnf->vnfm);
	free(vnf->vnf_instance);
	free(vnf->vnfd_id);
	memset(vnf, 0, sizeof(*vnf));
}

void store_vnfc_clear(struct store_vnfc *vnfc)
{
	free(vnfc->vnfc_id);
	free(vnfc->resource_id);
	free(vnfc->vdu_id);
	free(vnfc->vnfm);
	free(vnfc->vnf_instance);
	free(vnfc->subject_id);
	free(vnfc->trust_domain);
	free(vnfc->manager);
	free(vnfc->operation_id);
	memset(vnfc, 0, sizeof(*vnfc));
}

/* --- reading --- */

static int vnf_read(struct row *row, void *arg)
{
	struct store_vnf *vnf = arg;
	int err;

	*vnf = (struct store_vnf){0};
	vnf->id = row_int(row);
	vnf->vnfm = row_text(row);
	vnf->vnf_instance = row_text(row);
	vnf->vnfd_id = row_text(row);
	vnf->names = (enum store_vnf_names)row_int_or(row, STORE_VNF_NAMES_UNKNOWN);
	vnf->resync = row_int(row);
	vnf->seen_ms = row_int(row);
	vnf->n_vnfcs = row_int(row);
	vnf->n_gone = row_int(row);
	err = row_complete(row);
	if (err < 0)
		store_vnf_clear(vnf);
	return err;
}

int store_vnf_find(struct store_reader *r, const char *vnfm, const char *vnf_instance,
		   struct store_vnf *vnfp)
{
	return read_one(r, READ_VNF_FIND, VALUES(value_text(vnfm), value_text(vnf_instance)),
			vnf_read, vnfp);
}

static int name_read(struct row *row, void *arg)
{
	char **namep = arg;

	*namep = row_text(row);
	return row_complete(row);
}

int store_vnfm_next(struct store_reader *r, const char *name, char **nextp)
{
	return read_one(r, READ_VNFM_NEXT, VALUES(value_text(name)), name_read, nextp);
}

struct vnf_walk {
	store_vnf_each *each;
	void *arg;
};

static int vnf_give(struct row *row, void *arg)
{
	const struct vnf_walk *walk = arg;
	struct store_vnf vnf;
	int err = vnf_read(row, &vnf);

	if (err < 0)
		return err;
	err = walk->each(walk->arg, &vnf);
	store_vnf_clear(&vnf);
	return err;
}

int store_vnf_list(struct store_reader *r, const struct store_vnf_filter *filter,
		   store_vnf_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_VNFS);
	struct vnf_walk walk = {each, arg};

	query_where(&q, WHERE_VNF_AFTER, value_int(filter->after_id));
	if (filter->vnfm)
		query_where(&q, WHERE_VNF_VNFM, value_text(filter->vnfm));
	if (filter->not_resync)
		query_where(&q, WHERE_VNF_NOT_RESYNC, value_int(filter->not_resync));
	query_end(&q, ORDER_VNF, filter->limit);
	return query_walk(&q, vnf_give, &walk);
}

static int vnfc_read(struct row *row, void *arg)
{
	struct store_vnfc *vnfc = arg;
	int err;

	*vnfc = (struct store_vnfc){0};
	vnfc->registration_id = row_int(row);
	vnfc->vnf_id = row_int(row);
	vnfc->vnfc_id = row_text(row);
	vnfc->resource_id = row_text(row);
	vnfc->vdu_id = row_text(row);
	vnfc->state = (enum store_vnfc_state)row_int(row);
	vnfc->state_ms = row_int(row);
	vnfc->due_ms = row_int_or(row, 0);
	vnfc->resync = row_int_or(row, 0);
	vnfc->replaced_id = row_int_or(row, 0);
	vnfc->operation_id = row_text(row);
	vnfc->vnfm = row_text(row);
	vnfc->vnf_instance = row_text(row);
	vnfc->subject_id = row_text(row);
	vnfc->cert_type = (enum cert_type)row_int(row);
	vnfc->trust_domain = row_text(row);
	vnfc->manager = row_text(row);
	err = row_complete(row);
	if (err < 0)
		store_vnfc_clear(vnfc);
	return err;
}

int store_vnfc_get(struct store_reader *r, int64_t registration_id, struct store_vnfc *vnfcp)
{
	return read_one(r, READ_VNFC_GET, VALUES(value_int(registration_id)), vnfc_read, vnfcp);
}

struct vnfc_walk {
	store_vnfc_each *each;
	void *arg;
};

static int vnfc_give(struct row *row, void *arg)
{
	const struct vnfc_walk *walk = arg;
	struct store_vnfc vnfc;
	int err = vnfc_read(row, &vnfc);

	if (err < 0)
		return err;
	err = walk->each(walk->arg, &vnfc);
	store_vnfc_clear(&vnfc);
	return err;
}

int store_vnfc_list(struct store_reader *r, int64_t vnf_id, store_vnfc_each *each, void *arg)
{
	struct vnfc_walk walk = {each, arg};

	return read_each(r, READ_VNFC_LIST, VALUES(value_int(vnf_id)), vnfc_give, &walk);
}

int store_vnfc_count(struct store_reader *r, const char *vnfm, enum store_vnfc_state state,
		     int64_t resync, int64_t *np)
{
	return read_number(r, READ_VNFC_COUNT,
			   VALUES(value_text(vnfm), value_int(state), value_int_unless(resync, 0)),
			   0, np);
}

/* --- changes --- */

/* NULL for what is not known. */
static struct value value_names(enum store_vnf_names names)
{
	return value_int_unless(names, STORE_VNF_NAMES_UNKNOWN);
}

int store_vnf_insert(struct store_unit *u, const struct store_vnf *vnf, int64_t *idp)
{
	return unit_add_result(u, CHANGE_VNF_INSERT, idp,
			       VALUES(value_text(vnf->vnfm), value_text(vnf->vnf_instance),
				      value_text(vnf->vnfd_id), value_names(vnf->names),
				      value_int(vnf->resync), value_int(vnf->seen_ms)));
}

int store_vnf_update(struct store_unit *u, const struct store_vnf *vnf, enum store_vnf_names from)
{
	return unit_add(u, CHANGE_VNF_UPDATE,
			VALUES(value_id(vnf->id), value_text(vnf->vnfd_id), value_names(vnf->names),
			       value_int(vnf->resync), value_int(vnf->seen_ms), value_names(from)));
}

int store_vnf_remove(struct store_unit *u, int64_t id)
{
	return unit_add(u, CHANGE_VNF_REMOVE, VALUES(value_id(id)));
}

int store_vnfc_insert(struct store_unit *u, const struct store_vnfc *vnfc)
{
	return unit_add(
		u, CHANGE_VNFC_INSERT,
		VALUES(value_id(vnfc->registration_id), value_id(vnfc->vnf_id),
		       value_text(vnfc->vnfc_id), value_text(vnfc->resource_id),
		       value_text(vnfc->vdu_id), value_int(vnfc->state), value_int(vnfc->state_ms),
		       value_int_unless(vnfc->due_ms, 0), value_int_unless(vnfc->resync, 0),
		       value_int_unless(vnfc->replaced_id, 0), value_text(vnfc->operation_id)));
}

int store_vnfc_update(struct store_unit *u, const struct store_vnfc *vnfc,
		      enum store_vnfc_state from)
{
	return unit_add(u, CHANGE_VNFC_UPDATE,
			VALUES(value_id(vnfc->registration_id), value_text(vnfc->vnfc_id),
			       value_text(vnfc->resource_id), value_text(vnfc->vdu_id),
			       value_int(vnfc->state), value_int(vnfc->state_ms),
			       value_int_unless(vnfc->due_ms, 0), value_int_unless(vnfc->resync, 0),
			       value_int_unless(vnfc->replaced_id, 0), value_int(from),
			       value_text(vnfc->operation_id)));
}

int store_vnfc_move(struct store_unit *u, const char *vnfm, enum store_vnfc_state from,
		    int64_t resync, enum store_vnfc_state to, int64_t now_ms, int64_t *np)
{
	return unit_add_result(u, CHANGE_VNFC_MOVE, np,
			       VALUES(value_text(vnfm), value_int(from),
				      value_int_unless(resync, 0), value_int(to),
				      value_int(now_ms)));
}

int store_vnfs_forget(struct store_unit *u, const char *vnfm, int64_t *np)
{
	int err = unit_add_result(u, CHANGE_VNFCS_FORGET, np, VALUES(value_text(vnfm)));

	return err < 0 ? err : unit_add(u, CHANGE_VNFS_FORGET, VALUES(value_text(vnfm)));
}
