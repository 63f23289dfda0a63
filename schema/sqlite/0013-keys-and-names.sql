-- SPDX-License-Identifier: Apache-2.0
-- Public keys are compared by the digest of their canonical form (spki_digest() in asn1/spki.h),
-- not of the encoding that the request happened to have. It is another digest only where the
-- certificate has a compressed point of P-256, P-384 or P-521, or a key restricted to RSASSA-PSS.
-- A key in the archive is sealed for the digest that its certificate has: those rows stay.
UPDATE certificate SET key_digest = canonical_key_digest(der, key_digest)
WHERE (instr(der, x'06072a8648ce3d020106082a8648ce3d030107032200') > 0
    OR instr(der, x'06072a8648ce3d020106052b81040022033200') > 0
    OR instr(der, x'06072a8648ce3d020106052b81040023034400') > 0
    OR instr(der, x'06092a864886f70d01010a') > 0)
  AND id NOT IN (SELECT certificate_id FROM archived_key);

-- The subjectId of the entity that a client is: its names may be that entity's.
ALTER TABLE client ADD COLUMN entity TEXT;
