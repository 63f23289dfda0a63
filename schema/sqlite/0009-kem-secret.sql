-- SPDX-License-Identifier: Apache-2.0
-- Secrets of KemBasedMac (RFC 9810 5.1.3.4), found by the transactionID of the message that got their
-- ciphertext. request has that message, whose certificates say whose secret it is; secret is encrypted
-- under [store] secret_key. A secret is the transaction's that was opened with it, and goes with it;
-- until there is one it is good to deadline_ms.

CREATE TABLE kem_secret (
	id INTEGER PRIMARY KEY,
	cmp_transaction_id INTEGER REFERENCES cmp_transaction (id) ON DELETE CASCADE,
	deadline_ms INTEGER NOT NULL,
	requester TEXT NOT NULL,
	transaction_id BLOB NOT NULL UNIQUE,
	sent_nonce BLOB NOT NULL,
	secret BLOB NOT NULL,
	request BLOB NOT NULL,
	response BLOB NOT NULL
) STRICT;
CREATE INDEX kem_secret_transaction ON kem_secret (cmp_transaction_id)
	WHERE cmp_transaction_id IS NOT NULL;
CREATE INDEX kem_secret_unused ON kem_secret (requester, deadline_ms) WHERE cmp_transaction_id IS NULL;
