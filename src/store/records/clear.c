// SPDX-License-Identifier: Apache-2.0
/* Freeing what the records of store.h own. The same for every backend. */
#include "store.h"

#include <string.h>

void store_client_clear(struct store_client *c)
{
	free(c->name);
	free(c->trust_domain);
	free(c->default_profile);
	free(c->policy);
	free(c->entity);
	octets_clear(&c->trust_anchor);
	octets_clear(&c->certificate);
	free(c->subject);
	free(c->mac_reference);
	octets_clear_secret(&c->mac_secret);
	memset(c, 0, sizeof(*c));
}

void store_registration_clear(struct store_registration *r)
{
	free(r->subject_id);
	free(r->manager);
	free(r->trust_domain);
	free(r->ca);
	free(r->profile);
	memset(r, 0, sizeof(*r));
}

void store_certificate_clear(struct store_certificate *c)
{
	free(c->ca);
	free(c->subject);
	octets_clear(&c->der);
	free(c->requester);
	free(c->subject_id);
	free(c->manager);
	free(c->trust_domain);
	free(c->profile);
	memset(c, 0, sizeof(*c));
}

void store_transaction_clear(struct store_transaction *t)
{
	free(t->requester);
	octets_clear(&t->transaction_id);
	octets_clear(&t->request_nonce);
	octets_clear(&t->sent_nonce);
	octets_clear(&t->response);
	octets_clear(&t->signer);
	free(t->status_text);
	memset(t, 0, sizeof(*t));
}

void store_signer_clear(struct store_signer *s)
{
	free(s->requester);
	octets_clear(&s->certificates);
	*s = (struct store_signer){0};
}

void store_kem_secret_clear(struct store_kem_secret *s)
{
	free(s->requester);
	octets_clear(&s->transaction_id);
	octets_clear(&s->sent_nonce);
	octets_clear(&s->secret);
	octets_clear(&s->request);
	octets_clear(&s->response);
	*s = (struct store_kem_secret){0};
}

void store_pop_clear(struct store_pop *p)
{
	octets_clear(&p->answer_digests);
	octets_clear(&p->request);
	memset(p, 0, sizeof(*p));
}

void store_transaction_items_clear(struct store_transaction_items *items)
{
	for (size_t i = 0; i < items->len; i++)
		free(items->item[i].status_text);
	free(items->item);
	memset(items, 0, sizeof(*items));
}

void store_exchange_clear(struct store_exchange *e)
{
	free(e->ca);
	free(e->refusal);
	octets_clear(&e->request);
	memset(e, 0, sizeof(*e));
}

void store_exchange_messages_clear(struct store_exchange_messages *m)
{
	for (size_t i = 0; i < m->len; i++)
		octets_clear(&m->item[i].der);
	free(m->item);
	memset(m, 0, sizeof(*m));
}

void store_crl_clear(struct store_crl *c)
{
	free(c->ca);
	memset(c, 0, sizeof(*c));
}

void store_rev_passphrase_clear(struct store_rev_passphrase *p)
{
	octets_clear(&p->reference);
	octets_clear_secret(&p->secret);
	octets_clear(&p->transaction_id);
	memset(p, 0, sizeof(*p));
}

void store_archived_key_clear(struct store_archived_key *k)
{
	octets_clear_secret(&k->secret);
	memset(k, 0, sizeof(*k));
}

void store_announcement_clear(struct store_announcement *a)
{
	free(a->sender);
	octets_clear(&a->der);
	memset(a, 0, sizeof(*a));
}
