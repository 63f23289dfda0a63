-- SPDX-License-Identifier: Apache-2.0
-- As schema/sqlite/0039-initial-delivery.sql.
ALTER TABLE initial_credential ADD COLUMN deliver_to TEXT;
ALTER TABLE initial_credential ADD COLUMN deliver_ms BIGINT;
ALTER TABLE initial_credential ADD COLUMN deliver_attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE initial_credential ADD COLUMN delivered_ms BIGINT;
CREATE INDEX initial_credential_deliver ON initial_credential (deliver_to, deliver_ms) WHERE deliver_to IS NOT NULL;
