// SPDX-License-Identifier: Apache-2.0
/* Rows of the audit, for the files of store/ that read or hash them. */
#pragma once

#include "audit_hash.h"
#include "reader.h"

/* The values of a line, in the order of AUDIT_ADD; they are borrowed from it. */
void audit_values(const struct store_audit *line, struct value values[AUDIT_VALUES]);

/* A row of audit_chain. A row_take of a struct store_audit_chain. */
row_take audit_chain_read;
