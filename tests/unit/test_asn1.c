// SPDX-License-Identifier: Apache-2.0
/*
 * Templates against encodings that OpenSSL's ASN1_generate_nconf() makes from the ASN.1 of the
 * RFCs, written below with every tag; certificates against X509. Keys and signatures: test_keys.c.
 */
#include "asn1/certificate.h"
#include "asn1/cmf_types.h"
#include "asn1/der.h"
#include "asn1/fields.h"
#include "asn1/name.h"
#include "suite.h"
#include "vectors.h"

#include <errno.h>
#include <openssl/conf.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <string.h>

/* Sections by the names of the types; IMPLICIT and EXPLICIT as RFC 4211 and RFC 4210 have them. */
static const char types_text[] =
	"[alg]\noid=OID:sha256\nnull=NULL\n"
	"[name]\nrdn=SET:rdn\n[rdn]\natv=SEQUENCE:atv\n[atv]\noid=OID:commonName\n"
	"value=UTF8:vnfci-1\n"
	"[spki]\nalg=SEQUENCE:alg\nkey=FORMAT:HEX,BITSTRING:0405\n"
	"[extensions]\ne1=SEQUENCE:extension\n"
	"[extension]\noid=OID:keyUsage\ncritical=BOOL:TRUE\nvalue=FORMAT:HEX,OCT:03020780\n"
	"[validity]\nnb=EXPLICIT:0,UTC:261123085300Z\nna=EXPLICIT:1,GENTIME:20571123085300Z\n"
	/* RFC 4211 5: all ten fields */
	"[CertTemplate]\nversion=IMPLICIT:0,INT:2\nserial=IMPLICIT:1,INT:0x1234567890\n"
	"alg=IMPLICIT:2,SEQUENCE:alg\nissuer=EXPLICIT:3,SEQUENCE:name\n"
	"validity=IMPLICIT:4,SEQUENCE:validity\nsubject=EXPLICIT:5,SEQUENCE:name\n"
	"key=IMPLICIT:6,SEQUENCE:spki\niuid=IMPLICIT:7,FORMAT:HEX,BITSTRING:01\n"
	"suid=IMPLICIT:8,FORMAT:HEX,BITSTRING:02\next=IMPLICIT:9,SEQUENCE:extensions\n"
	"[atav]\ntype=OID:1.3.6.1.5.5.7.5.1.1\nvalue=UTF8:token\n[controls]\nc1=SEQUENCE:atav\n"
	"[CertRequest]\nid=INT:0\ntemplate=SEQUENCE:CertTemplate\ncontrols=SEQUENCE:controls\n"
	"[POPOSigningKey]\ninput=IMPLICIT:0,SEQUENCE:name\nalg=SEQUENCE:alg\n"
	"sig=FORMAT:HEX,BITSTRING:0102\n"
	"[CertReqMsg]\nreq=SEQUENCE:CertRequest\npopo=IMPLICIT:1,SEQUENCE:POPOSigningKey\n"
	"regInfo=SEQUENCE:controls\n"
	"[CertId]\nissuer=EXPLICIT:4,SEQUENCE:name\nserial=INT:7\n"
	"[PBMParameter]\nsalt=FORMAT:HEX,OCT:00112233\nowf=SEQUENCE:alg\nn=INT:500\n"
	"mac=SEQUENCE:alg\n"
	/* RFC 2986 4.1 */
	"[attribute]\noid=OID:extReq\nvalues=SET:extreq\n[extreq]\nv=SEQUENCE:extensions\n"
	"[attributes]\na=SEQUENCE:attribute\n"
	"[CertificationRequestInfo]\nversion=INT:0\nsubject=SEQUENCE:name\nkey=SEQUENCE:spki\n"
	"attributes=IMPLICIT:0,SET:attributes\n"
	"[CertificationRequest]\ninfo=SEQUENCE:CertificationRequestInfo\nalg=SEQUENCE:alg\n"
	"sig=FORMAT:HEX,BITSTRING:0102\n"
	/* RFC 4210 5.1.1: all twelve fields */
	"[texts]\nt=UTF8:text\n[info]\ntype=OID:1.3.6.1.5.5.7.4.13\nvalue=NULL\n"
	"[info2]\ntype=OID:1.3.6.1.5.5.7.4.2\n[infos]\ni1=SEQUENCE:info\ni2=SEQUENCE:info2\n"
	"[PKIHeader]\npvno=INT:2\nsender=EXPLICIT:4,SEQUENCE:name\n"
	"recipient=EXPLICIT:4,SEQUENCE:name\ntime=EXPLICIT:0,GENTIME:20261123085300Z\n"
	"alg=EXPLICIT:1,SEQUENCE:alg\nskid=EXPLICIT:2,FORMAT:HEX,OCT:02\n"
	"rkid=EXPLICIT:3,FORMAT:HEX,OCT:03\ntid=EXPLICIT:4,FORMAT:HEX,OCT:04\n"
	"snonce=EXPLICIT:5,FORMAT:HEX,OCT:05\nrnonce=EXPLICIT:6,FORMAT:HEX,OCT:06\n"
	"text=EXPLICIT:7,SEQUENCE:texts\ninfo=EXPLICIT:8,SEQUENCE:infos\n"
	"[certs]\nc=SEQUENCE:name\n"
	"[PKIMessage]\nheader=SEQUENCE:PKIHeader\nbody=EXPLICIT:19,NULL\n"
	"protection=EXPLICIT:0,FORMAT:HEX,BITSTRING:0102\ncerts=EXPLICIT:1,SEQUENCE:certs\n"
	"[PKIStatusInfo]\nstatus=INT:2\ntext=SEQUENCE:texts\nfail=FORMAT:BITLIST,BITSTRING:2,9\n"
	"[pair]\ncert=EXPLICIT:0,SEQUENCE:name\nkey=EXPLICIT:0,SEQUENCE:name\n"
	"pub=EXPLICIT:1,SEQUENCE:name\n"
	"[response]\nid=INT:-1\nstatus=SEQUENCE:PKIStatusInfo\npair=SEQUENCE:pair\n"
	"rsp=FORMAT:HEX,OCT:41\n[responses]\nr=SEQUENCE:response\n"
	"[CertRepMessage]\npubs=EXPLICIT:1,SEQUENCE:certs\nresponse=SEQUENCE:responses\n"
	"[CertStatus]\nhash=FORMAT:HEX,OCT:0102\nid=INT:0\ninfo=SEQUENCE:PKIStatusInfo\n"
	"alg=EXPLICIT:0,SEQUENCE:alg\n"
	"[RevDetails]\ntemplate=SEQUENCE:CertTemplate\next=SEQUENCE:extensions\n"
	"[statuses]\ns=SEQUENCE:PKIStatusInfo\n[ids]\ni=SEQUENCE:CertId\n"
	"[RevRepContent]\nstatus=SEQUENCE:statuses\ncerts=EXPLICIT:0,SEQUENCE:ids\n"
	"[ErrorMsgContent]\ninfo=SEQUENCE:PKIStatusInfo\ncode=INT:5\ntext=SEQUENCE:texts\n"
	"[Challenge]\nowf=SEQUENCE:alg\nwitness=FORMAT:HEX,OCT:01\nchallenge=FORMAT:HEX,OCT:0203\n"
	"rand=EXPLICIT:0,SEQUENCE:name\n"
	"[keypair]\ncert=EXPLICIT:0,SEQUENCE:name\nkey=EXPLICIT:0,SEQUENCE:name\n"
	"[keypairs]\nk=SEQUENCE:keypair\n"
	"[KeyRecRepContent]\nstatus=SEQUENCE:PKIStatusInfo\nnew=EXPLICIT:0,SEQUENCE:name\n"
	"ca=EXPLICIT:1,SEQUENCE:certs\nhist=EXPLICIT:2,SEQUENCE:keypairs\n"
	"[CAKeyUpdAnnContent]\na=SEQUENCE:name\nb=SEQUENCE:name\nc=SEQUENCE:name\n"
	"[RootCaKeyUpdateContent]\na=SEQUENCE:name\nb=EXPLICIT:0,SEQUENCE:name\n"
	"c=EXPLICIT:1,SEQUENCE:name\n"
	"[RevAnnContent]\nstatus=INT:4\nid=SEQUENCE:CertId\nwill=GENTIME:20571123085300Z\n"
	"bad=GENTIME:20561123085300Z\ndetails=SEQUENCE:extensions\n"
	"[PollRep]\nid=INT:0\nafter=INT:60\nreason=SEQUENCE:texts\n"
	/* docs/cmp-profile.md */
	"[ids8]\ni1=UTF8:a\ni2=UTF8:b\n"
	"[RegisterRequest]\ntype=UTF8:VnfciCert\nids=SEQUENCE:ids8\nhandling=ENUM:1\n"
	"profile=EXPLICIT:0,UTF8:p\nattester=EXPLICIT:1,SEQUENCE:attester\n"
	"[attester]\nid=EXPLICIT:1,SEQUENCE:name\ntypes=SEQUENCE:oids\npolicy=ENUM:2\n"
	"[oids]\no=OID:2.23.133.20.1\n"
	"[RegisterResponse]\nstatus=SEQUENCE:PKIStatusInfo\nids=SEQUENCE:ids8\n";

#define TYPES(X)                    \
	X(CertTemplate)             \
	X(CertRequest)              \
	X(POPOSigningKey)           \
	X(CertReqMsg)               \
	X(CertId)                   \
	X(PBMParameter)             \
	X(CertificationRequestInfo) \
	X(CertificationRequest)     \
	X(PKIHeader)                \
	X(PKIStatusInfo)            \
	X(CertRepMessage)           \
	X(CertStatus)               \
	X(RevDetails)               \
	X(RevRepContent)            \
	X(ErrorMsgContent)          \
	X(PollRep)                  \
	X(RegisterRequest)          \
	X(RegisterResponse)

static const struct {
	const char *name;
	const ASN1_ITEM *(*item)(void);
} types[] = {
#define X(type) {#type, type##_it},
	TYPES(X)
#undef X
};

/* DER of a value in the notation of ASN1_generate_nconf(3). */
static struct octets generated(const char *notation)
{
	BIO *bio = BIO_new_mem_buf(types_text, -1);
	CONF *conf = NCONF_new(NULL);
	unsigned char *der = NULL;
	ASN1_TYPE *value;
	struct octets o;
	int len;

	ck_assert_int_gt(NCONF_load_bio(conf, bio, NULL), 0);
	value = ASN1_generate_nconf(notation, conf);
	ck_assert_msg(value != NULL, "%s", notation);
	len = i2d_ASN1_TYPE(value, &der);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &o), 0);
	OPENSSL_free(der);
	ASN1_TYPE_free(value);
	NCONF_free(conf);
	BIO_free(bio);
	return o;
}

START_TEST(test_template_round_trip)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	const ASN1_ITEM *item = types[_i].item();
	unsigned char *again = NULL;
	const unsigned char *p;
	ASN1_VALUE *value;
	char notation[64];

	snprintf(notation, sizeof(notation), "SEQUENCE:%s", types[_i].name);
	der = generated(notation);
	ck_assert_int_eq(der_check(octets_view(&der)), 0);
	p = der.data;
	value = ASN1_item_d2i(NULL, &p, (long)der.len, item);
	ck_assert_msg(value != NULL, "%s", types[_i].name);
	ck_assert_ptr_eq(p, der.data + der.len);
	ck_assert_int_eq(ASN1_item_i2d(value, &again, item), (int)der.len);
	ck_assert_mem_eq(again, der.data, der.len);
	OPENSSL_free(again);
	ASN1_item_free(value, item);
}
END_TEST

/* Every field of the fullest type is where its name says. */
START_TEST(test_cert_template_fields_rfc4211_5)
{
	_cleanup_(octets_clear) struct octets der = generated("SEQUENCE:CertTemplate");
	const unsigned char *p = der.data;
	CertTemplate *t = d2i_CertTemplate(NULL, &p, (long)der.len);
	char name[64];

	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(ASN1_INTEGER_get(t->version), 2);
	ck_assert_int_eq(ASN1_INTEGER_get(t->serialNumber), 0x1234567890);
	ck_assert_int_eq(OBJ_obj2nid(t->signingAlg->algorithm), NID_sha256);
	X509_NAME_oneline(t->issuer, name, sizeof(name));
	ck_assert_str_eq(name, "/CN=vnfci-1");
	ck_assert_int_eq(t->validity->notBefore->type, V_ASN1_UTCTIME);
	ck_assert_int_eq(t->validity->notAfter->type, V_ASN1_GENERALIZEDTIME);
	X509_NAME_oneline(t->subject, name, sizeof(name));
	ck_assert_str_eq(name, "/CN=vnfci-1");
	ck_assert_int_eq(t->publicKey->subjectPublicKey->length, 2);
	ck_assert_int_eq(t->issuerUID->data[0], 1);
	ck_assert_int_eq(t->subjectUID->data[0], 2);
	ck_assert_int_eq(sk_X509_EXTENSION_num(t->extensions), 1);
	CertTemplate_free(t);
}
END_TEST

/* Octets that der_check() accepts, and OpenSSL reads as the type. */
static const struct {
	const ASN1_ITEM *(*type)(void);
	const char *hex;
	const char *rule; /* begins so; NULL: they are DER of the type */
} encodings[] = {
	/* issuerUID [7] IMPLICIT BIT STRING, X.690 8.6.2, 10.2, 11.2 */
	{CertTemplate_it, "300487020001", NULL},
	{CertTemplate_it, "300487020301", "the unused bits of a BIT STRING"},
	{CertTemplate_it, "3006a70403020001", "the type is primitive in DER"},
	/* extensions [9] IMPLICIT SEQUENCE OF */
	{CertTemplate_it, "3002a900", NULL},
	{CertTemplate_it, "30028900", "SEQUENCE and SET are constructed"},
	/* rfc822Name [1] IMPLICIT IA5String */
	{GENERAL_NAME_it, "810141", NULL},
	{GENERAL_NAME_it, "a103160141", "the type is primitive in DER"},
	/* cA BOOLEAN DEFAULT FALSE, X.690 11.5 */
	{BASIC_CONSTRAINTS_it, "30030101ff", NULL},
	{BASIC_CONSTRAINTS_it, "3003010100", "is the DEFAULT"},
/* attributes [0] IMPLICIT SET OF, X.690 11.6: 1.2 and 1.3 without values */
#define P10_INFO(attributes)                   \
	"302002010030003009300306012a03020001" \
	"a00e" attributes
	{CertificationRequestInfo_it, P10_INFO("300506012a3100300506012b3100"), NULL},
	{CertificationRequestInfo_it, P10_INFO("300506012b3100300506012a3100"),
	 "the elements of a SET OF"},
	/* Within a PKCS#10 they are kept as they came. */
	{CertificationRequest_it,
	 "302b" P10_INFO("300506012b3100300506012a3100") "300306012a03020001", NULL},
};

START_TEST(test_encoding_x690_10_11)
{
	struct fields_place place;
	uint8_t octets[64];
	const uint8_t *p = octets;
	ASN1_VALUE *value;
	size_t len;

	ck_assert_int_eq(hex_to_bytes(encodings[_i].hex, octets, sizeof(octets), &len), 0);
	ck_assert_int_eq(der_check((struct bytes){octets, len}), 0);
	value = ASN1_item_d2i(NULL, &p, (long)len, encodings[_i].type());
	ck_assert_ptr_nonnull(value);
	ASN1_item_free(value, encodings[_i].type());
	ck_assert(fields_mismatch((struct bytes){octets, len}, encodings[_i].type(), &place) ==
		  (encodings[_i].rule != NULL));
	if (encodings[_i].rule)
		ck_assert_msg(strncmp(place.rule, encodings[_i].rule, strlen(encodings[_i].rule)) ==
				      0,
			      "%s: %s", encodings[_i].hex, place.rule);
}
END_TEST

static const struct {
	const char *notation;
	int type; /* -1: refused */
} popos[] = {
	{"IMPLICIT:0,NULL", POPO_RA_VERIFIED},
	{"IMPLICIT:1,SEQUENCE:POPOSigningKey", POPO_SIGNATURE},
	{"EXPLICIT:2,IMPLICIT:1,INT:0", POPO_KEY_ENCIPHERMENT},
	{"EXPLICIT:3,IMPLICIT:1,INT:1", POPO_KEY_AGREEMENT},
	{"EXPLICIT:0,NULL", -1},
	{"EXPLICIT:1,SEQUENCE:POPOSigningKey", -1},
	{"IMPLICIT:4,NULL", -1},
	{"NULL", -1},
};

START_TEST(test_proof_of_possession_rfc4211_4)
{
	_cleanup_(octets_clear) struct octets der = generated(popos[_i].notation);
	const unsigned char *p = der.data;
	ProofOfPossession *popo = d2i_ProofOfPossession(NULL, &p, (long)der.len);
	unsigned char *again = NULL;

	ck_assert((popo != NULL) == (popos[_i].type >= 0));
	if (!popo)
		return;
	ck_assert_int_eq(popo->type, popos[_i].type);
	ck_assert_int_eq(i2d_ProofOfPossession(popo, &again), (int)der.len);
	ck_assert_mem_eq(again, der.data, der.len);
	OPENSSL_free(again);
	ProofOfPossession_free(popo);
}
END_TEST

/* RFC 4210 5.1.2: tag and contents of each kind of body. */
static const struct {
	const char *notation;
	int type;
} bodies[] = {
	{"EXPLICIT:0,SEQWRAP,SEQUENCE:CertReqMsg", PKI_BODY_IR},
	{"EXPLICIT:1,SEQUENCE:CertRepMessage", PKI_BODY_IP},
	{"EXPLICIT:2,SEQWRAP,SEQUENCE:CertReqMsg", PKI_BODY_CR},
	{"EXPLICIT:3,SEQUENCE:CertRepMessage", PKI_BODY_CP},
	{"EXPLICIT:4,SEQUENCE:CertificationRequest", PKI_BODY_P10CR},
	{"EXPLICIT:5,SEQWRAP,SEQUENCE:Challenge", PKI_BODY_POPDECC},
	{"EXPLICIT:6,SEQWRAP,INT:7", PKI_BODY_POPDECR},
	{"EXPLICIT:7,SEQWRAP,SEQUENCE:CertReqMsg", PKI_BODY_KUR},
	{"EXPLICIT:8,SEQUENCE:CertRepMessage", PKI_BODY_KUP},
	{"EXPLICIT:9,SEQWRAP,SEQUENCE:CertReqMsg", PKI_BODY_KRR},
	{"EXPLICIT:10,SEQUENCE:KeyRecRepContent", PKI_BODY_KRP},
	{"EXPLICIT:11,SEQWRAP,SEQUENCE:RevDetails", PKI_BODY_RR},
	{"EXPLICIT:12,SEQUENCE:RevRepContent", PKI_BODY_RP},
	{"EXPLICIT:13,SEQWRAP,SEQUENCE:CertReqMsg", PKI_BODY_CCR},
	{"EXPLICIT:14,SEQUENCE:CertRepMessage", PKI_BODY_CCP},
	{"EXPLICIT:15,SEQUENCE:CAKeyUpdAnnContent", PKI_BODY_CKUANN},
	{"EXPLICIT:15,EXPLICIT:0,SEQUENCE:RootCaKeyUpdateContent", PKI_BODY_CKUANN},
	{"EXPLICIT:16,SEQUENCE:name", PKI_BODY_CANN},
	{"EXPLICIT:17,SEQUENCE:RevAnnContent", PKI_BODY_RANN},
	{"EXPLICIT:18,SEQWRAP,SEQUENCE:name", PKI_BODY_CRLANN},
	{"EXPLICIT:19,NULL", PKI_BODY_PKICONF},
	{"EXPLICIT:20,SEQWRAP,SEQUENCE:PKIMessage", PKI_BODY_NESTED},
	{"EXPLICIT:21,SEQUENCE:infos", PKI_BODY_GENM},
	{"EXPLICIT:22,SEQUENCE:infos", PKI_BODY_GENP},
	{"EXPLICIT:23,SEQUENCE:ErrorMsgContent", PKI_BODY_ERROR},
	{"EXPLICIT:24,SEQWRAP,SEQUENCE:CertStatus", PKI_BODY_CERTCONF},
	{"EXPLICIT:25,SEQWRAP,SEQWRAP,INT:0", PKI_BODY_POLLREQ},
	{"EXPLICIT:26,SEQWRAP,SEQUENCE:PollRep", PKI_BODY_POLLREP},
	{"EXPLICIT:27,NULL", -1},
	{"IMPLICIT:19,NULL", -1},
	{"EXPLICIT:19,INT:0", -1},
};

START_TEST(test_body_rfc4210_5_1_2)
{
	_cleanup_(octets_clear) struct octets der = generated(bodies[_i].notation);
	const unsigned char *p = der.data;
	PKIBody *body = d2i_PKIBody(NULL, &p, (long)der.len);
	unsigned char *again = NULL;

	ck_assert((body != NULL) == (bodies[_i].type >= 0));
	if (!body)
		return;
	ck_assert_int_eq(body->type, bodies[_i].type);
	ck_assert_int_eq(i2d_PKIBody(body, &again), (int)der.len);
	ck_assert_mem_eq(again, der.data, der.len);
	OPENSSL_free(again);
	PKIBody_free(body);
}
END_TEST

START_TEST(test_body_names_rfc4210_5_1_2)
{
	ck_assert_str_eq(pki_body_type_name(PKI_BODY_IR), "ir");
	ck_assert_str_eq(pki_body_type_name(PKI_BODY_KUR), "kur");
	ck_assert_str_eq(pki_body_type_name(PKI_BODY_PKICONF), "pkiconf");
	ck_assert_str_eq(pki_body_type_name(PKI_BODY_CERTCONF), "certConf");
	ck_assert_str_eq(pki_body_type_name(PKI_BODY_POLLREP), "pollRep");
	ck_assert_str_eq(pki_body_type_name(PKI_BODY_COUNT), "unknown");
	ck_assert_str_eq(pki_body_type_name(-1), "unknown");
}
END_TEST

/* docs/cmp-profile.md: what may be left out. */
START_TEST(test_register_request_minimal)
{
	static const uint8_t der[] = {0x30, 0x0d, 0x0c, 0x08, 'M',  'a',  'n', 'o',
				      'C',  'e',  'r',  't',  0x30, 0x01, 0x00};
	static const uint8_t good[] = {0x30, 0x0f, 0x0c, 0x08, 'M',  'a',  'n',  'o', 'C',
				       'e',  'r',  't',  0x30, 0x03, 0x0c, 0x01, 'x'};
	const unsigned char *p = good;
	RegisterRequest *r = d2i_RegisterRequest(NULL, &p, sizeof(good));

	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(sk_ASN1_UTF8STRING_num(r->subjectIds), 1);
	ck_assert_ptr_null(r->handling);
	ck_assert_ptr_null(r->profile);
	ck_assert_ptr_null(r->attester);
	RegisterRequest_free(r);
	p = der;
	ck_assert_ptr_null(d2i_RegisterRequest(NULL, &p, sizeof(der)));
}
END_TEST

START_TEST(test_cmf_objects)
{
	char text[128];

	OBJ_obj2txt(text, sizeof(text), cmf_object(CMF_OBJECT_REGISTER_REQUEST), 1);
	ck_assert_str_eq(text, "2.25.222147897761693879604210948217677133715.10");
	OBJ_obj2txt(text, sizeof(text), cmf_object(CMF_OBJECT_IT_CERT_PROFILE), 1);
	ck_assert_str_eq(text, "1.3.6.1.5.5.7.4.21");
	for (int i = 0; i < CMF_OBJECT_COUNT; i++)
		ck_assert_ptr_nonnull(cmf_object((enum cmf_object)i));
}
END_TEST

START_TEST(test_p10_extensions_rfc2985_5_4_2)
{
	_cleanup_(octets_clear) struct octets der = generated("SEQUENCE:CertificationRequest");
	_cleanup_(octets_clear) struct octets info = generated("SEQUENCE:CertificationRequestInfo");
	const unsigned char *p = der.data;
	CertificationRequest *r = d2i_CertificationRequest(NULL, &p, (long)der.len);
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	X509_ATTRIBUTE *attribute;

	ck_assert_ptr_nonnull(r);
	ck_assert(bytes_equal(certification_request_info_der(r), octets_view(&info)));
	ck_assert_int_eq(certification_request_extensions(r, &extensions), 0);
	ck_assert_int_eq(sk_X509_EXTENSION_num(extensions), 1);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	/* twice */
	attribute = sk_X509_ATTRIBUTE_value(r->certificationRequestInfo->attributes, 0);
	sk_X509_ATTRIBUTE_push(r->certificationRequestInfo->attributes,
			       X509_ATTRIBUTE_dup(attribute));
	ck_assert_int_eq(certification_request_extensions(r, &extensions), -EBADMSG);
	/* under either name, and not under both */
	X509_ATTRIBUTE_set1_object(attribute, OBJ_nid2obj(NID_ms_ext_req));
	ck_assert_int_eq(certification_request_extensions(r, &extensions), -EBADMSG);
	X509_ATTRIBUTE_free(sk_X509_ATTRIBUTE_pop(r->certificationRequestInfo->attributes));
	ck_assert_int_eq(certification_request_extensions(r, &extensions), 0);
	ck_assert_int_eq(sk_X509_EXTENSION_num(extensions), 1);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	/* an attribute of another type alone */
	X509_ATTRIBUTE_set1_object(attribute, OBJ_nid2obj(NID_pkcs9_challengePassword));
	ck_assert_int_eq(certification_request_extensions(r, &extensions), -ENOENT);
	CertificationRequest_free(r);
}
END_TEST

/* Parts of a certificate as octets that live as long as the test. */
struct parts {
	EVP_PKEY *ca_key;
	struct signer *signer;
	struct octets name, spki, ski, key_usage;
	struct bytes extensions[2];
	struct certificate_parts parts;
};

static void parts_make(struct parts *m, const char *digest, EVP_PKEY *ca_key)
{
	static const struct serial serial = {5, {0x00, 0x9a, 0x01, 0x02, 0x03}};
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(ca_key, &der);

	m->ca_key = ca_key;
	ck_assert_int_eq(signer_new(ca_key, digest, &m->signer), 0);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &m->spki), 0);
	OPENSSL_free(der);
	m->name = generated("SEQUENCE:name");
	m->key_usage = generated("SEQUENCE:extension");
	m->ski = (struct octets){malloc(32), 0};
	ck_assert_int_eq(
		hex_to_bytes("300d0603551d0e0406040401020304", m->ski.data, 32, &m->ski.len), 0);
	m->extensions[0] = octets_view(&m->ski);
	m->extensions[1] = octets_view(&m->key_usage);
	m->parts = (struct certificate_parts){
		.serial = &serial,
		.issuer = octets_view(&m->name),
		.subject = octets_view(&m->name),
		.spki = octets_view(&m->spki),
		.not_before_ms = 1795424400000, /* 2026-11-23 09:00:00 */
		.not_after_ms = 2529349200999,  /* 2050-02-24 21:00:00 */
		.extensions = m->extensions,
		.n_extensions = 2,
	};
}

static void parts_clear(struct parts *m)
{
	octets_clear(&m->name);
	octets_clear(&m->spki);
	octets_clear(&m->ski);
	octets_clear(&m->key_usage);
	signer_free(m->signer);
	EVP_PKEY_free(m->ca_key);
}

static X509 *parsed(struct octets der)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);

	ck_assert_ptr_nonnull(cert);
	ck_assert_ptr_eq(p, der.data + der.len);
	return cert;
}

static EVP_PKEY *ca_key_make(int i)
{
	switch (i) {
	case 0:
		return EVP_EC_gen("P-256");
	case 1:
		return EVP_RSA_gen(2048);
	default:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	}
}

START_TEST(test_certificate_build_rfc5280_4_1)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	struct parts m;
	struct tm nb, na;
	X509 *cert;

	parts_make(&m, "sha256", ca_key_make(_i));
	ck_assert_int_eq(certificate_build(&m.parts, m.signer, &der), 0);
	ck_assert_int_eq(der_check(octets_view(&der)), 0);
	cert = parsed(der);
	ck_assert_int_eq(X509_verify(cert, m.ca_key), 1);
	ck_assert_int_eq(X509_get_version(cert), X509_VERSION_3);
	ck_assert_uint_eq(ASN1_INTEGER_get(X509_get0_serialNumber(cert)), 0x9a010203);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(cert), m.ca_key), 1);
	ck_assert_int_eq(X509_get0_notBefore(cert)->type, V_ASN1_UTCTIME);
	ck_assert_int_eq(X509_get0_notAfter(cert)->type, V_ASN1_GENERALIZEDTIME);
	ck_assert(ASN1_TIME_to_tm(X509_get0_notBefore(cert), &nb));
	ck_assert(ASN1_TIME_to_tm(X509_get0_notAfter(cert), &na));
	ck_assert_int_eq(timegm(&nb), m.parts.not_before_ms / 1000);
	ck_assert_int_eq(timegm(&na), m.parts.not_after_ms / 1000);
	ck_assert_int_eq(X509_get_ext_count(cert), 2);
	ck_assert_int_eq(X509_get_ext_by_NID(cert, NID_key_usage, -1), 1);
	ck_assert_uint_eq(X509_get_key_usage(cert), X509v3_KU_DIGITAL_SIGNATURE);
	X509_free(cert);
	parts_clear(&m);
}
END_TEST

static const struct {
	const char *hex;
	bool valid;
} serials[] = {
	{"", false},
	{"00", false},
	{"-01", false},
	{"0000", false},
	{"01", true},
	{"0001", true},
	{"ff", true},
	{"7fffffffffffffffffffffffffffffffffffffff", true},
	{"80ffffffffffffffffffffffffffffffffffffff", false}, /* 21 octets with the sign */
	{"010000000000000000000000000000000000000000", false},
};

START_TEST(test_certificate_serial_rfc5280_4_1_2_2)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	struct serial serial = SERIAL_NULL;
	struct parts m;
	BIGNUM *wanted, *found;
	X509 *cert;

	parts_make(&m, "sha256", ca_key_make(0));
	ck_assert_int_eq(serial_of_hex(serials[_i].hex, &serial),
			 serials[_i].hex[0] ? 0 : -EBADMSG);
	m.parts.serial = &serial;
	ck_assert_int_eq(certificate_build(&m.parts, m.signer, &der),
			 serials[_i].valid ? 0 : -EINVAL);
	if (serials[_i].valid) {
		cert = parsed(der);
		wanted = NULL;
		ck_assert_int_gt(BN_hex2bn(&wanted, serials[_i].hex), 0);
		found = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
		ck_assert_int_eq(der_check(octets_view(&der)), 0);
		ck_assert_int_eq(BN_cmp(wanted, found), 0);
		BN_free(wanted);
		BN_free(found);
		X509_free(cert);
	}
	parts_clear(&m);
}
END_TEST

START_TEST(test_certificate_view)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	struct certificate_view v;
	struct bytes value;
	struct parts m;
	bool critical;

	parts_make(&m, "sha256", ca_key_make(0));
	ck_assert_int_eq(certificate_build(&m.parts, m.signer, &der), 0);
	ck_assert_int_eq(certificate_view(octets_view(&der), &v), 0);
	ck_assert_uint_eq(v.serial.len, 5);
	ck_assert_mem_eq(v.serial.data, "\x00\x9a\x01\x02\x03", 5);
	ck_assert(bytes_equal(v.issuer, octets_view(&m.name)));
	ck_assert(bytes_equal(v.subject, octets_view(&m.name)));
	ck_assert(bytes_equal(v.spki, octets_view(&m.spki)));
	ck_assert(bytes_equal(v.signature_algorithm, signer_algorithm_der(m.signer)));
	ck_assert_int_eq(v.not_before_ms, m.parts.not_before_ms);
	ck_assert_int_eq(v.not_after_ms, 2529349200000);
	ck_assert_int_eq(certificate_extension(&v, NID_key_usage, &value, &critical), 0);
	ck_assert(critical);
	ck_assert_mem_eq(value.data, "\x03\x02\x07\x80", 4);
	ck_assert_int_eq(certificate_extension(&v, NID_subject_alt_name, &value, &critical),
			 -ENOENT);
	ck_assert_int_eq(certificate_ski(&v, &value), 0);
	ck_assert_uint_eq(value.len, 4);
	ck_assert_mem_eq(value.data, "\x01\x02\x03\x04", 4);
	for (size_t len = 0; len < der.len; len++)
		ck_assert_int_eq(certificate_view((struct bytes){der.data, len}, &v), -EBADMSG);
	parts_clear(&m);
}
END_TEST

/* --- names --- */

/* RFC 5280 7.1: what is told apart at a glance, each pair in both orders. */
static const struct {
	int tag_a;
	const char *a;
	int tag_b;
	const char *b;
	bool differs;
} name_pairs[] = {
	{V_ASN1_UTF8STRING, "vnfm", V_ASN1_UTF8STRING, "vnfm", false},
	{V_ASN1_UTF8STRING, "vnfm", V_ASN1_PRINTABLESTRING, "VNFM", false},
	{V_ASN1_UTF8STRING, "  a  b ", V_ASN1_IA5STRING, "A b", false},
	{V_ASN1_UTF8STRING, "a b", V_ASN1_UTF8STRING, "ab", true},
	{V_ASN1_UTF8STRING, "a\tb", V_ASN1_UTF8STRING, "a b", false},
	{V_ASN1_UTF8STRING, "vnfm", V_ASN1_UTF8STRING, "vnfm-", true},
	{V_ASN1_UTF8STRING, "vnfm", V_ASN1_PRINTABLESTRING, "vnfo", true},
	{V_ASN1_UTF8STRING, " ", V_ASN1_UTF8STRING, "a", true},
	{V_ASN1_UTF8STRING, "\xc3\xb6", V_ASN1_UTF8STRING, "\xc3\xb6", false},
	{V_ASN1_UTF8STRING, "\xc3\xb6", V_ASN1_UTF8STRING, "\xc3\x96", true},
	/* Latin-1 in them is the same character to some: not decided here. */
	{V_ASN1_UTF8STRING, "\xc3\xb6", V_ASN1_PRINTABLESTRING, "\xf6", false},
	{V_ASN1_UTF8STRING, "x", V_ASN1_T61STRING, "y", false},
	{V_ASN1_UTF8STRING, "ab", V_ASN1_BMPSTRING, "xy", false},
};

/* A Name with the string as CN behind n organizations. */
static struct octets name_of(int tag, const char *text, int organizations, X509_NAME **namep)
{
	X509_NAME *name = X509_NAME_new();
	struct octets o = OCTETS_NULL;
	const unsigned char *p = (const unsigned char *)text;
	unsigned char *der = NULL;
	int len;

	for (int i = 0; i < organizations; i++)
		X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"o", -1,
					   -1, 0);
	ck_assert_int_eq(
		X509_NAME_add_entry_by_NID(name, NID_commonName, tag, p, (int)strlen(text), -1, 0),
		1);
	len = i2d_X509_NAME(name, &der);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &o), 0);
	OPENSSL_free(der);
	*namep = name;
	return o;
}

START_TEST(rfc5280_7_1_name_differs)
{
	X509_NAME *x, *y, *longer, *others;
	_cleanup_(octets_clear) struct octets a =
		name_of(name_pairs[_i].tag_a, name_pairs[_i].a, 1, &x);
	_cleanup_(octets_clear) struct octets b =
		name_of(name_pairs[_i].tag_b, name_pairs[_i].b, 1, &y);
	_cleanup_(octets_clear) struct octets c =
		name_of(name_pairs[_i].tag_a, name_pairs[_i].a, 2, &longer);
	_cleanup_(octets_clear) struct octets d =
		name_of(name_pairs[_i].tag_a, name_pairs[_i].a, 0, &others);
	bool differs = name_differs(octets_view(&a), octets_view(&b));

	ck_assert_int_eq(differs, name_pairs[_i].differs);
	ck_assert_int_eq(name_differs(octets_view(&b), octets_view(&a)), differs);
	/* It never contradicts libcrypto. */
	ck_assert(!differs || X509_NAME_cmp(x, y) != 0);
	ck_assert(name_differs(octets_view(&a), octets_view(&c)));
	ck_assert(name_differs(octets_view(&d), octets_view(&a)));
	ck_assert(!name_differs(octets_view(&a), octets_view(&a)));
	X509_NAME_free(x);
	X509_NAME_free(y);
	X509_NAME_free(longer);
	X509_NAME_free(others);
}
END_TEST

static Suite *asn1_suite(void)
{
	Suite *suite = suite_create("asn1");
	TCase *tc = tcase_create("asn1");

	tcase_add_loop_test(tc, test_template_round_trip, 0, ARRAY_LEN(types));
	tcase_add_test(tc, test_cert_template_fields_rfc4211_5);
	tcase_add_loop_test(tc, test_encoding_x690_10_11, 0, ARRAY_LEN(encodings));
	tcase_add_loop_test(tc, test_proof_of_possession_rfc4211_4, 0, ARRAY_LEN(popos));
	tcase_add_loop_test(tc, test_body_rfc4210_5_1_2, 0, ARRAY_LEN(bodies));
	tcase_add_test(tc, test_body_names_rfc4210_5_1_2);
	tcase_add_test(tc, test_register_request_minimal);
	tcase_add_test(tc, test_cmf_objects);
	tcase_add_test(tc, test_p10_extensions_rfc2985_5_4_2);
	tcase_add_loop_test(tc, test_certificate_build_rfc5280_4_1, 0, 3);
	tcase_add_loop_test(tc, test_certificate_serial_rfc5280_4_1_2_2, 0, ARRAY_LEN(serials));
	tcase_add_test(tc, test_certificate_view);
	tcase_add_loop_test(tc, rfc5280_7_1_name_differs, 0, ARRAY_LEN(name_pairs));
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(asn1_suite, SUITE_FORKS)
