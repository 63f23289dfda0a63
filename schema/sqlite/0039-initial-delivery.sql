-- SPDX-License-Identifier: Apache-2.0
-- One-time secrets that are sent to somebody (initial_credential_uri). deliver_to: the VNFM whose configuration says to
-- whom, as long as nobody has acknowledged it; deliver_ms: not before. delivered_ms: when it was; NULL: not so far.
ALTER TABLE initial_credential ADD COLUMN deliver_to TEXT;
ALTER TABLE initial_credential ADD COLUMN deliver_ms INTEGER;
ALTER TABLE initial_credential ADD COLUMN deliver_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE initial_credential ADD COLUMN delivered_ms INTEGER;
CREATE INDEX initial_credential_deliver ON initial_credential (deliver_to, deliver_ms) WHERE deliver_to IS NOT NULL;
