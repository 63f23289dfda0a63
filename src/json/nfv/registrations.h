// SPDX-License-Identifier: Apache-2.0
/* Registrations of who asks, also to find certificates by. Private to nfv/. */
#pragma once

#include "nfv/list.h"

/*
 * The question to the store for a page of a list whose filter may name `subjectId`, `vnfInstanceId`
 * and `certType`: as narrow as it can be asked for. What fits is decided by the filter itself.
 * Those that ended are among the rows, so that a page ends after so many of either.
 */
struct store_registration_filter nfv_registrations_asked(const struct nfv_list *list,
							 const struct cmf_scope *scope);
