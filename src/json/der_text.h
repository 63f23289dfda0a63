// SPDX-License-Identifier: Apache-2.0
/* DER within JSON: as PEM, or in base64. Shared by the resources of json/. */
#pragma once

#include "base/bytes.h"

/*
 * `labels` are those that a PEM block may have, NULL-terminated: one block, and nothing behind it
 * (RFC 7468). What is no PEM is base64. The caller owns *derp. 0, -EINVAL or -ENOMEM.
 */
_must_check_ int json_der_read(const char *text, const char *const *labels, struct octets *derp);
