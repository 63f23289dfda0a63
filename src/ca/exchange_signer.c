// SPDX-License-Identifier: Apache-2.0
/*
 * Whose answers from an upstream CA count: certificates that the signer may be among. Verifying the
 * protection with them is OpenSSL's. See exchange.h.
 */
#include "exchange.h"

#include <errno.h>
#include <openssl/err.h>

/* More than the signer and its chain of several answers. */
enum { CERTS_MAX = 32 };

static int answer_certs_add(void *arg, struct bytes der)
{
	STACK_OF(X509) *certs = arg;

	/* What was stored was verified, and so could be read. */
	if (exchange_message_certs(der, certs) < 0)
		return -EBADMSG;
	return sk_X509_num(certs) >= CERTS_MAX;
}

int exchange_signers_known(const struct exchange *x, STACK_OF(X509) * certs)
{
	int r = store_exchange_answers(x->reader, x->certificate_id, x->kind, answer_certs_add,
				       certs);

	if (r == 0 && x->kind != STORE_EXCHANGE_ISSUE)
		r = store_exchange_answers(x->reader, x->certificate_id, STORE_EXCHANGE_ISSUE,
					   answer_certs_add, certs);
	ERR_clear_error();
	return r < 0 ? r : 0;
}
