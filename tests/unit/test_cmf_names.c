// SPDX-License-Identifier: Apache-2.0
/*
 * Names in requests: what the certificate gets, and that no VNFM gets the name of another's entity,
 * however it is written.
 */
#include "cmf_world.h"
#include "suite.h"

#include <openssl/x509v3.h>
#include <string.h>

static void register_profile(const char *client, const char *id, const char *profile)
{
	struct cmf_principal who = principal_of(client);
	const struct cmf_register request = {.has_cert_type = true,
					     .cert_type = CERT_TYPE_VNFCI,
					     .subject_ids = &id,
					     .n_subject_ids = 1,
					     .handling = CERT_HANDLING_DELEGATION,
					     .profile = profile};

	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	cmf_principal_clear(&who);
}

/* One character more than a CN holds, RFC 5280 A.1; characters that a URN has escaped. */
#define EIGHT               "abcdefgh"
#define LONG_ID             EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT "x"
#define LONG_ID_WITH_COLONS LONG_ID ":1%"

static void setup(void)
{
	world_setup();
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "a.b");
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "a:1");
	register_ok("vnfm-a", CERT_TYPE_MANO, "nfvo.example.net");
	register_ok("vnfm-a", CERT_TYPE_VNF_OAM, "oam-a");
	register_ok("vnfm-c", CERT_TYPE_VNFCI, "vnfci-b");
	/* Registered by vnfm-a after vnfm-c had the first label. */
	register_ok("vnfm-c", CERT_TYPE_VNFCI, "host");
	register_profile("vnfm-c", "any-b", "vnfci-any");
	register_profile("vnfm-c", "nocn-b", "vnfci-nocn");
	register_profile("vnfm-c", "uris b", "vnfci-uris");
	register_profile("vnfm-c", "any-uri", "vnfci-any-uri");
	register_ok("vnfm-c", CERT_TYPE_VNFCI, LONG_ID);
	register_ok("vnfm-c", CERT_TYPE_VNFCI, LONG_ID_WITH_COLONS);
}

/* --- names as text --- */

static const struct name_case {
	const char *name;
	const char *client;
	struct csr_spec ask;
	const char *reason;
	/* granted: */
	const char *subject; /* RFC 2253 */
	const char *san;
	const char *mods;
} cases[] =
	{
#define VNFCI .profile = {"VnfciCert"}
#define MANO  .profile = {"ManoCert"}
#define B     "vnfm-c", .ask = {VNFCI, .vnfc_id = {"vnfci-b"}
		/* What is granted. */
		{"CN", B, .subject = "/CN=vnfci-b"},
		"none",
		"CN=vnfci-b",
		"",
		""},
  {"CN as it is spelt", B, .subject = "/CN=VNFCI-b"}, "none", "CN=VNFCI-b", "", ""
}
, {"no subject: the id", B}, "none", "CN=vnfci-b", "", ""
}
, {"allowed attributes", B, .subject = "/O=net/OU=x/CN=vnfci-b"}, "none", "CN=vnfci-b,OU=x,O=net",
	"", ""
}
, {"attributes without CN", B, .subject = "/O=net"}, "none", "CN=vnfci-b,O=net", "",
	"CN added to the subject"
}
, {"others are left out", B, .subject = "/C=DE/O=net/emailAddress=a@b/CN=vnfci-b/L=x"}, "none",
	"CN=vnfci-b,O=net", "",
	"subject attribute left out: C; subject attribute left out: emailAddress; "
	"subject attribute left out: L"
}
, {"dNSNames of the id", B, .san = "DNS:vnfci-b,DNS:vnfci-b.example.net"}, "none", "CN=vnfci-b",
	"DNS:vnfci-b, DNS:vnfci-b.example.net", ""
}
, {"its URI", B, .san = "URI:urn:etsi:nfv:vnfci:vnfci-b"}, "none", "CN=vnfci-b",
	"URI:urn:etsi:nfv:vnfci:vnfci-b", ""
}
, {"addresses in the ranges", B, .san = "IP:10.1.0.0,IP:10.1.15.255,IP:fd00:1:7fff::1"}, "none",
	"CN=vnfci-b",
	"IP Address:10.1.0.0, IP Address:10.1.15.255, IP Address:FD00:1:7FFF:0:0:0:0:1", ""
}
,
	{"MANO: dNSName is added",
	 "vnfm-a",
	 .ask = {MANO, .subject = "/CN=nfvo.example.net"},
	 "none",
	 "CN=nfvo.example.net",
	 "DNS:nfvo.example.net",
	 ""},
	{"MANO: CN is added",
	 "vnfm-a",
	 .ask = {MANO, .san = "DNS:nfvo.example.net"},
	 "none",
	 "CN=nfvo.example.net",
	 "DNS:nfvo.example.net",
	 ""},
	{"MANO: both are there",
	 "vnfm-a",
	 .ask = {MANO, .subject = "/CN=nfvo.example.net", .san = "DNS:NFVO.example.net"},
	 "none",
	 "CN=nfvo.example.net",
	 "DNS:NFVO.example.net",
	 ""},
	{"an id that is no host name",
	 "vnfm-a",
	 .ask = {VNFCI, .subject = "/CN=a:1"},
	 "none",
	 "CN=a:1",
	 "",
	 ""},
	{"profile without CN",
	 "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"nocn-b"}, .subject = "/CN=nocn-b", .san = "DNS:nocn-b"},
	 "none",
	 "",
	 "DNS:nocn-b",
	 "subject attribute left out: CN; extension critical: subjectAltName"},
	{"any CN",
	 "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"any-b"}, .subject = "/CN=some host", .san = "DNS:x.y.z"},
	 "none",
	 "CN=some host",
	 "DNS:x.y.z",
	 ""},
	{"any CN, none asked for",
	 "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"any-b"}},
	 "none",
	 "CN=any-b",
	 "",
	 ""},
	{"any CN, a SAN is enough",
	 "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"any-b"}, .san = "DNS:x.y.z"},
	 "none",
	 "",
	 "DNS:x.y.z",
	 "extension critical: subjectAltName"},

	/* Without any other name it says which VNFCI it is for. */
	{"RFC 5280 A.1 a subjectId that no CN holds",
	 "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {LONG_ID}},
	 "none",
	 "",
	 "URI:urn:etsi:nfv:vnfci:" LONG_ID,
	 ""},
	{"RFC 3986 2.3 and its characters",
	 "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {LONG_ID_WITH_COLONS}},
	 "none",
	 "",
	 "URI:urn:etsi:nfv:vnfci:" LONG_ID "%3A1%25",
	 ""},
	{"RFC 5280 A.1 an attribute that names nobody beside it",
	 "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {LONG_ID}, .subject = "/O=x"},
	 "none",
	 "O=x",
	 "URI:urn:etsi:nfv:vnfci:" LONG_ID,
	 ""},
	{"RFC 5280 A.1 a SAN that names it",
	 "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {LONG_ID}, .san = "URI:urn:etsi:nfv:vnfci:" LONG_ID},
	 "none",
	 "",
	 "URI:urn:etsi:nfv:vnfci:" LONG_ID,
	 "extension critical: subjectAltName"},

	/* Subjects of others. */
	{"another's CN", B, .subject = "/CN=vnfci-a"}, "template_subject_not_allowed"
}
, {"CN with more behind", B, .subject = "/CN=vnfci-b.example.net"}, "template_subject_not_allowed"
}
, {"two CNs", B, .subject = "/CN=vnfci-b/CN=vnfci-a"}, "template_subject_not_allowed"
}
, {"two CNs, the other first", B, .subject = "/CN=vnfci-a/CN=vnfci-b"},
	"template_subject_not_allowed"
}
, {"CN with a blank", B, .subject = "/CN=vnfci-b "}, "template_subject_not_allowed"
}
, {"CN as wildcard", B, .subject = "/CN=*"}, "template_subject_not_allowed"
}
,
	{"any CN but another's id", "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"any-b"}, .subject = "/CN=vnfci-a"},
	 "template_subject_not_allowed"},
	{"any CN but another's in capitals", "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"any-b"}, .subject = "/CN=VNFCI-A"},
	 "template_subject_not_allowed"},
	{"any CN but another's FQDN", "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"any-b"}, .subject = "/CN=nfvo.example.net"},
	 "template_subject_not_allowed"},
	{"any CN but another's label", "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"any-b"}, .subject = "/CN=vnfci-a.example.net"},
	 "template_subject_not_allowed"},
	{"nothing is left", "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"nocn-b"}, .subject = "/CN=nocn-b"}, "template_subject_empty"},
	{"RFC 5280 4.1.2.6 empty subject without SAN", "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"nocn-b"}}, "template_subject_empty"},

	/* dNSNames of others. */
	{"another's dNSName", B, .san = "DNS:vnfci-a"}, "template_san_not_allowed"
}
, {"one among good ones", B, .san = "DNS:vnfci-b,DNS:vnfci-a"}, "template_san_not_allowed"
}
, {"id not as first label", B, .san = "DNS:x.vnfci-b"}, "template_san_not_allowed"
}
, {"id as the beginning of a label", B, .san = "DNS:vnfci-b2.example.net"},
	"template_san_not_allowed"
}
, {"wildcard", B, .san = "DNS:*.vnfci-b"}, "template_san_not_allowed"
}
, {"wildcard behind the id", B, .san = "DNS:vnfci-b.*"}, "template_san_not_allowed"
}
, {"trailing dot", B, .san = "DNS:vnfci-b.example.net."}, "template_san_not_allowed"
}
, {"empty label", B, .san = "DNS:vnfci-b..net"}, "template_san_not_allowed"
}
, {"underscore", B, .san = "DNS:vnfci-b.exa_mple.net"}, "template_san_not_allowed"
}
,
	{"MANO: another FQDN", "vnfm-a",
	 .ask = {MANO, .subject = "/CN=nfvo.example.net", .san = "DNS:vnfm.example.net"},
	 "template_san_not_allowed"},
	{"an id with a dot has no labels", "vnfm-a",
	 .ask = {VNFCI, .subject = "/CN=a.b", .san = "DNS:a.b.example.net"},
	 "template_san_not_allowed"},
	{"any dNSName but another's", "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"any-b"}, .san = "DNS:nfvo.example.net"},
	 "template_san_not_allowed"},
	{"any dNSName but another's label", "vnfm-c",
	 .ask = {VNFCI, .vnfc_id = {"any-b"}, .san = "DNS:Vnfci-A.example.net"},
	 "template_san_not_allowed"},

/* URIs of a profile with `uris`: spiffe://example.net/<vnfInstanceId>/<subjectId>,
 * https://example.net/x/ and anything. */
#define URI(text) .ask = {VNFCI, .vnfc_id = {"uris b"}, .san = "URI:" text}
#define ANY(text) .ask = {VNFCI, .vnfc_id = {"any-uri"}, .san = "URI:" text}
	{"URI with the id, escaped",
	 "vnfm-c",
	 URI("spiffe://example.net//uris%20b"),
	 "none",
	 "CN=uris b",
	 "URI:spiffe://example.net//uris%20b",
	 ""},
	{"URI of an open pattern",
	 "vnfm-c",
	 URI("https://example.net/x/y?z"),
	 "none",
	 "CN=uris b",
	 "URI:https://example.net/x/y?z",
	 ""},
	{"URI of an open pattern, empty",
	 "vnfm-c",
	 URI("https://example.net/x/"),
	 "none",
	 "CN=uris b",
	 "URI:https://example.net/x/",
	 ""},
	{"URI with the id of another", "vnfm-c", URI("spiffe://example.net//any-b"),
	 "template_san_not_allowed"},
	{"URI with more behind the id", "vnfm-c", URI("spiffe://example.net//uris%20b/x"),
	 "template_san_not_allowed"},
	{"URI with less than the id", "vnfm-c", URI("spiffe://example.net//uris%20"),
	 "template_san_not_allowed"},
	{"URI that leads out of the pattern", "vnfm-c", URI("https://example.net/x/../y"),
	 "template_san_not_allowed"},
	{"URI in other letters", "vnfm-c", URI("https://EXAMPLE.net/x/y"),
	 "template_san_not_allowed"},
	{"the VNFCI's URI is not among them", "vnfm-c", URI("urn:etsi:nfv:vnfci:uris%20b"),
	 "template_san_not_allowed"},
	{"any URI", "vnfm-c",     ANY("tag:example.org:x"),
	 "none",    "CN=any-uri", "URI:tag:example.org:x",
	 ""},
	{"any URI with a host",
	 "vnfm-c",
	 ANY("https://[2001:db8::1]:8443/"),
	 "none",
	 "CN=any-uri",
	 "URI:https://[2001:db8::1]:8443/",
	 ""},
	{"any URI but its VNFCI's", "vnfm-c", ANY("urn:etsi:nfv:vnfci:any-uri"),
	 "template_san_not_allowed"},
	{"any URI but another VNFCI's", "vnfm-c", ANY("URN:ETSI:nfv:vnfci:vnfci-a"),
	 "template_san_not_allowed"},
	{"any URI but on another's host", "vnfm-c", ANY("https://nfvo.example.net/"),
	 "template_san_not_allowed"},
	{"any URI but on a host with another's label", "vnfm-c",
	 ANY("https://VNFCI-a.example.net:8443/"), "template_san_not_allowed"},
	{"any URI that is one", "vnfm-c", ANY("https://a@b/"), "template_san_not_allowed"},

	/* Other names. */
	{"another's URI", B, .san = "URI:urn:etsi:nfv:vnfci:vnfci-a"}, "template_san_not_allowed"
}
, {"another URI", B, .san = "URI:https://vnfci-b/"}, "template_san_not_allowed"
}
,
	{"a URI where the profile has none", "vnfm-a",
	 .ask = {.profile = {"VnfOAMCert"},
		 .subject = "/CN=oam-a",
		 .san = "URI:urn:etsi:nfv:vnfci:oam-a"},
	 "template_san_not_allowed"},
	{"address outside", B, .san = "IP:10.1.16.0"}, "template_san_not_allowed"
}
, {"address far outside", B, .san = "IP:192.0.2.1"}, "template_san_not_allowed"
}
, {"IPv6 address outside", B, .san = "IP:fd00:1:8000::1"}, "template_san_not_allowed"
}
, {"IPv4-mapped address", B, .san = "IP:::ffff:10.1.0.1"}, "template_san_not_allowed"
}
, {"mail", B, .san = "email:vnfci-b@example.net"}, "template_san_not_allowed"
}
, {"registeredID", B, .san = "RID:1.2.3.4"}, "template_san_not_allowed"
}
, {"otherName", B, .san = "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:vnfci-a"},
	"template_san_not_allowed"
}
,

	/* Octets that text cannot show. */
	{"dNSName with NUL", B, .san_hex = "300e820c766e6663692d62002e6e6574"}, /* vnfci-b\0.net */
	"template_san_not_allowed"
}
, {"dNSName that ends in NUL", B, .san_hex = "300a8208766e6663692d6200"}, "template_san_not_allowed"
}
, {"empty dNSName", B, .san_hex = "30028200"}, "template_san_not_allowed"
}
,
	{"URI with NUL", B,
	 .san_hex = "30248622"
		    "75726e3a657473693a6e66763a766e6663693a766e6663692d6200766e6663692d"
		    "61"}, /* ...vnfci-b\0vnfci-a */
	"template_san_not_allowed"
}
, {"address of 5 octets", B, .san_hex = "300787050a01000100"}, "template_san_not_allowed"
}
, {"no names at all", B, .san_hex = "3000"}, "template_malformed"
}
, {"no GeneralNames", B, .san_hex = "0500"}, "template_malformed"
}
, {"octets behind", B, .san_hex = "30098207766e6663692d620500"}, "template_malformed"
}
,
}
;

START_TEST(test_names)
{
	const struct name_case *c = &cases[_i];
	struct cmf_principal who = principal_of(c->client);
	struct world_count before = world_count();
	struct cmf_csr_result result = {0};
	const char *reason = refusal_code(csr(&who, &c->ask, &result));
	char *text;

	ck_assert_msg(strcmp(reason, c->reason) == 0, "%s: %s", c->name, reason);
	cmf_principal_clear(&who);
	if (strcmp(reason, "none") != 0) {
		world_unchanged(before);
		return;
	}
	text = certificate_subject(octets_view(&result.der));
	ck_assert_msg(strcmp(text, c->subject) == 0, "%s: %s", c->name, text);
	free(text);
	text = certificate_san(octets_view(&result.der));
	ck_assert_msg(strcmp(text, c->san) == 0, "%s: %s", c->name, text);
	free(text);
	ck_assert_msg(strcmp(result.mods ? result.mods : "", c->mods) == 0, "%s: %s", c->name,
		      result.mods);
	cmf_csr_result_clear(&result);
}
END_TEST

/* --- names in odd encodings --- */

struct attribute {
	int nid;
	int type; /* of the string */
	struct bytes value;
	int set; /* 0: an RDN of its own, -1: with the one before */
};

#define VALUE(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct encoding_case {
	const char *name;
	struct attribute attribute[3];
	const char *reason;
	const char *subject;
} encodings[] = {
	{"PrintableString",
	 {{NID_commonName, V_ASN1_PRINTABLESTRING, VALUE("vnfci-b"), 0}},
	 "none",
	 "CN=vnfci-b"},
	{"UTF8String",
	 {{NID_commonName, V_ASN1_UTF8STRING, VALUE("vnfci-b"), 0}},
	 "none",
	 "CN=vnfci-b"},
	{"BMPString",
	 {{NID_commonName, V_ASN1_BMPSTRING, VALUE("\0v\0n\0f\0c\0i\0-\0b"), 0}},
	 "template_subject_string_type",
	 NULL},
	{"BMPString whose octets read as the id",
	 {{NID_commonName, V_ASN1_BMPSTRING, VALUE("vnfci-b\0"), 0}},
	 "template_subject_string_type",
	 NULL},
	{"TeletexString",
	 {{NID_commonName, V_ASN1_T61STRING, VALUE("vnfci-b"), 0}},
	 "template_subject_string_type",
	 NULL},
	{"NUL inside",
	 {{NID_commonName, V_ASN1_UTF8STRING, VALUE("vnfci-b\0.x"), 0}},
	 "template_subject_attribute",
	 NULL},
	{"NUL at the end",
	 {{NID_commonName, V_ASN1_UTF8STRING, VALUE("vnfci-b\0"), 0}},
	 "template_subject_attribute",
	 NULL},
	{"empty",
	 {{NID_commonName, V_ASN1_UTF8STRING, VALUE(""), 0}},
	 "template_subject_attribute",
	 NULL},
	{"two CNs in one RDN",
	 {{NID_commonName, V_ASN1_UTF8STRING, VALUE("vnfci-b"), 0},
	  {NID_commonName, V_ASN1_UTF8STRING, VALUE("vnfci-a"), -1}},
	 "template_subject_not_allowed",
	 NULL},
	{"CN beside an allowed attribute",
	 {{NID_organizationName, V_ASN1_UTF8STRING, VALUE("net"), 0},
	  {NID_commonName, V_ASN1_UTF8STRING, VALUE("vnfci-b"), -1}},
	 "none",
	 "CN=vnfci-b+O=net"},
	{"CN beside one that is not",
	 {{NID_serialNumber, V_ASN1_PRINTABLESTRING, VALUE("vnfci-a"), 0},
	  {NID_commonName, V_ASN1_UTF8STRING, VALUE("vnfci-b"), -1}},
	 "none",
	 "CN=vnfci-b"},
	{"an RDN that is not allowed between two that are",
	 {{NID_organizationName, V_ASN1_UTF8STRING, VALUE("net"), 0},
	  {NID_userId, V_ASN1_UTF8STRING, VALUE("vnfci-a"), 0},
	  {NID_commonName, V_ASN1_UTF8STRING, VALUE("vnfci-b"), 0}},
	 "none",
	 "CN=vnfci-b,O=net"},
	{"attribute with a control character",
	 {{NID_commonName, V_ASN1_UTF8STRING, VALUE("vnfci-b"), 0},
	  {NID_organizationName, V_ASN1_UTF8STRING, VALUE("a\nCN=vnfci-a"), 0}},
	 "none",
	 "CN=vnfci-b"},
	{"attribute as BMPString",
	 {{NID_commonName, V_ASN1_UTF8STRING, VALUE("vnfci-b"), 0},
	  {NID_organizationName, V_ASN1_BMPSTRING, VALUE("\0n\0e\0t"), 0}},
	 "none",
	 "CN=vnfci-b"},
};

static X509_NAME *name_of(const struct attribute *attribute, size_t max)
{
	X509_NAME *name = X509_NAME_new();

	for (size_t i = 0; i < max && attribute[i].nid; i++) {
		X509_NAME_ENTRY *entry = X509_NAME_ENTRY_new();
		ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);

		/* Set by hand: OpenSSL would choose a better type. */
		X509_NAME_ENTRY_set_object(entry, OBJ_nid2obj(attribute[i].nid));
		X509_NAME_ENTRY_set_data(entry, V_ASN1_UTF8STRING, (const unsigned char *)"x", 1);
		value = X509_NAME_ENTRY_get_data(entry);
		ASN1_STRING_set(value, attribute[i].value.data, (int)attribute[i].value.len);
		value->type = attribute[i].type;
		ck_assert_int_eq(X509_NAME_add_entry(name, entry, -1, attribute[i].set), 1);
		X509_NAME_ENTRY_free(entry);
	}
	return name;
}

START_TEST(test_subject_encodings_rfc5280_4_1_2_4)
{
	const struct encoding_case *c = &encodings[_i];
	struct cmf_principal who = principal_of("vnfm-c");
	struct world_count before = world_count();
	const struct csr_spec ask = {.subject_raw = name_of(c->attribute, ARRAY_LEN(c->attribute)),
				     VNFCI,
				     .vnfc_id = {"vnfci-b"}};
	struct cmf_csr_result result = {0};
	const char *reason = refusal_code(csr(&who, &ask, &result));
	char *text;

	ck_assert_msg(strcmp(reason, c->reason) == 0, "%s: %s", c->name, reason);
	cmf_principal_clear(&who);
	if (!c->subject) {
		world_unchanged(before);
		return;
	}
	text = certificate_subject(octets_view(&result.der));
	ck_assert_msg(strcmp(text, c->subject) == 0, "%s: %s", c->name, text);
	free(text);
	cmf_csr_result_clear(&result);
}
END_TEST

/* What is granted as a whole keeps the encoding of the request. */
START_TEST(test_subject_keeps_its_encoding)
{
	static const struct attribute attributes[] = {
		{NID_commonName, V_ASN1_PRINTABLESTRING, VALUE("vnfci-b"), 0},
		{NID_organizationName, V_ASN1_UTF8STRING, VALUE("n\xc3\xa4t"), 0},
		{0, 0, VALUE(""), 0}};
	X509_NAME *expected = name_of(attributes, 2);
	struct cmf_principal who = principal_of("vnfm-c");
	const struct csr_spec ask = {.subject_raw = name_of(attributes, 2), VNFCI};
	struct cmf_csr_result result = {0};
	struct certificate_view view;
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(expected, &der);

	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	ck_assert_int_eq(certificate_view(octets_view(&result.der), &view), 0);
	ck_assert(bytes_equal(view.subject, (struct bytes){der, (size_t)len}));
	OPENSSL_free(der);
	X509_NAME_free(expected);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

START_TEST(test_subject_with_too_many_attributes)
{
	X509_NAME *name = X509_NAME_new();
	const struct csr_spec ask = {.subject_raw = name, VNFCI};
	struct world_count before = world_count();

	for (int i = 0; i < 40; i++)
		X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"x", -1,
					   -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"vnfci-b", -1,
				   -1, 0);
	ck_assert_str_eq(refusal_code(csr_as("vnfm-c", &ask)), "template_subject_not_allowed");
	world_unchanged(before);
}
END_TEST

/* vnfm-a had the name first: then the label of vnfm-c's entity does not reach it. */
START_TEST(test_name_registered_before_its_label)
{
	const struct csr_spec ask = {.subject = "/CN=late", VNFCI, .san = "DNS:late.example.net"};

	register_ok("vnfm-a", CERT_TYPE_MANO, "late.example.net");
	register_ok("vnfm-c", CERT_TYPE_VNFCI, "late");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-c", &ask)), "template_san_not_allowed");
	ck_assert_int_eq(world_count().certificates, 0);
}
END_TEST

/* A certificate without subject has a critical SAN: RFC 5280 4.1.2.6. */
START_TEST(test_san_critical_without_subject_rfc5280_4_1_2_6)
{
	struct cmf_principal who = principal_of("vnfm-c");
	const struct csr_spec ask = {VNFCI, .vnfc_id = {"nocn-b"}, .san = "DNS:nocn-b"};
	struct cmf_csr_result result = {0};
	struct certificate_view view;
	struct bytes value;
	bool critical;

	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	ck_assert_int_eq(certificate_view(octets_view(&result.der), &view), 0);
	ck_assert_int_eq(certificate_extension(&view, NID_subject_alt_name, &value, &critical), 0);
	ck_assert(critical);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

static Suite *cmf_names_suite(void)
{
	Suite *suite = suite_create("cmf_names");
	TCase *tc = tcase_create("names");

	tcase_add_checked_fixture(tc, setup, world_teardown);
	tcase_add_loop_test(tc, test_names, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(tc, test_subject_encodings_rfc5280_4_1_2_4, 0, ARRAY_LEN(encodings));
	tcase_add_test(tc, test_subject_keeps_its_encoding);
	tcase_add_test(tc, test_subject_with_too_many_attributes);
	tcase_add_test(tc, test_name_registered_before_its_label);
	tcase_add_test(tc, test_san_critical_without_subject_rfc5280_4_1_2_6);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_names_suite, SUITE_FORKS)
