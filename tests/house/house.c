// SPDX-License-Identifier: Apache-2.0
/* A whole CMF in a temporary directory. See house.h. */
#include "house.h"

#include "asn1/certificate.h"
#include "base/shared.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- credentials --- */

#define HOUSE_DAY_MS (INT64_C(24) * 3600 * 1000)

/* What clients need of the certificate. */
static void credential_finish(struct house_credential *c)
{
	struct certificate_view view;
	struct bytes ski;

	c->der = pki_cert_der(c->cert);
	HOUSE_CHECK(!certificate_view(octets_view(&c->der), &view));
	HOUSE_CHECK(!cmp_general_name_of_dn(view.subject, &c->sender));
	HOUSE_CHECK(!certificate_ski(&view, &ski) && !octets_dup(ski, &c->sender_kid));
	/* A KEM key signs nothing. */
	if (spki_key_uses(c->key) & SPKI_SIGNS)
		HOUSE_CHECK(!signer_new(c->key, "sha256", &c->signer));
}

void house_credential_make(struct house_credential *c, const char *cn, enum house_usage usage,
			   const struct house_credential *issuer, int64_t now_ms, int days)
{
	house_credential_make_with(c, pki_key(NULL), cn, usage, issuer, now_ms, days);
}

void house_credential_make_with(struct house_credential *c, EVP_PKEY *key, const char *cn,
				enum house_usage usage, const struct house_credential *issuer,
				int64_t now_ms, int days)
{
	static const char *const key_usages[] = {
		[HOUSE_LEAF] = "critical,digitalSignature",
		[HOUSE_LEAF_RECEIVES] = "critical,digitalSignature,keyEncipherment,keyAgreement",
		[HOUSE_KGA] = "critical,digitalSignature",
		[HOUSE_LEAF_NO_SIGNATURE] = "critical,keyEncipherment",
	};
	char subject[80];

	snprintf(subject, sizeof(subject), "/CN=%s", cn);
	*c = (struct house_credential){.key = key, .issuer = issuer};
	c->cert = pki_cert(&(struct pki_spec){
		.subject = subject,
		.key = key,
		.issuer = issuer ? issuer->cert : NULL,
		.issuer_key = issuer ? issuer->key : NULL,
		.ca = usage == HOUSE_CA || usage == HOUSE_CA_OF_LEAVES,
		.path_len = usage == HOUSE_CA_OF_LEAVES ? "0" : NULL,
		.key_usage = key_usages[usage],
		.ext_key_usage = usage == HOUSE_KGA ? "cmKGA" : NULL,
		.not_before_ms = now_ms - 30 * HOUSE_DAY_MS,
		.not_after_ms = now_ms + days * HOUSE_DAY_MS,
	});
	credential_finish(c);
}

void house_credential_adopt(struct house_credential *c, EVP_PKEY *key, struct bytes der)
{
	*c = (struct house_credential){.key = key, .cert = pki_cert_parse(der)};
	HOUSE_CHECK(EVP_PKEY_up_ref(key));
	credential_finish(c);
}

void house_credential_link(struct house_credential *c, const struct house_credential *subject,
			   const struct house_credential *issuer)
{
	*c = (struct house_credential){
		.key = subject->key, .cert = X509_dup(subject->cert), .issuer = issuer};
	HOUSE_CHECK(c->cert && EVP_PKEY_up_ref(c->key));
	HOUSE_CHECK(X509_set_issuer_name(c->cert, X509_get_subject_name(issuer->cert)));
	HOUSE_CHECK(X509_sign(c->cert, issuer->key, EVP_sha256()));
	credential_finish(c);
}

void house_credential_clear(struct house_credential *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->cert);
	octets_clear(&c->der);
	octets_clear(&c->sender);
	octets_clear(&c->sender_kid);
	signer_free(c->signer);
	*c = (struct house_credential){0};
}

/* --- files --- */

static void file_put(const struct house *house, const char *name, struct bytes content)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", house->dir, name);
	HOUSE_CHECK(!file_write_durable(path, content, 0600));
}

/* Certificate and key as NAME.pem and NAME.key. */
static void credential_put(const struct house *house, const char *name,
			   const struct house_credential *c)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s.pem", house->dir, name);
	pki_certs_write(path, c->cert, NULL);
	snprintf(path, sizeof(path), "%s/%s.key", house->dir, name);
	pki_key_write(path, c->key, NULL);
}

static const char configuration[] = "default_ca = issuing\n"
				    "[server]\n"
				    "listen = 127.0.0.1:8080\n"
				    "[store]\n"
				    "database = cmf.db\n"
				    "secret_key = store.key\n"
				    "[ca issuing]\n"
				    "type = internal\n"
				    "certificate = issuing.pem\n"
				    "chain = root.pem\n"
				    "key = issuing.key\n"
				    "[profile ManoCert]\n"
				    "key_types = rsa:2048-4096, ec:P-256, ed25519\n"
				    "common_name = subjectId\n"
				    "dns_names = subjectId\n"
				    "dns_name_from_subject_id = yes\n"
				    "extension_section = usage\n"
				    "[profile VnfciCert]\n"
				    "key_types = rsa:2048-4096, ec:P-256, ed25519\n"
				    "common_name = subjectId\n"
				    "subject_attributes = O\n"
				    "dns_names = subjectIdLabel\n"
				    "vnfci_uri = yes\n"
				    "extension_section = usage\n"
				    "[profile VnfOAMCert]\n"
				    "key_types = ec:P-256\n"
				    "common_name = subjectId\n"
				    "dns_names = subjectIdLabel\n"
				    "extension_section = usage\n"
				    "[profile confirmed]\n"
				    "cert_type = VnfciCert\n"
				    "key_types = ec:P-256\n"
				    "common_name = subjectId\n"
				    "implicit_confirm = no\n"
				    "extension_section = usage\n"
				    "[usage]\n"
				    "keyUsage = critical, digitalSignature, keyEncipherment, "
				    "keyAgreement\n"
				    "[protection]\n"
				    "certificate = cmf.pem\n"
				    "key = cmf.key\n"
				    "encryption_certificate = encryption.pem\n"
				    "encryption_key = encryption.key\n"
				    "extra_certs_max = 8\n"
				    "check_recipient = yes\n";

static void configuration_put(const struct house *house, const char *cmf_keys, const char *sections)
{
	char text[8192];
	/* The clock stands still, so that nothing is ever paid back: a test of that asks for it. */
	const char *budget =
		strstr(sections, "stranger_cpu_share") ? "" : "stranger_cpu_share = 0\n";
	int n = snprintf(text, sizeof(text), "[cmf]\n%s%s%s%s", cmf_keys, configuration, budget,
			 sections);

	HOUSE_CHECK(n > 0 && (size_t)n < sizeof(text));
	file_put(house, "cmf.cnf", bytes_of_string(text));
	memset(text, 'a', 64);
	file_put(house, "store.key", (struct bytes){(const uint8_t *)text, 64});
	credential_put(house, "root", &house->root);
	credential_put(house, "issuing", &house->issuing);
	credential_put(house, "cmf", &house->cmf_credential);
	credential_put(house, "narrow", &house->narrow);
	credential_put(house, "kga", &house->kga);
	credential_put(house, "encryption", &house->encryption);
	credential_put(house, "new-with-old", &house->new_with_old);
	credential_put(house, "old-with-new", &house->old_with_new);
	/* Towards an upstream CA. */
	credential_put(house, "central", &house->central);
	credential_put(house, "ra", &house->ra);
}

static void credentials_make(struct house *h)
{
	const struct house_credential *clients = &h->client_root;

	house_credential_make(&h->root, "root", HOUSE_CA, NULL, h->now_ms, 3650);
	house_credential_make(&h->narrow, "narrow", HOUSE_CA_OF_LEAVES, &h->root, h->now_ms, 365);
	house_credential_make(&h->encryption, "encryption", HOUSE_LEAF_NO_SIGNATURE, &h->root,
			      h->now_ms, 365);
	house_credential_make(&h->kga, "kga", HOUSE_KGA, &h->root, h->now_ms, 365);
	house_credential_make(&h->old_root, "root", HOUSE_CA, NULL, h->now_ms, 1825);
	house_credential_link(&h->new_with_old, &h->root, &h->old_root);
	house_credential_link(&h->old_with_new, &h->old_root, &h->root);
	house_credential_make(&h->issuing, "issuing", HOUSE_CA, &h->root, h->now_ms, 1825);
	house_credential_make(&h->central, "central", HOUSE_CA, &h->root, h->now_ms, 1825);
	house_credential_make(&h->cmf_credential, "cmf", HOUSE_LEAF, &h->root, h->now_ms, 365);
	house_credential_make(&h->client_root, "clients", HOUSE_CA, NULL, h->now_ms, 3650);
	house_credential_make(&h->vnfm_a, "vnfm-a", HOUSE_LEAF, clients, h->now_ms, 365);
	house_credential_make(&h->vnfm_b, "vnfm-b", HOUSE_LEAF, clients, h->now_ms, 365);
	house_credential_make(&h->vnfm_c, "vnfm-c", HOUSE_LEAF, clients, h->now_ms, 365);
	house_credential_make(&h->ra, "ra", HOUSE_LEAF, clients, h->now_ms, 365);
	house_credential_make(&h->stranger, "stranger", HOUSE_LEAF, NULL, h->now_ms, 365);
	house_credential_make(&h->no_signature, "no-signature", HOUSE_LEAF_NO_SIGNATURE, clients,
			      h->now_ms, 365);
	house_credential_make(&h->expired, "expired", HOUSE_LEAF, clients, h->now_ms, -1);
}

/* --- clients --- */

static void unit_commit(struct house *house)
{
	HOUSE_CHECK(!store_unit_commit(house->worker.unit));
}

void house_client_add_with(struct house *house, const char *name, const char *domain,
			   uint32_t permissions, bool register_on_ir, struct bytes trust_anchor)
{
	char subject[64];
	struct store_credential below = {
		.kind = STORE_CREDENTIAL_ANCHOR,
		.subject = subject,
		.content = {(uint8_t *)trust_anchor.data, trust_anchor.len}};
	struct store_client client = {.name = (char *)name,
				      .trust_domain = (char *)domain,
				      .permissions = permissions,
				      .register_on_ir = register_on_ir,
				      .default_profile = (char *)"VnfciCert",
				      .created_ms = house->now_ms,
				      .credentials = &below,
				      .n_credentials = 1};

	snprintf(subject, sizeof(subject), "/CN=%s", name);
	HOUSE_CHECK(!store_client_insert(house->worker.unit, &client));
	unit_commit(house);
}

void house_client_add(struct house *house, const char *name, const char *domain,
		      uint32_t permissions, bool register_on_ir)
{
	_cleanup_(octets_clear) struct octets anchor = OCTETS_NULL;
	char path[128];

	credential_put(house, "clients", &house->client_root);
	snprintf(path, sizeof(path), "%s/clients.pem", house->dir);
	HOUSE_CHECK(!file_read(path, 65536, &anchor));
	house_client_add_with(house, name, domain, permissions, register_on_ir,
			      octets_view(&anchor));
}

void house_mac_client_add(struct house *house, const char *name, const char *reference,
			  const char *secret, const char *policy)
{
	struct store_credential shared = {.known_by = {(uint8_t *)reference, strlen(reference)}};
	struct store_client client = {.name = (char *)name,
				      .trust_domain = (char *)"a",
				      .permissions = STORE_MAY_REGISTER | STORE_MAY_REQUEST |
						     STORE_MAY_REVOKE,
				      .default_profile = (char *)"VnfciCert",
				      .policy = (char *)policy,
				      .created_ms = house->now_ms,
				      .credentials = &shared,
				      .n_credentials = 1};

	HOUSE_CHECK(!cmf_secret_seal(
		CMF_CALL(house->cmf, house->worker.reader, house->worker.unit, NULL, NULL),
		bytes_of_string(reference), bytes_of_string(secret), &shared.content));
	HOUSE_CHECK(!store_client_insert(house->worker.unit, &client));
	unit_commit(house);
	octets_clear(&shared.content);
}

static void clients_add(struct house *house)
{
	const uint32_t all = STORE_MAY_REGISTER | STORE_MAY_REQUEST | STORE_MAY_REVOKE;

	house_client_add(house, "vnfm-a", "a", all, false);
	house_client_add(house, "vnfm-b", "b", all, true);
	house_client_add(house, "vnfm-c", "a", all, true);
	house_client_add(house, "ra", "a", all | STORE_IS_RA, false);
	house_client_add(house, "no-signature", "a", all, false);
	house_client_add(house, "expired", "a", all, false);
	house_mac_client_add(house, "mac", HOUSE_MAC_REFERENCE, HOUSE_MAC_SECRET, NULL);
}

void house_register(struct house *house, const char *client, enum cert_type type,
		    const char *subject_id)
{
	struct cmf_register request = {
		.has_cert_type = true,
		.cert_type = type,
		.subject_ids = &subject_id,
		.n_subject_ids = 1,
		.handling = type == CERT_TYPE_MANO ? CERT_HANDLING_NONE : CERT_HANDLING_DELEGATION};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};

	HOUSE_CHECK(!cmf_admin_for_client(HOUSE_CALL(house, NULL, &refusal), client, &who));
	HOUSE_CHECK(!cmf_register(HOUSE_CALL(house, &who, &refusal), &request));
	unit_commit(house);
	cmf_principal_clear(&who);
}

/* --- opening, closing --- */

static int64_t house_now(void *arg)
{
	const struct house *house = arg;

	return house->now_ms;
}

void house_worker_new(struct house *house, struct cmf_worker *worker)
{
	HOUSE_CHECK(!store_reader_new(house->store, &worker->reader));
	HOUSE_CHECK(!store_unit_new(house->store, &worker->unit));
}

void house_worker_clear(struct cmf_worker *worker)
{
	store_reader_free(worker->reader);
	store_unit_free(worker->unit);
	*worker = (struct cmf_worker){0};
}

void house_open(struct house *h, const char *cmf_keys, const char *sections)
{
	house_open_at(h, clock_now_ms(&clock_system), cmf_keys, sections);
}

/* What a process that serves has, on the database and with the configuration that are there. */
static int process_open(struct house *h, struct strbuf *problems)
{
	int err = store_open(&(struct store_options){.database = h->conf->store.database,
						     .batch_max = 16,
						     .index_keys = !h->conf->cmf.key_reuse},
			     &h->store);

	h->metrics = metrics_new();
	if (!err)
		err = ca_set_new(h->conf, h->store, &h->clock, h->metrics, &h->cas, problems);
	if (!err)
		err = cmf_new(h->conf, h->store, h->cas, &h->clock, &h->cmf, problems);
	if (!err)
		err = cmp_door_new(h->conf, h->cmf, &h->clock, h->metrics, &h->door, problems);
	if (!err)
		house_worker_new(h, &h->worker);
	return err;
}

void house_node_open(const struct house *h, struct house *nodep)
{
	struct strbuf problems = STRBUF_NULL;

	*nodep = *h;
	nodep->worker = (struct cmf_worker){0};
	HOUSE_CHECK(!process_open(nodep, &problems));
	strbuf_clear(&problems);
}

void house_node_close(struct house *node)
{
	house_worker_clear(&node->worker);
	cmp_door_free(node->door);
	cmf_free(node->cmf);
	ca_set_free(node->cas);
	metrics_free(node->metrics);
	store_close(node->store);
}

void house_open_at(struct house *h, int64_t now_ms, const char *cmf_keys, const char *sections)
{
	struct strbuf problems = STRBUF_NULL;
	char path[128];
	int err;

	/* In memory where there is such a place: nothing here is about disks. */
	*h = (struct house){.now_ms = now_ms};
	snprintf(h->dir, sizeof(h->dir), "%s/cmf-house-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	HOUSE_CHECK(mkdtemp(h->dir));
	h->clock = (struct clock_source){.now_ms = house_now, .arg = h};
	credentials_make(h);
	configuration_put(h, cmf_keys, sections);
	snprintf(path, sizeof(path), "%s/cmf.cnf", h->dir);
	err = conf_load(path, &h->conf, &problems);
	if (!err)
		err = store_create(&(struct store_options){.database = h->conf->store.database,
							   .batch_max = 16});
	if (!err)
		err = process_open(h, &problems);
	if (err)
		fprintf(stderr, "%s\n", problems.text ? problems.text : "");
	HOUSE_CHECK(!err);
	strbuf_clear(&problems);
	clients_add(h);
}

static void directory_remove(const char *dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	HOUSE_CHECK(system(command) == 0);
}

void house_close(struct house *h)
{
	struct house_credential *const credentials[] = {
		&h->root,        &h->issuing,      &h->central,      &h->cmf_credential,
		&h->client_root, &h->vnfm_a,       &h->vnfm_b,       &h->vnfm_c,
		&h->ra,          &h->stranger,     &h->no_signature, &h->expired,
		&h->old_root,    &h->new_with_old, &h->old_with_new, &h->encryption,
		&h->narrow,      &h->kga};

	house_node_close(h);
	conf_free(h->conf);
	for (size_t i = 0; i < ARRAY_LEN(credentials); i++)
		house_credential_clear(credentials[i]);
	directory_remove(h->dir);
}

/* What a commit came to, once it is there. */
struct house_commit {
	sem_t told;
	int result;
};

static void house_told(void *arg, int result, const struct store_unit *unit)
{
	struct house_commit *commit = arg;

	commit->result = result;
	sem_post(&commit->told);
}

int house_door_serve(struct cmp_door *door, struct cmf_worker *worker,
		     const struct cmp_exchange *exchange, struct octets *answerp,
		     enum cmp_delivery *deliveryp)
{
	struct house_commit commit;
	struct cmp_serving *serving;
	struct spliced answer;
	bool goes_on = cmp_serving_begin(door, worker, exchange, &serving);
	int err;

	HOUSE_CHECK(serving && sem_init(&commit.told, 0, 0) == 0);
	while (goes_on) {
		cmp_serving_commit(serving, house_told, &commit);
		while (sem_wait(&commit.told) < 0)
			HOUSE_CHECK(errno == EINTR);
		goes_on = cmp_serving_committed(serving, commit.result ? worker : NULL,
						commit.result);
	}
	sem_destroy(&commit.told);
	*answerp = OCTETS_NULL;
	err = cmp_serving_end(serving, &answer, deliveryp);
	if (!err)
		err = spliced_join(&answer, answerp);
	spliced_clear(&answer);
	return err;
}

void house_serve(struct house *house, struct cmf_worker *worker, struct bytes request,
		 const char *profile_label, const char *operation_label, struct octets *answerp,
		 bool *not_a_messagep)
{
	struct cmp_exchange exchange = {.request = request,
					.profile_label = profile_label,
					.operation_label = operation_label,
					.peer = "test",
					.network = house->network,
					.connection = house->connection,
					.received_us = clock_monotonic_us()};

	HOUSE_CHECK(!house_door_serve(house->door, worker, &exchange, answerp, &house->delivery));
	*not_a_messagep = house->delivery == CMP_NOT_A_MESSAGE;
	HOUSE_CHECK(store_unit_empty(worker->unit));
}

void house_housekeeping(struct house *house)
{
	bool more = true;

	while (more)
		HOUSE_CHECK(!cmp_housekeeping(house->door, &house->worker, &more));
	for (more = true; more;)
		HOUSE_CHECK(!cmf_housekeeping(house->cmf, &house->worker, &more));
}

void house_restart(struct house *house)
{
	struct strbuf problems = STRBUF_NULL;

	cmp_door_free(house->door);
	cmf_free(house->cmf);
	HOUSE_CHECK(!cmf_new(house->conf, house->store, house->cas, &house->clock, &house->cmf,
			     &problems));
	HOUSE_CHECK(!cmp_door_new(house->conf, house->cmf, &house->clock, house->metrics,
				  &house->door, &problems));
	strbuf_clear(&problems);
}
