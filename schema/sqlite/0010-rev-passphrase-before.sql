-- SPDX-License-Identifier: Apache-2.0
-- The revocation passphrase that an rr under it replaced (RFC 9810 Appendix B): good for the transaction
-- of that rr and nothing else, so that the rr can be retransmitted and its answer polled for.

CREATE TABLE rev_passphrase_before (
	registration_id INTEGER PRIMARY KEY REFERENCES registration (id),
	created_ms INTEGER NOT NULL,
	transaction_id BLOB NOT NULL,
	reference BLOB NOT NULL,
	secret BLOB NOT NULL
) STRICT;
CREATE INDEX rev_passphrase_before_transaction ON rev_passphrase_before (transaction_id);
