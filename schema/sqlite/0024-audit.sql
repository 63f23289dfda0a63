-- SPDX-License-Identifier: Apache-2.0
-- A line of audit says of which kind its actor is, which process of the operator's it was, what was before and after,
-- how it ended, and for which request it was. What stood there before tells the kind by the name.

ALTER TABLE audit ADD COLUMN actor_kind INTEGER NOT NULL DEFAULT 0; -- 0 client, 1 holder, 2 revoker, 3 operator, 4 system
ALTER TABLE audit ADD COLUMN uid INTEGER; -- of the process at the operator's socket
ALTER TABLE audit ADD COLUMN before TEXT;
ALTER TABLE audit ADD COLUMN after TEXT;
ALTER TABLE audit ADD COLUMN outcome TEXT NOT NULL DEFAULT 'done'; -- or the failInfo
ALTER TABLE audit ADD COLUMN request_id INTEGER; -- as in the log
UPDATE audit SET actor_kind = 1 WHERE actor LIKE 'certificate:%';
UPDATE audit SET actor_kind = 3 WHERE actor = 'cmfctl';
UPDATE audit SET actor_kind = 4 WHERE actor = 'housekeeping';
