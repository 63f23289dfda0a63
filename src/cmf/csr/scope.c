// SPDX-License-Identifier: Apache-2.0
/* Trust domain and VNF instance in the subject. See scope.h. */
#include "csr/scope.h"

#include "asn1/der.h"
#include "asn1/name.h"
#include "csr/names.h"
#include "subject_id.h"

#include <errno.h>
#include <string.h>

static void x509_name_freep(X509_NAME **name)
{
	X509_NAME_free(*name);
}

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

static struct bytes object_octets(const ASN1_OBJECT *object)
{
	return (struct bytes){OBJ_get0_data(object), OBJ_length(object)};
}

static void part_add(struct scope *scope, const char *attribute, const char *text)
{
	if (attribute)
		scope->part[scope->n++] = (struct scope_part){OBJ_txt2nid(attribute), text};
}

struct scope scope_of(const struct conf_profile *profile, const struct store_entity *entity)
{
	struct scope scope = {.n = 0};

	part_add(&scope, profile->subject_trust_domain, entity->trust_domain);
	part_add(&scope, profile->subject_vnf_instance, entity->vnf_instance);
	return scope;
}

bool scope_fits(const struct scope *scope)
{
	for (size_t i = 0; i < scope->n; i++) {
		const struct name_attribute attribute = {
			.type = object_octets(OBJ_nid2obj(scope->part[i].nid)),
			.value_type = V_ASN1_UTF8STRING,
			.value = bytes_of_string(scope->part[i].text),
		};
		int better;

		if (attribute.value.len && name_attribute_fault(&attribute, &better))
			return false;
	}
	return true;
}

static const struct scope_part *part_find(const struct scope *scope, const X509_NAME_ENTRY *entry)
{
	int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));

	for (size_t i = 0; i < scope->n && nid != NID_undef; i++) {
		if (scope->part[i].nid == nid)
			return &scope->part[i];
	}
	return NULL;
}

bool scope_decides(const struct scope *scope, const X509_NAME_ENTRY *entry)
{
	return part_find(scope, entry) != NULL;
}

bool scope_says(const struct scope *scope, const X509_NAME_ENTRY *entry)
{
	const struct scope_part *part = part_find(scope, entry);

	return part && bytes_equal(name_attribute_of(entry).value, bytes_of_string(part->text));
}

/* --- adding it --- */

/* RelativeDistinguishedName ::= SET { SEQUENCE { type, value UTF8String } } */
static void rdn_put(struct der_writer *w, const struct scope_part *part)
{
	size_t mark = der_mark(w);

	der_put_value(w, V_ASN1_UTF8STRING, bytes_of_string(part->text));
	der_put_value(w, V_ASN1_OBJECT, object_octets(OBJ_nid2obj(part->nid)));
	der_put_header(w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, mark);
	der_put_header(w, V_ASN1_SET | V_ASN1_CONSTRUCTED, mark);
}

static int subject_extend(const struct scope *scope, struct octets *subject)
{
	struct der_writer w = DER_WRITER_NULL;
	struct bytes in = octets_view(subject), tlv, rdns = BYTES_NULL;
	struct octets whole = OCTETS_NULL;
	uint8_t tag;
	int err = der_next(&in, &tag, &tlv, &rdns);

	if (err < 0)
		return err;
	der_put(&w, rdns);
	for (size_t i = scope->n; i > 0; i--) {
		if (*scope->part[i - 1].text)
			rdn_put(&w, &scope->part[i - 1]);
	}
	der_put_header(&w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, 0);
	err = der_writer_take(&w, &whole);
	if (err < 0)
		return err;
	octets_clear(subject);
	*subject = whole;
	return 0;
}

/* ",OU=text", RFC 2253 */
static int part_write(const struct scope_part *part, struct strbuf *out)
{
	_cleanup_(x509_name_freep) X509_NAME *name = NULL;
	_cleanup_(bio_freep) BIO *bio = NULL;
	char *text;
	long len;

	if (identifier_plain(bytes_of_string(part->text))) {
		strbuf_printf(out, ",%s=%s", OBJ_nid2sn(part->nid), part->text);
		return 0;
	}
	name = X509_NAME_new();
	bio = BIO_new(BIO_s_mem());
	if (!name || !bio ||
	    X509_NAME_add_entry_by_NID(name, part->nid, V_ASN1_UTF8STRING,
				       (const unsigned char *)part->text, -1, -1, 0) != 1 ||
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0)
		return -ENOMEM;
	len = BIO_get_mem_data(bio, &text);
	strbuf_add(out, ",");
	strbuf_add_n(out, text, (size_t)len);
	return 0;
}

void scope_tell(const struct scope *scope, const X509_NAME *asked, struct mods *mods)
{
	for (size_t i = 0; i < scope->n; i++) {
		const struct scope_part *part = &scope->part[i];
		bool said = *part->text == '\0';
		int at = -1;

		while (!said && asked &&
		       (at = X509_NAME_get_index_by_NID(asked, part->nid, at)) >= 0)
			said = scope_says(scope, X509_NAME_get_entry(asked, at));
		if (!said)
			mods_add(mods, "subject attribute added", OBJ_nid2sn(part->nid));
	}
}

int scope_add(const struct scope *scope, struct names *names)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	int err = subject_extend(scope, &names->subject);

	strbuf_add(&text, names->text);
	for (size_t i = scope->n; err == 0 && i > 0; i--) {
		if (*scope->part[i - 1].text)
			err = part_write(&scope->part[i - 1], &text);
	}
	if (err < 0)
		return err;
	free(names->text);
	names->text = strbuf_take(&text);
	return names->text ? 0 : -ENOMEM;
}

/* --- comparing without it --- */

static bool name_without(const struct scope *scope, const X509_NAME *name, X509_NAME **barep)
{
	X509_NAME *bare = X509_NAME_dup(name);

	for (int i = bare ? X509_NAME_entry_count(bare) - 1 : -1; i >= 0; i--) {
		if (scope_decides(scope, X509_NAME_get_entry(bare, i)))
			X509_NAME_ENTRY_free(X509_NAME_delete_entry(bare, i));
	}
	*barep = bare;
	return bare != NULL;
}

bool scope_is_all_that_lacks(const struct scope *scope, const X509_NAME *asked,
			     const X509_NAME *old)
{
	_cleanup_(x509_name_freep) X509_NAME *bare = NULL;

	return scope->n && name_without(scope, old, &bare) && X509_NAME_cmp(asked, bare) == 0;
}
