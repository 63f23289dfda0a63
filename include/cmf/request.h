// SPDX-License-Identifier: Apache-2.0
/*
 * Certificate Signing Request (IFA 033 11.2.3) as a resource: it is made, read again by who made
 * it, and given up while an upstream CA is waited for. Who lost an answer makes the same request
 * again, gets the one that there is, and never a second certificate. There is no step to confirm a
 * certificate: it is active as soon as it is issued.
 *
 *	cmf_request_make()      into the unit of the door, which commits it
 *	cmf_request_run()       if it waits: outside of the store, for as long as the client may
 *wait cmf_request_read()      at any time later; what was decided meanwhile goes into the unit
 *	cmf_request_give_up()
 *
 * The certificate is an order of one (cmf/order.h). What is decided while nobody asks housekeeping
 * makes true. Not here: p10cr, whose transaction is the CMP door's, and reading JSON.
 */
#pragma once

#include "cmf.h"

/* All borrowed. */
struct cmf_request {
	enum cert_type cert_type;
	const char *vnfc_id;      /* NULL: the names in the PKCS#10 say which entity */
	const char *vnf_instance; /* NULL: not said; "": the one without */
	struct bytes pkcs10;      /* DER */
	bool chain_request;
	const char *profile;  /* NULL: that of the registration, which another is not */
	int64_t not_after_ms; /* a wish; 0: none */
	int64_t replaces_id;  /* a certificate that is renewed, as by kur; 0: none */
	bool revoke_replaced; /* once there is the new one */
	int64_t nonce_id;     /* as in struct cmf_csr */
};

struct cmf_requested {
	struct store_csr csr; /* its id, and that of the certificate, are the unit's before the
				 commit: store_unit_id() */
	struct store_certificate cert;
	bool fresh;      /* made now */
	bool attested;   /* if it was: there was a key attestation, of which the store knows more */
	int check_after; /* PROCESSING: seconds until it is worth asking again */
	/* REFUSED: what stands in the way; 0: nothing that the client is told of. */
	int64_t existing_csr_id;
	int64_t existing_certificate_id;
};
void cmf_requested_clear(struct cmf_requested *requested);

/*
 * The request that is the same (of this client, for this entity and certType, with these octets),
 * or a new one, which is decided, issued or asked for upstream, and added to the unit. The commit
 * conflicts where somebody made the same at the same time: then it is called again. 0; REFUSED: as
 * cmf_csr(), cmf_update_find() and the proof of a PKCS#10, and csr_*; negative errno. *requestedp
 * is the caller's also if it is REFUSED.
 */
_must_check_ int cmf_request_make(const struct cmf_call *call, const struct cmf_request *request,
				  struct cmf_requested *requestedp);
/* Asks the upstream CA for at most budget_us, in the calling worker. 0 or negative errno. */
_must_check_ int cmf_request_run(const struct cmf_call *call, int64_t certificate_id,
				 int64_t budget_us);
/*
 * A request of who asks, as it is now; adds to the unit what has become of it, if that is new. 0,
 * STORE_NOT_FOUND (also if it is another's), negative errno.
 */
_must_check_ int cmf_request_read(const struct cmf_call *call, int64_t id,
				  struct cmf_requested *requestedp);
/*
 * Who asked does not want it any more: it has failed, and what the upstream CA issues all the same
 * is revoked there. 0, REFUSED (csr_not_processing), STORE_NOT_FOUND, negative errno.
 */
_must_check_ int cmf_request_give_up(const struct cmf_call *call, int64_t id);
/* Why a request has FAILED. */
struct refusal cmf_request_refusal(const struct store_csr *csr);
