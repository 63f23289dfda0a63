// SPDX-License-Identifier: Apache-2.0
/*
 * What is wrong with the clients in the database: sections that they name and that are not there,
 * credentials that could be of two of them, trust anchors that are none.
 */
#include "checker_local.h"

#include "asn1/x509.h"
#include "cmf.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

struct clients_check {
	const struct conf *conf;
	struct store_reader *reader;
	struct check_findings *findings;
	const char *client; /* that is looked at */
};

static void sections_check(const struct clients_check *check, const struct store_client *client)
{
	if (!conf_client_policy_find(check->conf, client->policy))
		strbuf_printf(&check->findings->problems,
			      "client %s: there is no section [client_policy %s]\n", client->name,
			      client->policy);
	if (!conf_trust_domain_find(check->conf, client->trust_domain))
		strbuf_printf(&check->findings->warnings,
			      "client %s: there is no section [trust_domain %s], so its trust "
			      "domain has no limits\n",
			      client->name, client->trust_domain);
}

static void anchors_check(const struct clients_check *check, struct bytes pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *cert;

	while (bio && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		_cleanup_(freep) char *subject = x509_subject_text(cert);

		if (X509_check_ca(cert) == 0)
			strbuf_printf(&check->findings->warnings,
				      "client %s: the trust anchor %s is no certificate of a CA; "
				      "for exactly one certificate there is 'cmfctl client "
				      "credential add --cert'\n",
				      check->client, subject ? subject : "");
		X509_free(cert);
	}
	BIO_free(bio);
	ERR_clear_error();
}

/* Each pair is told once. */
static int overlap_tell(void *arg, const char *other)
{
	const struct clients_check *check = arg;

	if (strcmp(check->client, other) < 0)
		strbuf_printf(&check->findings->warnings,
			      "clients %s and %s: a credential could be of both, so that who "
			      "asks with it is not certain\n",
			      check->client, other);
	return 0;
}

static int client_check(void *arg, struct store_client *client)
{
	struct clients_check *check = arg;
	int err = 0;

	check->client = client->name;
	sections_check(check, client);
	for (size_t i = 0; i < client->n_credentials && err == 0; i++) {
		const struct store_credential *credential = &client->credentials[i];

		if (credential->kind == STORE_CREDENTIAL_ANCHOR)
			anchors_check(check, octets_view(&credential->content));
		err = cmf_credential_rivals(check->reader, client->name, credential, overlap_tell,
					    check);
	}
	return err;
}

int check_clients(const struct conf *conf, struct store_reader *reader, struct check_findings *f)
{
	struct clients_check check = {.conf = conf, .reader = reader, .findings = f};

	return store_client_list(reader, 0, client_check, &check);
}
