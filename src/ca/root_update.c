// SPDX-License-Identifier: Apache-2.0
/*
 * The update of a CA's root certificate: what leads clients that trust the old root to the new one
 * (RFC 9810 4.4), from the configuration, checked once at start.
 */
#include "asn1/certificate.h"
#include "ca_local.h"
#include "keys/credential.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* The first certificate of the file; the file may be absent. */
static int certificate_load(const struct conf_ca *conf, const char *key, const char *path,
			    X509 **certp, struct strbuf *problems)
{
	_cleanup_(x509_stackp) STACK_OF(X509) *certs = NULL;
	int err;

	if (!path)
		return 0;
	err = credential_certificates_read(path, &certs);
	if (err < 0)
		return ca_problem(problems, conf, key, "cannot read %s: %s", path,
				  credential_certificates_error_text(err));
	*certp = sk_X509_shift(certs);
	return 0;
}

static int certificates_load(const struct conf_ca *conf, const struct chain *chain,
			     struct key_update *u, struct strbuf *problems)
{
	int err = certificate_load(conf, "root_new_with_new", conf->root_new_with_new,
				   &u->new_with_new, problems);

	if (err == 0)
		err = certificate_load(conf, "root_new_with_old", conf->root_new_with_old,
				       &u->new_with_old, problems);
	if (err == 0)
		err = certificate_load(conf, "root_old_with_new", conf->root_old_with_new,
				       &u->old_with_new, problems);
	if (err < 0 || u->new_with_new)
		return err;
	if (!chain->root.len)
		return ca_problem(problems, conf, "root_new_with_old",
				  "needs root_new_with_new, or a chain with the new root");
	u->new_with_new = key_update_certificate(octets_view(&chain->root));
	return u->new_with_new ? 0 : -ENOMEM;
}

/*
 * Who trusts the old root only needs the link in the path: it goes with the chain. The place is
 * that of the root, which the chain does not have.
 */
static int link_add(struct chain *chain)
{
	if (!bytes_equal(octets_view(&chain->update.new_with_new), octets_view(&chain->root)))
		return 0;
	if (certificate_encode(chain->update.link, &chain->der[chain->len]) < 0)
		return -ENOMEM;
	chain->view[chain->len] = octets_view(&chain->der[chain->len]);
	chain->len++;
	return 0;
}

int root_update_load(const struct conf_ca *conf, struct chain *chain, struct strbuf *problems)
{
	_cleanup_(key_update_clear) struct key_update u = {0};
	struct root_update *update = &chain->update;
	const char *problem;
	int err;

	if (!conf->root_new_with_new && !conf->root_new_with_old && !conf->root_old_with_new)
		return 0;
	/* RFC 9483 4.3.2: newWithOld is required in the answer. */
	if (!conf->root_new_with_old)
		return ca_problem(problems, conf, "root_new_with_old",
				  "is required with the other certificates of a root update");
	err = certificates_load(conf, chain, &u, problems);
	if (err < 0)
		return err;
	problem = key_update_problem(&u);
	if (problem)
		return ca_problem(problems, conf, "root_new_with_old", "%s", problem);
	err = certificate_encode(u.new_with_new, &update->new_with_new);
	if (err == 0)
		err = certificate_encode(u.new_with_old, &update->new_with_old);
	if (err == 0 && u.old_with_new)
		err = certificate_encode(u.old_with_new, &update->old_with_new);
	if (err < 0)
		return err;
	update->link = TAKE(u.new_with_old);
	return link_add(chain);
}

void root_update_clear(struct root_update *update)
{
	X509_free(update->link);
	octets_clear(&update->new_with_new);
	octets_clear(&update->new_with_old);
	octets_clear(&update->old_with_new);
	*update = (struct root_update){0};
}

bool ca_root_update(const struct ca *ca, struct ca_root_update *updatep)
{
	const struct root_update *update = &ca->chain.update;

	if (!update->link)
		return false;
	*updatep = (struct ca_root_update){octets_view(&update->new_with_new),
					   octets_view(&update->new_with_old),
					   octets_view(&update->old_with_new)};
	return true;
}

bool ca_root_is_old(const struct ca *ca, X509 *root)
{
	return ca->chain.update.link && key_update_signed_by(ca->chain.update.link, root);
}
