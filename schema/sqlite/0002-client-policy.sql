-- SPDX-License-Identifier: Apache-2.0
-- The [client_policy NAME] of a client; NULL: the default one.

ALTER TABLE client ADD COLUMN policy TEXT;
