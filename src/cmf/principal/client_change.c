// SPDX-License-Identifier: Apache-2.0
/*
 * Adding, changing and removing clients and their credentials, for the operator. Who a client is
 * once it is there, and what it may do, is clients.c's and client_find.c's.
 */
#include "principal/clients.h"
#include "principal/name_reserved.h"

#include "asn1/certificate.h"
#include "asn1/spki.h"

#include <errno.h>
#include <string.h>

static int settings_judge(const struct cmf_call *call, const struct store_client *client,
			  enum cmf_client_verdict *verdictp)
{
	const struct conf *conf = call->cmf->conf;

	*verdictp = CMF_CLIENT_FINE;
	if (client->default_profile && !profile_find(conf, client->default_profile))
		*verdictp = CMF_CLIENT_PROFILE_UNKNOWN;
	else if (!conf_client_policy_find(conf, client->policy))
		*verdictp = CMF_CLIENT_POLICY_UNKNOWN;
	return *verdictp == CMF_CLIENT_FINE ? 0 : REFUSED;
}

/* --- a credential --- */

/* What it is known by, as store.h says; no octets where it has no key or subject. */
static int known_by(const struct store_credential *given, struct octets *out)
{
	uint8_t digest[32], hash[DN_HASH_LEN];
	struct certificate_view view;
	X509_NAME *subject = NULL;
	int err = 0;

	switch (given->kind) {
	case STORE_CREDENTIAL_CERTIFICATE:
		if (certificate_view(octets_view(&given->content), &view) < 0)
			return -EINVAL;
		err = spki_digest_from_der(view.spki, digest);
		return err ? -EINVAL : octets_dup(BYTES_OF(digest), out);
	case STORE_CREDENTIAL_ANCHOR:
		if (!given->subject)
			return 0;
		err = dn_parse(given->subject, &subject, NULL);
		if (err < 0)
			return err;
		dn_hash(subject, hash);
		X509_NAME_free(subject);
		return octets_dup(BYTES_OF(hash), out);
	case STORE_CREDENTIAL_SECRET:
	case STORE_CREDENTIAL_OAUTH2:
	default:
		return octets_dup(octets_view(&given->known_by), out);
	}
}

/* The row that the given one becomes; its subject is borrowed. */
static int credential_complete(const struct cmf_call *call, const struct store_credential *given,
			       struct store_credential *row)
{
	struct bytes content = octets_view(&given->content);
	int err;

	*row = (struct store_credential){.kind = given->kind,
					 .not_before_ms = given->not_before_ms,
					 .not_after_ms = given->not_after_ms,
					 .created_ms = call->now_ms,
					 .subject = given->subject};
	err = known_by(given, &row->known_by);
	if (err < 0)
		return err;
	if (given->kind == STORE_CREDENTIAL_SECRET)
		return cmf_secret_seal(call->cmf, octets_view(&row->known_by), content,
				       &row->content);
	return octets_dup(content, &row->content);
}

static void completed_clear(struct store_credential *row)
{
	row->subject = NULL;
	store_credential_clear(row);
}

struct rivals {
	const char *client;                  /* whose it is to be */
	const struct store_credential *ours; /* as it is to be */
	char *taken;
};

/*
 * Two of one client may overlap, as an anchor file with the next root beside the one of before; but
 * what is there already is not added again.
 */
static int rival_compare(void *arg, const struct store_credential *theirs, const char *client)
{
	struct rivals *rivals = arg;
	bool taken = false;
	int err = 0;

	if (strcmp(client, rivals->client) != 0)
		err = credentials_overlap(rivals->ours, theirs, &taken);
	else if (rivals->ours->kind == STORE_CREDENTIAL_SECRET ||
		 rivals->ours->kind == STORE_CREDENTIAL_OAUTH2)
		taken = true;
	else
		taken = bytes_equal(octets_view(&rivals->ours->content),
				    octets_view(&theirs->content)) &&
			!rivals->ours->subject == !theirs->subject;
	if (err < 0 || !taken)
		return err;
	rivals->taken = strdup(client);
	return rivals->taken ? REFUSED : -ENOMEM;
}

/* A passphrase that an entity has left is found by its reference, too. RFC 9810 B */
static int passphrase_compare(const struct cmf_call *call, const struct store_credential *ours,
			      char **takenp)
{
	_cleanup_(store_rev_passphrase_clear) struct store_rev_passphrase found = {0};
	int err = ours->kind == STORE_CREDENTIAL_SECRET
			  ? store_rev_passphrase_find(call->reader, octets_view(&ours->known_by),
						      &found)
			  : STORE_NOT_FOUND;

	if (err != 0)
		return err == STORE_NOT_FOUND ? 0 : err;
	*takenp = strdup("an entity's revocation passphrase");
	return *takenp ? REFUSED : -ENOMEM;
}

/* Whether it is nobody else's, and a condition of the unit that nothing has changed in that. */
static int credential_judge(const struct cmf_call *call, const char *client,
			    const struct store_credential *row, enum cmf_client_verdict *verdictp,
			    char **takenp)
{
	struct rivals rivals = {.client = client, .ours = row};
	int64_t generation;
	int err = store_client_generation(call->reader, &generation);

	if (err == 0)
		err = store_credentials_known_by(call->reader, row->kind,
						 octets_view(&row->known_by), rival_compare,
						 &rivals);
	*takenp = rivals.taken;
	if (err == 0)
		err = passphrase_compare(call, row, takenp);
	if (err == REFUSED)
		*verdictp = CMF_CLIENT_CREDENTIAL_TAKEN;
	return err == 0 ? store_clients_require(call->unit, generation) : err;
}

/* The names that the client is known by. */
static int names_judge(const struct cmf_call *call, const struct store_client *client,
		       enum cmf_client_verdict *verdictp, char **takenp)
{
	int err = cmf_client_name_taken(call->reader, client, call->unit, takenp);

	if (err < 0 || !*takenp)
		return err;
	*verdictp = CMF_CLIENT_NAME_TAKEN;
	return REFUSED;
}

/* The row that the given one becomes, if the client may have it. The caller clears it. */
static int credential_prepare(const struct cmf_call *call, const struct store_client *client,
			      const struct store_credential *given, struct store_credential *row,
			      enum cmf_client_verdict *verdictp, char **takenp)
{
	const struct store_client known = {.name = client->name,
					   .entity = client->entity,
					   .credentials = row,
					   .n_credentials = 1};
	int err = credential_complete(call, given, row);

	*verdictp = CMF_CLIENT_FINE;
	*takenp = NULL;
	if (err == -EINVAL) {
		*verdictp = CMF_CLIENT_CREDENTIAL_UNUSABLE;
		return REFUSED;
	}
	if (err == 0)
		err = credential_judge(call, client->name, row, verdictp, takenp);
	return err == 0 ? names_judge(call, &known, verdictp, takenp) : err;
}

/* What it is, for the audit: no secret, and no octets that a log could not show. */
static int credential_audit(const struct cmf_call *call, const char *action, const char *client,
			    const struct store_credential *row)
{
	static const char *const kinds[] = {"secret", "trust anchor", "certificate",
					    "OAuth2 client"};
	char hex[2 * 64 + 1], detail[200];
	struct bytes known = octets_view(&row->known_by);

	if (known.len > 64)
		known.len = 64;
	bytes_to_hex(known, hex);
	snprintf(detail, sizeof(detail), "%s %s", kinds[row->kind], hex);
	return audit_add(call, action, client, detail);
}

/* --- what the operator asks for --- */

int cmf_client_add(const struct cmf_call *call, const struct store_client *client,
		   const struct store_credential *credential, enum cmf_client_verdict *verdictp,
		   char **takenp)
{
	_cleanup_(completed_clear) struct store_credential row = {0};
	struct store_client whole = *client;
	int err = settings_judge(call, client, verdictp);

	*takenp = NULL;
	if (err == 0)
		err = credential_prepare(call, client, credential, &row, verdictp, takenp);
	if (err != 0)
		return err;
	whole.created_ms = call->now_ms;
	whole.credentials = &row;
	whole.n_credentials = 1;
	err = store_client_insert(call->unit, &whole);
	return err == 0 ? credential_audit(call, "client add", client->name, &row) : err;
}

int cmf_client_update(const struct cmf_call *call, const struct store_client *client,
		      enum cmf_client_verdict *verdictp, char **takenp)
{
	int err = settings_judge(call, client, verdictp);

	*takenp = NULL;
	if (err == 0)
		err = names_judge(call, client, verdictp, takenp);
	if (err == 0)
		err = store_client_update(call->unit, client);
	return err == 0 ? audit_add(call, "client update", client->name, NULL) : err;
}

int cmf_client_remove(const struct cmf_call *call, const char *name)
{
	int err = store_client_remove(call->unit, name);

	return err == 0 ? audit_add(call, "client remove", name, NULL) : err;
}

int cmf_credential_add(const struct cmf_call *call, const struct store_client *client,
		       const struct store_credential *credential, enum cmf_client_verdict *verdictp,
		       char **takenp, int64_t *idp)
{
	_cleanup_(completed_clear) struct store_credential row = {0};
	int err = credential_prepare(call, client, credential, &row, verdictp, takenp);

	if (err == 0)
		err = store_credential_insert(call->unit, client->id, &row, idp);
	return err == 0 ? credential_audit(call, "credential add", client->name, &row) : err;
}

int cmf_credential_remove(const struct cmf_call *call, const char *client, int64_t id)
{
	char detail[24];
	int err = store_credential_remove(call->unit, client, id);

	snprintf(detail, sizeof(detail), "%lld", (long long)id);
	return err == 0 ? audit_add(call, "credential remove", client, detail) : err;
}
