-- SPDX-License-Identifier: Apache-2.0
-- Revocation passphrases (RFC 9810 Appendix B): one for a registered entity, found by what the
-- entity put into senderKID. secret is encrypted under [store] secret_key.

CREATE TABLE rev_passphrase (
	id INTEGER PRIMARY KEY,
	registration_id INTEGER NOT NULL UNIQUE REFERENCES registration (id),
	created_ms INTEGER NOT NULL,
	reference BLOB NOT NULL UNIQUE,
	secret BLOB NOT NULL
) STRICT;
