// SPDX-License-Identifier: Apache-2.0
/*
 * All that is made from one configuration: CAs, CMF, CMP door, the keys of access tokens. A reload
 * makes all of them anew and replaces them together; requests that are under way finish with the
 * service that they began with. When a reload happens is daemon.c's; which service a thread works
 * for is worker.c's.
 */
#include "daemon.h"

#include "base/clock.h"
#include "base/log.h"
#include "ca.h"

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
	err = check_inventory_new(conf, &service->inventory);
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
	check_inventory_clear(&service->inventory);
	token_checker_free(service->tokens);
	cmp_door_free(service->door);
	cmf_free(service->cmf);
	ca_set_free(service->cas);
	conf_free(service->conf);
	free(service);
}

/* --- certificates of our own --- */

void service_tell_ends(const struct service *service, int64_t now_ms)
{
	for (size_t i = 0; i < service->inventory.len; i++) {
		const struct check_certificate *c = &service->inventory.item[i];
		bool ended = c->not_after_ms < now_ms;
		char when[21];

		if (c->not_after_ms > now_ms + service->conf->cmf.expiry_warning_ms)
			continue;
		clock_format(c->not_after_ms, when);
		log_event(ended ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "expiry",
			  F_TEXT("problem", ended ? "a certificate has expired"
						  : "a certificate will expire soon"),
			  F_TEXT("section", c->section), F_TEXT("key", c->key),
			  F_TEXT("subject", c->subject), F_TEXT("not_after", when));
	}
}

void service_tell_unfit(const struct service *service)
{
	for (size_t i = 0; i < ca_count(service->cas); i++) {
		const char *unfit = ca_unfit(ca_at(service->cas, i));

		if (unfit)
			log_event(LOG_LEVEL_ERROR, "ca_unfit", F_TEXT("problem", unfit),
				  F_TEXT("effect", "this CA issues nothing and makes no CRL; it is "
						   "tried again"));
	}
}

void service_list_unfit(const struct service *service, struct strbuf *out)
{
	for (size_t i = 0; i < ca_count(service->cas); i++) {
		const char *unfit = ca_unfit(ca_at(service->cas, i));

		if (unfit)
			strbuf_printf(out, "%s: this CA issues nothing until it can be used\n",
				      unfit);
	}
}

static bool any_ca_issues(const struct service *service, int64_t now_ms)
{
	for (size_t i = 0; i < ca_count(service->cas); i++)
		if (ca_path_end(ca_at(service->cas, i)) >= now_ms &&
		    ca_is_fit(ca_at(service->cas, i)))
			return true;
	return ca_count(service->cas) == 0;
}

bool service_unfit(const struct service *service, int64_t now_ms, struct strbuf *out)
{
	const struct check_certificate *c = check_inventory_find(&service->inventory, "protection");

	if (c && c->not_after_ms < now_ms) {
		check_certificate_text(c, now_ms, out);
		strbuf_add(out, ": no client believes an answer\n");
		return true;
	}
	if (any_ca_issues(service, now_ms))
		return false;
	strbuf_add(out, "the certificates of all CAs have expired, or their keys cannot be used: "
			"nothing can be issued\n");
	return true;
}
