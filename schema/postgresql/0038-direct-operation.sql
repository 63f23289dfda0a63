-- SPDX-License-Identifier: Apache-2.0
-- As schema/sqlite/0038-direct-operation.sql.
ALTER TABLE direct_vnfc ADD COLUMN operation_id TEXT;
