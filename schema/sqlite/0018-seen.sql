-- SPDX-License-Identifier: Apache-2.0
-- Requests without a messageTime that opened a transaction, by the digest of requester and transactionID:
-- they are refused when they come again after the transaction has gone. until_ms: they can do no harm
-- any more; NULL: they always can.

CREATE TABLE seen (
	digest BLOB PRIMARY KEY,
	until_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_until ON seen (until_ms) WHERE until_ms IS NOT NULL;
