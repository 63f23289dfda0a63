-- SPDX-License-Identifier: Apache-2.0
-- `audit list --since` begins at the first line of that time, and how far the audit was written elsewhere is kept.
CREATE INDEX audit_time ON audit (time_ms);
-- Places outside of the database, [audit] of the configuration: the last line that each was given.
CREATE TABLE audit_sink (
	name TEXT PRIMARY KEY, -- "file", "syslog"; of a node: with its name behind it
	chain INTEGER NOT NULL,
	sequence INTEGER NOT NULL,
	line INTEGER NOT NULL -- its id
) STRICT, WITHOUT ROWID;
