-- SPDX-License-Identifier: Apache-2.0
-- Challenges whose answer is awaited (RFC 9810 5.2.8.3.3): the transaction has the state 4; its row
-- here has the octets of the request, to go on with, and the digest of the expected answer.

CREATE TABLE pop (
	transaction_id INTEGER PRIMARY KEY REFERENCES cmp_transaction (id) ON DELETE CASCADE,
	answer_digest BLOB NOT NULL,
	request BLOB NOT NULL
) STRICT;
CREATE INDEX cmp_transaction_pop ON cmp_transaction (deadline_ms) WHERE state = 4;
