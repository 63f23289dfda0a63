// SPDX-License-Identifier: Apache-2.0
/*
 * What the CMP door does for who is not known yet: the same whether the reference that is named
 * exists or not, and no more than its share. Cryptographic operations and steps of the database are
 * counted where they enter the libraries.
 */
#include "ask.h"
#include "suite.h"

#include "mac_scheme.h"

#include <check.h>
#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* --- counting --- */

static struct {
	int64_t pbkdf2; /* iterations */
	int64_t digests;
	int64_t macs;
	int64_t opened; /* sealed secrets */
	int64_t steps;  /* of the database */
	int64_t names;  /* decoded */
	int64_t certs;  /* decoded, with their keys */
	int64_t paths;  /* that were looked for */
} counted;

#define REAL(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

int PKCS5_PBKDF2_HMAC(const char *pass, int passlen, const unsigned char *salt, int saltlen,
		      int iter, const EVP_MD *digest, int keylen, unsigned char *out)
{
	counted.pbkdf2 += iter;
	return REAL(PKCS5_PBKDF2_HMAC)(pass, passlen, salt, saltlen, iter, digest, keylen, out);
}

int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s)
{
	static __typeof__(&EVP_DigestFinal_ex) real;

	if (!real)
		real = REAL(EVP_DigestFinal_ex);
	counted.digests++;
	return real(ctx, md, s);
}

int EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *outl, size_t outsize)
{
	counted.macs++;
	return REAL(EVP_MAC_final)(ctx, out, outl, outsize);
}

int EVP_DecryptFinal_ex(EVP_CIPHER_CTX *ctx, unsigned char *outm, int *outl)
{
	counted.opened++;
	return REAL(EVP_DecryptFinal_ex)(ctx, outm, outl);
}

int sqlite3_step(sqlite3_stmt *stmt)
{
	counted.steps++;
	return REAL(sqlite3_step)(stmt);
}

X509_NAME *d2i_X509_NAME(X509_NAME **a, const unsigned char **in, long len)
{
	counted.names++;
	return REAL(d2i_X509_NAME)(a, in, len);
}

X509 *d2i_X509(X509 **a, const unsigned char **in, long len)
{
	counted.certs++;
	return REAL(d2i_X509)(a, in, len);
}

int X509_verify_cert(X509_STORE_CTX *ctx)
{
	counted.paths++;
	return REAL(X509_verify_cert)(ctx);
}

/* --- references that are known and not --- */

#define SECRET "thirty-two octets of a secret..."

static struct house house;

/* RFC 9810 B: the passphrase that an entity has left under that reference. */
static void passphrase_add(const char *reference)
{
	char sealed_for[64] = "revPassphrase:";
	struct store_rev_passphrase row = {
		.registration_id = 1,
		.created_ms = house.now_ms,
		.reference = {(uint8_t *)(uintptr_t)reference, strlen(reference)}};

	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "revoked");
	bytes_to_hex(bytes_of_string(reference), sealed_for + strlen(sealed_for));
	ck_assert_int_eq(cmf_secret_seal(CMF_CALL(house.cmf, house.worker.reader, house.worker.unit,
						  NULL, NULL),
					 bytes_of_string(sealed_for), bytes_of_string(SECRET),
					 &row.secret),
			 0);
	ck_assert_int_eq(store_rev_passphrase_put(house.worker.unit, &row), 0);
	ck_assert_int_eq(store_unit_commit(house.worker.unit), 0);
	store_unit_clear(house.worker.unit);
	octets_clear(&row.secret);
}

static void usual_add(void)
{
	house_mac_client_add(&house, "usual", "reference-usual", SECRET, NULL);
}

/* The smallest budget: what an hour pays back. */
static void setup_small(void)
{
	house_open(&house, "", "stranger_cpu_share = 1\n");
	usual_add();
}

static void setup(void)
{
	house_open(&house, "",
		   "mac_algorithms = PasswordBasedMac, PBMAC1, hmacWithSHA256, KMACWithSHAKE256, "
		   "aes256-GMAC\n"
		   "[client_policy strict]\n"
		   "mac_algorithms = KMACWithSHAKE256\n"
		   "mac_iterations_min = 50000\n");
	usual_add();
	house_mac_client_add(&house, "short", "reference-short", "ab", NULL);
	house_mac_client_add(&house, "strict", "reference-stric", SECRET, "strict");
	passphrase_add("reference-revok");
}

static void teardown(void)
{
	house_close(&house);
}

/* All of one length, so that the answers are. */
static const char *const references[] = {
	"reference-nobod",
	"reference-usual",
	"reference-short",
	"reference-stric",
};
enum { NOBODYS };

#define PBM    "PasswordBasedMac"
#define GMAC_P "3011040c000102030405060708090a0b020110"

/* RFC 9483 3.5: what is told of each, whoever is named. */
static const struct mac_scheme schemes[] = {
	{"PasswordBasedMac", PBM, NID_sha256, 500, 0, "hmac-SHA1", "", NULL,
	 REFUSAL_protection_wrong},
	{"PBMAC1", "PBMAC1", NID_hmacWithSHA256, 700, 32, "hmacWithSHA256", "", NULL,
	 REFUSAL_protection_wrong},
	{"HMAC", "", 0, 0, 0, "hmacWithSHA256", "", NULL, REFUSAL_protection_wrong},
	{"KMAC", "", 0, 0, 0, "KMACWithSHAKE256", "", NULL, REFUSAL_protection_wrong},
	{"GMAC", "", 0, 0, 0, "aes256-GMAC", GMAC_P, NULL, REFUSAL_protection_wrong},
	{"below the client's minimum", PBM, NID_sha256, 100, 0, "hmacWithSHA256", "", NULL,
	 REFUSAL_protection_wrong},
	{"iterations", PBM, NID_sha256, 99, 0, "hmacWithSHA256", "", NULL, REFUSAL_mac_weak},
	{"iterations", PBM, NID_sha256, 100001, 0, "hmacWithSHA256", "", NULL, REFUSAL_mac_costly},
	{"iterations", "PBMAC1", NID_hmacWithSHA256, -1, 32, "hmacWithSHA256", "", NULL,
	 REFUSAL_mac_parameters},
	{"salt", PBM, NID_sha256, 500, 0, "hmacWithSHA256", "", NULL, REFUSAL_mac_salt,
	 .no_salt = true},
	{"key length", "PBMAC1", NID_hmacWithSHA256, 700, 15, "hmacWithSHA256", "", NULL,
	 REFUSAL_mac_key_length},
	{"parameters", "", 0, 0, 0, "hmacWithSHA256", "3000", NULL, REFUSAL_mac_parameters},
	/* b20 of other implementations' reports: none at all. */
	{"parameters", "", 0, 0, 0, PBM, "", NULL, REFUSAL_mac_parameters},
	{"not allowed", "", 0, 0, 0, "hmacWithSHA512", "", NULL,
	 REFUSAL_protection_alg_not_allowed},
};

static void reference_ask(const X509_ALGOR *alg, const char *reference, struct told *toldp)
{
	struct ask a;

	ask_new(&a, &house, NULL);
	a.secret = bytes_of_string("not the secret of anybody at all");
	a.out.sender_kid = bytes_of_string(reference);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	ask_encode(&a);
	ask_claim_algorithm(&a, alg);
	memset(&counted, 0, sizeof(counted));
	ask_send_octets(&a, &house.worker, octets_view(&a.sent), toldp);
	ask_clear(&a);
}

static const char *told_text(const struct told *told)
{
	const PKIStatusInfo *status = told_status(told);

	ck_assert(status && sk_ASN1_UTF8STRING_num(status->statusString) == 1);
	return (const char *)ASN1_STRING_get0_data(
		sk_ASN1_UTF8STRING_value(status->statusString, 0));
}

/* Without the signature, whose length varies by itself. */
static size_t told_len(const struct told *told)
{
	return told->msg->header_der.len + told->msg->body_der.len;
}

/* RFC 9483 3.5, RFC 4210 5.1.3.1: nothing tells a reference that exists from one that does not. */
START_TEST(references_alike)
{
	const struct mac_scheme *s = &schemes[_i];
	X509_ALGOR *alg = mac_scheme_algorithm(s);
	__typeof__(counted) nobodys = {0};
	size_t len = 0;

	/* What is made at the first use is none of a stranger's. */
	for (size_t i = 0; i < 2 * ARRAY_LEN(references); i++) {
		struct told told;

		reference_ask(alg, references[i % ARRAY_LEN(references)], &told);
		ck_assert_int_eq(told_failinfo(&told), s->reason == REFUSAL_protection_wrong
							       ? FAIL_BAD_MESSAGE_CHECK
							       : FAIL_BAD_ALG);
		ck_assert_str_eq(told_text(&told), refusal_text(s->reason));
		ck_assert(!told_mac(&told));
		if (i == ARRAY_LEN(references) + NOBODYS) {
			nobodys = counted;
			len = told_len(&told);
		} else if (i > ARRAY_LEN(references)) {
			ck_assert_uint_eq(told_len(&told), len);
			ck_assert_int_eq(counted.pbkdf2, nobodys.pbkdf2);
			ck_assert_int_eq(counted.digests, nobodys.digests);
			ck_assert_int_eq(counted.macs, nobodys.macs);
			ck_assert_int_eq(counted.opened, nobodys.opened);
			ck_assert_int_eq(counted.steps, nobodys.steps);
		}
		told_clear(&told);
	}
	/* One derivation, and only where all else is right. */
	ck_assert_int_eq(nobodys.macs, s->reason == REFUSAL_protection_wrong);
	ck_assert_int_eq(nobodys.pbkdf2,
			 nobodys.macs && strcmp(s->algorithm, "PBMAC1") == 0 ? s->iterations : 0);
	X509_ALGOR_free(alg);
}
END_TEST

/* RFC 9483 4.1.5: the same salt and count, so the key of the request is that of the answer. */
START_TEST(rfc9483_4_1_5_derived_once)
{
	static const struct mac_scheme pbmac1 = {.algorithm = "PBMAC1",
						 .owf = NID_hmacWithSHA256,
						 .iterations = 700,
						 .key_len = 32,
						 .function = "hmacWithSHA256",
						 .parameters = ""};
	static const struct mac_scheme pbm = {.algorithm = PBM,
					      .owf = NID_sha256,
					      .iterations = 700,
					      .function = "hmacWithSHA256",
					      .parameters = ""};
	struct octets answer = OCTETS_NULL;
	bool not_a_message;
	struct told told;
	struct ask a;

	ask_new(&a, &house, NULL);
	a.secret = bytes_of_string(SECRET);
	a.out.sender_kid = bytes_of_string("reference-usual");
	X509_ALGOR_free(a.mac_algorithm);
	a.mac_algorithm = mac_scheme_algorithm(_i ? &pbm : &pbmac1);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	ask_encode(&a);
	memset(&counted, 0, sizeof(counted));
	house_serve(&house, &house.worker, octets_view(&a.sent), NULL, NULL, &answer,
		    &not_a_message);
	if (_i)
		ck_assert_int_lt(counted.digests, 2 * 700);
	else
		ck_assert_int_eq(counted.pbkdf2, 700);
	told_of(&a, octets_view(&answer), &told);
	ck_assert(told_mac(&told));
	octets_clear(&answer);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* --- signers that are known and not --- */

static struct octets name_of(const char *cn, size_t attributes)
{
	_cleanup_(octets_clear) struct octets dn = OCTETS_NULL;
	struct octets general_name = OCTETS_NULL;
	X509_NAME *name = X509_NAME_new();
	unsigned char *der = NULL;
	int len;

	for (size_t i = 0; i < attributes; i++)
		ck_assert_int_eq(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
							    (const unsigned char *)cn, -1, -1, 0),
				 1);
	len = i2d_X509_NAME(name, &der);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &dn), 0);
	ck_assert_int_eq(cmp_general_name_of_dn(octets_view(&dn), &general_name), 0);
	OPENSSL_free(der);
	X509_NAME_free(name);
	return general_name;
}

/* dndos of an attacker: 3,300 attributes of sender are not looked at. RFC 9483 3.5 */
START_TEST(rfc9483_3_5_long_sender)
{
	static const size_t lengths[] = {33, 3300};
	_cleanup_(octets_clear) struct octets sender = name_of("s", lengths[_i]);
	struct refusal refusal = REFUSAL_NULL;
	bool not_a_message;
	struct told told = {0};
	struct ask a;

	ask_new(&a, &house, &house.vnfm_a);
	a.out.sender = octets_view(&sender);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	ask_encode(&a);
	house_serve(&house, &house.worker, octets_view(&a.sent), NULL, NULL, &told.der,
		    &not_a_message);
	ck_assert_int_eq(cmp_message_decode(octets_view(&told.der), &told.msg, &refusal), 0);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_DATA_FORMAT);
	ck_assert_str_eq(told_text(&told), refusal_text(REFUSAL_name_attributes));
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* The same in the body: the answer is that to the message. */
START_TEST(rfc9483_3_5_long_subject)
{
	struct told told;
	struct ask a;
	X509_NAME *subject;

	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "x");
	subject = ask_request(&a)->certReq->certTemplate->subject;
	for (int i = 0; i < 32; i++)
		X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
					   (const unsigned char *)"x", -1, -1, 0);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_DATA_FORMAT);
	ck_assert_str_eq(told_text(&told), refusal_text(REFUSAL_name_attributes));
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* Signs the certificate again as it is now. */
static void certificate_resign(struct house_credential *c)
{
	unsigned char *der = NULL;
	int len;

	ck_assert_int_gt(X509_sign(c->cert, c->issuer->key, EVP_sha256()), 0);
	len = i2d_X509(c->cert, &der);
	octets_clear(&c->der);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &c->der), 0);
	OPENSSL_free(der);
}

/* As many as the house takes, and none is the sender's. RFC 9483 3.3: the signer's is the first. */
enum { OTHERS = 8 };

static void others_add(struct ask *a, const struct house_credential *other)
{
	a->out.n_extra_certs = 0;
	while (a->out.n_extra_certs < OTHERS)
		a->certs[a->out.n_extra_certs++] = octets_view(&other->der);
}

START_TEST(rfc9483_3_3_names_decoded)
{
	static const unsigned char bmp[] = {0, 'o', 0, 't', 0, 'h', 0, 'e', 0, 'r', 0, '1'};
	struct house_credential other;
	X509_NAME *subject = X509_NAME_new();
	struct told told;
	struct ask a;

	/* In characters that octets do not decide on. */
	X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_BMPSTRING, bmp, sizeof(bmp), -1,
				   0);
	house_credential_make(&other, "other", HOUSE_LEAF, &house.client_root, house.now_ms, 30);
	X509_set_subject_name(other.cert, subject);
	X509_NAME_free(subject);
	certificate_resign(&other);
	ask_new(&a, &house, &house.vnfm_a);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	others_add(&a, &other);
	memset(&counted, 0, sizeof(counted));
	ask_send(&a, &told);
	ck_assert_str_eq(told_text(&told), refusal_text(REFUSAL_signer_mismatch));
	/* senderKID is that of none. */
	ck_assert_int_eq(counted.names, 0);
	told_clear(&told);
	ask_clear(&a);

	ask_new(&a, &house, &house.vnfm_a);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	others_add(&a, &other);
	a.out.sender_kid = BYTES_NULL;
	memset(&counted, 0, sizeof(counted));
	ask_send(&a, &told);
	ck_assert_str_eq(told_text(&told), refusal_text(REFUSAL_signer_mismatch));
	/* The sender once, and four of the others. */
	ck_assert_int_eq(counted.names, 1 + 4);
	told_clear(&told);
	ask_clear(&a);
	house_credential_clear(&other);
}
END_TEST

/* RFC 9483 3.3: certificates that cannot be above the signer's are not decoded. */
START_TEST(rfc9483_3_3_certificates_decoded)
{
	struct house_credential root, leaf, other;
	struct octets answer = OCTETS_NULL;
	bool not_a_message;
	struct ask a;

	house_credential_make(&root, "nobody's root", HOUSE_CA, NULL, house.now_ms, 30);
	house_credential_make(&leaf, "leaf", HOUSE_LEAF, &root, house.now_ms, 30);
	house_credential_make(&other, "other", HOUSE_LEAF, &house.client_root, house.now_ms, 30);
	ask_new(&a, &house, &leaf);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	others_add(&a, _i ? &root : &other);
	a.certs[0] = octets_view(&leaf.der);
	ask_encode(&a);
	memset(&counted, 0, sizeof(counted));
	house_serve(&house, &house.worker, octets_view(&a.sent), NULL, NULL, &answer,
		    &not_a_message);
	/* The signer's, and what is or claims to be its issuer. */
	ck_assert_int_eq(counted.certs, _i ? OTHERS : 1);
	octets_clear(&answer);
	ask_clear(&a);
	house_credential_clear(&root);
	house_credential_clear(&leaf);
	house_credential_clear(&other);
}
END_TEST

/* A client that takes all below its own root of that name. */
static void client_below_add(const char *root_cn, int n)
{
	struct house_credential root;
	char name[32];
	struct store_credential below = {.kind = STORE_CREDENTIAL_ANCHOR};
	struct store_client client = {.name = name,
				      .trust_domain = (char *)(uintptr_t) "a",
				      .permissions = STORE_MAY_REQUEST,
				      .created_ms = house.now_ms,
				      .credentials = &below,
				      .n_credentials = 1};
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;

	snprintf(name, sizeof(name), "%s-%d", root_cn, n);
	house_credential_make(&root, root_cn, HOUSE_CA, NULL, house.now_ms, 30);
	ck_assert_int_eq(PEM_write_bio_X509(bio, root.cert), 1);
	below.content.len = (size_t)BIO_get_mem_data(bio, &pem);
	below.content.data = (uint8_t *)pem;
	ck_assert_int_eq(store_client_insert(house.worker.unit, &client), 0);
	ck_assert_int_eq(store_unit_commit(house.worker.unit), 0);
	BIO_free(bio);
	house_credential_clear(&root);
}

/* Without the identifier of its issuer's key, so that it might be any of that name. */
static void issuer_key_hide(struct house_credential *c)
{
	X509_EXTENSION_free(X509_delete_ext(
		c->cert, X509_get_ext_by_NID(c->cert, NID_authority_key_identifier, -1)));
	certificate_resign(c);
}

/* RFC 5280 6: paths are looked for to anchors that can have issued something, and not without end.
 */
START_TEST(rfc5280_6_paths)
{
	struct house_credential root, leaf;
	struct told told;
	struct ask a;

	for (int i = 0; i < 40; i++)
		client_below_add(i < 4 ? "another root" : "one root of many", i);
	house_credential_make(&root, _i ? "one root of many" : "nobody's root", HOUSE_CA, NULL,
			      house.now_ms, 30);
	house_credential_make(&leaf, "leaf", HOUSE_LEAF, &root, house.now_ms, 30);
	issuer_key_hide(&leaf);
	ask_new(&a, &house, &leaf);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	memset(&counted, 0, sizeof(counted));
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_SIGNER_NOT_TRUSTED);
	ck_assert_int_eq(counted.paths, _i ? 32 : 0);
	told_clear(&told);
	ask_clear(&a);
	house_credential_clear(&root);
	house_credential_clear(&leaf);
}
END_TEST

/* --- the budget --- */

static void come_from(uint8_t host)
{
	house.network = (struct network){.octets = {192, 0, 2, host}, .len = 16};
}

/* Serves `der`. false: there was no time for it, and no answer. */
static bool served(struct bytes der, struct octets *answerp)
{
	bool not_a_message;

	house_serve(&house, &house.worker, der, NULL, NULL, answerp, &not_a_message);
	ck_assert(!not_a_message);
	ck_assert_int_eq(house.delivery == CMP_BUSY, answerp->len == 0);
	return house.delivery != CMP_BUSY;
}

/* A general message under a MAC; with the right secret it is granted. */
static bool mac_served_of(const char *reference, bool right, int64_t iterations,
			  struct octets *sentp)
{
	const struct mac_scheme dear = {.algorithm = PBM,
					.owf = NID_sha512,
					.iterations = iterations,
					.function = "hmacWithSHA512",
					.parameters = ""};
	struct octets answer = OCTETS_NULL;
	struct told told;
	struct ask a;
	bool yes;

	ask_new(&a, &house, NULL);
	a.secret = bytes_of_string(right ? SECRET : "not the secret of anybody at all");
	a.out.sender_kid = bytes_of_string(reference);
	X509_ALGOR_free(a.mac_algorithm);
	a.mac_algorithm = mac_scheme_algorithm(&dear);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	ask_encode(&a);
	yes = served(octets_view(&a.sent), &answer);
	if (yes) {
		told_of(&a, octets_view(&answer), &told);
		ck_assert_int_eq(told_failinfo(&told), right ? -1 : FAIL_BAD_MESSAGE_CHECK);
		told_clear(&told);
	}
	if (sentp)
		ck_assert_int_eq(octets_dup(octets_view(&a.sent), sentp), 0);
	octets_clear(&answer);
	ask_clear(&a);
	return yes;
}

/* The dearest that there is. */
static bool mac_served(const char *reference, bool right, struct octets *sentp)
{
	return mac_served_of(reference, right, 100000, sentp);
}

/* However fast the machine is: one of them has no more than so many. */
enum { MANY = 1000 };

/* How many wrong ones one reference has. */
static int spend(const char *reference, int64_t iterations)
{
	int n = 0;

	while (mac_served_of(reference, false, iterations, NULL))
		ck_assert_int_lt(n++, MANY);
	return n;
}

/* All that the address has: not even the cheapest is left. */
static void spend_all(void)
{
	char reference[24];

	for (int64_t iterations = 100000; iterations >= 100; iterations /= 2) {
		int n = 0;

		do {
			snprintf(reference, sizeof(reference), "reference-%05d", n);
			ck_assert_int_lt(n++, MANY);
		} while (spend(reference, iterations) > 0);
	}
}

/* A wrong MAC costs its sender, whoever it names; not the one whose name it is. */
START_TEST(wrong_macs)
{
	come_from(1);
	ck_assert(mac_served("reference-usual", true, NULL));
	come_from(2);
	ck_assert_int_gt(spend("reference-usual", 100000), 0);
	/* Another reference from there has something left, until all is spent. */
	ck_assert_int_gt(spend("reference-nobod", 100000), 0);
	spend_all();
	ck_assert(!mac_served("reference-other", false, NULL));
	ck_assert(!mac_served("reference-usual", true, NULL));
	/* Somebody else has, and who was authentic from there has not lost anything. */
	come_from(3);
	ck_assert(mac_served("reference-nobod", false, NULL));
	come_from(1);
	spend_all();
	ck_assert(mac_served("reference-usual", true, NULL));
	/* It is paid back. */
	house.now_ms += 3600 * 1000;
	come_from(2);
	ck_assert(mac_served("reference-usual", false, NULL));
	ck_assert(mac_served("reference-nobod", false, NULL));
}
END_TEST

/* What somebody has heard and sends again costs him, too, though its MAC is right. */
START_TEST(replays)
{
	_cleanup_(octets_clear) struct octets heard = OCTETS_NULL;
	struct octets answer = OCTETS_NULL;
	int n = 0;

	come_from(1);
	ck_assert(mac_served("reference-usual", true, &heard));
	house.now_ms += 3600 * 1000; /* messageTime is off */
	come_from(2);
	while (served(octets_view(&heard), &answer)) {
		octets_clear(&answer);
		ck_assert_int_lt(n++, MANY);
	}
	ck_assert_int_gt(n, 0);
	come_from(1);
	ck_assert(mac_served("reference-usual", true, NULL));
}
END_TEST

static bool signed_served(const struct house_credential *signer)
{
	struct octets answer = OCTETS_NULL;
	struct ask a;
	bool yes;

	ask_new(&a, &house, signer);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	ask_encode(&a);
	yes = served(octets_view(&a.sent), &answer);
	octets_clear(&answer);
	ask_clear(&a);
	return yes;
}

/* Signers: looking for the path of one that is not remembered is dear. */
START_TEST(unknown_signers)
{
	come_from(1);
	ck_assert(signed_served(&house.vnfm_a));
	ck_assert(signed_served(&house.stranger));
	spend_all();
	ck_assert(!signed_served(&house.stranger));
	ck_assert(!signed_served(&house.vnfm_b));
	ck_assert(signed_served(&house.vnfm_a));
	come_from(2);
	ck_assert(signed_served(&house.stranger));
	ck_assert(signed_served(&house.vnfm_b));
}
END_TEST

static Suite *door_stranger_suite(void)
{
	Suite *suite = suite_create("door");
	TCase *tc = tcase_create("references"), *signers = tcase_create("signers"),
	      *budget = tcase_create("budget");

	/* Each case has a store of its own: a fork does not take the threads of one along. */
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, references_alike, 0, ARRAY_LEN(schemes));
	tcase_add_loop_test(tc, rfc9483_4_1_5_derived_once, 0, 2);
	tcase_add_checked_fixture(signers, setup, teardown);
	tcase_add_loop_test(signers, rfc9483_3_5_long_sender, 0, 2);
	tcase_add_test(signers, rfc9483_3_5_long_subject);
	tcase_add_test(signers, rfc9483_3_3_names_decoded);
	tcase_add_loop_test(signers, rfc9483_3_3_certificates_decoded, 0, 2);
	tcase_add_loop_test(signers, rfc5280_6_paths, 0, 2);
	suite_add_tcase(suite, signers);
	tcase_add_checked_fixture(budget, setup_small, teardown);
	tcase_add_test(budget, wrong_macs);
	tcase_add_test(budget, replays);
	tcase_add_test(budget, unknown_signers);
	suite_add_tcase(suite, budget);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(door_stranger_suite, SUITE_FORKS)
