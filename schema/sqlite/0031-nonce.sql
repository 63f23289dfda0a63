-- SPDX-License-Identifier: Apache-2.0
-- Nonces that key attestation statements are to be made over. One that was used stays until it would have expired, so
-- that whoever brings it again is told so.

CREATE TABLE nonce (
	id INTEGER PRIMARY KEY,
	octets BLOB NOT NULL UNIQUE,
	requester TEXT NOT NULL, -- principal
	transaction_id BLOB, -- of the genm that asked for it; NULL: it was none
	request_digest BLOB, -- SHA-256 of that genm
	seq INTEGER NOT NULL, -- among those that it asked for
	used INTEGER NOT NULL DEFAULT 0,
	expires_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX nonce_requester ON nonce (requester, expires_ms) WHERE used = 0;
CREATE INDEX nonce_expires ON nonce (expires_ms);
CREATE UNIQUE INDEX nonce_transaction ON nonce (requester, transaction_id, seq) WHERE transaction_id IS NOT NULL;
