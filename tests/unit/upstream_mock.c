// SPDX-License-Identifier: Apache-2.0
/* See upstream_mock.h. */
#include "upstream_mock.h"

#include "asn1/der.h"
#include "asn1/pkimessage.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

static struct upstream_mock *mock_of(OSSL_CMP_SRV_CTX *server)
{
	return OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
}

/* --- certificates --- */

static CertReqMsg *cert_req_msg(const OSSL_CRMF_MSG *crm)
{
	uint8_t *der = NULL;
	int len = i2d_OSSL_CRMF_MSG(crm, &der);
	const uint8_t *p = der;
	CertReqMsg *msg = d2i_CertReqMsg(NULL, &p, len);

	ck_assert_ptr_nonnull(msg);
	OPENSSL_free(der);
	return msg;
}

static EVP_PKEY *key_of(const SubjectPublicKeyInfo *spki)
{
	uint8_t *der = NULL;
	int len = i2d_SubjectPublicKeyInfo(spki, &der);
	const uint8_t *p = der;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, len);

	ck_assert_ptr_nonnull(key);
	OPENSSL_free(der);
	return key;
}

const char *const mock_serials[] = {
	"00",
	"01",
	"7F",
	"80",
	"9F",
	"FF",
	"-01",
	"-80",
	"7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",   /* the largest that conforms */
	"8000000000000000000000000000000000000000",   /* 20 octets, and one for the sign */
	"9F00FFEEDDCCBBAA99887766554433221100FFEE",   /* likewise */
	"010000000000000000000000000000000000000000", /* 21 */
	"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", /* 21, and one for the sign */
	"-FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
};
const size_t mock_serials_len = ARRAY_LEN(mock_serials);

#define DNS  "DNS:vnfci-1.example.net"
#define THEY "the upstream CA changed: "

/* The request is for CN=vnfci-1 and DNS. */
const struct mock_change mock_changes[] = {
	{NULL},
	{.mods = "as we like it"},
	{.subject = "/O=Other/CN=vnfci-1", .words = THEY "subject"},
	{.subject = "/O=Other/CN=vnfci-1", .mods = "O added", .words = THEY "subject"},
	{.subject = "/CN=VNFCI-1"},
	{.subject = "/O=Other", .words = THEY "subject"},
	{.subject = "", .words = THEY "subject"},
	{.subject = "/CN=vnfci-1.example.net", .words = THEY "subject"},
	{.subject = "/CN=vnfci-1/serialNumber=7",
	 .san = DNS ",DNS:vnfci-1",
	 .words = THEY "subject, subjectAltName"},
	{.san = "", .words = THEY "subjectAltName"},
	{.san = "DNS:VNFCI-1.example.net"},
	{.subject = "/CN=admin", .reason = REFUSAL_upstream_cert_names},
	{.subject = "/CN=admin", .san = "", .reason = REFUSAL_upstream_cert_names},
	{.subject = "/CN=vnfci-1/CN=admin", .reason = REFUSAL_upstream_cert_names},
	{.subject = "/CN=vnfci-10", .reason = REFUSAL_upstream_cert_names},
	{.subject = "/O=Other", .san = "", .reason = REFUSAL_upstream_cert_names},
	{.san = "DNS:admin.example.net", .reason = REFUSAL_upstream_cert_names},
	{.san = DNS ",IP:10.0.0.1", .reason = REFUSAL_upstream_cert_names},
	{.san = DNS ",email:vnfci-1@example.net", .reason = REFUSAL_upstream_cert_names},
	{.san = DNS ",URI:urn:vnfci-1", .reason = REFUSAL_upstream_cert_names},
	{.san = "DNS:*.example.net", .mods = "wider", .reason = REFUSAL_upstream_cert_names},
	{.ca_true = true, .reason = REFUSAL_upstream_cert_ca},
	{.exact = true},
	{.exact = true, .subject = "/O=Other/CN=vnfci-1", .reason = REFUSAL_upstream_cert_subject},
	{.exact = true, .san = DNS ",DNS:vnfci-1", .reason = REFUSAL_upstream_cert_subject},
	{.exact = true, .san = "", .reason = REFUSAL_upstream_cert_subject},
};
const size_t mock_changes_len = ARRAY_LEN(mock_changes);

static void subject_set(const struct upstream_mock *m, X509 *cert, const X509_NAME *asked)
{
	X509_NAME *name = m->subject ? X509_NAME_new() : X509_NAME_dup(asked);
	char *copy = strdup(m->subject ? m->subject : ""), *rest = NULL;

	for (char *rdn = strtok_r(copy, "/", &rest); rdn; rdn = strtok_r(NULL, "/", &rest)) {
		char *value = strchr(rdn, '=');

		*value++ = '\0';
		ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, rdn, MBSTRING_UTF8,
							    (const unsigned char *)value, -1, -1,
							    0),
				 1);
	}
	X509_set_subject_name(cert, name);
	X509_NAME_free(name);
	free(copy);
}

static void extension_replace(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext;
	int at = X509_get_ext_by_NID(cert, nid, -1);

	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(cert, at));
	if (*value == '\0')
		return;
	ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	ck_assert_ptr_nonnull(ext);
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
}

static void serial_set(const struct upstream_mock *m, ASN1_INTEGER *serial)
{
	BIGNUM *number = NULL;

	if (!m->serial) {
		ASN1_INTEGER_set(serial, 0x7000 + m->issued);
		return;
	}
	ck_assert_int_gt(BN_hex2bn(&number, m->serial), 0);
	ck_assert_ptr_nonnull(BN_to_ASN1_INTEGER(number, serial));
	BN_free(number);
}

static X509 *issue(struct upstream_mock *m, const X509_NAME *subject, EVP_PKEY *key,
		   const STACK_OF(X509_EXTENSION) * extensions, const CertTemplate *template)
{
	EVP_PKEY *other = pki_key("P-256");
	X509 *cert = X509_new();

	X509_set_version(cert, X509_VERSION_3);
	serial_set(m, X509_get_serialNumber(cert));
	subject_set(m, cert, subject);
	X509_set_issuer_name(cert, X509_get_subject_name(m->f->issuing));
	X509_set_pubkey(cert, m->other_key ? other : key);
	if (template) {
		X509_set1_notBefore(cert, template->validity->notBefore);
		X509_set1_notAfter(cert, template->validity->notAfter);
	} else {
		X509_gmtime_adj(X509_getm_notBefore(cert), 0);
		X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	}
	for (int i = 0; i < sk_X509_EXTENSION_num(extensions); i++)
		X509_add_ext(cert, sk_X509_EXTENSION_value(extensions, i), -1);
	if (m->san)
		extension_replace(cert, NID_subject_alt_name, m->san);
	if (m->ca_true)
		extension_replace(cert, NID_basic_constraints, "critical,CA:TRUE");
	ck_assert_int_gt(X509_sign(cert, m->other_ca ? other : m->f->issuing_key, EVP_sha256()), 0);
	EVP_PKEY_free(other);
	m->issued++;
	X509_free(m->cert);
	m->cert = cert;
	X509_up_ref(cert);
	return cert;
}

static X509 *issue_from_crm(struct upstream_mock *m, const OSSL_CRMF_MSG *crm)
{
	CertReqMsg *msg = cert_req_msg(crm);
	const CertTemplate *template = msg->certReq->certTemplate;
	EVP_PKEY *key = key_of(template->publicKey);
	X509 *cert;

	ck_assert_int_eq(msg->popo->type, POPO_RA_VERIFIED);
	cert = issue(m, template->subject, key, template->extensions, template);
	EVP_PKEY_free(key);
	CertReqMsg_free(msg);
	return cert;
}

static X509 *issue_from_p10(struct upstream_mock *m, const X509_REQ *p10)
{
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions((X509_REQ *)p10);
	X509 *cert = issue(m, X509_REQ_get_subject_name(p10), X509_REQ_get0_pubkey((X509_REQ *)p10),
			   extensions, NULL);

	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return cert;
}

/* --- the server's callbacks --- */

static OSSL_CMP_PKISI *status(int pki_status, int failinfo)
{
	return OSSL_CMP_STATUSINFO_new(
		pki_status, pki_status == OSSL_CMP_PKISTATUS_rejection ? 1 << failinfo : 0, NULL);
}

static OSSL_CMP_PKISI *on_request(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request, int id,
				  const OSSL_CRMF_MSG *crm, const X509_REQ *p10, X509 **certp,
				  STACK_OF(X509) * *chainp, STACK_OF(X509) * *caPubsp)
{
	struct upstream_mock *m = mock_of(server);

	*certp = NULL;
	*chainp = *caPubsp = NULL;
	if (m->fail)
		return NULL;
	if (m->polls > 0 && !m->polled) {
		m->polled = OSSL_CMP_MSG_dup(request);
		return status(OSSL_CMP_PKISTATUS_waiting, 0);
	}
	if (m->reject)
		return status(OSSL_CMP_PKISTATUS_rejection, m->failinfo);
	*certp = crm ? issue_from_crm(m, crm) : issue_from_p10(m, p10);
	if (m->mods)
		return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_grantedWithMods, 0, m->mods);
	return status(OSSL_CMP_PKISTATUS_accepted, 0);
}

static int on_poll(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request, int id,
		   OSSL_CMP_MSG **certReqp, int64_t *check_afterp)
{
	struct upstream_mock *m = mock_of(server);

	*certReqp = NULL;
	*check_afterp = m->check_after_s;
	if (--m->polls <= 0)
		*certReqp = OSSL_CMP_MSG_dup(m->polled);
	return 1;
}

static int on_cert_conf(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request, int id,
			const ASN1_OCTET_STRING *hash, const OSSL_CMP_PKISI *si)
{
	struct upstream_mock *m = mock_of(server);
	char text[OSSL_CMP_PKISI_BUFLEN] = "";

	if (si)
		OSSL_CMP_snprint_PKIStatusInfo(si, text, sizeof(text));
	if (strstr(text, "rejection"))
		m->refused++;
	else
		m->confirmed++;
	return 1;
}

static OSSL_CMP_PKISI *on_revoke(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request,
				 const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
	struct upstream_mock *m = mock_of(server);

	ck_assert_int_eq(X509_NAME_cmp(issuer, X509_get_subject_name(m->f->issuing)), 0);
	if (m->cert)
		ck_assert_int_eq(ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(m->cert)), 0);
	if (m->rr_status == OSSL_CMP_PKISTATUS_accepted)
		m->revoked++;
	return m->rr_failinfo ? OSSL_CMP_STATUSINFO_new(m->rr_status, 1 << m->failinfo, NULL)
			      : status(m->rr_status, m->failinfo);
}

static int on_genm(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request,
		   const STACK_OF(OSSL_CMP_ITAV) * in, STACK_OF(OSSL_CMP_ITAV) * *outp)
{
	return 0;
}

static void on_error(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request,
		     const OSSL_CMP_PKISI *si, const ASN1_INTEGER *code,
		     const OSSL_CMP_PKIFREETEXT *details)
{
}

/* --- transfer --- */

static void serve(struct upstream_mock *m, struct bytes request, struct octets *answerp)
{
	const uint8_t *p = request.data;
	OSSL_CMP_MSG *message = d2i_OSSL_CMP_MSG(NULL, &p, (long)request.len);
	OSSL_CMP_MSG *answer = OSSL_CMP_SRV_process_request(m->server, message);
	uint8_t *der = NULL;
	int len = i2d_OSSL_CMP_MSG(answer, &der);

	ck_assert_int_gt(len, 0);
	OK(octets_dup((struct bytes){der, (size_t)len}, answerp));
	OPENSSL_free(der);
	OSSL_CMP_MSG_free(message);
	OSSL_CMP_MSG_free(answer);
	ERR_clear_error();
}

static const struct octets *answer_to(struct upstream_mock *m, struct bytes request)
{
	struct mock_exchange *e;

	for (size_t i = 0; i < m->n_seen && !m->forget; i++) {
		if (bytes_equal(octets_view(&m->seen[i].request), request))
			return &m->seen[i].answer;
	}
	ck_assert_uint_lt(m->n_seen, ARRAY_LEN(m->seen));
	e = &m->seen[m->n_seen++];
	OK(octets_dup(request, &e->request));
	serve(m, request, &e->answer);
	return &e->answer;
}

/* They are not protected. */
static void extra_certs_drop(struct octets *answer)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	struct bytes in = octets_view(answer), parts, tlv, content, last;
	uint8_t tag;

	ck_assert_int_eq(der_next(&in, &tag, &tlv, &parts), 0);
	in = parts;
	/* They come last. */
	while (der_next(&in, &tag, &last, &content) == 0)
		;
	if (tag == 0xa1)
		parts.len -= last.len;
	der_put_value(&w, 0x30, parts);
	octets_clear(answer);
	OK(der_writer_take(&w, answer));
}

int mock_transfer(void *arg, const struct ca_transfer_options *options, struct bytes request,
		  struct octets *answerp)
{
	struct upstream_mock *m = arg;
	const struct octets *answer;
	int n = ++m->transfers;

	ck_assert_int_gt(options->timeout_ms, 0);
	if (m->before)
		m->before(m);
	if (m->unreachable)
		return -ECONNREFUSED;
	if (m->not_found)
		return -EREMOTEIO;
	if (m->lose_at == n && m->lose == MOCK_LOSE_REQUEST)
		return -ETIMEDOUT;
	answer = answer_to(m, request);
	if (m->lose_at == n && m->lose == MOCK_LOSE_ANSWER)
		return -ETIMEDOUT;
	OK(octets_dup(octets_view(answer), answerp));
	if (m->bare)
		extra_certs_drop(answerp);
	if (m->forge)
		answerp->data[m->forge_at ? m->forge_at : answerp->len / 2] ^= 1;
	if (m->cut_to)
		answerp->len = m->cut_to;
	return 0;
}

/* --- beginning and end --- */

static X509 *end_entity(struct upstream_mock *m, const char *subject, EVP_PKEY *key)
{
	return pki_cert(&(struct pki_spec){.subject = subject,
					   .key = key,
					   .issuer = m->f->root,
					   .issuer_key = m->f->root_key,
					   .key_usage = "critical,digitalSignature",
					   .ext_key_usage = m->server_roles,
					   .not_before_ms = m->f->now_ms - DAY_MS,
					   .not_after_ms = m->f->now_ms + 10LL * DAY_MS});
}

static void server_begin(struct upstream_mock *m, bool mac)
{
	OSSL_CMP_CTX *context;
	X509_STORE *trusted = X509_STORE_new();

	m->server = OSSL_CMP_SRV_CTX_new(NULL, NULL);
	ck_assert_int_eq(OSSL_CMP_SRV_CTX_init(m->server, m, on_request, on_revoke, on_genm,
					       on_error, on_cert_conf, on_poll),
			 1);
	OSSL_CMP_SRV_CTX_set_accept_raverified(m->server, 1);
	context = OSSL_CMP_SRV_CTX_get0_cmp_ctx(m->server);
	OSSL_CMP_CTX_set_option(context, OSSL_CMP_OPT_LOG_VERBOSITY, OSSL_CMP_LOG_EMERG);
	X509_STORE_add_cert(trusted, m->f->root);
	OSSL_CMP_CTX_set0_trustedStore(context, trusted);
	OSSL_CMP_CTX_set1_cert(context, m->server_cert);
	if (mac) {
		OSSL_CMP_CTX_set1_referenceValue(context, (const unsigned char *)"ra-1", 4);
		OSSL_CMP_CTX_set1_secretValue(context, (const unsigned char *)"top secret", 10);
	} else {
		OSSL_CMP_CTX_set1_pkey(context, m->server_key);
	}
}

void mock_begin(struct upstream_mock *m, struct ca_fixture *f, bool mac)
{
	struct conf_ca *conf = &f->conf_ca;

	fixture_begin(f, CONF_CA_UPSTREAM, "P-256");
	*m = (struct upstream_mock){
		.f = f, .server_roles = "cmcCA", .check_after_s = MOCK_PAUSE_MS / 1000};
	request_begin(&m->rq, f);
	m->server_key = pki_key("P-256");
	m->server_cert = end_entity(m, "/CN=Upstream", m->server_key);
	m->ra_key = pki_key("P-256");
	m->ra_cert = end_entity(m, "/CN=RA", m->ra_key);
	conf->server_url = (char *)"http://upstream.example/.well-known/cmp";
	conf->recipient = conf->expect_sender = fixture_dn(f, "/CN=Upstream");
	conf->trusted = fixture_path(f, "root.pem");
	if (mac) {
		conf->ra_reference = (char *)"ra-1";
		conf->ra_secret_file = fixture_path(f, "ra.secret");
		write_text(conf->ra_secret_file, "top secret\n");
	} else {
		conf->ra_certificate = fixture_path(f, "ra.pem");
		conf->ra_key = fixture_path(f, "ra.key");
		pki_certs_write(conf->ra_certificate, m->ra_cert, NULL);
		pki_key_write(conf->ra_key, m->ra_key, NULL);
	}
	conf->upstream_wait_ms = MOCK_PATIENCE_MS;
	conf->upstream_retry_ms = MOCK_PAUSE_MS;
	server_begin(m, mac);
}

void mock_certify(struct upstream_mock *m, const char *roles)
{
	X509_free(m->server_cert);
	m->server_roles = roles;
	m->server_cert = end_entity(m, "/CN=Upstream", m->server_key);
	OSSL_CMP_CTX_set1_cert(OSSL_CMP_SRV_CTX_get0_cmp_ctx(m->server), m->server_cert);
}

void mock_load(struct upstream_mock *m)
{
	fixture_load(m->f);
	ca_set_transfer(m->f->ca, mock_transfer, m);
}

void mock_restart(struct upstream_mock *m)
{
	fixture_restart(m->f);
	ca_set_transfer(m->f->ca, mock_transfer, m);
}

void mock_end(struct upstream_mock *m)
{
	for (size_t i = 0; i < m->n_seen; i++) {
		octets_clear(&m->seen[i].request);
		octets_clear(&m->seen[i].answer);
	}
	request_end(&m->rq);
	OSSL_CMP_SRV_CTX_free(m->server);
	OSSL_CMP_MSG_free(m->polled);
	X509_free(m->cert);
	X509_free(m->server_cert);
	X509_free(m->ra_cert);
	EVP_PKEY_free(m->server_key);
	EVP_PKEY_free(m->ra_key);
	fixture_end(m->f);
}

/* --- what tests do and look at --- */

int64_t mock_registration(struct upstream_mock *m)
{
	const struct store_entity entity = {"a", "", "vnfci-1"};
	struct store_registration registration = {
		.vnf_instance = (char *)"",
		.cert_type = CERT_TYPE_VNFCI,
		.subject_id = (char *)"vnfci-1",
		.handling = CERT_HANDLING_DELEGATION,
		.manager = (char *)"vnfm-a",
		.trust_domain = (char *)"a",
		.ca = (char *)"test",
		.profile = (char *)"VnfciCert",
	};
	struct store_registration found = {0};
	int err = store_registration_find(m->f->reader, &entity, CERT_TYPE_VNFCI, &found);
	int64_t id = found.id;

	if (err == STORE_NOT_FOUND)
		OK(store_registration_insert(m->f->unit, &registration, &id));
	else
		OK(err);
	store_registration_clear(&found);
	return id;
}

/* What cmf/ does with a request: the certificate REQUESTED and its exchange, in one unit. */
int64_t mock_ask(struct upstream_mock *m)
{
	struct store_certificate cert = {.ca = (char *)"test",
					 .state = STORE_CERT_REQUESTED,
					 .requester = (char *)"vnfm-a",
					 .reason = STORE_REASON_NONE};
	struct store_exchange exchange = {0};
	int64_t id;

	cert.registration_id = mock_registration(m);
	OK(store_certificate_insert(m->f->unit, &cert, &id));
	OK(ca_upstream_request(m->f->ca, &m->rq.request, id, m->f->unit));
	OK(store_unit_commit(m->f->unit));
	id = store_unit_id(m->f->unit, id);
	OK(store_exchange_find(m->f->reader, id, STORE_EXCHANGE_ISSUE, &exchange));
	store_exchange_clear(&exchange);
	return id;
}

void mock_run(struct upstream_mock *m, int64_t id)
{
	OK(ca_upstream_run(m->f->ca, id, m->f->reader, m->f->unit));
	ck_assert(store_unit_empty(m->f->unit));
}

void check_state(struct upstream_mock *m, int64_t id, enum store_certificate_state expected)
{
	struct store_certificate cert = {0};

	OK(store_certificate_get(m->f->reader, id, &cert));
	ck_assert_int_eq(cert.state, expected);
	store_certificate_clear(&cert);
}

void check_exchange(struct upstream_mock *m, int64_t id, enum store_exchange_kind kind,
		    enum store_exchange_state expected)
{
	struct store_exchange e = {0};

	OK(store_exchange_find(m->f->reader, id, kind, &e));
	ck_assert_int_eq(e.state, expected);
	store_exchange_clear(&e);
}

void check_failinfo(struct upstream_mock *m, int64_t id, int expected)
{
	enum refusal_reason reason;
	int failinfo = -2;

	OK(ca_upstream_failinfo(m->f->reader, id, &failinfo, &reason));
	ck_assert_int_eq(failinfo, expected);
}

/* The certificate in the store is the one that the upstream issued, and it is its only one. */
void check_granted(struct upstream_mock *m, int64_t id)
{
	struct store_certificate cert = {0};
	struct serial serial;
	X509 *decoded;

	OK(store_certificate_get(m->f->reader, id, &cert));
	ck_assert_int_eq(cert.state, STORE_CERT_PENDING);
	decoded = pki_cert_parse(octets_view(&cert.der));
	ck_assert_int_eq(X509_cmp(decoded, m->cert), 0);
	OK(serial_of_integer(X509_get0_serialNumber(decoded), &serial));
	ck_assert(serial_equal(&serial, &cert.serial));
	ck_assert_str_eq(cert.subject, "CN=vnfci-1");
	ck_assert_int_eq(m->issued, 1);
	ck_assert_int_eq(m->confirmed, 1);
	ck_assert_int_eq(m->refused, 0);
	X509_free(decoded);
	store_certificate_clear(&cert);
	check_exchange(m, id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_DONE);
	check_failinfo(m, id, -1);
}

enum refusal_reason reason_of(struct upstream_mock *m, int64_t id)
{
	enum refusal_reason reason = REFUSAL_NONE;
	int failinfo;

	OK(ca_upstream_failinfo(m->f->reader, id, &failinfo, &reason));
	return reason;
}

void mock_change(struct upstream_mock *m, const struct mock_change *change)
{
	m->subject = change->subject;
	m->san = change->san;
	m->ca_true = change->ca_true;
	m->mods = change->mods;
	m->f->conf_ca.upstream_subject =
		change->exact ? CONF_UPSTREAM_SUBJECT_EXACT : CONF_UPSTREAM_SUBJECT_IDENTITY;
}

void check_change(struct upstream_mock *m, int64_t id, const struct mock_change *change,
		  bool with_mods)
{
	struct store_certificate cert = {0};
	char expected[200], *words;

	if (change->reason != REFUSAL_NONE) {
		check_state(m, id, STORE_CERT_REJECTED);
		check_failinfo(m, id, -1);
		ck_assert_str_eq(refusal_code(reason_of(m, id)), refusal_code(change->reason));
		return;
	}
	check_state(m, id, STORE_CERT_PENDING);
	OK(store_certificate_get(m->f->reader, id, &cert));
	OK(ca_upstream_mods(m->f->reader, &cert, &words));
	with_mods = with_mods && change->mods;
	snprintf(expected, sizeof(expected), "%s%s%s", with_mods ? change->mods : "",
		 with_mods && change->words ? "; " : "", change->words ? change->words : "");
	ck_assert_str_eq(words ? words : "", expected);
	free(words);
	store_certificate_clear(&cert);
}
