-- SPDX-License-Identifier: Apache-2.0
-- The reasonCode of a revocation has a column of its own: it stood in cert_req_id, which an rr (body type 11)
-- has not. Only transactions that may go on (all states but 2, done) are asked for it again.

ALTER TABLE cmp_transaction ADD COLUMN reason INTEGER;
ALTER TABLE cmp_transaction_item ADD COLUMN reason INTEGER;
UPDATE cmp_transaction_item SET reason = cert_req_id, cert_req_id = 0 WHERE transaction_id IN
	(SELECT id FROM cmp_transaction WHERE state <> 2 AND body_type = 11);
UPDATE cmp_transaction SET reason = cert_req_id, cert_req_id = 0 WHERE state <> 2 AND body_type = 11;
