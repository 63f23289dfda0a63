// SPDX-License-Identifier: Apache-2.0
/*
 * Which certificate among extraCerts is the signer's. Nobody is known yet: the cheapest test comes
 * first, and what may be decoded is bounded.
 */
#include "principal/signer_pick.h"

#include "asn1/name.h"

#include <openssl/err.h>

static void x509_name_freep(X509_NAME **name)
{
	X509_NAME_free(*name);
}

void sought_clear(struct sought *sought)
{
	X509_NAME_free(sought->sender);
}

/*
 * Subjects that are decoded for one message, since their octets are not those of sender. RFC 9483
 * 3.3: the signer's certificate is the first; and senderKID comes before.
 */
enum { NAMES_COMPARED_MAX = 4 };

/* RFC 5280 7.1: the same name, however its strings are encoded. */
static bool sender_is(struct sought *sought, struct bytes subject)
{
	_cleanup_(x509_name_freep) X509_NAME *name = NULL;
	const unsigned char *p = sought->sender_dn.data, *q = subject.data;

	if (bytes_equal(sought->sender_dn, subject))
		return true;
	/* Nothing is decoded for a name that is another at a glance. */
	if (name_differs(sought->sender_dn, subject) || sought->compared++ >= NAMES_COMPARED_MAX)
		return false;
	if (!sought->sender)
		sought->sender = d2i_X509_NAME(NULL, &p, (long)sought->sender_dn.len);
	name = d2i_X509_NAME(NULL, &q, (long)subject.len);
	ERR_clear_error(); /* what is no name is not that of the sender */
	return sought->sender && name && X509_NAME_cmp(sought->sender, name) == 0;
}

bool sought_sender_fits(struct sought *sought, struct bytes subject)
{
	/* RFC 9483 3.1, 3.5: the NULL-DN (30 00) is the name of those with an empty subject. */
	return sought->sender_dn.len == 0 || sender_is(sought, subject);
}

/* RFC 9483 3.5: senderKID identifies the key, sender is the subject of the certificate. */
bool sought_fits(struct sought *sought, struct bytes subject, struct bytes ski)
{
	if (sought->sender_kid.len > 0 && ski.len > 0 && !bytes_equal(sought->sender_kid, ski))
		return false;
	return sought_sender_fits(sought, subject);
}

struct bytes signer_view_ski(const struct certificate_view *view)
{
	struct bytes ski = BYTES_NULL;

	return certificate_ski(view, &ski) == 0 ? ski : BYTES_NULL;
}

/* Whether it is worth to look at its name: senderKID names it; or it names none. */
static bool is_candidate(const struct sought *sought, const struct certificate_view *view,
			 bool by_kid)
{
	struct bytes ski = signer_view_ski(view);

	if (by_kid)
		return ski.len > 0 && bytes_equal(sought->sender_kid, ski);
	return sought->sender_kid.len == 0 || ski.len == 0;
}

/*
 * The first that fits; one whose key identifier is senderKID goes before one that has none. RFC
 * 9483 3.3 has the signer first of all, but be prepared for other orders: of twins with one name
 * and key it is the one that is valid.
 */
int signer_pick(struct sought *sought, const struct bytes *certs, size_t n_certs, int64_t now_ms,
		struct certificate_view *viewp, struct refusal *refusal)
{
	size_t well_formed = 0;
	bool found = false;

	for (int by_kid = sought->sender_kid.len > 0; by_kid >= 0 && !found; by_kid--) {
		for (size_t i = 0; i < n_certs; i++) {
			struct certificate_view view;
			bool valid;

			if (certificate_view(certs[i], &view) < 0)
				continue;
			well_formed++;
			valid = now_ms >= view.not_before_ms && now_ms <= view.not_after_ms;
			if ((found && !valid) || !is_candidate(sought, &view, by_kid) ||
			    !sought_sender_fits(sought, view.subject))
				continue;
			*viewp = view;
			found = true;
			if (valid)
				return 0;
		}
	}
	if (found)
		return 0;
	return refuse(refusal, well_formed ? REFUSAL_signer_mismatch : REFUSAL_signer_malformed);
}
