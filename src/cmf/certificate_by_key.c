// SPDX-License-Identifier: Apache-2.0
/*
 * The certificate that an rr means by its subject and public key alone, as of a PKCS#10, for
 * clients that say no more: only if exactly one live certificate has both. The names that entities
 * hold say whose certificates are looked at. revoke.c judges what may be done to what is found.
 */
#include "cmf_private.h"

#include "asn1/certificate.h"
#include "asn1/name.h"

#include <errno.h>
#include <string.h>

struct search {
	const struct cmf_call *call;
	struct name_keys subject; /* under the CA that is looked at */
	uint8_t key_digest[32];
	int64_t id; /* of the one that was found; 0: none */
};

enum { SEVERAL = 1 };

static bool is_live(const struct store_certificate *cert, int64_t now_ms)
{
	switch (cert->state) {
	case STORE_CERT_PENDING:
	case STORE_CERT_ACTIVE:
	case STORE_CERT_REVOCATION_PENDING:
	case STORE_CERT_ON_HOLD:
		return cert->not_after_ms >= now_ms;
	case STORE_CERT_REQUESTED:
	case STORE_CERT_REVOKED:
	case STORE_CERT_REJECTED:
		break;
	}
	return false;
}

static int subject_same(const struct search *s, const struct store_certificate *cert, bool *samep)
{
	struct name_keys keys;
	int err = name_keys_of_certificate(cert->ca, octets_view(&cert->der), &keys);

	*samep = false;
	if (err < 0)
		return err;
	for (size_t i = 0; i < keys.len; i++)
		if (!keys.item[i].in_san)
			*samep =
				!memcmp(keys.item[i].octet, s->subject.item[0].octet, NAME_KEY_LEN);
	name_keys_clear(&keys);
	return 0;
}

static int certificate_compare(void *arg, const struct store_certificate *cert)
{
	struct search *s = arg;
	bool same;
	int err;

	if (!is_live(cert, s->call->now_ms) ||
	    memcmp(cert->key_digest, s->key_digest, sizeof(s->key_digest)) != 0)
		return 0;
	err = subject_same(s, cert, &same);
	if (err < 0 || !same)
		return err;
	if (s->id)
		return SEVERAL;
	s->id = cert->id;
	return 0;
}

/* Those of the entity that got the subject last. */
static int ca_search(struct search *s, const char *ca)
{
	_cleanup_(store_certificate_clear) struct store_certificate last = {0};
	struct store_certificate_filter filter = {.ca = ca, .state = -1};
	int64_t id;
	int err = store_held_name_find(s->call->reader, &s->subject.item[0], &id);

	if (err == 0)
		err = store_certificate_get(s->call->reader, id, &last);
	if (err != 0)
		return err == STORE_NOT_FOUND ? 0 : err;
	filter.subject_id = last.subject_id;
	filter.vnf_instance = last.vnf_instance;
	filter.trust_domain = last.trust_domain;
	return store_certificate_list(s->call->reader, &filter, certificate_compare, s);
}

int certificate_by_key(const struct cmf_call *call, const CertTemplate *said,
		       struct store_certificate *certp)
{
	struct search s = {.call = call};
	int err = said->subject && said->publicKey ? spki_digest(said->publicKey, s.key_digest) : 0;

	if (!said->subject || !said->publicKey || err == -EBADMSG || err == -ENOTSUP)
		return STORE_NOT_FOUND;
	for (size_t i = 0; err == 0 && i < ca_count(call->cmf->cas); i++) {
		const char *ca = ca_name(ca_at(call->cmf->cas, i));

		err = name_keys_of(ca, name_der(said->subject), BYTES_NULL, &s.subject);
		if (err == 0 && s.subject.len)
			err = ca_search(&s, ca);
		name_keys_clear(&s.subject);
	}
	if (err == SEVERAL)
		return refuse_detail(call->refusal, REFUSAL_rev_cert_unknown,
				     "several valid certificates have its subject and public key");
	if (err < 0)
		return err;
	return s.id ? store_certificate_get(call->reader, s.id, certp) : STORE_NOT_FOUND;
}
