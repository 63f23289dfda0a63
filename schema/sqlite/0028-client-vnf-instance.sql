-- SPDX-License-Identifier: Apache-2.0
-- The VNF instance of the entity that a client is: client.entity is unique within one only. NULL: none.
ALTER TABLE client ADD COLUMN entity_vnf_instance TEXT;
