-- SPDX-License-Identifier: Apache-2.0
-- needs 45
-- Up to which crl_change the last regularly scheduled CRL, this one or one before, has all revocations. NULL: a program made
-- it that did not note that; up to the one of this CRL then.
ALTER TABLE crl ADD COLUMN scheduled_changes INTEGER;
