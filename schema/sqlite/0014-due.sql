-- SPDX-License-Identifier: Apache-2.0
-- What is due, and what is listed by state, is read in the order of an index: never sorted, however much
-- of it there is.

-- By state for lists, whose pages are in the order of ids.
DROP INDEX certificate_not_active;
CREATE INDEX certificate_not_active ON certificate (state) WHERE state <> 2;
CREATE INDEX certificate_confirm_due ON certificate (confirm_by_ms) WHERE confirm_by_ms IS NOT NULL;

DROP INDEX cmp_transaction_open;
DROP INDEX cmp_transaction_pop;
CREATE INDEX cmp_transaction_not_done ON cmp_transaction (state) WHERE state <> 2;
-- With the requester, so that what one has open is counted without reading rows.
CREATE INDEX cmp_transaction_due ON cmp_transaction (state, deadline_ms, requester)
	WHERE deadline_ms IS NOT NULL;

CREATE INDEX kem_secret_due ON kem_secret (deadline_ms) WHERE cmp_transaction_id IS NULL;

-- One CA that cannot be reached does not make the others' housekeeping read its exchanges.
DROP INDEX exchange_open;
CREATE INDEX exchange_due ON exchange (ca, next_ms) WHERE state = 0;
CREATE INDEX exchange_deadline ON exchange (ca, deadline_ms) WHERE state = 0;

CREATE INDEX registration_manager ON registration (manager);
