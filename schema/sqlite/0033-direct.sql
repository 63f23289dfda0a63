-- SPDX-License-Identifier: Apache-2.0
-- Direct mode (IFA 033 9.3): what VNFMs show of their VNFs, and which registrations came of it. source says where a
-- registration is from, as 'vnfm NAME'; NULL: a client or the operator asked for it.
ALTER TABLE registration ADD COLUMN source TEXT;

-- by_resource: its VNFCs go by vnfcResourceInfo.id, not by vnfcInfo.id; NULL: none was seen yet. resync: the number of
-- the last one that it was compared in.
CREATE TABLE direct_vnf (
	id INTEGER PRIMARY KEY,
	vnfm TEXT NOT NULL,
	vnf_instance TEXT NOT NULL,
	vnfd_id TEXT,
	by_resource INTEGER,
	resync INTEGER NOT NULL,
	seen_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX direct_vnf_instance ON direct_vnf (vnfm, vnf_instance);

-- A VNFC and the registration that it has. What is not there any more has a state: 1 gone, and the end of the resync
-- decides; 2 held until the operator approves; 3 due; 4 on hold; 5 kept. due_ms: when the next step is to be done.
-- replaced_id: certificates up to that one are of the resource that it had before.
CREATE TABLE direct_vnfc (
	registration_id INTEGER PRIMARY KEY REFERENCES registration (id),
	vnf_id INTEGER NOT NULL REFERENCES direct_vnf (id),
	vnfc_id TEXT,
	resource_id TEXT,
	vdu_id TEXT,
	state INTEGER NOT NULL,
	state_ms INTEGER NOT NULL,
	due_ms INTEGER,
	resync INTEGER,
	replaced_id INTEGER
) STRICT;
CREATE INDEX direct_vnfc_vnf ON direct_vnfc (vnf_id, state);
CREATE INDEX direct_vnfc_due ON direct_vnfc (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX direct_vnfc_replaced ON direct_vnfc (replaced_id) WHERE replaced_id IS NOT NULL;

-- A registration that has ended, by whoever, is no VNFC's any more.
CREATE TRIGGER direct_vnfc_ended AFTER UPDATE OF state ON registration
WHEN NEW.state = 1 AND OLD.state = 0 AND NEW.source IS NOT NULL BEGIN
	DELETE FROM direct_vnfc WHERE registration_id = NEW.id;
END;
