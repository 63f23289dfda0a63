-- SPDX-License-Identifier: Apache-2.0
-- What cmfd has with VNF Managers (direct mode): its subscription to their notifications, and the VNFs that those
-- tell it to look at.

-- request_digest: of what it was subscribed with, so that another callback, or other credentials for it, are another
-- subscription; salted and slow, since there is a password in it.
CREATE TABLE lcm_subscription (
	vnfm TEXT PRIMARY KEY,
	subscription TEXT NOT NULL,
	callback_uri TEXT NOT NULL,
	request_digest BLOB NOT NULL,
	created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A VNF to be looked at. sequence grows with each notification, so that one that comes meanwhile is not lost;
-- noted_ms is of the first. removed, deleted: what they told; unfinished: they told of no end of an operation.
CREATE TABLE lcm_event (
	vnfm TEXT NOT NULL,
	vnf_instance TEXT NOT NULL,
	sequence INTEGER NOT NULL,
	noted_ms INTEGER NOT NULL,
	next_ms INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	removed INTEGER NOT NULL,
	deleted INTEGER NOT NULL,
	unfinished INTEGER NOT NULL,
	operation_id TEXT,
	PRIMARY KEY (vnfm, vnf_instance)
) STRICT, WITHOUT ROWID;
CREATE INDEX lcm_event_due ON lcm_event (vnfm, next_ms);
