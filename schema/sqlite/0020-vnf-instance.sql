-- SPDX-License-Identifier: Apache-2.0
-- An entity is trust domain, VNF instance ('': none) and subject_id: the identifier of a VNFC is unique
-- within one VNF instance only, and each trust domain is a name space of its own. subject_key is
-- subject_id in the form in which names compare (include/base/name_fold.h).

ALTER TABLE registration ADD COLUMN vnf_instance TEXT NOT NULL DEFAULT '';
ALTER TABLE registration ADD COLUMN subject_key TEXT NOT NULL DEFAULT '';
DROP INDEX registration_active;
DROP INDEX registration_subject;
UPDATE registration SET subject_key = name_key(subject_id);
CREATE INDEX registration_entity ON registration (subject_key, trust_domain, vnf_instance, state);
-- Compared by case alone until now, two active ones may have become one name, as "a" and "a.": the
-- older one has it, the others keep what no name is compared as, and are found by id.
UPDATE registration SET subject_key = lower(subject_id) || ' ' WHERE state = 0 AND EXISTS
	(SELECT 1 FROM registration other WHERE other.subject_key = registration.subject_key
	AND other.trust_domain = registration.trust_domain AND other.state = 0
	AND other.id < registration.id
	AND (other.cert_type = registration.cert_type OR other.manager <> registration.manager));
-- With the manager, so that what one has of a name is found whatever the VNF instances; that there is
-- one manager is a condition of each insertion.
CREATE UNIQUE INDEX registration_active ON registration
	(subject_key, trust_domain, manager, vnf_instance, cert_type) WHERE state = 0;
-- For lists, whose pages are in the order of ids.
CREATE INDEX registration_trust_domain ON registration (trust_domain);
