// SPDX-License-Identifier: Apache-2.0
/*
 * subscription list, show and remove.
 */
#include "ctl.h"

#include <stdio.h>

static const struct ctl_filter filters[] = {
	{"client", "client", "CLIENT", "Of this client"},
	{"trust-domain", "trust_domain", "NAME", "Of this trust domain"},
};

static const struct ctl_column columns[] = {
	{"ID", "id"},
	{"CLIENT", "client"},
	{"TRUST DOMAIN", "trust_domain"},
	{"STATE", "state"},
	{"FAILING SINCE", "failing_since"},
	{"CREATED", "created_at"},
	{"CALLBACK", "callback_uri"},
};

const struct ctl_list ctl_subscriptions = {
	.path = "/v1/subscriptions",
	.doc = "Lists who is told of events, and where.",
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
};

int ctl_subscription_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {.parser = ctl_record_parse,
					 .args_doc = "ID",
					 .doc = "Shows a subscription to events."};
	struct ctl_record record = {0};

	ctl_parse(&argp, ctl, &record, argc, argv);
	return ctl_record_show(ctl, ctl_subscriptions.path, "", &record);
}

int ctl_subscription_remove(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.parser = ctl_record_parse,
		.args_doc = "ID",
		.doc = "Ends a subscription. Its client is not told, and may subscribe again."};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	struct ctl_record record = {0};
	json_t *reply;
	int status;

	ctl_parse(&argp, ctl, &record, argc, argv);
	strbuf_add(&path, ctl_subscriptions.path);
	ctl_segment_add(&path, record.id);
	status = ctl_call(ctl, "DELETE", path.text, NULL, &reply);
	return status ? status : ctl_done(ctl, reply, "removed subscription %s", record.id);
}
