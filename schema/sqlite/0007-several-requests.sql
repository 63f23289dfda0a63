-- SPDX-License-Identifier: Apache-2.0
-- The requests of a transaction that was opened by a message with several (RFC 4210 5.3.1). One alone
-- is in the row of the transaction itself: the usual enrolment costs no further row.

ALTER TABLE cmp_transaction ADD COLUMN n_items INTEGER NOT NULL DEFAULT 0;

-- certificate_id is NULL for a request that was refused; failinfo and status_text say why.
CREATE TABLE cmp_transaction_item (
	transaction_id INTEGER NOT NULL REFERENCES cmp_transaction (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	cert_req_id INTEGER NOT NULL,
	certificate_id INTEGER REFERENCES certificate (id),
	failinfo INTEGER NOT NULL,
	status_text TEXT,
	PRIMARY KEY (transaction_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX cmp_transaction_item_certificate ON cmp_transaction_item (certificate_id);
