// SPDX-License-Identifier: Apache-2.0
/*
 * Certificates as they are written to DER: made here without X509, or encoded from one.
 * certificate_view.c reads them.
 */
#include "asn1/certificate.h"

#include "asn1/der.h"
#include "asn1/lint.h"
#include "base/log.h"

#include <errno.h>

enum {
	TAG_INTEGER = 0x02,
	TAG_BIT_STRING = 0x03,
	TAG_SEQUENCE = 0x30,
	TAG_VERSION = 0xa0,    /* TBSCertificate.version [0] EXPLICIT */
	TAG_EXTENSIONS = 0xa3, /* TBSCertificate.extensions [3] EXPLICIT */
};

/* RFC 5280 4.1: TBSCertificate, last field first. */
static void tbs_write(struct der_writer *w, const struct certificate_parts *parts,
		      struct bytes algorithm)
{
	static const uint8_t version_v3[] = {TAG_VERSION, 3, TAG_INTEGER, 1, 2};
	size_t mark;

	if (parts->n_extensions) {
		for (size_t i = parts->n_extensions; i > 0; i--)
			der_put(w, parts->extensions[i - 1]);
		der_put_header(w, TAG_SEQUENCE, 0);
		der_put_header(w, TAG_EXTENSIONS, 0);
	}
	der_put(w, parts->spki);
	der_put(w, parts->subject);
	mark = der_mark(w);
	der_put_time(w, parts->not_after_ms);
	der_put_time(w, parts->not_before_ms);
	der_put_header(w, TAG_SEQUENCE, mark);
	der_put(w, parts->issuer);
	der_put(w, algorithm);
	der_put_value(w, TAG_INTEGER, serial_view(parts->serial));
	der_put(w, BYTES_OF(version_v3));
	der_put_header(w, TAG_SEQUENCE, 0);
}

int certificate_build(const struct certificate_parts *parts, const struct signer *signer,
		      struct octets *derp)
{
	_cleanup_(der_writer_clear) struct der_writer tbs = DER_WRITER_NULL;
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	_cleanup_(octets_clear) struct octets signature = OCTETS_NULL;
	struct bytes algorithm = signer_algorithm_der(signer);
	const char *rule;
	int err;

	if (!serial_is_conforming(parts->serial))
		return -EINVAL;
	tbs_write(&tbs, parts, algorithm);
	if (tbs.failed)
		return -ENOMEM;
	rule = lint_certificate(der_written(&tbs), algorithm);
	if (rule)
		return log_fault("a certificate that is not signed", -EBADMSG, rule);
	err = signer_sign(signer, der_written(&tbs), &signature);
	if (err)
		return err;
	der_put(&w, octets_view(&signature));
	der_put(&w, (struct bytes){(const uint8_t *)"", 1}); /* unused bits */
	der_put_header(&w, TAG_BIT_STRING, 0);
	der_put(&w, algorithm);
	der_put(&w, der_written(&tbs));
	der_put_header(&w, TAG_SEQUENCE, 0);
	return der_writer_take(&w, derp);
}

int certificate_encode(const X509 *cert, struct octets *derp)
{
	/* OpenSSL's allocator is malloc: cmfd sets no other. */
	uint8_t *der = NULL;
	int len = i2d_X509(cert, &der);

	if (len <= 0)
		return -ENOMEM;
	*derp = (struct octets){der, (size_t)len};
	return 0;
}
