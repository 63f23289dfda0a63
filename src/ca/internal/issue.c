// SPDX-License-Identifier: Apache-2.0
/* The internal CA: a key of ours signs. CRLs are made in crl.c. */
#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "ca_local.h"
#include "keys/credential.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

enum {
	SERIAL_TIME_LEN = 6,    /* 48 bits of milliseconds: they grow, which the index likes */
	SERIAL_RANDOM_LEN = 12, /* 96 bits that nobody can guess */
	EXTENSIONS_OF_CA = 5,   /* subjectAltName, SKI, AKI, CRL distribution points, AIA */
};

/* Extension of subjectKeyIdentifier, up to its 20 octets. */
static const uint8_t ski_head[] = {0x30, 0x1d, 0x06, 0x03, 0x55, 0x1d,
				   0x0e, 0x04, 0x16, 0x04, 0x14};

/* --- loading --- */

static int signer_make(const struct ca *ca, EVP_PKEY *key, struct signer **signerp,
		       struct strbuf *problems)
{
	const struct conf_ca *conf = ca->conf;

	if (EVP_PKEY_eq(key, ca->chain.key) != 1)
		return ca_problem(problems, conf, "key", "does not belong to the certificate");
	if (!EVP_get_digestbyname(conf->digest))
		return ca_problem(problems, conf, "digest", "%s is not known", conf->digest);
	if (signer_new(key, conf->digest, signerp) < 0)
		return ca_problem(problems, conf, "key", "cannot sign with this kind of key");
	if (signer_try(*signerp) < 0)
		return ca_problem(problems, conf, "key",
				  "%s: it is there, but signing with it fails", conf->key);
	return 0;
}

int internal_key_load(struct ca *ca, struct strbuf *problems)
{
	const struct conf_ca *conf = ca->conf;
	_cleanup_(signer_freep) struct signer *signer = NULL;
	const struct key_source source = {conf->key, conf->passphrase_file};
	const struct signature_algorithm *algorithm;
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	int err = credential_key_read(&source, &key);

	if (err < 0)
		return ca_problem(problems, conf, "key", "cannot read %s: %s", conf->key,
				  credential_error_text(err));
	err = signer_make(ca, key, &signer, problems);
	if (err < 0)
		return err;
	/* OpenSSL 3.0 signs with ecdsa-with-SHA3-256, but finds no issuer for what has it. */
	algorithm = signature_algorithm_find(signer_algorithm(signer)->algorithm);
	if (!OBJ_find_sigid_algs(OBJ_txt2nid(algorithm->oid), NULL, NULL))
		return ca_problem(problems, conf, "digest", "%s: this OpenSSL does not verify %s",
				  conf->digest, algorithm->name);
	atomic_store(&ca->internal->signer, TAKE(signer));
	return 0;
}

int internal_new(const struct ca *ca, struct internal **internalp)
{
	struct internal *internal = calloc(1, sizeof(*internal));
	int err;

	if (!internal)
		return -ENOMEM;
	pthread_mutex_init(&internal->publish, NULL);
	internal->key_id_digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	err = internal->key_id_digest ? 0 : -ENOMEM;
	if (err == 0)
		err = internal_extensions_encode(ca, internal);
	if (err < 0) {
		internal_free(internal);
		return err;
	}
	*internalp = internal;
	return 0;
}

void internal_free(struct internal *internal)
{
	if (!internal)
		return;
	octets_clear(&internal->aki_der);
	octets_clear(&internal->crl_distribution_points);
	octets_clear(&internal->authority_info_access);
	EVP_MD_free(internal->key_id_digest);
	signer_free(internal->signer);
	pthread_mutex_destroy(&internal->publish);
	free(internal);
}

/* --- issuing --- */

/* RFC 5280 4.1.2.2: positive, at most 20 octets, unique: time and randomness, no leading zeros. */
static int serial_make(int64_t now_ms, struct serial *serialp)
{
	uint8_t serial[SERIAL_TIME_LEN + SERIAL_RANDOM_LEN];
	uint64_t time = (uint64_t)now_ms;

	for (size_t i = SERIAL_TIME_LEN; i-- > 0; time >>= 8)
		serial[i] = (uint8_t)time;
	if (RAND_bytes(serial + SERIAL_TIME_LEN, SERIAL_RANDOM_LEN) != 1)
		return log_fault("making a serial number", -EIO, NULL);
	serial[0] &= 0x7f;
	return serial_of_unsigned(BYTES_OF(serial), serialp);
}

/* RFC 7093 2 (1): the first 160 bits of SHA-256 of the BIT STRING subjectPublicKey. */
int ca_key_identifier(const struct ca *ca, struct bytes spki, uint8_t id[CA_KEY_ID_LEN])
{
	struct bytes outer, algorithm, key, tlv;
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint8_t tag;

	assert(ca->internal);
	if (der_next(&spki, &tag, &tlv, &outer) < 0 ||
	    der_next(&outer, &tag, &algorithm, &tlv) < 0 ||
	    der_next(&outer, &tag, &tlv, &key) < 0 || tag != V_ASN1_BIT_STRING || key.len < 1)
		return log_fault("reading a public key", -EBADMSG, NULL);
	if (!EVP_Digest(key.data + 1, key.len - 1, digest, NULL, ca->internal->key_id_digest, NULL))
		return log_fault("computing a subjectKeyIdentifier", -ENOMEM, NULL);
	memcpy(id, digest, CA_KEY_ID_LEN);
	return 0;
}

struct bytes ca_extension(const struct ca *ca, int nid)
{
	if (!ca->internal)
		return BYTES_NULL;
	switch (nid) {
	case NID_authority_key_identifier:
		return octets_view(&ca->internal->aki_der);
	case NID_crl_distribution_points:
		return octets_view(&ca->internal->crl_distribution_points);
	case NID_info_access:
		return octets_view(&ca->internal->authority_info_access);
	default:
		return BYTES_NULL;
	}
}

static bool profile_has(const struct ca_request *request, int nid)
{
	for (size_t i = 0; i < request->n_extensions; i++) {
		if (request->extensions[i].nid == nid)
			return true;
	}
	return false;
}

/* The profile's extensions first, then ours; where both have one, the profile decides, but for the
 * names, which were checked for this very entity. */
static size_t extensions_gather(const struct ca *ca, const struct ca_request *request,
				struct bytes ski, struct bytes san, struct bytes *out)
{
	const struct {
		int nid;
		struct bytes der;
	} ours[] = {
		{NID_subject_key_identifier, ski},
		{NID_authority_key_identifier, ca_extension(ca, NID_authority_key_identifier)},
		{NID_crl_distribution_points, ca_extension(ca, NID_crl_distribution_points)},
		{NID_info_access, ca_extension(ca, NID_info_access)},
	};
	size_t n = 0;

	for (size_t i = 0; i < request->n_extensions; i++) {
		const struct conf_extension *e = &request->extensions[i];

		if (e->nid != NID_subject_alt_name || san.len == 0)
			out[n++] = (struct bytes){e->der, e->der_len};
	}
	if (san.len > 0)
		out[n++] = san;
	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		if (ours[i].der.len > 0 && !profile_has(request, ours[i].nid))
			out[n++] = ours[i].der;
	}
	return n;
}

static int64_t whole_seconds(int64_t ms)
{
	return ms - ((ms % 1000) + 1000) % 1000;
}

/* Not beyond the end of the CA's path; notBefore lies back unless a later one was asked for. */
static int validity_decide(const struct ca *ca, const struct ca_request *request, int64_t now_ms,
			   struct ca_issued *issued)
{
	int64_t not_before = request->not_before_ms;
	int64_t backdated = now_ms - ca->conf->backdate_ms;
	int64_t not_after = whole_seconds(request->not_after_ms);

	if (!request->not_before_exact && not_before <= now_ms && not_before > backdated)
		not_before = backdated;
	if (not_before < ca->chain.not_before_ms)
		not_before = ca->chain.not_before_ms;
	issued->validity_clipped = not_after > ca->chain.path_end_ms;
	if (issued->validity_clipped)
		not_after = ca->chain.path_end_ms;
	issued->not_before_ms = whole_seconds(not_before);
	issued->not_after_ms = not_after;
	if (now_ms > ca->chain.path_end_ms)
		return log_fault(
			"issuing a certificate: the CA's own, or one above it, has expired",
			-EKEYEXPIRED, ca->conf->name);
	if (issued->not_before_ms > not_after)
		return log_fault("issuing a certificate: its validity is empty", -EINVAL,
				 ca->conf->name);
	return 0;
}

static int certificate_make(const struct ca *ca, const struct ca_request *request, struct bytes san,
			    struct ca_issued *issued)
{
	uint8_t ski[sizeof(ski_head) + CA_KEY_ID_LEN];
	_cleanup_(freep) struct bytes *extensions =
		calloc(request->n_extensions + EXTENSIONS_OF_CA, sizeof(*extensions));
	struct certificate_parts parts = {
		.serial = &issued->serial,
		.issuer = octets_view(&ca->chain.issuer),
		.subject = request->subject,
		.spki = request->spki,
		.not_before_ms = issued->not_before_ms,
		.not_after_ms = issued->not_after_ms,
		.extensions = extensions,
	};
	int err;

	if (!extensions)
		return log_fault("issuing a certificate", -ENOMEM, NULL);
	memcpy(ski, ski_head, sizeof(ski_head));
	err = ca_key_identifier(ca, request->spki, ski + sizeof(ski_head));
	if (err < 0)
		return err;
	parts.n_extensions = extensions_gather(
		ca, request, request->ski.len ? request->ski : BYTES_OF(ski), san, extensions);
	err = certificate_build(&parts, ca->internal->signer, &issued->der);
	if (err < 0)
		return log_fault("signing a certificate", err, ca->conf->name);
	return 0;
}

int ca_issue(struct ca *ca, const struct ca_request *request, struct ca_issued *issuedp)
{
	_cleanup_(der_writer_clear) struct der_writer san = DER_WRITER_NULL;
	int64_t now_ms = clock_now_ms(ca->set->clock);
	int err;

	assert(ca->internal);
	*issuedp = (struct ca_issued){0};
	err = validity_decide(ca, request, now_ms, issuedp);
	if (err == 0)
		err = serial_make(now_ms, &issuedp->serial);
	if (err < 0)
		return err;
	if (request->san.len > 0)
		extension_put_san(&san, request);
	if (san.failed)
		return log_fault("issuing a certificate", -ENOMEM, NULL);
	return certificate_make(ca, request, der_written(&san), issuedp);
}

void ca_issued_clear(struct ca_issued *issued)
{
	octets_clear(&issued->der);
	*issued = (struct ca_issued){0};
}
