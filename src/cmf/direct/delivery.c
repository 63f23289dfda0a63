// SPDX-License-Identifier: Apache-2.0
/*
 * One-time secrets on their way to whom a VNFM's section names: which is the next, and what became
 * of it. lcm/ sends them. One is delivered once somebody has acknowledged it, and until then sent
 * again; what a crash comes between is sent twice.
 */
#include "direct/direct.h"

#include <errno.h>
#include <string.h>

void cmf_initial_delivery_clear(struct cmf_initial_delivery *delivery)
{
	cmf_initial_credential_clear(&delivery->credential);
	free(delivery->trust_domain);
	free(delivery->vnf_instance);
	free(delivery->subject_id);
	*delivery = (struct cmf_initial_delivery){0};
}

static int text_of(struct bytes octets, char **textp)
{
	*textp = strndup((const char *)octets.data, octets.len);
	return *textp ? 0 : -ENOMEM;
}

/* What is in the row moves into it. */
static int delivery_fill(const struct cmf *cmf, struct store_initial_credential *row,
			 struct cmf_initial_delivery *delivery)
{
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	int err = initial_secret_open(cmf, row, &secret);

	if (err == 0)
		err = text_of(octets_view(&secret), &delivery->credential.secret);
	if (err == 0)
		err = text_of(octets_view(&row->reference), &delivery->credential.reference);
	if (err < 0)
		return err;
	delivery->id = row->id;
	delivery->attempts = row->deliver_attempts;
	delivery->credential.expires_ms = row->expires_ms;
	delivery->trust_domain = TAKE(row->trust_domain);
	delivery->vnf_instance = TAKE(row->vnf_instance);
	delivery->subject_id = TAKE(row->subject_id);
	return 0;
}

/* Spent, expired, or its VNFC has gone: nobody needs it any more. */
static bool is_void(const struct store_initial_credential *row, int64_t now_ms)
{
	return row->spent_ms || row->expires_ms <= now_ms || !row->registered;
}

int cmf_initial_delivery_next(const struct cmf_call *call, const char *vnfm,
			      struct cmf_initial_delivery *deliveryp)
{
	int err = 0;

	*deliveryp = (struct cmf_initial_delivery){0};
	while (err == 0) {
		_cleanup_(store_initial_credential_clear) struct store_initial_credential row = {0};

		err = store_initial_credential_to_deliver(call->reader, vnfm, call->now_ms, &row);
		if (err == 0 && !is_void(&row, call->now_ms))
			err = delivery_fill(call->cmf, &row, deliveryp);
		if (err != 0 || deliveryp->id)
			break;
		err = store_initial_credential_delivered(call->unit, row.id, 0);
		if (err == 0)
			err = store_unit_commit(call->unit);
	}
	if (err < 0)
		cmf_initial_delivery_clear(deliveryp);
	return err;
}

int cmf_initial_delivery_done(const struct cmf_call *call,
			      const struct cmf_initial_delivery *delivery)
{
	const struct store_entity entity = {delivery->trust_domain, delivery->vnf_instance,
					    delivery->subject_id};
	int err = store_initial_credential_delivered(call->unit, delivery->id, call->now_ms);

	return err == 0 ? audit_add_entity(call, "deliver initial credential", &entity,
					   delivery->credential.reference)
			: err;
}

int cmf_initial_delivery_retry(const struct cmf_call *call,
			       const struct cmf_initial_delivery *delivery, int64_t next_ms)
{
	return store_initial_credential_deliver_again(call->unit, delivery->id, next_ms,
						      delivery->attempts + 1);
}
