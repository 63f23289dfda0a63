-- SPDX-License-Identifier: Apache-2.0
-- The key under which the numbers of rows become the identifiers that clients of the JSON door see. Whoever
-- shares the database makes the same identifiers. It is no secret that protects anything: who may see a
-- resource is decided by other rules; without it an identifier tells how many there are.
CREATE TABLE resource_key (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;
INSERT INTO resource_key VALUES (1, randomblob(32));

-- Which CAs the registrations of a trust domain, or of one manager in it, use.
CREATE INDEX registration_ca ON registration (trust_domain, ca, manager) WHERE state = 0;
