-- SPDX-License-Identifier: Apache-2.0
-- With which certificates a signed request opened its transaction: the client's own, then those of its
-- path (DER, one behind the other). The messages after it may leave them out (RFC 9483 3.3). Many
-- transactions have the same; the last of them takes them along. The holder of a certificate of ours is
-- found by its name, and a transaction that was over at once needs none.

CREATE TABLE transaction_signer (
	id INTEGER PRIMARY KEY,
	digest BLOB NOT NULL UNIQUE,
	certificates BLOB NOT NULL
) STRICT;

ALTER TABLE cmp_transaction ADD COLUMN signer_id INTEGER REFERENCES transaction_signer (id);
CREATE INDEX cmp_transaction_signer ON cmp_transaction (signer_id) WHERE signer_id IS NOT NULL;

CREATE TRIGGER transaction_signer_unused AFTER DELETE ON cmp_transaction WHEN OLD.signer_id IS NOT NULL
BEGIN
	DELETE FROM transaction_signer WHERE id = OLD.signer_id
		AND NOT EXISTS (SELECT 1 FROM cmp_transaction WHERE signer_id = OLD.signer_id);
END;
