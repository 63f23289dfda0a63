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

/* Octets of a reference that the audit has. */
enum { REFERENCE_SHOWN = 64 };

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
		return cmf_secret_seal(call, octets_view(&row->known_by), content, &row->content);
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

struct rival_walk {
	const char *client;
	const struct store_credential *credential;
	cmf_rival_each *each;
	void *arg;
};

static int rival_give(void *arg, const struct store_credential *theirs, const char *client)
{
	const struct rival_walk *walk = arg;
	bool overlap = false;
	int err = strcmp(client, walk->client) == 0
			  ? 0
			  : credentials_overlap(walk->credential, theirs, &overlap);

	return err == 0 && overlap ? walk->each(walk->arg, client) : err;
}

int cmf_credential_rivals(struct store_reader *reader, const char *client,
			  const struct store_credential *credential, cmf_rival_each *each,
			  void *arg)
{
	struct rival_walk walk = {client, credential, each, arg};

	return store_credentials_known_by(reader, credential->kind,
					  octets_view(&credential->known_by), rival_give, &walk);
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
					   .trust_domain = client->trust_domain,
					   .entity = client->entity,
					   .entity_vnf_instance = client->entity_vnf_instance,
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

/* --- what the audit says --- */

/* Of a credential: never the secret. */
static int credential_words(const struct store_credential *row, struct strbuf *words)
{
	char hex[2 * REFERENCE_SHOWN + 1], fingerprint[CMF_FINGERPRINT_SIZE];
	struct bytes known = octets_view(&row->known_by);
	int err = 0;

	switch (row->kind) {
	case STORE_CREDENTIAL_SECRET:
		known.len = known.len < REFERENCE_SHOWN ? known.len : REFERENCE_SHOWN;
		bytes_to_hex(known, hex);
		strbuf_printf(words, "secret with the reference %s", hex);
		break;
	case STORE_CREDENTIAL_ANCHOR:
		strbuf_printf(words, "below an anchor, subject %s",
			      row->subject ? row->subject : "any");
		break;
	case STORE_CREDENTIAL_CERTIFICATE:
		err = cmf_fingerprint(octets_view(&row->content), fingerprint);
		strbuf_printf(words, "certificate %s", fingerprint);
		break;
	case STORE_CREDENTIAL_OAUTH2:
		strbuf_add(words, "OAuth2 client ");
		strbuf_add_n(words, (const char *)known.data, known.len);
		break;
	}
	return err ? err : words->failed ? -ENOMEM : 0;
}

static int settings_words(const struct store_client *client, struct strbuf *words)
{
	strbuf_printf(words,
		      "permissions=%u register_on_ir=%d profile=%s policy=%s entity=%s"
		      " vnf_instance=%s",
		      client->permissions, client->register_on_ir,
		      client->default_profile ? client->default_profile : "",
		      client->policy ? client->policy : "", client->entity ? client->entity : "",
		      client->entity_vnf_instance ? client->entity_vnf_instance : "");
	return words->failed ? -ENOMEM : 0;
}

static int credential_audit(const struct cmf_call *call, const char *action, const char *client,
			    const struct store_credential *before,
			    const struct store_credential *after)
{
	_cleanup_(strbuf_clear) struct strbuf words = STRBUF_NULL;
	int err = credential_words(before ? before : after, &words);

	return err ? err
		   : cmf_audit_add(call, &(struct cmf_audit){.action = action,
							     .target = client,
							     .before = before ? words.text : NULL,
							     .after = after ? words.text : NULL});
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
	return err == 0 ? credential_audit(call, "client add", client->name, NULL, &row) : err;
}

int cmf_client_update(const struct cmf_call *call, const struct store_client *client,
		      enum cmf_client_verdict *verdictp, char **takenp)
{
	_cleanup_(store_client_clear) struct store_client now = {0};
	_cleanup_(strbuf_clear) struct strbuf before = STRBUF_NULL, after = STRBUF_NULL;
	int err = settings_judge(call, client, verdictp);

	*takenp = NULL;
	if (err == 0)
		err = names_judge(call, client, verdictp, takenp);
	if (err == 0)
		err = store_client_find(call->reader, client->name, &now);
	if (err == 0)
		err = settings_words(&now, &before);
	if (err == 0)
		err = settings_words(client, &after);
	if (err == 0)
		err = store_client_update(call->unit, client);
	return err == 0 ? cmf_audit_add(call, &(struct cmf_audit){.action = "client update",
								  .target = client->name,
								  .before = before.text,
								  .after = after.text})
			: err;
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
	return err == 0 ? credential_audit(call, "credential add", client->name, NULL, &row) : err;
}

int cmf_credential_remove(const struct cmf_call *call, const char *client, int64_t id)
{
	_cleanup_(store_client_clear) struct store_client now = {0};
	const struct store_credential *row = NULL;
	int err = store_client_find(call->reader, client, &now);

	for (size_t i = 0; err == 0 && i < now.n_credentials; i++)
		if (now.credentials[i].id == id)
			row = &now.credentials[i];
	if (err == 0 && !row)
		err = STORE_NOT_FOUND;
	if (err == 0)
		err = store_credential_remove(call->unit, client, id);
	return err == 0 ? credential_audit(call, "credential remove", client, row, NULL) : err;
}
