// SPDX-License-Identifier: Apache-2.0
/*
 * MACs that protect messages: reads the algorithm, chooses the scheme that derives the key
 * (mac_password.c, mac_pbmac1.c, mac_kem.c), computes. Comparing is protection.c.
 */
#include "mac_schemes.h"

#include "base/log.h"
#include "message.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

void cmp_mac_clear(struct cmp_mac *mac)
{
	octets_clear(&mac->salt);
	octets_clear(&mac->context);
	OPENSSL_cleanse(mac->key, sizeof(mac->key));
	mac->derived = false;
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

int64_t cmp_mac_cost_us(const struct cmp_mac *mac)
{
	/* Of one round, on a processor of today; what it was is measured afterwards. */
	enum { PASSWORD_NS = 900, PBKDF2_NS = 1800 };

	switch (mac->algorithm->kind) {
	case MAC_PASSWORD_BASED:
		return mac->iterations * PASSWORD_NS / 1000;
	case MAC_PBMAC1:
		return mac->iterations * mac_pbmac1_blocks(mac) * PBKDF2_NS / 1000;
	case MAC_KEM_BASED:
	case MAC_HMAC:
	case MAC_GMAC:
	case MAC_KMAC:
	default:
		return 0;
	}
}

static bool key_derive(struct cmp_mac *mac, struct bytes secret)
{
	switch (mac->algorithm->kind) {
	case MAC_PASSWORD_BASED:
		return mac_password_derive(mac, secret, mac->key);
	case MAC_PBMAC1:
		return mac_pbmac1_derive(mac, secret, mac->key);
	case MAC_KEM_BASED:
		return mac_kem_derive(mac, secret, mac->key);
	case MAC_HMAC:
	case MAC_GMAC:
	case MAC_KMAC:
	default:
		return false;
	}
}

int cmp_mac_compute(struct cmp_mac *mac, struct bytes secret, struct bytes data,
		    uint8_t out[MAC_OUTPUT_MAX], size_t *lenp)
{
	struct bytes key = secret;

	if (mac->key_len) {
		if (!mac->derived && !key_derive(mac, secret))
			return log_fault("derive the key of a MAC", -EIO, mac->algorithm->name);
		mac->derived = true;
		key = (struct bytes){mac->key, mac->key_len};
	}
	return mac_function_compute(&mac->function, key, data, out, lenp);
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
