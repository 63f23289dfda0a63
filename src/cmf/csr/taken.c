// SPDX-License-Identifier: Apache-2.0
/*
 * What a new certificate may collide with: its key is certified for another entity, or its entity
 * has as many certificates as it may have. Both are conditions of the unit, since others are
 * decided at the same time; what is committed is looked up before as well: keys always, where they
 * matter at all, the number only once the unit said no, for the usual request is to cost no further
 * read. What the same message asks for is in neither yet.
 */
#include "csr/taken.h"

#include "csr/csr.h"

#include <string.h>

/* Of one entity, under whatever certType, and registered anew too. */
static bool same_entity(const struct taken_query *q, const struct cmf_csr_result *r)
{
	const struct store_entity one = store_registration_entity(q->registration);
	const struct store_entity other = store_registration_entity(&r->decision->registration);

	return store_entity_same(&one, &other);
}

static int key_check(const struct taken_query *q)
{
	const struct store_entity entity = store_registration_entity(q->registration);
	bool taken = false;
	int err = 0;

	for (size_t i = 0; i < q->call->n_earlier && !taken; i++) {
		const struct cmf_csr_result *earlier = q->call->earlier[i];

		taken = !same_entity(q, earlier) &&
			memcmp(earlier->certificate.key_digest, q->key_digest,
			       sizeof(earlier->certificate.key_digest)) == 0;
	}
	if (!taken)
		err = store_key_taken(q->call->reader, q->key_digest, &entity, &taken);
	if (err < 0)
		return err;
	/* RFC 9483 3.6.4: "already in use in some other certificate (depending on policy)" */
	return taken ? refuse_detail(q->call->refusal, REFUSAL_public_key_taken,
				     "the key is certified for another entity")
		     : 0;
}

static struct store_live live_of(const struct taken_query *q)
{
	return (struct store_live){.entity = store_registration_entity(q->registration),
				   .except_id = q->replaces_id,
				   .now_ms = q->call->now_ms,
				   .max = q->call->who->policy->live_certificates_per_entity};
}

static int live_check(const struct taken_query *q, bool look_up)
{
	struct store_live live = live_of(q);
	bool reached = false;
	int err = 0;

	for (size_t i = 0; i < q->call->n_earlier && live.max > 0; i++) {
		const struct cmf_csr_result *earlier = q->call->earlier[i];

		if (same_entity(q, earlier))
			live.max--;
	}
	if (live.max == 0)
		reached = true;
	else if (look_up)
		err = store_live_reached(q->call->reader, &live, &reached);
	if (err < 0)
		return err;
	return reached ? refuse(q->call->refusal, REFUSAL_live_certificates) : 0;
}

static bool key_concerns(const struct taken_query *q)
{
	return !q->conf->cmf.key_reuse && q->key_digest;
}

int taken_check(const struct taken_query *q)
{
	bool look_up = q->call->again || store_unit_is_dry(q->call->unit);
	int err = 0;

	if (key_concerns(q))
		err = key_check(q);
	if (err == 0 && q->call->who->policy->live_certificates_per_entity)
		err = live_check(q, look_up);
	return err;
}

int taken_require(const struct taken_query *q, const struct cmf_csr_result *result)
{
	struct store_unit *unit = q->call->unit;
	const struct store_live live = live_of(q);
	int err = 0;

	if (key_concerns(q))
		err = store_key_require(unit, result->certificate.key_digest, &live.entity);
	if (err == 0 && live.max)
		err = store_live_require(unit, &live);
	return err;
}
