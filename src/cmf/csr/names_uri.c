// SPDX-License-Identifier: Apache-2.0
/*
 * URIs in the subjectAltName. That of a VNFCI has its own rule; another is the name of whom its
 * host names, as a dNSName would be. See names.h.
 */
#include "csr/names.h"

#include "base/uri.h"
#include "base/vnfci_urn.h"
#include "cmf_private.h"
#include "principal/name_reserved.h"
#include "subject_id.h"

#include <string.h>

/* Whatever the profile has of other URIs: it is that of a VNFCI, RFC 8141 3.1 */
static bool is_of_vnfci(struct bytes uri)
{
	return uri.len >= strlen(VNFCI_URN) &&
	       strncasecmp((const char *)uri.data, VNFCI_URN, strlen(VNFCI_URN)) == 0;
}

static int uri_refuse(const struct cmf_call *call, const char *why)
{
	return refuse_about(call->refusal, REFUSAL_template_san_not_allowed,
			    "uniformResourceIdentifier%s%s", why ? ", which " : "", why ? why : "");
}

/* That the URI, or its host, is no name of somebody else. */
static int others_check(const struct cmf_call *call, const struct names_owner *owner,
			struct bytes uri, struct bytes host)
{
	const char *reserved;
	int err = name_reserved(call, uri, &owner->entity, &reserved);

	if (err < 0)
		return err;
	if (reserved)
		return refuse_detail(call->refusal, REFUSAL_template_san_not_allowed, reserved);
	return host.len ? name_open_check(call, owner, host, REFUSAL_template_san_not_allowed) : 0;
}

int name_uri_check(const struct cmf_call *call, const struct conf_profile *profile,
		   const struct names_owner *owner, struct bytes uri)
{
	const char *fault;
	struct uri read;
	bool fits;
	int err;

	if (is_of_vnfci(uri))
		return profile->vnfci_uri && vnfci_urn_is(uri, &owner->entity)
			       ? 0
			       : uri_refuse(call, NULL);
	if (!profile->uris.len)
		return uri_refuse(call, NULL);
	fault = uri_read(uri, &read);
	if (fault)
		return uri_refuse(call, fault);
	err = uri_patterns_fit(&profile->uris, uri, &owner->entity, &fits);
	if (err < 0)
		return err;
	return fits ? others_check(call, owner, uri, read.host)
		    : uri_refuse(call, "is none of those of the profile");
}
