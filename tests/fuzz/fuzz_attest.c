// SPDX-License-Identifier: Apache-2.0
/*
 * AttestationBundles and the structures of a TPM in them: judged as that of a known key by a known
 * attester, so that seeds reach signatures and paths, and each structure by itself.
 */
#include "attest.h"
#include "attest/tpm2.h"

#include "asn1/spki.h"

#include <errno.h>
#include <stdlib.h>

/* Root of the attesters of tests/vectors/attest, and the key that the statements there are about.
 */
static const char root[] = "-----BEGIN CERTIFICATE-----\n"
			   "MIIBqzCCAVGgAwIBAgIUPldD6SyDo+yXveqmQ0gsL+grC7AwCgYIKoZIzj0EAwIw\n"
			   "MjESMBAGA1UECgwJY21mZCB0ZXN0MRwwGgYDVQQDDBNBdHRlc3RhdGlvbiBDQSBy\n"
			   "b290MB4XDTI2MDEwMTAwMDAwMFoXDTM1MTIzMDAwMDAwMFowMjESMBAGA1UECgwJ\n"
			   "Y21mZCB0ZXN0MRwwGgYDVQQDDBNBdHRlc3RhdGlvbiBDQSByb290MFkwEwYHKoZI\n"
			   "zj0CAQYIKoZIzj0DAQcDQgAEHefLiElAFpRUrJvPNlWnCe6xXvQ/DZTDtJrKBx0h\n"
			   "WPhiRzS3chA1Hk4x4vaFoAdpPkycnIMAvXgX2P4Zyklp+6NFMEMwEgYDVR0TAQH/\n"
			   "BAgwBgEB/wIBATAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFCGBnUwtkkNewMm9\n"
			   "/vcwXruraKV7MAoGCCqGSM49BAMCA0gAMEUCIDwv4NaIBAYotf8Uu8aWwuzBM3xF\n"
			   "Oa03ALAP7la/rpm9AiEAz0lGdiRo9pqAMMzOa1r8cW8Xpp8IBpJL4J4FTLh6WHg=\n"
			   "-----END CERTIFICATE-----\n";

/* SHA-256 of its SubjectPublicKeyInfo. */
static const char key[] = "242560d0b9959d584f31a703a6f8764bac556aa6a7ee551d8d964114edbfa8e7";

static const uint8_t certify_oid[] = {0x67, 0x81, 0x05, 0x14, 0x01};
static const uint8_t x509_oid[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0x1a, 0x01};
static const struct attest_type types[] = {
	{{certify_oid, sizeof(certify_oid)}, ATTEST_TPM2_CERTIFY},
	{{x509_oid, sizeof(x509_oid)}, ATTEST_X509},
};

static struct attest_trust *trust;
static uint8_t digest[32];

static void once(void)
{
	struct strbuf why = STRBUF_NULL;

	if (attest_trust_new(&trust) < 0 ||
	    attest_trust_add_pem(trust, bytes_of_string(root), &why) < 0)
		abort();
	if (hex_to_bytes(key, digest, sizeof(digest), &(size_t){0}) < 0)
		abort();
}

static void structures_read(struct bytes in)
{
	struct tpm_signature signature;
	struct tpm_attest attest;
	struct tpm_public public;
	struct octets spki = OCTETS_NULL;
	uint8_t key_digest[32];

	if (tpm_attest_read(in, &attest) == 0 && attest.nonce.len > in.len)
		abort();
	if (tpm_signature_read(in, &signature) == 0 && signature.rsa.len > in.len)
		abort();
	/* What was read is a SubjectPublicKeyInfo, whatever the numbers in it are. */
	if (tpm_public_read(in, &public) == 0 && tpm_public_spki(&public, &spki) == 0 &&
	    spki_digest_from_der(octets_view(&spki), key_digest) == -EBADMSG)
		abort();
	octets_clear(&spki);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct refusal refusal = REFUSAL_NULL;
	struct attest_result result;
	struct attest_rules rules = {
		.types = types, .n_types = ARRAY_LEN(types), .now_ms = INT64_C(1795910400000)};
	int err;

	if (!trust)
		once();
	rules.trust[0] = trust;
	err = attest_judge(in, &rules, digest, &result, &refusal);
	if ((err == REFUSED) != (refusal.reason != REFUSAL_NONE) || err < 0)
		abort();
	structures_read(in);
	return 0;
}
