// SPDX-License-Identifier: Apache-2.0
/*
 * The version of the interface: what requests say, and the resources api_versions, which say what
 * there is (SOL 013 clause 9.3).
 */
#include "nfv/version.h"

#include "nfv/nfv.h"

#include <ctype.h>
#include <string.h>

/* A number without leading zeros. *textp moves behind it. */
static bool number_skip(const char **textp)
{
	const char *text = *textp;
	size_t len = strspn(text, "0123456789");

	*textp += len;
	return len == 1 || (len > 1 && *text != '0');
}

/* MAJOR.MINOR.PATCH with a major of at least 1, and maybe "-impl:..." of who made the server. */
static bool version_valid(const char *text)
{
	static const char impl[] = "-impl:";

	if (*text == '0' || !number_skip(&text))
		return false;
	for (int i = 0; i < 2; i++) {
		if (*text++ != '.' || !number_skip(&text))
			return false;
	}
	if (*text == '\0')
		return true;
	if (strncmp(text, impl, sizeof(impl) - 1) != 0)
		return false;
	text += sizeof(impl) - 1;
	for (size_t i = 0; text[i]; i++) {
		if (!isgraph((unsigned char)text[i]))
			return false;
	}
	return *text != '\0';
}

enum nfv_version nfv_version_judge(const char *text)
{
	static const char plain[] = "1.0.0";

	if (!text || !version_valid(text))
		return NFV_VERSION_MALFORMED;
	return strcmp(text, plain) == 0 || strcmp(text, NFV_VERSION) == 0 ? NFV_VERSION_FINE
									  : NFV_VERSION_UNSUPPORTED;
}

/* uriPrefix is a relative reference: who asks knows by which name it asked, and nobody else does.
 */
int nfv_api_versions(struct nfv_call *call)
{
	return nfv_ok(call, 200,
		      json_pack("{s:s, s:[{s:s, s:b}]}", "uriPrefix", NFV_ROOT "/v1/",
				"apiVersions", "version", NFV_VERSION, "isDeprecated", 0));
}
