// SPDX-License-Identifier: Apache-2.0
/*
 * Moduli that can be factored: what the CA/Browser Forum's Baseline Requirements 6.1.1.3 and 6.1.6
 * have a CA look for. See include/asn1/rsa_modulus.h.
 */
#include "asn1/rsa_modulus.h"

#include "base/log.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

/*
 * SMALL_FACTORS_END: "no factors smaller than 752", NIST SP 800-89 5.3.3. FERMAT_ROUNDS: as many as
 * the Baseline Requirements ask for. ROCA_PRIMES_END: the product of the primes up to 167 is the
 * least that the flawed library used.
 */
enum { SMALL_FACTORS_END = 752, FERMAT_ROUNDS = 100, ROCA_PRIMES_END = 168 };

static bool is_prime(unsigned int n)
{
	for (unsigned int i = 3; i * i <= n; i += 2)
		if (n % i == 0)
			return false;
	return n > 2 && n & 1;
}

static bool has_small_factor(const BIGNUM *n)
{
	for (unsigned int p = 3; p < SMALL_FACTORS_END; p += 2)
		if (is_prime(p) && BN_mod_word(n, p) == 0)
			return true;
	return false;
}

/* Whether a residue is a power of 65537 modulo p. */
static bool is_power(unsigned int residue, unsigned int p)
{
	unsigned int power = 1;

	do {
		if (power == residue)
			return true;
		power = power * (65537 % p) % p;
	} while (power != 1);
	return false;
}

/*
 * Nemec and others, "The Return of Coppersmith's Attack", 2017, 3: primes of that library are
 * powers of 65537 modulo each small prime, and so are their products. Of others one in 2^27 is.
 */
static bool is_roca(const BIGNUM *n)
{
	for (unsigned int p = 3; p < ROCA_PRIMES_END; p += 2)
		if (is_prime(p) && !is_power((unsigned int)BN_mod_word(n, p), p))
			return false;
	return true;
}

/* One round of Miller and Rabin with base 2, which each prime passes. 1, 0, -ENOMEM. */
static int passes_miller_rabin(const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *minus_one = BN_CTX_get(ctx), *odd = BN_CTX_get(ctx), *x = BN_CTX_get(ctx),
	       *two = BN_CTX_get(ctx);
	int squarings = 0;

	if (!two || !BN_set_word(two, 2) || !BN_sub(minus_one, n, BN_value_one()))
		return -ENOMEM;
	while (!BN_is_bit_set(minus_one, squarings))
		squarings++;
	if (!BN_rshift(odd, minus_one, squarings) || !BN_mod_exp(x, two, odd, n, ctx))
		return -ENOMEM;
	if (BN_is_one(x))
		return 1;
	for (; squarings > 0; squarings--) {
		if (BN_cmp(x, minus_one) == 0)
			return 1;
		if (!BN_mod_sqr(x, x, n, ctx))
			return -ENOMEM;
	}
	return 0;
}

/* The largest number whose square is not above n, by Newton's method from above. 0 or -ENOMEM. */
static int square_root(const BIGNUM *n, BIGNUM *root, BN_CTX *ctx)
{
	BIGNUM *next;
	bool ok;

	BN_CTX_start(ctx);
	next = BN_CTX_get(ctx);
	BN_zero(root);
	ok = next && BN_set_bit(root, (BN_num_bits(n) + 1) / 2);
	while (ok) {
		ok = BN_div(next, NULL, n, root, ctx) && BN_add(next, next, root) &&
		     BN_rshift1(next, next);
		if (!ok || BN_cmp(next, root) >= 0)
			break;
		ok = BN_copy(root, next) != NULL;
	}
	BN_CTX_end(ctx);
	return ok ? 0 : -ENOMEM;
}

/* Whether some square has that residue. */
static bool is_residue(unsigned int residue, unsigned int modulus)
{
	for (unsigned int i = 0; i <= modulus / 2; i++)
		if (i * i % modulus == residue)
			return true;
	return false;
}

/* 1, 0, -ENOMEM. */
static int is_square(const BIGNUM *n, BIGNUM *root, BIGNUM *square, BN_CTX *ctx)
{
	static const unsigned int moduli[] = {64, 63, 65, 11};
	unsigned int residue = (unsigned int)BN_mod_word(n, 64 * 63 * 65 * 11);

	/* Of a hundred numbers that are no squares one comes past these. */
	for (size_t i = 0; i < ARRAY_LEN(moduli); i++)
		if (!is_residue(residue % moduli[i], moduli[i]))
			return 0;
	if (BN_is_zero(n))
		return 1;
	if (square_root(n, root, ctx) || !BN_sqr(square, root, ctx))
		return -ENOMEM;
	return BN_cmp(square, n) == 0;
}

/* Fermat: n = a^2 - b^2, with a near the root of n where the primes are near each other. */
static int has_close_primes(const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *a = BN_CTX_get(ctx), *b_squared = BN_CTX_get(ctx), *root = BN_CTX_get(ctx),
	       *square = BN_CTX_get(ctx);
	int err;

	if (!square || square_root(n, a, ctx) || !BN_add_word(a, 1) || !BN_sqr(b_squared, a, ctx) ||
	    !BN_sub(b_squared, b_squared, n))
		return -ENOMEM;
	for (int i = 0; i < FERMAT_ROUNDS; i++) {
		err = is_square(b_squared, root, square, ctx);
		if (err != 0)
			return err;
		/* (a + 1)^2 - n = a^2 - n + 2a + 1 */
		if (!BN_add(b_squared, b_squared, a) || !BN_add_word(a, 1) ||
		    !BN_add(b_squared, b_squared, a))
			return -ENOMEM;
	}
	/* The square of a prime has no other root. */
	return square_root(n, a, ctx) ? -ENOMEM : is_square(n, root, square, ctx);
}

static int modulus_examine(const BIGNUM *n, BN_CTX *ctx, enum rsa_flaw *flawp)
{
	int err;

	*flawp = RSA_FLAW_NONE;
	if (has_small_factor(n))
		*flawp = RSA_FLAW_SMALL_FACTOR;
	else if (is_roca(n))
		*flawp = RSA_FLAW_ROCA;
	if (*flawp != RSA_FLAW_NONE)
		return 0;
	err = has_close_primes(n, ctx);
	if (err > 0)
		*flawp = RSA_FLAW_CLOSE_PRIMES;
	if (err != 0)
		return err < 0 ? err : 0;
	err = passes_miller_rabin(n, ctx);
	if (err > 0)
		*flawp = RSA_FLAW_PRIME;
	return err < 0 ? err : 0;
}

int rsa_modulus_examine(const EVP_PKEY *key, enum rsa_flaw *flawp)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *n = NULL;
	int err = -ENOMEM;

	if (ctx && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n)) {
		BN_CTX_start(ctx);
		err = modulus_examine(n, ctx, flawp);
		BN_CTX_end(ctx);
	}
	BN_free(n);
	BN_CTX_free(ctx);
	return err < 0 ? log_fault("examine an RSA modulus", err, NULL) : 0;
}

int rsa_exponent(const EVP_PKEY *key, uint64_t *exponentp)
{
	BIGNUM *e = NULL;

	if (!EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e))
		return log_fault("read an RSA exponent", -ENOMEM, NULL);
	/* As long as a word, BN_get_word() says all ones of what is longer. */
	*exponentp = BN_get_word(e);
	BN_free(e);
	return 0;
}
