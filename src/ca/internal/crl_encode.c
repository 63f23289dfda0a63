// SPDX-License-Identifier: Apache-2.0
/*
 * The octets of a CRL (RFC 5280 5) of an internal CA. Its entries come from the store page by page
 * and are written at once, last first, so that a large CRL takes no more memory than its octets and
 * those of its TBSCertList. When one is made is crl.c's.
 */
#include "asn1/lint.h"
#include "ca_local.h"

#include <errno.h>

enum {
	TAG_SEQUENCE = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED,
	TAG_EXTENSIONS = 0xa0, /* crlExtensions [0] EXPLICIT */
	CRL_VERSION_2 = 1,
	/* Certificates that one statement reads. */
	PAGE_LEN = 1000,
};

static const uint8_t oid_crl_reason[] = {0x06, 3, 0x55, 0x1d, 0x15};
static const uint8_t oid_invalidity_date[] = {0x06, 3, 0x55, 0x1d, 0x18};
static const uint8_t oid_crl_number[] = {0x06, 3, 0x55, 0x1d, 0x14};

/* Extension with what was written since `mark` as its value; not critical. */
static void put_extension_head(struct der_writer *w, struct bytes oid, size_t mark)
{
	der_put_header(w, V_ASN1_OCTET_STRING, mark);
	der_put(w, oid);
	der_put_header(w, TAG_SEQUENCE, mark);
}

/* RFC 5280 5.3.1: no reasonCode rather than unspecified; removeFromCRL is for delta CRLs only. */
static void put_reason(struct der_writer *w, int reason)
{
	uint8_t code = (uint8_t)reason;
	size_t mark = der_mark(w);

	if (reason <= CRL_REASON_UNSPECIFIED || reason == CRL_REASON_REMOVE_FROM_CRL)
		return;
	der_put_value(w, V_ASN1_ENUMERATED, (struct bytes){&code, 1});
	put_extension_head(w, BYTES_OF(oid_crl_reason), mark);
}

/* RFC 5280 5.3.2 */
static void put_invalidity_date(struct der_writer *w, int64_t invalidity_ms)
{
	size_t mark = der_mark(w);

	if (!invalidity_ms)
		return;
	der_put_generalized_time(w, invalidity_ms);
	put_extension_head(w, BYTES_OF(oid_invalidity_date), mark);
}

static void put_entry(struct der_writer *w, const struct store_revoked *revoked)
{
	size_t mark = der_mark(w);

	put_invalidity_date(w, revoked->invalidity_ms);
	put_reason(w, revoked->reason);
	if (der_mark(w) > mark)
		der_put_header(w, TAG_SEQUENCE, mark);
	der_put_time(w, revoked->revoked_ms);
	der_put_value(w, V_ASN1_INTEGER, serial_view(&revoked->serial));
	der_put_header(w, TAG_SEQUENCE, mark);
}

/* revokedCertificates; RFC 5280 5.1.2.6: "MUST be absent" if there are none. */
static int put_entries(struct der_writer *w, const struct ca *ca, const struct store_crl *before,
		       struct store_reader *reader, size_t *np)
{
	_cleanup_(freep) struct store_revoked *page = calloc(PAGE_LEN, sizeof(*page));
	const struct serial *below = NULL;
	struct serial last;
	size_t mark = der_mark(w), n = PAGE_LEN;

	if (!page)
		return -ENOMEM;
	for (*np = 0; n == PAGE_LEN; *np += n) {
		int err = store_revoked_page(reader, ca->conf->name, before, below, page, PAGE_LEN,
					     &n);

		if (err)
			return err;
		for (size_t i = 0; i < n; i++)
			put_entry(w, &page[i]);
		if (n) {
			last = page[n - 1].serial;
			below = &last;
		}
	}
	if (*np)
		der_put_header(w, TAG_SEQUENCE, mark);
	return 0;
}

/* RFC 5280 5.2.1, 5.2.3: both are required. */
static void put_extensions(struct der_writer *w, const struct ca *ca, int64_t crl_number)
{
	uint8_t number[sizeof(crl_number)];
	size_t mark = der_mark(w), number_mark;

	der_put(w, octets_view(&ca->internal->aki_der));
	number_mark = der_mark(w);
	for (size_t i = sizeof(number); i-- > 0; crl_number >>= 8)
		number[i] = (uint8_t)crl_number;
	der_put_unsigned(w, BYTES_OF(number));
	put_extension_head(w, BYTES_OF(oid_crl_number), number_mark);
	der_put_header(w, TAG_SEQUENCE, mark);
	der_put_header(w, TAG_EXTENSIONS, mark);
}

/* RFC 5280 5.1.2: TBSCertList, last field first. */
static int put_tbs(struct der_writer *w, const struct ca *ca, const struct store_crl *row,
		   const struct store_crl *before, struct store_reader *reader, size_t *np)
{
	static const uint8_t version = CRL_VERSION_2;
	int err;

	put_extensions(w, ca, row->number);
	err = put_entries(w, ca, before, reader, np);
	if (err)
		return err;
	der_put_time(w, row->next_update_ms);
	der_put_time(w, row->this_update_ms);
	der_put(w, octets_view(&ca->chain.issuer));
	der_put(w, signer_algorithm_der(ca->internal->signer));
	der_put_unsigned(w, (struct bytes){&version, 1});
	der_put_header(w, TAG_SEQUENCE, 0);
	return w->failed ? -ENOMEM : 0;
}

/* The last look at it: what breaks a rule is not signed, and so nobody gets it. */
static int crl_lint(const struct ca *ca, struct bytes tbs)
{
	const char *rule = lint_crl(tbs, signer_algorithm_der(ca->internal->signer));

	return rule ? log_fault("a CRL that is not signed", -EBADMSG, rule) : 0;
}

int crl_encode(const struct ca *ca, const struct store_crl *row, const struct store_crl *before,
	       struct store_reader *reader, struct octets *derp, size_t *np)
{
	_cleanup_(der_writer_clear) struct der_writer tbs = DER_WRITER_NULL;
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	_cleanup_(octets_clear) struct octets signature = OCTETS_NULL;
	const struct signer *signer = ca->internal->signer;
	uint8_t *fitted;
	int err = put_tbs(&tbs, ca, row, before, reader, np);

	if (!err)
		err = crl_lint(ca, der_written(&tbs));
	if (!err)
		err = signer_sign(signer, der_written(&tbs), &signature);
	if (err)
		return err;
	der_put(&w, octets_view(&signature));
	der_put(&w, (struct bytes){(const uint8_t *)"", 1}); /* unused bits */
	der_put_header(&w, V_ASN1_BIT_STRING, 0);
	der_put(&w, signer_algorithm_der(signer));
	der_put(&w, der_written(&tbs));
	der_put_header(&w, TAG_SEQUENCE, 0);
	der_writer_clear(&tbs);
	err = der_writer_take(&w, derp);
	if (err)
		return err;
	/* It stays in memory: without the room that the writer had to spare. */
	fitted = realloc(derp->data, derp->len);
	if (fitted)
		derp->data = fitted;
	return 0;
}
