// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/vnfs: the VNFs that VNFMs have shown (GET), and /v1/vnfcs: the VNFCs of one of them with
 * their certificates (GET). What they are made of, cmf/direct keeps in the store; nobody asks a
 * VNFM here.
 */
#include "call.h"
#include "encode.h"
#include "store/direct.h"
#include "values.h"

#include <errno.h>

/* --- VNFs --- */

static const char *names_of(const struct store_vnf *vnf)
{
	switch (vnf->names) {
	case STORE_VNF_NAMES_VNFC:
		return "vnfcInfo";
	case STORE_VNF_NAMES_RESOURCE:
		return "vnfcResourceInfo";
	case STORE_VNF_NAMES_UNKNOWN:
		break;
	}
	return NULL;
}

static json_t *vnf_json(const struct store_vnf *vnf)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "id", (json_int_t)vnf->id,
			 "vnfm", json_text(vnf->vnfm), "vnf_instance_id",
			 json_text(vnf->vnf_instance), "vnfd_id", json_text(vnf->vnfd_id),
			 "identified_by", json_text(names_of(vnf)), "vnfcs",
			 (json_int_t)vnf->n_vnfcs, "gone", (json_int_t)vnf->n_gone, "seen_at",
			 json_time(vnf->seen_ms));
}

static int vnf_row(void *arg, const struct store_vnf *vnf)
{
	return operator_page_add(arg, vnf->id, vnf_json(vnf));
}

int operator_vnfs(struct operator_call *call)
{
	struct store_vnf_filter filter = {.vnfm = json_query_get(&call->query, "vnfm")};
	struct operator_page page;
	int status = operator_page_begin(call, &page);

	if (status)
		return status;
	filter.after_id = page.after_id;
	filter.limit = page.limit;
	return operator_page_end(call, &page,
				 store_vnf_list(call->worker->reader, &filter, vnf_row, &page));
}

/* --- the VNFCs of one --- */

struct vnfcs {
	struct operator_call *call;
	json_t *items;
};

static const char *state_of(const struct store_vnfc *vnfc)
{
	switch (vnfc->state) {
	case STORE_VNFC_PRESENT:
		return "present";
	case STORE_VNFC_GONE:
		return "gone, the resync decides";
	case STORE_VNFC_HELD:
		return "gone, held for approval";
	case STORE_VNFC_DUE:
		return "gone, ending";
	case STORE_VNFC_ON_HOLD:
		return "gone, on hold";
	case STORE_VNFC_KEPT:
		return "gone, kept";
	}
	return "";
}

struct certificates {
	json_t *array;
	int64_t now_ms;
};

static int certificate_row(void *arg, const struct store_certificate *cert)
{
	const struct certificates *certificates = arg;
	char serial[SERIAL_HEX_SIZE];

	serial_hex(&cert->serial, serial);
	return json_array_append_new(
		       certificates->array,
		       json_pack("{s:o, s:s, s:o}", "serial",
				 json_text(cert->serial.len ? serial : NULL), "state",
				 operator_certificate_state(cert, certificates->now_ms),
				 "not_after", json_time(cert->not_after_ms)))
		       ? -ENOMEM
		       : 0;
}

/* Of one VNFC: the newest are what matters. */
enum { CERTIFICATES_MAX = 10 };

static int certificates_json(struct operator_call *call, int64_t registration_id, json_t **arrayp)
{
	const struct store_certificate_filter filter = {.registration_id = registration_id,
							.state = -1,
							.newest_first = true,
							.limit = CERTIFICATES_MAX};
	struct certificates certificates = {json_array(), call->now_ms};
	int err = certificates.array ? store_certificate_list(call->worker->reader, &filter,
							      certificate_row, &certificates)
				     : -ENOMEM;

	if (err)
		json_decref(certificates.array);
	else
		*arrayp = certificates.array;
	return err;
}

/* Of its one-time secret, as long as there is one that is good; else 0. */
struct secret_times {
	int64_t expires_ms;
	int64_t delivered_ms; /* 0: it was sent to nobody */
};

static int secret_times_find(struct operator_call *call, int64_t registration_id,
			     struct secret_times *timesp)
{
	_cleanup_(store_initial_credential_clear) struct store_initial_credential row = {0};
	int err = store_initial_credential_of(call->worker->reader, registration_id, &row);

	*timesp = (struct secret_times){0};
	if (err == 0 && !row.spent_ms && row.expires_ms > call->now_ms)
		*timesp = (struct secret_times){row.expires_ms, row.delivered_ms};
	return err < 0 ? err : 0;
}

static int vnfc_row(void *arg, const struct store_vnfc *vnfc)
{
	struct vnfcs *vnfcs = arg;
	json_t *certificates = NULL;
	struct secret_times times;
	int err = secret_times_find(vnfcs->call, vnfc->registration_id, &times);

	if (!err)
		err = certificates_json(vnfcs->call, vnfc->registration_id, &certificates);
	if (err)
		return err;
	return json_array_append_new(
		       vnfcs->items,
		       json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "vnfm",
				 json_text(vnfc->vnfm), "subject_id", json_text(vnfc->subject_id),
				 "state", state_of(vnfc), "since", json_time(vnfc->state_ms),
				 "vnfc_id", json_text(vnfc->vnfc_id), "resource_id",
				 json_text(vnfc->resource_id), "vdu_id", json_text(vnfc->vdu_id),
				 "registration_id", (json_int_t)vnfc->registration_id,
				 "one_time_secret_until", json_time(times.expires_ms),
				 "one_time_secret_delivered_at", json_time(times.delivered_ms),
				 "certificates", certificates))
		       ? -ENOMEM
		       : 0;
}

/* Of that VNFM, if it has the VNF; *foundp: it has. */
static int vnfcs_of(struct vnfcs *vnfcs, const char *vnfm, const char *vnf_instance, bool *foundp)
{
	_cleanup_(store_vnf_clear) struct store_vnf vnf = {0};
	int err = store_vnf_find(vnfcs->call->worker->reader, vnfm, vnf_instance, &vnf);

	if (err)
		return err < 0 ? err : 0;
	*foundp = true;
	return store_vnfc_list(vnfcs->call->worker->reader, vnf.id, vnfc_row, vnfcs);
}

/* Of the one that is named, or of whichever of the configuration has it. */
static int vnfcs_find(struct vnfcs *vnfcs, const char *vnfm, const char *vnf_instance, bool *foundp)
{
	const struct conf *conf = cmf_conf(vnfcs->call->cmf);
	int err = 0;

	if (vnfm)
		return vnfcs_of(vnfcs, vnfm, vnf_instance, foundp);
	for (size_t i = 0; i < conf->n_vnfms && !err; i++)
		err = vnfcs_of(vnfcs, conf->vnfms[i].name, vnf_instance, foundp);
	return err;
}

int operator_vnfcs(struct operator_call *call)
{
	const char *vnf_instance = json_query_get(&call->query, "vnf_instance_id");
	const char *vnfm = json_query_get(&call->query, "vnfm");
	struct vnfcs vnfcs = {call, NULL};
	bool found = false;
	int err;

	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	if (!vnf_instance)
		return operator_problem(call, 400, "vnf_instance_id is required");
	vnfcs.items = json_array();
	err = vnfcs.items ? vnfcs_find(&vnfcs, vnfm, vnf_instance, &found) : -ENOMEM;
	if (!err && found)
		return operator_ok(call, 200, json_pack("{s:o}", "items", vnfcs.items));
	json_decref(vnfcs.items);
	return err ? operator_fault(call, err)
		   : operator_problem(call, 404, "no VNFM has shown such a VNF");
}
