-- SPDX-License-Identifier: Apache-2.0
-- The audit is a chain of hashes for each process that commits, so that a line that was changed, removed or
-- inserted is found. src/store/audit_hash.h says what is hashed.
ALTER TABLE audit ADD COLUMN user_name TEXT; -- of uid, when it was done
ALTER TABLE audit ADD COLUMN chain INTEGER NOT NULL DEFAULT 0; -- 0: from before there were chains
ALTER TABLE audit ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0; -- in its chain, from 1
ALTER TABLE audit ADD COLUMN hash BLOB; -- of this line and all before it in its chain
CREATE TABLE audit_chain (
	id INTEGER PRIMARY KEY, -- without gaps
	begun_ms INTEGER NOT NULL,
	-- Of the chain before it, as it stood when this one began:
	before_sequence INTEGER NOT NULL,
	before_hash BLOB NOT NULL,
	-- Its newest line, and the MAC of that.
	last_sequence INTEGER NOT NULL,
	last_hash BLOB NOT NULL,
	mac BLOB, -- of chain 0: of how many chains there are
	-- The last line that retention has removed, and the MAC of that.
	anchor_sequence INTEGER NOT NULL DEFAULT 0,
	anchor_hash BLOB NOT NULL DEFAULT x'',
	anchor_mac BLOB
) STRICT;
-- The lines of before are a chain without MAC, which chain 1 goes on from.
INSERT INTO audit_chain (id, begun_ms, before_sequence, before_hash, last_sequence, last_hash)
	SELECT 0, 0, 0, zeroblob(32), count(*),
		audit_hash(time_ms, actor_kind, actor, uid, action, target, detail, before, after, outcome,
			request_id, user_name)
	FROM (SELECT * FROM audit ORDER BY id);
