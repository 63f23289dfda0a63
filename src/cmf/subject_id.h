// SPDX-License-Identifier: Apache-2.0
/*
 * What a subjectId may look like and which names belong to it. Pure functions over text; whose a
 * subjectId is, is in entity.c.
 */
#pragma once

#include "base/bytes.h"
#include "base/refusal.h"
#include "conf.h"
#include "store.h"

/*
 * What a subjectId and a vnfInstanceId may be: 1 to 253 characters in NFC, none of them a control
 * character or one that steers the direction of others, and something to compare.
 */
bool entity_text_valid(struct bytes text);
/*
 * Whether an entity under the profile may have that subjectId. IFA 033 11.2.2.2: an FQDN for MANO,
 * else the identifier of a VNFCI. 0 or REFUSED (subject_id_*).
 */
_must_check_ int subject_id_check(const struct conf_profile *profile, const char *id,
				  struct refusal *refusal);
/* Characters of the name; RFC 5280 A.1 counts them, not octets. */
size_t name_characters(const char *name);
/* ub-common-name, RFC 5280 A.1 */
enum { COMMON_NAME_MAX = 64 };
/*
 * Visible ASCII without what means something in the text form of a DN (RFC 4514 2.4), in utf8Pairs
 * (RFC 4211 7.1), or as a wildcard: it reads the same everywhere.
 */
bool identifier_plain(struct bytes id);
/* Whether the name is that subjectId but for case, or a host name that compares as it does. */
bool name_is_id(struct bytes name, const char *id);
bool name_rule_allows(enum conf_name_rule rule, struct bytes name, const char *id);
/* Who the URN of base/vnfci_urn.h names; *vnf_instancep is "" in the form with one part. The caller
 * frees both. -EINVAL: the URI is another, or not as above; -ENOMEM. */
_must_check_ int vnfci_urn_read(struct bytes uri, char **vnf_instancep, char **subject_idp);
/* Whether it is the URI of that entity; false, too, where there is no memory to find out. */
bool vnfci_urn_is(struct bytes uri, const struct store_entity *entity);
/* Whether a URI fits one of the patterns of a profile (`uris`) for the entity. 0 or -ENOMEM. */
_must_check_ int uri_patterns_fit(const struct conf_list *patterns, struct bytes uri,
				  const struct store_entity *entity, bool *fitsp);
/* Printable UTF-8: no control characters, no NUL, at least one character. */
bool name_text_clean(struct bytes text);
