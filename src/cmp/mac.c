// SPDX-License-Identifier: Apache-2.0
/* The family of MACs: which scheme makes the key. */
#include "mac.h"

#include "base/log.h"
#include "cmp/message.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

void cmp_mac_clear(struct cmp_mac *mac)
{
	octets_clear(&mac->salt);
	octets_clear(&mac->context);
}

int cmp_mac_read(const X509_ALGOR *alg, struct cmp_mac *macp)
{
	struct cmp_mac mac = {.algorithm = mac_algorithm_find(alg->algorithm)};
	int err;

	if (!mac.algorithm || mac.algorithm->inside)
		return -ENOTSUP;
	switch (mac.algorithm->kind) {
	case MAC_PASSWORD_BASED:
		err = mac_password_read(alg, &mac);
		break;
	case MAC_PBMAC1:
		err = mac_pbmac1_read(alg, &mac);
		break;
	case MAC_KEM_BASED:
		err = mac_kem_read(alg, &mac);
		break;
	case MAC_HMAC:
	case MAC_GMAC:
	case MAC_KMAC:
	default:
		err = mac_function_read(alg, &mac.function);
		break;
	}
	if (err)
		cmp_mac_clear(&mac);
	else
		*macp = mac;
	return err;
}

size_t cmp_mac_key_len(const struct cmp_mac *mac, struct bytes secret)
{
	return mac->key_len ? mac->key_len : secret.len;
}

int cmp_mac_compute(const struct cmp_mac *mac, struct bytes secret, struct bytes data,
		    uint8_t out[MAC_OUTPUT_MAX], size_t *lenp)
{
	uint8_t key[MAC_KEY_MAX];
	struct bytes derived = {key, mac->key_len};
	int err;

	switch (mac->algorithm->kind) {
	case MAC_PASSWORD_BASED:
		err = mac_password_derive(mac, secret, key) ? 0 : -EIO;
		break;
	case MAC_PBMAC1:
		err = mac_pbmac1_derive(mac, secret, key) ? 0 : -EIO;
		break;
	case MAC_KEM_BASED:
		err = mac_kem_derive(mac, secret, key) ? 0 : -EIO;
		break;
	case MAC_HMAC:
	case MAC_GMAC:
	case MAC_KMAC:
	default:
		return mac_function_compute(&mac->function, secret, data, out, lenp);
	}
	if (err)
		err = log_fault("derive the key of a MAC", err, mac->algorithm->name);
	else
		err = mac_function_compute(&mac->function, derived, data, out, lenp);
	OPENSSL_cleanse(key, sizeof(key));
	return err;
}

int cmp_mac_algorithm_again(const X509_ALGOR *alg, X509_ALGOR **againp)
{
	const struct mac_algorithm *a = mac_algorithm_find(alg->algorithm);

	if (a && a->kind == MAC_PASSWORD_BASED)
		*againp = mac_password_again(alg);
	else if (a && a->kind == MAC_PBMAC1)
		*againp = mac_pbmac1_again(alg);
	else
		*againp = mac_function_again(alg);
	return *againp ? 0 : log_fault("make MAC parameters", -ENOMEM, NULL);
}
