-- SPDX-License-Identifier: Apache-2.0
-- Lines that were written when PostgreSQL had no chains are chain 0, as those that SQLite had before 0036.
-- src/store/audit_hash.h says what is hashed.
CREATE FUNCTION audit_number(number BIGINT) RETURNS BYTEA LANGUAGE SQL IMMUTABLE AS
	$$ SELECT CASE WHEN number IS NULL THEN '\x00'::BYTEA ELSE '\x01'::BYTEA || int8send(number) END $$;
CREATE FUNCTION audit_words(words TEXT) RETURNS BYTEA LANGUAGE SQL IMMUTABLE AS
	$$ SELECT CASE WHEN words IS NULL THEN '\x00'::BYTEA
		ELSE '\x02'::BYTEA || int8send(octet_length(convert_to(words, 'UTF8'))::BIGINT) || convert_to(words, 'UTF8') END $$;
DO $$
DECLARE
	line RECORD;
	place BIGINT := 0;
	hash BYTEA := decode(repeat('00', 32), 'hex');
BEGIN
	FOR line IN SELECT * FROM audit WHERE chain = 0 ORDER BY id LOOP
		place := place + 1;
		hash := sha256(hash || int8send(0) || int8send(place) || audit_number(line.time_ms) || audit_number(line.actor_kind)
			|| audit_words(line.actor) || audit_number(line.uid) || audit_words(line.action) || audit_words(line.target)
			|| audit_words(line.detail) || audit_words(line.before) || audit_words(line.after)
			|| audit_words(line.outcome) || audit_number(line.request_id) || audit_words(line.user_name));
	END LOOP;
	UPDATE audit_chain SET last_sequence = place, last_hash = hash WHERE id = 0;
END $$;
DROP FUNCTION audit_number;
DROP FUNCTION audit_words;
