// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/certificates: list and read (GET), revoke (POST .../<id>/revoke), give up an upstream CA that
 * does not revoke it (POST .../<id>/give-up), delete the archived key (POST .../<id>/delete-key).
 */
#include "call.h"
#include "encode.h"

#include "asn1/certificate.h"
#include "cmf/order.h"

#include <errno.h>
#include <string.h>

/* --- list --- */

struct certificate_walk {
	struct operator_page *page;
	struct store_reader *reader;
	int64_t now_ms;
	const char *state; /* NULL: all */
	bool valid;        /* neither revoked nor rejected */
	bool not_replaced;
	bool with_pem;
};

static int archived_key_add(struct store_reader *reader, int64_t id, json_t *json)
{
	_cleanup_(store_archived_key_clear) struct store_archived_key key = {0};
	int err = store_archived_key_get(reader, id, &key);

	return err < 0 ? err : operator_archived_key_add(json, err == 0 ? &key : NULL);
}

/* What was made of the attestation of its request. */
static int attestation_add(struct store_reader *reader, int64_t id, json_t *json)
{
	_cleanup_(store_attestation_clear) struct store_attestation attestation = {0};
	int err = store_attestation_get(reader, id, &attestation);

	return err < 0 ? err : operator_attestation_add(json, err == 0 ? &attestation : NULL);
}

/* Whether an upstream CA is asked to revoke it, which only those of these states can be. */
static int asked_add(struct store_reader *reader, const struct store_certificate *cert,
		     json_t *json)
{
	bool may_be =
		cert->state == STORE_CERT_REVOCATION_PENDING || cert->state == STORE_CERT_REJECTED;
	bool asked = false;
	int err = may_be ? ca_upstream_revoke_asked(reader, cert->id, &asked) : 0;

	if (err == 0 && json_object_set_new(json, "upstream_asked", json_boolean(asked)))
		err = -ENOMEM;
	return err;
}

/*
 * It, and what stands in other rows; `replaced_by`: see replacement_serial(). `whole`: with its
 * octets and what is known of its key.
 */
static int certificate_json(struct store_reader *reader, const struct store_certificate *cert,
			    const char *replaced_by, int64_t now_ms, bool whole, json_t **jsonp)
{
	json_t *json = operator_certificate_json(cert, now_ms, whole);
	int err = json ? attestation_add(reader, cert->id, json) : -ENOMEM;

	if (!err)
		err = asked_add(reader, cert, json);
	if (!err && whole)
		err = archived_key_add(reader, cert->id, json);
	if (!err && json_object_set_new(json, "replaced_by", json_text(replaced_by)))
		err = -ENOMEM;
	if (err)
		json_decref(json);
	else
		*jsonp = json;
	return err;
}

/* The serialNumber of the one that was issued in its place, which the caller frees; NULL: none. */
static int replacement_serial(struct store_reader *reader, const struct store_certificate *cert,
			      char **serialp)
{
	_cleanup_(store_certificate_clear) struct store_certificate by = {0};
	char serial[SERIAL_HEX_SIZE];
	int64_t id;
	int err = store_certificate_replacement(reader, cert->id, &id);

	*serialp = NULL;
	if (err == 0)
		err = store_certificate_get(reader, id, &by);
	if (err)
		return err == STORE_NOT_FOUND ? 0 : err;
	serial_hex(&by.serial, serial);
	*serialp = strdup(serial);
	return *serialp ? 0 : -ENOMEM;
}

/* The store knows no "expired": an active one that has expired is told apart here. */
static bool certificate_fits(const struct certificate_walk *walk,
			     const struct store_certificate *cert, const char *replaced_by)
{
	if (walk->state && strcmp(walk->state, operator_certificate_state(cert, walk->now_ms)) != 0)
		return false;
	if (walk->valid && !walk->state &&
	    (cert->state == STORE_CERT_REVOKED || cert->state == STORE_CERT_REJECTED))
		return false;
	return !walk->not_replaced || !replaced_by;
}

static int certificate_row(void *arg, const struct store_certificate *cert)
{
	struct certificate_walk *walk = arg;
	_cleanup_(freep) char *replaced_by = NULL;
	int err = replacement_serial(walk->reader, cert, &replaced_by);
	json_t *json;

	if (err)
		return err;
	if (!certificate_fits(walk, cert, replaced_by)) {
		operator_page_skip(walk->page, cert->id);
		return 0;
	}
	err = certificate_json(walk->reader, cert, replaced_by, walk->now_ms, walk->with_pem,
			       &json);
	return err ? err : operator_page_add(walk->page, cert->id, json);
}

/* A state as the operator names it is one or two of the store's. */
static const struct {
	const char *name;
	int states[2];
} state_filters[] = {
	{"pending", {STORE_CERT_REQUESTED, STORE_CERT_PENDING}},
	{"active", {STORE_CERT_ACTIVE, -1}},
	{"expired", {STORE_CERT_ACTIVE, -1}},
	{"revoked", {STORE_CERT_REVOKED, -1}},
	{"rejected", {STORE_CERT_REJECTED, -1}},
	{"revocation pending", {STORE_CERT_REVOCATION_PENDING, -1}},
	{"on hold", {STORE_CERT_ON_HOLD, -1}},
};

static int row_compare(const void *a, const void *b)
{
	json_int_t id_a = json_integer_value(json_object_get(*(json_t *const *)a, "id"));
	json_int_t id_b = json_integer_value(json_object_get(*(json_t *const *)b, "id"));

	return (id_a > id_b) - (id_a < id_b);
}

/* Two walks were made: brings their rows into the order of ids and cuts the page at its limit. */
static int page_merge(struct operator_page *page)
{
	size_t n = json_array_size(page->items), i;
	json_t **rows = calloc(n ? n : 1, sizeof(*rows)), *row, *sorted = json_array();
	int err = rows && sorted ? 0 : -ENOMEM;

	if (!err) {
		json_array_foreach(page->items, i, row) rows[i] = row;
		qsort(rows, n, sizeof(*rows), row_compare);
		for (i = 0; i < n && i < page->limit && !err; i++)
			err = json_array_append(sorted, rows[i]) ? -ENOMEM : 0;
	}
	if (!err && i > 0)
		page->last_id = json_integer_value(json_object_get(rows[i - 1], "id"));
	free(rows);
	json_decref(page->items);
	page->items = sorted;
	return err;
}

static int certificate_walk(struct operator_call *call, struct store_certificate_filter *filter,
			    const int states[2], struct certificate_walk *walk)
{
	int err;

	filter->state = states[0];
	err = store_certificate_list(call->worker->reader, filter, certificate_row, walk);
	if (err || states[1] < 0)
		return err;
	filter->state = states[1];
	err = store_certificate_list(call->worker->reader, filter, certificate_row, walk);
	return err ? err : page_merge(walk->page);
}

/* What the query asks of each certificate. NULL, or what is wrong with it. */
static const char *certificate_query(struct operator_call *call,
				     struct store_certificate_filter *filter,
				     struct certificate_walk *walk, enum cert_type *type)
{
	const char *serial = json_query_get(&call->query, "serial");
	const char *cert_type = json_query_get(&call->query, "cert_type");
	const char *within = json_query_get(&call->query, "expires_within");
	int64_t pem = 0, not_replaced = 0, within_ms;

	if (serial && serial_of_hex(serial, &filter->serial) < 0)
		return "serial must be 1 to 32 octets in hex";
	if (cert_type && cert_type_parse(cert_type, type))
		return "cert_type must be ManoCert, VnfciCert or VnfOAMCert";
	filter->cert_type = cert_type ? type : NULL;
	if (within && (duration_parse(within, &within_ms) ||
		       __builtin_add_overflow(call->now_ms, within_ms, &filter->ends_by_ms)))
		return "expires_within must be a number of d, h, m or s, as 30d";
	filter->ends_after_ms = call->now_ms;
	walk->valid = within;
	if (json_query_number(&call->query, "not_replaced", 1, &not_replaced))
		return "not_replaced must be 0 or 1";
	walk->not_replaced = not_replaced;
	if (json_query_number(&call->query, "pem", 1, &pem))
		return "pem must be 0 or 1";
	walk->with_pem = pem;
	return NULL;
}

int operator_certificates(struct operator_call *call)
{
	static const int all[2] = {-1, -1};
	const int *states = all;
	enum cert_type type;
	struct operator_page page;
	struct certificate_walk walk = {.page = &page,
					.reader = call->worker->reader,
					.now_ms = call->now_ms,
					.state = json_query_get(&call->query, "state")};
	struct store_certificate_filter filter = {
		.subject_id = json_query_get(&call->query, "subject_id"),
		.vnf_instance = json_query_get(&call->query, "vnf_instance_id"),
		.trust_domain = json_query_get(&call->query, "trust_domain"),
		.manager = json_query_get(&call->query, "manager"),
		.ca = json_query_get(&call->query, "ca"),
		.profile = json_query_get(&call->query, "profile"),
	};
	const char *problem = certificate_query(call, &filter, &walk, &type);
	int status;

	if (problem)
		return operator_problem(call, 400, problem);
	for (size_t i = 0; walk.state && states == all; i++) {
		if (i == ARRAY_LEN(state_filters))
			return operator_problem(call, 400,
						"there is no such state of a certificate");
		if (strcmp(state_filters[i].name, walk.state) == 0)
			states = state_filters[i].states;
	}
	status = operator_page_begin(call, &page);
	if (status)
		return status;
	filter.after_id = page.after_id;
	filter.limit = page.limit;
	return operator_page_end(call, &page, certificate_walk(call, &filter, states, &walk));
}

/* --- one of them --- */

static int certificate_get(struct operator_call *call, int64_t id)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(freep) char *replaced_by = NULL;
	const struct cmf_call op = operator_cmf_call(call, NULL, NULL);
	int err = store_certificate_get(call->worker->reader, id, &cert);
	bool awaited = false;
	json_t *json;

	if (!err)
		err = cmf_order_crl_awaited(&op, &cert, &awaited);
	if (!err)
		err = replacement_serial(call->worker->reader, &cert, &replaced_by);
	if (!err)
		err = certificate_json(call->worker->reader, &cert, replaced_by, call->now_ms, true,
				       &json);
	if (err)
		return operator_fault(call, err);
	if (json_object_set_new(json, "crl_awaited", json_boolean(awaited))) {
		json_decref(json);
		json = NULL;
	}
	return operator_ok(call, 200, json);
}

/* For the upstream CA that is to be told; after that housekeeping goes on. */
enum { REVOKE_BUDGET_US = 5 * 1000 * 1000 };

struct revocation {
	int64_t certificate_id;
	struct cmf_revoke request;
	/* Of the last attempt. */
	struct cmf_revocation decided;
};

/* That certificate, by its issuer and serial number as a revocation names it. */
static int revocation_identify(const struct store_certificate *cert, struct cmf_revoke *request,
			       struct refusal *refusal)
{
	struct certificate_view view;
	int err;

	if (cert->der.len == 0) /* only asked for upstream yet: nothing that could be revoked */
		return refuse(refusal, REFUSAL_rev_cert_unknown);
	err = certificate_view(octets_view(&cert->der), &view);
	if (err)
		return log_fault("read a stored certificate", err, NULL);
	request->issuer = view.issuer;
	request->serial = cert->serial;
	return 0;
}

static int revoke_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	struct revocation *revocation = arg;
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	struct cmf_order_terms terms;
	struct cmf_principal who = {0};
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	int err = store_certificate_get(op.reader, revocation->certificate_id, &cert);

	if (!err)
		err = revocation_identify(&cert, &revocation->request, refusal);
	if (err)
		return err;
	who = operator_principal(call, cert.trust_domain);
	cmf_revocation_clear(&revocation->decided);
	err = cmf_revoke_find(&op, &revocation->request, NULL, 0, &revocation->decided);
	return err ? err : cmf_order_place_revocations(&op, &revocation->decided, 1, &terms);
}

static int revocation_decode(json_t *body, struct revocation *revocation, char *detail, size_t size)
{
	const char *reason = "unspecified", *invalidity = NULL;
	json_error_t error;

	if (json_unpack_ex(body, &error, JSON_STRICT, "{s?s, s?s}", "reason", &reason,
			   "invalidity_date", &invalidity)) {
		snprintf(detail, size, "%s", error.text);
		return -EINVAL;
	}
	revocation->request.reason = json_reason_parse(reason);
	if (revocation->request.reason < 0) {
		snprintf(detail, size, "reason must be one of RFC 5280 5.3.1, as keyCompromise");
		return -EINVAL;
	}
	if (invalidity && (clock_parse(invalidity, &revocation->request.invalidity_ms) ||
			   revocation->request.invalidity_ms <= 0)) {
		snprintf(detail, size,
			 "invalidity_date must be a time in UTC, as 2026-11-23T08:53:00Z");
		return -EINVAL;
	}
	return 0;
}

/*
 * What the revocation waits for, as for rr. The answer shows how far it has come, and who wants to
 * know the end asks again.
 */
static int revocation_run(struct operator_call *call, int64_t certificate_id, int reason)
{
	_cleanup_(cmf_order_clear) struct cmf_order order = {0};
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call op = operator_cmf_call(call, &who, NULL);
	int err = cmf_order_new(CMF_ORDER_REVOCATIONS, 1, &order);

	if (err)
		return err;
	order.item[0].certificate_id = certificate_id;
	order.item[0].reason = reason;
	err = cmf_order_read(&op, &order);
	return err ? err : cmf_order_run(&op, &order, REVOKE_BUDGET_US);
}

static int certificate_revoke(struct operator_call *call, int64_t id)
{
	struct revocation revocation = {.certificate_id = id};
	struct refusal refusal = REFUSAL_NULL;
	char detail[200];
	json_t *body = operator_body(call, detail, sizeof(detail));
	int err;

	if (!body)
		return operator_problem(call, 400, detail);
	err = revocation_decode(body, &revocation, detail, sizeof(detail));
	json_decref(body);
	if (err)
		return operator_problem(call, 400, detail);
	err = operator_commit(call, revoke_decide, &revocation, &refusal);
	cmf_revocation_clear(&revocation.decided);
	if (!err)
		err = revocation_run(call, id, revocation.request.reason);
	if (err == REFUSED)
		return operator_refusal(call, &refusal);
	return err ? operator_fault(call, err) : certificate_get(call, id);
}

struct giving_up {
	int64_t certificate_id;
	int reason;
	int64_t earliest_ms;
};

static int give_up_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	struct giving_up *giving_up = arg;
	struct cmf_principal who = {0};
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	int err = store_certificate_get(op.reader, giving_up->certificate_id, &cert);

	if (err)
		return err;
	who = operator_principal(call, cert.trust_domain);
	giving_up->reason = cert.reason;
	err = cmf_revocation_give_up(&op, &cert, &giving_up->earliest_ms);
	/* The certificate is there. */
	return err == STORE_NOT_FOUND ? -ESRCH : err;
}

static int certificate_give_up(struct operator_call *call, int64_t id)
{
	struct giving_up giving_up = {.certificate_id = id};
	struct refusal refusal = REFUSAL_NULL;
	char detail[160], when[21];
	int err = operator_commit(call, give_up_decide, &giving_up, &refusal);

	if (!err)
		err = revocation_run(call, id, giving_up.reason);
	if (err == REFUSED)
		return operator_refusal(call, &refusal);
	if (err == -ESRCH)
		return operator_problem(call, 409, "no upstream CA is asked to revoke it");
	if (err == -ENXIO)
		return operator_problem(call, 409,
					"its upstream CA is not in the configuration: put that "
					"section back, and give it up then");
	if (err != -EAGAIN || giving_up.earliest_ms <= call->now_ms)
		return err ? operator_fault(call, err) : certificate_get(call, id);
	clock_format(giving_up.earliest_ms, when);
	snprintf(detail, sizeof(detail),
		 "who asked for it is still told that the upstream CA is waited for; give it up "
		 "after "
		 "%s",
		 when);
	return operator_problem(call, 409, detail);
}

static int key_delete_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	const int64_t *id = arg;
	struct cmf_principal who = {0};
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	int err = store_certificate_get(call->worker->reader, *id, &cert);

	if (err)
		return err;
	who = operator_principal(call, cert.trust_domain);
	return cmf_archived_key_delete(&op, &cert);
}

static int key_delete(struct operator_call *call, int64_t id)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = operator_commit(call, key_delete_decide, &id, &refusal);

	if (err == REFUSED)
		return operator_refusal(call, &refusal);
	return err ? operator_fault(call, err) : certificate_get(call, id);
}

static const struct {
	const char *name;
	int (*serve)(struct operator_call *call, int64_t id);
} verbs[] = {
	{"revoke", certificate_revoke},
	{"give-up", certificate_give_up},
	{"delete-key", key_delete},
};

static int verb_serve(struct operator_call *call, const char *verb, int64_t id)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		if (json_query_unknown(&call->query))
			return operator_problem(call, 400, "the query has an unknown parameter");
		return call->request->method == HTTP_POST ? verbs[i].serve(call, id)
							  : operator_method_refused(call, "POST");
	}
	return operator_problem(call, 404, "there is no such path");
}

int operator_certificate(struct operator_call *call)
{
	const char *verb;
	int64_t id;

	if (json_path_id(call->request->path_rest, &id, &verb))
		return operator_problem(call, 404, "there is no such path");
	if (*verb)
		return verb_serve(call, verb, id);
	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	return call->request->method == HTTP_GET ? certificate_get(call, id)
						 : operator_method_refused(call, "GET");
}
