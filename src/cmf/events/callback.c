// SPDX-License-Identifier: Apache-2.0
/*
 * Where callbacks may be. The URL comes from a client, and cmfd, which connects to it, stands where
 * that client may not get: so the host has to be one of its trust domain's, and whatever address
 * the host's name has is looked at again when it is connected to.
 */
#include "cmf/subscription.h"

#include "base/network.h"
#include "web.h"

#include <errno.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <string.h>

/* What goes into a row, and into each connection. */
enum { URL_LEN_MAX = 2048 };

/* A trust domain that the configuration says nothing of has no limits. */
static bool host_allowed(const struct conf_trust_domain *domain, const char *host)
{
	if (!domain)
		return true;
	for (size_t i = 0; i < domain->callback_hosts.len; i++)
		if (fnmatch(domain->callback_hosts.item[i], host, FNM_NOESCAPE | FNM_CASEFOLD) == 0)
			return true;
	return false;
}

int cmf_callback_allowed(const struct conf *conf, const char *trust_domain, const char *url,
			 struct refusal *refusal)
{
	struct web_url read = {0};
	int err = strlen(url) <= URL_LEN_MAX ? web_url_read(url, &read) : -EINVAL;
	bool allowed = !err && host_allowed(conf_trust_domain_find(conf, trust_domain), read.host);

	web_url_clear(&read);
	if (err == -ENOMEM)
		return err;
	/* That http leads to this host alone is seen when it connects. */
	return allowed ? 0 : refuse(refusal, REFUSAL_callback_not_allowed);
}

/* An IPv4 address is one in whatever form it is written. */
static struct bytes address_octets(const struct sockaddr *address)
{
	static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};
	const struct sockaddr_in6 *in6 = (const void *)address;

	if (address->sa_family == AF_INET)
		return (struct bytes){
			(const void *)&((const struct sockaddr_in *)address)->sin_addr, 4};
	if (address->sa_family != AF_INET6)
		return BYTES_NULL;
	if (memcmp(&in6->sin6_addr, v4_mapped, sizeof(v4_mapped)) == 0)
		return (struct bytes){in6->sin6_addr.s6_addr + sizeof(v4_mapped), 4};
	return (struct bytes){in6->sin6_addr.s6_addr, 16};
}

bool cmf_callback_may_connect(void *events, const struct sockaddr *address)
{
	const struct conf_events *conf = events;

	return network_reach(address) == NETWORK_GLOBAL ||
	       conf_ip_ranges_have(&conf->callback_networks, address_octets(address));
}
