// SPDX-License-Identifier: Apache-2.0
/* The version of the interface, ETSI GS NFV-SOL 013 clause 9. Private to nfv/. */
#pragma once

/* What every answer says. */
#define NFV_VERSION "1.0.0-impl:cmfd:cmf-certmgmt:1"

enum nfv_version { NFV_VERSION_FINE, NFV_VERSION_MALFORMED, NFV_VERSION_UNSUPPORTED };

/* Of the header Version; NULL: there is none. */
enum nfv_version nfv_version_judge(const char *text);
