// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/cas: the CAs of the configuration in force, with their newest CRL (GET).
 */
#include "call.h"
#include "encode.h"

#include "asn1/certificate.h"
#include "base/clock.h"

#include <errno.h>

/* The issuing certificate, its chain and the root as PEM, in this order. */
static json_t *chain_json(const struct ca *ca)
{
	const struct bytes *certs;
	size_t n = ca_chain(ca, &certs);
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++)
		json_array_append_new(array, json_pem(certs[i]));
	if (array && ca_root(ca).len)
		json_array_append_new(array, json_pem(ca_root(ca)));
	return array;
}

/* notAfter of the issuing certificate, 0 if there is none (upstream, nothing configured). */
static int64_t ca_not_after_ms(const struct ca *ca)
{
	const struct bytes *certs;
	struct certificate_view view;

	if (ca_chain(ca, &certs) == 0 || certificate_view(certs[0], &view))
		return 0;
	return view.not_after_ms;
}

static json_t *root_subject(const struct ca *ca)
{
	struct certificate_view view;

	if (ca_root(ca).len == 0 || certificate_view(ca_root(ca), &view))
		return json_null();
	return json_name(view.subject);
}

/* Why it issues nothing; null: it does, as far as is known. */
static json_t *problem_json(const struct ca *ca, int64_t now_ms)
{
	int64_t end_ms = ca_path_end(ca);
	char when[21];

	if (ca_unfit(ca))
		return json_text(ca_unfit(ca));
	if (ca_is_upstream(ca) || end_ms >= now_ms)
		return json_null();
	clock_format(end_ms, when);
	return json_sprintf("[ca %s] its certificate, or one above it, has ended at %s",
			    ca_name(ca), when);
}

int operator_ca_json(struct store_reader *reader, const struct ca *ca, int64_t now_ms,
		     json_t **jsonp)
{
	_cleanup_(store_crl_clear) struct store_crl crl = {0};
	int err = reader ? store_crl_newest(reader, ca_name(ca), &crl) : STORE_NOT_FOUND;

	if (err && err != STORE_NOT_FOUND)
		return err;
	*jsonp = json_pack(
		"{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
		json_text(ca_name(ca)), "type", ca_is_upstream(ca) ? "upstream" : "internal",
		"issuer", json_name(ca_issuer(ca)), "root", root_subject(ca), "not_after",
		json_time(ca_not_after_ms(ca)), "crl_number",
		err ? json_null() : json_integer(crl.number), "crl_this_update",
		json_time(crl.this_update_ms), "crl_next_update", json_time(crl.next_update_ms),
		"problem", problem_json(ca, now_ms), "chain", chain_json(ca));
	return *jsonp ? 0 : -ENOMEM;
}

int operator_cas(struct operator_call *call)
{
	struct ca_set *set = cmf_cas(call->cmf);
	json_t *items, *item;
	int err = 0;

	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	items = json_array();
	for (size_t i = 0; i < ca_count(set) && !err; i++) {
		err = operator_ca_json(call->worker->reader, ca_at(set, i), call->now_ms, &item);
		if (!err)
			err = json_array_append_new(items, item) ? -ENOMEM : 0;
	}
	if (err) {
		json_decref(items);
		return operator_fault(call, err);
	}
	return operator_ok(call, 200, json_pack("{s:o}", "items", items));
}
