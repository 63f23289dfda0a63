// SPDX-License-Identifier: Apache-2.0
/* A call of cmf/ in one expression, for tests: it is made where it is used. */
#pragma once

#include "cmf.h"

#define CMF_CALL(cmf, reader, unit, who, refusal) \
	((const struct cmf_call[]){               \
		cmf_call_now(cmf, &(struct cmf_worker){reader, unit}, who, refusal)})
