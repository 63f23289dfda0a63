-- SPDX-License-Identifier: Apache-2.0
-- How many rows of a table are in each state, so that nobody counts millions. Each COMMIT adds its
-- differences. The states that most rows are in (2 of both) are what the indexes of the others leave.
CREATE TABLE counter (
	name TEXT NOT NULL,
	state INTEGER NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (name, state)
) STRICT, WITHOUT ROWID;
INSERT INTO counter SELECT 'certificate', state, count(*) FROM certificate
	WHERE state <> 2 GROUP BY state;
INSERT INTO counter SELECT 'certificate', 2, (SELECT count(*) FROM certificate) - ifnull(sum(n), 0)
	FROM counter WHERE name = 'certificate';
INSERT INTO counter SELECT 'cmp_transaction', state, count(*) FROM cmp_transaction
	WHERE state <> 2 GROUP BY state;
INSERT INTO counter SELECT 'cmp_transaction', 2,
	(SELECT count(*) FROM cmp_transaction) - ifnull(sum(n), 0)
	FROM counter WHERE name = 'cmp_transaction';
