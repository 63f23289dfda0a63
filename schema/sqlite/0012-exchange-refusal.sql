-- SPDX-License-Identifier: Apache-2.0
-- Why an exchange with an upstream CA failed where it was not the upstream that refused: the code of
-- include/base/refusal_table.h.
ALTER TABLE exchange ADD COLUMN refusal TEXT;
