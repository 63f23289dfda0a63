// SPDX-License-Identifier: Apache-2.0
/* CsrRequest as JSON. Private to nfv/. */
#pragma once

#include "cmf/request.h"
#include "nfv/nfv.h"

struct nfv_csr {
	struct cmf_request request; /* borrows from the body of the call and from der */
	struct octets der;          /* of the PKCS#10 */
};
/* 0, or the HTTP status of the problem, which is answered then. */
_must_check_ int nfv_csr_read(struct nfv_call *call, struct nfv_csr *csrp);
void nfv_csr_clear(struct nfv_csr *csr);
