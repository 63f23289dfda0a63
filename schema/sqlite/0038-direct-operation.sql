-- SPDX-License-Identifier: Apache-2.0
-- The operation (vnfLcmOpOccId) in which a VNFC has gone, so that the audit of its end says so; NULL: none was told of.
ALTER TABLE direct_vnfc ADD COLUMN operation_id TEXT;
