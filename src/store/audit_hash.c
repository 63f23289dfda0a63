// SPDX-License-Identifier: Apache-2.0
/* Hashes and MACs of the audit. See audit_hash.h. */
#include "audit_hash.h"

#include "asn1/algorithm.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/core_names.h>

enum { VALUE_ABSENT = 0, VALUE_NUMBER = 1, VALUE_WORDS = 2 };

#define BEGIN_LABEL "cmfd audit begin"

static const char *const mac_labels[] = {
	[STORE_AUDIT_LAST] = "cmfd audit last",
	[STORE_AUDIT_ANCHOR] = "cmfd audit anchor",
	[STORE_AUDIT_CHAINS] = "cmfd audit chains",
};

static void number_write(uint8_t out[8], int64_t number)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
}

static bool hash_octets(EVP_MD_CTX *ctx, const void *octets, size_t len)
{
	return len == 0 || EVP_DigestUpdate(ctx, octets, len) == 1;
}

static bool hash_number(EVP_MD_CTX *ctx, int64_t number)
{
	uint8_t octets[8];

	number_write(octets, number);
	return hash_octets(ctx, octets, sizeof(octets));
}

static bool hash_value(EVP_MD_CTX *ctx, const struct value *value)
{
	uint8_t kind = value->kind == VALUE_NULL  ? VALUE_ABSENT
		       : value->kind == VALUE_INT ? VALUE_NUMBER
						  : VALUE_WORDS;

	if (!hash_octets(ctx, &kind, 1))
		return false;
	if (kind == VALUE_NUMBER)
		return hash_number(ctx, value->number);
	return kind == VALUE_ABSENT ||
	       (hash_number(ctx, (int64_t)value->len) && hash_octets(ctx, value->data, value->len));
}

static bool hash_begin(EVP_MD_CTX *ctx)
{
	return ctx && EVP_DigestInit_ex(ctx, digest_by_nid(NID_sha256), NULL) == 1;
}

static bool hash_end(EVP_MD_CTX *ctx, uint8_t out[STORE_AUDIT_HASH_LEN])
{
	return EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

static int hash_fault(bool ok)
{
	return ok ? 0 : log_fault("store: hash of a line of audit", -EIO, NULL);
}

int audit_hash_begin(const struct store_audit_chain *chain, struct store_audit_place *placep)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = true;

	*placep = (struct store_audit_place){.chain = chain->id};
	if (chain->id != 0)
		ok = hash_begin(ctx) && hash_octets(ctx, BEGIN_LABEL, sizeof(BEGIN_LABEL) - 1) &&
		     hash_number(ctx, chain->id) && hash_number(ctx, chain->begun_ms) &&
		     hash_number(ctx, chain->before.sequence) &&
		     hash_octets(ctx, chain->before.hash, sizeof(chain->before.hash)) &&
		     hash_end(ctx, placep->hash);
	EVP_MD_CTX_free(ctx);
	return hash_fault(ok);
}

int audit_hash_line(struct store_audit_place *place, const struct value values[AUDIT_VALUES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = hash_begin(ctx) && hash_octets(ctx, place->hash, sizeof(place->hash)) &&
		  hash_number(ctx, place->chain) && hash_number(ctx, place->sequence + 1);

	for (size_t i = 0; ok && i < AUDIT_VALUES; i++)
		ok = hash_value(ctx, &values[i]);
	ok = ok && hash_end(ctx, place->hash);
	EVP_MD_CTX_free(ctx);
	place->sequence++;
	return hash_fault(ok);
}

/* Label, numbers and a hash: no text of a MAC is longer. */
enum { MAC_TEXT_MAX = 64 + 4 * 8 + STORE_AUDIT_HASH_LEN };

static size_t place_write(uint8_t *out, const char *label, const struct store_audit_place *place)
{
	size_t len = strlen(label);

	memcpy(out, label, len);
	number_write(out + len, place->chain);
	number_write(out + len + 8, place->sequence);
	memcpy(out + len + 16, place->hash, STORE_AUDIT_HASH_LEN);
	return len + 16 + STORE_AUDIT_HASH_LEN;
}

static EVP_MAC_CTX *mac_prepare(const struct store_audit_key *key)
{
	char digest[] = "SHA2-256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof(digest) - 1),
		OSSL_PARAM_END,
	};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

	EVP_MAC_free(hmac);
	if (ctx && EVP_MAC_init(ctx, key->octets, sizeof(key->octets), params) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

static int mac_make(struct audit_mac_key *key, const uint8_t *text, size_t len,
		    struct store_audit_mac *macp)
{
	size_t mac_len;

	if (!key->prepared)
		key->prepared = mac_prepare(&key->key);
	memcpy(macp->key_id, key->key.id, sizeof(macp->key_id));
	/* No key: the same again, from its beginning. */
	macp->present =
		key->prepared && EVP_MAC_init(key->prepared, NULL, 0, NULL) == 1 &&
		EVP_MAC_update(key->prepared, text, len) == 1 &&
		EVP_MAC_final(key->prepared, macp->octets, &mac_len, sizeof(macp->octets)) == 1;
	return hash_fault(macp->present);
}

void audit_mac_key_clear(struct audit_mac_key *key)
{
	EVP_MAC_CTX_free(key->prepared);
	OPENSSL_cleanse(key, sizeof(*key));
}

int audit_hash_mac(struct audit_mac_key *key, enum store_audit_mac_of of,
		   const struct store_audit_place *place, struct store_audit_mac *macp)
{
	uint8_t text[MAC_TEXT_MAX];

	return mac_make(key, text, place_write(text, mac_labels[of], place), macp);
}

int audit_hash_head_mac(struct audit_mac_key *key, const struct store_audit_head *head,
			struct store_audit_mac *macp)
{
	uint8_t text[MAC_TEXT_MAX];
	size_t len = place_write(text, "cmfd audit head", &head->place);

	number_write(text + len, head->line);
	number_write(text + len + 8, head->time_s);
	return mac_make(key, text, len + 16, macp);
}

struct value audit_hash_mac_value(const struct store_audit_mac *mac, uint8_t buffer[AUDIT_MAC_LEN])
{
	if (!mac->present)
		return (struct value){.kind = VALUE_NULL};
	memcpy(buffer, mac->key_id, STORE_AUDIT_KEY_ID_LEN);
	memcpy(buffer + STORE_AUDIT_KEY_ID_LEN, mac->octets, STORE_AUDIT_HASH_LEN);
	return value_bytes((struct bytes){buffer, AUDIT_MAC_LEN});
}
