// SPDX-License-Identifier: Apache-2.0
/*
 * The parts of CMS structures that all files of EnvelopedData write and read: object identifiers
 * and AlgorithmIdentifiers.
 */
#include "envelope_local.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>

void envelope_put_oid(struct der_writer *w, const char *oid)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);

	if (object)
		der_put_value(w, 0x06, (struct bytes){OBJ_get0_data(object), OBJ_length(object)});
	else
		w->failed = true;
	ASN1_OBJECT_free(object);
}

void envelope_put_algorithm(struct der_writer *w, const char *oid)
{
	size_t mark = der_mark(w);

	envelope_put_oid(w, oid);
	der_put_header(w, 0x30, mark);
}

int envelope_expect(struct bytes *in, uint8_t tag, struct bytes *contentp)
{
	struct bytes tlv;
	uint8_t found;

	return der_next(in, &found, &tlv, contentp) || found != tag ? -EBADMSG : 0;
}

int envelope_read_oid(struct bytes *in, char oid[ENVELOPE_OID_TEXT_MAX])
{
	struct bytes tlv = *in, content;
	const unsigned char *p = in->data;
	ASN1_OBJECT *object;
	int len;

	if (envelope_expect(in, 0x06, &content))
		return -EBADMSG;
	tlv.len -= in->len;
	object = d2i_ASN1_OBJECT(NULL, &p, (long)tlv.len);
	len = object ? OBJ_obj2txt(oid, ENVELOPE_OID_TEXT_MAX, object, 1) : 0;
	ASN1_OBJECT_free(object);
	ERR_clear_error();
	return len > 0 && len < ENVELOPE_OID_TEXT_MAX ? 0 : -EBADMSG;
}

int envelope_read_algorithm(struct bytes *in, uint8_t tag, char oid[ENVELOPE_OID_TEXT_MAX],
			    struct bytes *parametersp)
{
	if (envelope_expect(in, tag, parametersp) || envelope_read_oid(parametersp, oid))
		return -EBADMSG;
	return 0;
}
