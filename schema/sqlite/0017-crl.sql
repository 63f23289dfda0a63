-- SPDX-License-Identifier: Apache-2.0
-- What changes in the CRL of a CA is counted, so that it is plain whether a CRL has all of it: a certificate
-- bears the number of its last change, a CRL the newest one that was there before its entries were read.

CREATE TABLE crl_change (
	ca TEXT PRIMARY KEY,
	newest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE certificate ADD COLUMN crl_change INTEGER;
CREATE TRIGGER certificate_crl_changed
AFTER UPDATE OF revoked_ms, released_ms, invalidity_ms ON certificate BEGIN
	INSERT INTO crl_change (ca, newest) VALUES (NEW.ca, 1) ON CONFLICT (ca) DO UPDATE SET newest = newest + 1;
	UPDATE certificate SET crl_change = (SELECT newest FROM crl_change WHERE ca = NEW.ca) WHERE id = NEW.id;
END;
CREATE TRIGGER certificate_crl_inserted AFTER INSERT ON certificate WHEN NEW.revoked_ms IS NOT NULL BEGIN
	INSERT INTO crl_change (ca, newest) VALUES (NEW.ca, 1) ON CONFLICT (ca) DO UPDATE SET newest = newest + 1;
	UPDATE certificate SET crl_change = (SELECT newest FROM crl_change WHERE ca = NEW.ca) WHERE id = NEW.id;
END;

-- All that an entry has, in the order of a CRL: it is made without a look into the table.
CREATE INDEX certificate_crl ON certificate (ca, serial, not_after_ms, reason, revoked_ms, invalidity_ms)
	WHERE revoked_ms IS NOT NULL;
DROP INDEX certificate_revoked;
DROP INDEX certificate_released;

-- scheduled_ms: thisUpdate of the last CRL that was made because it was time, this one or one before;
-- changes: the newest change that is in it, -1: not known. Its octets last.
CREATE TABLE crl_new (
	id INTEGER PRIMARY KEY,
	ca TEXT NOT NULL,
	number INTEGER NOT NULL,
	this_update_ms INTEGER NOT NULL,
	next_update_ms INTEGER NOT NULL,
	scheduled_ms INTEGER NOT NULL,
	changes INTEGER NOT NULL,
	der BLOB NOT NULL
) STRICT;
INSERT INTO crl_new (ca, number, this_update_ms, next_update_ms, scheduled_ms, changes, der)
	SELECT ca, number, this_update_ms, next_update_ms, this_update_ms, -1, der FROM crl;
DROP TABLE crl;
ALTER TABLE crl_new RENAME TO crl;
CREATE UNIQUE INDEX crl_number ON crl (ca, number);
-- The CRL that stands in the answer of a transaction, at that place: the answer is kept without it.
ALTER TABLE cmp_transaction ADD COLUMN crl_id INTEGER REFERENCES crl (id);
ALTER TABLE cmp_transaction ADD COLUMN crl_at INTEGER;
CREATE INDEX cmp_transaction_crl ON cmp_transaction (crl_id) WHERE crl_id IS NOT NULL;
