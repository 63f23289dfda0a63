-- SPDX-License-Identifier: Apache-2.0
-- What was made of the key attestation (IFA 033 11.2.1) in the request for a certificate. A table of its own: a
-- certificate whose request had none, as most, costs nothing here.

CREATE TABLE certificate_attestation (
	certificate_id INTEGER PRIMARY KEY REFERENCES certificate (id),
	verdict INTEGER NOT NULL,
	statement TEXT, -- its type, an OID
	attester BLOB,  -- SHA-256 of the SubjectPublicKeyInfo of who signed it
	nonce BLOB      -- that this server had given out
) STRICT;
