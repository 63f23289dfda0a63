// SPDX-License-Identifier: Apache-2.0
/*
 * Which differences between two configurations a running server can take over.
 */
#include "conf.h"

#include "keys.h"
#include "problems.h"

#include <errno.h>
#include <string.h>

/* Values are equal when they print the same. */
static int compare_section(enum conf_section section, const char *title, const void *now,
			   const void *next, struct conf_problems *problems)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		_cleanup_(strbuf_clear) struct strbuf a = STRBUF_NULL;
		_cleanup_(strbuf_clear) struct strbuf b = STRBUF_NULL;

		if (key->section != section || key->reload)
			continue;
		if (conf_key_applies(key, now))
			key->type->print(key->type, conf_key_value_const(key, now), &a);
		if (conf_key_applies(key, next))
			key->type->print(key->type, conf_key_value_const(key, next), &b);
		if (a.failed || b.failed)
			return -ENOMEM;
		if (strcmp(a.text ? a.text : "", b.text ? b.text : "") != 0)
			conf_problem(problems, title, key->name,
				     "a change of this key needs a restart");
	}
	return 0;
}

static const struct conf_ca *ca_named(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_cas; i++)
		if (strcmp(conf->cas[i].name, name) == 0)
			return &conf->cas[i];
	return NULL;
}

/* CAs may come, and go where no registration has them, which cmf_new() looks at. */
static int compare_cas(const struct conf *now, const struct conf *next,
		       struct conf_problems *problems)
{
	int err = 0;

	for (size_t i = 0; i < now->n_cas && err == 0; i++) {
		const struct conf_ca *ca = ca_named(next, now->cas[i].name);
		char title[256];

		snprintf(title, sizeof(title), "ca %s", now->cas[i].name);
		if (ca)
			err = compare_section(CONF_CA, title, &now->cas[i], ca, problems);
	}
	return err;
}

static int compare_vnfms(const struct conf *now, const struct conf *next,
			 struct conf_problems *problems)
{
	bool same = now->n_vnfms == next->n_vnfms;
	int err = 0;

	for (size_t i = 0; same && i < now->n_vnfms; i++)
		same = strcmp(now->vnfms[i].name, next->vnfms[i].name) == 0;
	if (!same)
		conf_problem(problems, "vnfm", NULL,
			     "VNFMs were added, removed, renamed or moved, which needs a restart");
	for (size_t i = 0; same && i < now->n_vnfms && err == 0; i++) {
		char title[256];

		snprintf(title, sizeof(title), "vnfm %s", now->vnfms[i].name);
		err = compare_section(CONF_VNFM, title, &now->vnfms[i], &next->vnfms[i], problems);
	}
	return err;
}

int conf_reload_check(const struct conf *now, const struct conf *next, struct strbuf *problems)
{
	struct conf_problems found = {.text = problems};
	int err = 0;

	for (enum conf_section s = 0; s < CONF_SECTION_COUNT && err == 0; s++) {
		size_t offset = conf_sections[s].offset;

		if (!conf_sections[s].named)
			err = compare_section(s, conf_sections[s].kind, (const char *)now + offset,
					      (const char *)next + offset, &found);
	}
	if (err == 0)
		err = compare_cas(now, next, &found);
	if (err == 0)
		err = compare_vnfms(now, next, &found);
	if (err < 0)
		return err;
	return found.count ? -EPERM : 0;
}
