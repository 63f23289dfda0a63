-- SPDX-License-Identifier: Apache-2.0
-- As schema/sqlite/0045-exchange-claim.sql.
ALTER TABLE exchange ADD COLUMN claimant BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exchange ADD COLUMN claimed_until_ms BIGINT NOT NULL DEFAULT 0;
