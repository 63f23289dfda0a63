-- SPDX-License-Identifier: Apache-2.0
-- needs 45
-- As schema/sqlite/0046-crl-scheduled.sql.
ALTER TABLE crl ADD COLUMN scheduled_changes BIGINT;
