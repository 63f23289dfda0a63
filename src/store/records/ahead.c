// SPDX-License-Identifier: Apache-2.0
/* What a request will ask the store, asked together. */
#include "reader.h"

#include "base/cleanup.h"
#include "base/name_fold.h"

int store_ahead_ask(struct store_reader *r, const struct store_ahead *ahead)
{
	struct value transaction_id = value_bytes(ahead->transaction_id);
	struct value known = value_bytes(serial_view(&ahead->known));
	struct value signer = value_bytes(serial_view(&ahead->signer));
	struct value named = value_bytes(serial_view(&ahead->named));
	_cleanup_(freep) char *key = NULL;
	struct reader_question question[AHEAD_MAX] = {
		{READ_CLIENT_GENERATION, READ_CLIENT_GENERATION},
		{READ_TRANSACTIONS_OF_ID, READ_TRANSACTION_FIND, transaction_id, true},
	};
	size_t n = 2;
	int err = 0;

	if (!store_ahead_helps(r))
		return 0;
	if (ahead->certificate)
		question[n++] = (struct reader_question){
			READ_CERTIFICATES_OF_ID, READ_CERTIFICATE_GET, transaction_id, false};
	if (ahead->subject_id.len > 0)
		err = name_fold(ahead->subject_id, &key);
	if (err < 0)
		return err;
	if (key)
		question[n++] = (struct reader_question){
			READ_REGISTRATIONS_OF_KEY, READ_REGISTRATION_FIND, value_text(key), true};
	if (ahead->known.len > 0)
		question[n++] = (struct reader_question){READ_CERTIFICATE_IDS_OF_SERIAL,
							 READ_CERTIFICATE_GET, known, false};
	if (ahead->signer.len > 0)
		question[n++] = (struct reader_question){READ_CERTIFICATES_OF_SERIAL,
							 READ_CERTIFICATE_FIND, signer, true};
	if (ahead->named.len > 0)
		question[n++] = (struct reader_question){READ_CERTIFICATES_OF_SERIAL,
							 READ_CERTIFICATE_FIND, named, true};
	if (ahead->named.len > 0 && ahead->registration)
		question[n++] = (struct reader_question){READ_REGISTRATIONS_OF_SERIAL,
							 READ_REGISTRATION_GET, named, false};
	return reader_ask_ahead(r, question, n);
}

bool store_ahead_helps(const struct store_reader *r)
{
	return r->driver->ask;
}

void store_ahead_drop(struct store_reader *r)
{
	ahead_drop(&r->ahead, r->driver);
}
