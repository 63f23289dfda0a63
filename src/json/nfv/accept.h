// SPDX-License-Identifier: Apache-2.0
/* Media types of requests and answers. Private to nfv/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Which of the n types the header Accept (NULL: there is none) likes best, the first of several
 * that it likes as much; -1: none. RFC 9110 12.5.1
 */
int nfv_accept_choose(const char *accept, const char *const *types, size_t n);
/* Whether Content-Type (NULL: there is none) says that type, with whatever parameters. */
bool nfv_media_type_is(const char *content_type, const char *type);
