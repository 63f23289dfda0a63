-- SPDX-License-Identifier: Apache-2.0
-- Nodes: the processes that serve one database at the same time, where the database lets several do
-- so. Each says again and again that it is there, until a time by the database's clock.
CREATE TABLE node (
	id INTEGER PRIMARY KEY, -- random, of the process
	name TEXT NOT NULL,
	address TEXT NOT NULL, -- where clients reach it
	version TEXT NOT NULL, -- of the program
	schema INTEGER NOT NULL, -- which it knows
	configuration TEXT NOT NULL, -- fingerprint
	skew_ms INTEGER, -- by which its clock is ahead of the database's; NULL: not known yet
	started_ms INTEGER NOT NULL,
	seen_ms INTEGER NOT NULL,
	until_ms INTEGER NOT NULL
);
-- What one node does at a time. The epoch grows with each node that takes it over, and a commit of
-- the job requires it; node 0: nobody has it.
CREATE TABLE lease (
	job TEXT PRIMARY KEY,
	node INTEGER NOT NULL,
	epoch INTEGER NOT NULL
);
CREATE VIEW database_state AS
	SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) AS now_ms, 0 AS schema, 0 AS needs;
