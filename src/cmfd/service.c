// SPDX-License-Identifier: Apache-2.0
/*
 * All that is made from one configuration: CAs, CMF, CMP door, the keys of access tokens. A reload
 * makes all of them anew and replaces them together; requests that are under way finish with the
 * service that they began with. When a reload happens is daemon.c's; which service a thread works
 * for is worker.c's.
 */
#include "daemon.h"

#include <errno.h>

int service_new(struct conf **confp, const struct service *before, struct store *store,
		struct metrics *metrics, struct service **servicep, struct strbuf *problems)
{
	_cleanup_(service_unrefp) struct service *service = calloc(1, sizeof(*service));
	const struct conf *conf = *confp;
	int err;

	if (!service)
		return -ENOMEM;
	atomic_init(&service->references, 1);
	err = ca_set_new(conf, store, &clock_system, metrics, &service->cas, problems);
	if (err < 0)
		return err;
	err = cmf_new(conf, store, service->cas, &clock_system, &service->cmf, problems);
	if (err < 0)
		return err;
	err = cmp_door_new(conf, service->cmf, &clock_system, metrics, &service->door, problems);
	if (err < 0)
		return err;
	err = token_checker_new(conf, before ? before->tokens : NULL, &service->tokens, problems);
	if (err < 0)
		return err;
	service->conf = TAKE(*confp);
	*servicep = TAKE(service);
	return 0;
}

struct service *service_ref(struct service *service)
{
	atomic_fetch_add(&service->references, 1);
	return service;
}

void service_unref(struct service *service)
{
	if (!service || atomic_fetch_sub(&service->references, 1) != 1)
		return;
	token_checker_free(service->tokens);
	cmp_door_free(service->door);
	cmf_free(service->cmf);
	ca_set_free(service->cas);
	conf_free(service->conf);
	free(service);
}
