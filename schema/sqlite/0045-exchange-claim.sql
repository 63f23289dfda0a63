-- SPDX-License-Identifier: Apache-2.0
-- Who sends the messages of an exchange now: of several processes that serve one database one at a time.
ALTER TABLE exchange ADD COLUMN claimant INTEGER NOT NULL DEFAULT 0; -- random, of an upstream CA in a process
ALTER TABLE exchange ADD COLUMN claimed_until_ms INTEGER NOT NULL DEFAULT 0; -- by the database's clock
