// SPDX-License-Identifier: Apache-2.0
/*
 * Certificates as DER: building a TBSCertificate from pre-encoded parts and signing it, and reading
 * the few fields of a certificate that we need without a whole X509 (whose parse sets up a key).
 */
#pragma once

#include "asn1/serial.h"
#include "asn1/signer.h"
#include "asn1/spki.h"

/* The fields of a certificate as views into its DER; times in ms. */
struct certificate_view {
	struct bytes der;
	struct bytes tbs;
	struct bytes serial; /* content octets of serialNumber, big-endian, as encoded */
	struct bytes signature_algorithm; /* TLV */
	struct bytes issuer;              /* TLV of Name */
	struct bytes subject;             /* TLV of Name */
	struct bytes spki;                /* TLV */
	struct bytes extensions;          /* TLV of the SEQUENCE OF, or empty */
	int64_t not_before_ms;
	int64_t not_after_ms;
};

/* An Extension as views into its DER. */
struct extension_view {
	struct bytes oid;   /* content octets */
	struct bytes value; /* content octets of extnValue */
	bool critical;
};

/* Strict DER is the caller's concern (der_check). -EBADMSG if it is no certificate. */
_must_check_ int certificate_view(struct bytes der, struct certificate_view *vp);
/* The contents of an Extension (without its own header). -EBADMSG if it is none. */
_must_check_ int extension_view(struct bytes extension, struct extension_view *vp);
/* The content octets of extnValue of an extension, by OID content octets; -ENOENT if absent. */
_must_check_ int certificate_extension(const struct certificate_view *v, int nid,
				       struct bytes *valuep, bool *criticalp);
/* subjectKeyIdentifier's octets, -ENOENT if absent. */
_must_check_ int certificate_ski(const struct certificate_view *v, struct bytes *skip);

/* The encoding of a certificate that libcrypto has read. The caller owns *derp. */
_must_check_ int certificate_encode(const X509 *cert, struct octets *derp);

/* What goes into a certificate. All parts are DER, borrowed. */
struct certificate_parts {
	const struct serial *serial; /* positive, at most 20 octets */
	struct bytes issuer;         /* TLV of Name */
	struct bytes subject;        /* TLV of Name */
	struct bytes spki;           /* TLV */
	int64_t not_before_ms;
	int64_t not_after_ms;
	const struct bytes *extensions; /* TLVs of Extension, in this order */
	size_t n_extensions;
};

/* Builds and signs a v3 certificate. The caller owns *derp. -EBADMSG (logged with the rule) if it
 * would be none by RFC 5280: asn1/lint.h. */
_must_check_ int certificate_build(const struct certificate_parts *parts,
				   const struct signer *signer, struct octets *derp);
