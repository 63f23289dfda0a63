// SPDX-License-Identifier: Apache-2.0
/*
 * The attributes of a subject that say of which trust domain and VNF instance its entity is, where
 * the profile wants them: so that two entities of one identifier have two subjects (RFC 5280
 * 4.1.2.6). They stand in front of all others, and are nobody's to choose.
 */
#pragma once

#include "conf.h"
#include "store.h"

struct mods;
struct names;

struct scope {
	struct scope_part {
		int nid;
		const char *text; /* "": the attribute is not there */
	} part[2];
	size_t n;
};

/* That of an entity under the profile; borrows from both. */
struct scope scope_of(const struct conf_profile *profile, const struct store_entity *entity);
/* Whether each part is as long as its attribute may be, RFC 5280 A.1. */
bool scope_fits(const struct scope *scope);
/* Whether an attribute of a request is one that the scope decides. */
bool scope_decides(const struct scope *scope, const X509_NAME_ENTRY *entry);
/* Whether the request says it as it is. */
bool scope_says(const struct scope *scope, const X509_NAME_ENTRY *entry);
/* Tells what the request does not say of it. */
void scope_tell(const struct scope *scope, const X509_NAME *asked, struct mods *mods);
/* Puts it in front of a subject, and behind its text. 0 or -ENOMEM. */
_must_check_ int scope_add(const struct scope *scope, struct names *names);
/* That a subject is another one only in lacking what the scope decides: for kur, where a request
 * names the entity as a new one would. */
bool scope_is_all_that_lacks(const struct scope *scope, const X509_NAME *asked,
			     const X509_NAME *old);
