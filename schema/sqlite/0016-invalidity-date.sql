-- SPDX-License-Identifier: Apache-2.0
-- invalidityDate (RFC 5280 5.3.2) of a revocation: since when the certificate is not to be trusted, as who
-- asked for the revocation says.
ALTER TABLE certificate ADD COLUMN invalidity_ms INTEGER;
