-- SPDX-License-Identifier: Apache-2.0
-- What other CAs announce (RFC 9810 5.3.13 to 5.3.16, RFC 9811 3.5). type is the tag of the body,
-- digest that of type and content: the same announcement of the same sender is kept once.

CREATE TABLE announcement (
	id INTEGER PRIMARY KEY,
	type INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	sender TEXT NOT NULL,
	digest BLOB NOT NULL,
	der BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX announcement_digest ON announcement (digest, sender);
CREATE INDEX announcement_sender ON announcement (sender);
