-- SPDX-License-Identifier: Apache-2.0
-- SHA-256 of the message that had an upstream CA revoke, hold or release the certificate. That is
-- durable before the message is answered: should the answer be lost, the same message is known again.
ALTER TABLE certificate ADD COLUMN revoked_by BLOB;
