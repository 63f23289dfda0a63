// SPDX-License-Identifier: Apache-2.0
/* See asn1/x509.h. */
#include "asn1/x509.h"

#include <errno.h>
#include <string.h>
#include <time.h>

int asn1_time_ms(const ASN1_TIME *time, int64_t *msp)
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(time, &tm))
		return -EOVERFLOW;
	*msp = (int64_t)timegm(&tm) * 1000;
	return 0;
}

char *x509_name_text(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *start;
	long len;

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		len = BIO_get_mem_data(bio, &start);
		text = len > 0 ? strndup(start, (size_t)len) : strdup("");
	}
	BIO_free(bio);
	return text;
}

char *x509_subject_text(const X509 *cert)
{
	return x509_name_text(X509_get_subject_name(cert));
}

int x509_push_ref(STACK_OF(X509) * certs, X509 *cert)
{
	if (!X509_up_ref(cert))
		return -ENOMEM;
	if (sk_X509_push(certs, cert) <= 0) {
		X509_free(cert);
		return -ENOMEM;
	}
	return 0;
}
