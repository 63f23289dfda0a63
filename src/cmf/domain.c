// SPDX-License-Identifier: Apache-2.0
/* What a trust domain may have. See domain.h. */
#include "domain.h"

#include "base/host_name.h"
#include "base/name_fold.h"
#include "base/uri.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

bool domain_allows_terms(const struct conf_trust_domain *domain, enum cert_type type,
			 const char *profile, const char *ca)
{
	if (!domain)
		return true;
	return (!domain->cert_types || domain->cert_types & UINT32_C(1) << type) &&
	       (!domain->profiles.len || conf_list_has(&domain->profiles, profile)) &&
	       (!domain->cas.len || conf_list_has(&domain->cas, ca));
}

/* Both sides in the form in which names compare. */
static int pattern_fits(const struct conf_list *patterns, const char *folded, bool *fitsp)
{
	*fitsp = false;
	for (size_t i = 0; i < patterns->len && !*fitsp; i++) {
		_cleanup_(freep) char *pattern = NULL;
		int err = name_fold(bytes_of_string(patterns->item[i]), &pattern);

		if (err < 0)
			return err;
		*fitsp = fnmatch(pattern, folded, FNM_NOESCAPE) == 0;
	}
	return 0;
}

int patterns_fit(const struct conf_list *patterns, const char *name, bool *fitsp)
{
	_cleanup_(freep) char *folded = NULL;
	int err = name_fold(bytes_of_string(name), &folded);

	return err < 0 ? err : pattern_fits(patterns, folded, fitsp);
}

static int suffix_fits(const struct conf_list *suffixes, const char *folded, bool *fitsp)
{
	*fitsp = false;
	for (size_t i = 0; i < suffixes->len && !*fitsp; i++) {
		_cleanup_(freep) char *suffix = NULL;
		int err = name_fold(bytes_of_string(suffixes->item[i]), &suffix);

		if (err < 0)
			return err;
		*fitsp = host_name_below(folded, suffix);
	}
	return 0;
}

/*
 * Whether a folded text reads as the name of a host, in whatever letters and with a wildcard, too:
 * several labels, of which the last is no number.
 */
static bool reads_as_host(const char *folded)
{
	const char *last = strrchr(folded, '.');

	if (!last || last[1 + strspn(last + 1, "0123456789")] == '\0')
		return false;
	for (const char *p = folded; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x80 && !isalnum(c) && !strchr("-_.*", c))
			return false;
	}
	return true;
}

static int host_allowed(const struct conf_trust_domain *domain, const char *folded, bool *allowedp)
{
	*allowedp = true;
	if (!domain->dns_suffixes.len || !reads_as_host(folded))
		return 0;
	return suffix_fits(&domain->dns_suffixes, folded, allowedp);
}

int domain_allows_id(const struct conf_trust_domain *domain, const char *subject_id, bool *allowedp)
{
	_cleanup_(freep) char *folded = NULL;
	int err;

	*allowedp = true;
	if (!domain || (!domain->subject_ids.len && !domain->dns_suffixes.len))
		return 0;
	err = name_fold(bytes_of_string(subject_id), &folded);
	if (err == 0 && domain->subject_ids.len)
		err = pattern_fits(&domain->subject_ids, folded, allowedp);
	if (err == 0 && *allowedp)
		err = host_allowed(domain, folded, allowedp);
	return err;
}

int domain_allows_text(const struct conf_trust_domain *domain, struct bytes text, bool *allowedp)
{
	_cleanup_(freep) char *folded = NULL;
	int err;

	*allowedp = true;
	if (!domain || !domain->dns_suffixes.len)
		return 0;
	err = name_fold(text, &folded);
	return err < 0 ? err : host_allowed(domain, folded, allowedp);
}

int domain_allows_dns_name(const struct conf_trust_domain *domain, struct bytes name,
			   bool *allowedp)
{
	_cleanup_(freep) char *folded = NULL;
	int err;

	*allowedp = true;
	if (!domain || !domain->dns_suffixes.len)
		return 0;
	err = name_fold(name, &folded);
	return err < 0 ? err : suffix_fits(&domain->dns_suffixes, folded, allowedp);
}

bool domain_allows_ip(const struct conf_trust_domain *domain, struct bytes address)
{
	return !domain || !domain->ip_addresses.len ||
	       conf_ip_ranges_have(&domain->ip_addresses, address);
}

int domain_allows_uri(const struct conf_trust_domain *domain, struct bytes uri, bool *allowedp)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];
	struct uri read;
	bool v6;

	*allowedp = true;
	if (uri_read(uri, &read) || !read.host.len)
		return 0;
	snprintf(text, sizeof(text), "%.*s", (int)read.host.len, (const char *)read.host.data);
	v6 = strchr(text, ':') != NULL;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, address) != 1)
		return domain_allows_dns_name(domain, read.host, allowedp);
	*allowedp = domain_allows_ip(domain, (struct bytes){address, v6 ? 16 : 4});
	return 0;
}

int domain_allows_registration(const struct conf_trust_domain *domain,
			       const struct store_registration *reg, bool *allowedp)
{
	*allowedp = domain_allows_terms(domain, reg->cert_type, reg->profile, reg->ca);
	return *allowedp ? domain_allows_id(domain, reg->subject_id, allowedp) : 0;
}
