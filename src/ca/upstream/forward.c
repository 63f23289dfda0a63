// SPDX-License-Identifier: Apache-2.0
/*
 * What the door is told of a client's message that went on to an upstream CA, RFC 9483 5.2: each is
 * an exchange of one message and one answer. The message is made in passed_on.c, sent in
 * exchange.c; what is said downstream is the door's.
 */
#include "upstream.h"

#include <errno.h>

enum conf_forwarding ca_forwarding(const struct ca *ca)
{
	return ca->upstream ? ca->conf->forwarding : CONF_FORWARDING_REISSUE;
}

void ca_forwarded_clear(struct ca_forwarded *f)
{
	octets_clear(&f->names);
	octets_clear(&f->answer);
	*f = (struct ca_forwarded){0};
}

int ca_upstream_forwarded(struct store_reader *reader, int64_t certificate_id,
			  enum store_exchange_kind kind, struct ca_forwarded *forwardedp)
{
	_cleanup_(store_exchange_messages_clear) struct store_exchange_messages messages = {0};
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	int err = store_exchange_find(reader, certificate_id, kind, &e);

	*forwardedp = (struct ca_forwarded){.id = e.id};
	if (err != 0)
		return err;
	err = store_exchange_messages_get(reader, e.id, &messages);
	if (err < 0)
		return err;
	forwardedp->id = e.id;
	forwardedp->open = e.state == STORE_EXCHANGE_OPEN;
	forwardedp->refused = e.state == STORE_EXCHANGE_FAILED;
	forwardedp->created_ms = e.created_ms;
	if (e.refusal)
		forwardedp->reason = refusal_by_code(e.refusal);
	err = octets_dup(exchange_request_names(octets_view(&e.request)), &forwardedp->names);
	if (err < 0)
		return err;
	/* Of an exchange that was re-issued they are not what the client has to see. */
	if (e.request.len < 2 || (e.request.data[0] != EXCHANGE_REQUEST_FORWARD &&
				  e.request.data[0] != EXCHANGE_REQUEST_FORWARD_NAMES))
		return 0;
	forwardedp->to = (enum store_certificate_state)e.request.data[1];
	if (messages.len == 0)
		return 0;
	return octets_dup(octets_view(&messages.item[0].der), &forwardedp->answer);
}
