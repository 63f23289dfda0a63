-- SPDX-License-Identifier: Apache-2.0
-- A certificate on hold (certificateHold, RFC 5280 5.3.1) has a state of its own, 6, out of which
-- removeFromCRL takes it back; released_ms says when, so that a CRL without it is made.
ALTER TABLE certificate ADD COLUMN released_ms INTEGER;
CREATE INDEX certificate_released ON certificate (ca, released_ms) WHERE released_ms IS NOT NULL;
UPDATE certificate SET state = 6 WHERE state = 3 AND state <> 2 AND reason = 6;
