-- SPDX-License-Identifier: Apache-2.0
-- Proofs of possession that the client still owes (RFC 9810 5.2.8.3). A transaction has the state 4
-- while the answer to a challenge is awaited; its row here has the request octets, to go on with, and the
-- digest of the expected answer. kind: 0 the certificate is to be encrypted, 1 challenge.

CREATE TABLE pop (
	transaction_id INTEGER NOT NULL REFERENCES cmp_transaction (id) ON DELETE CASCADE,
	cert_req_id INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	answer_digest BLOB,
	request BLOB,
	PRIMARY KEY (transaction_id, cert_req_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX cmp_transaction_pop ON cmp_transaction (deadline_ms) WHERE state = 4;
