// SPDX-License-Identifier: Apache-2.0
/* See complete_names.h. */
#include "complete_names.h"

#include "complete.h"
#include "conf.h"

#include <string.h>

/* Prints what the configuration has. */
typedef void conf_names(const struct conf *conf, const char *word);

static void cas_print(const struct conf *conf, const char *word)
{
	for (size_t i = 0; i < conf->n_cas; i++)
		complete_candidate(conf->cas[i].name, NULL, word);
}

static void profiles_print(const struct conf *conf, const char *word)
{
	for (size_t i = 0; i < conf->n_profiles; i++)
		complete_candidate(conf->profiles[i].name, NULL, word);
}

static void policies_print(const struct conf *conf, const char *word)
{
	for (size_t i = 0; i < conf->n_client_policies; i++)
		complete_candidate(conf->client_policies[i].name, NULL, word);
}

static void trust_domains_print(const struct conf *conf, const char *word)
{
	for (size_t i = 0; i < conf->n_trust_domains; i++)
		complete_candidate(conf->trust_domains[i].name, NULL, word);
}

static void vnfms_print(const struct conf *conf, const char *word)
{
	for (size_t i = 0; i < conf->n_vnfms; i++)
		complete_candidate(conf->vnfms[i].name, NULL, word);
}

static void conf_names_print(const struct ctl *ctl, conf_names *print, const char *word)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;

	if (conf_load_names(ctl->config, &conf, &problems) == 0)
		print(conf, word);
}

/* Of thousands the first page is enough to see that there are many. */
static void clients_print(struct ctl *ctl, const char *word)
{
	json_t *reply = NULL, *row;
	size_t i;

	if (ctl_call(ctl, "GET", "/v1/clients", NULL, &reply))
		return;
	json_array_foreach(json_object_get(reply, "items"), i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));

		if (name)
			complete_candidate(name,
					   json_string_value(json_object_get(row, "trust_domain")),
					   word);
	}
	json_decref(reply);
}

static bool option_names(struct ctl *ctl, const char *option, const char *arg, const char *word)
{
	static const struct {
		const char *option;
		conf_names *print;
	} names[] = {
		{"ca", cas_print},
		{"from-ca", cas_print},
		{"profile", profiles_print},
		{"from-profile", profiles_print},
		{"default-profile", profiles_print},
		{"policy", policies_print},
		{"trust-domain", trust_domains_print},
		{"vnfm", vnfms_print},
	};

	if (strcmp(arg, "CLIENT") == 0) {
		clients_print(ctl, word);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(names) && option && strcmp(arg, "NAME") == 0; i++) {
		if (strcmp(option, names[i].option) != 0)
			continue;
		conf_names_print(ctl, names[i].print, word);
		return true;
	}
	return false;
}

static bool command_names(struct ctl *ctl, const char *command, const char *word)
{
	const char *kind = strchr(command, ' ');

	if (kind && strncmp(kind, " client ", strlen(" client ")) == 0)
		clients_print(ctl, word);
	else if (kind && strncmp(kind, " ca ", strlen(" ca ")) == 0)
		conf_names_print(ctl, cas_print, word);
	else if (kind && (strncmp(kind, " vnfm ", strlen(" vnfm ")) == 0 ||
			  strncmp(kind, " lcm ", strlen(" lcm ")) == 0))
		conf_names_print(ctl, vnfms_print, word);
	else
		return false;
	return true;
}

bool complete_names(struct ctl *ctl, const char *command, const char *option, const char *arg,
		    const char *word)
{
	return command ? command_names(ctl, command, word) : option_names(ctl, option, arg, word);
}
