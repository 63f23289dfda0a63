// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of what a VNFM says. The first octet says what the rest is: a VnfInstance (0), a
 * notification (1), versions (2), the value of Link (3) or of Location (else). What is read of it
 * holds what its readers rely on.
 */
#include "../../src/lcm/lcm_local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void id_must(const char *id)
{
	_cleanup_(strbuf_clear) struct strbuf uri = STRBUF_NULL;
	_cleanup_(freep) char *back = NULL;

	MUST(id && *id && strlen(id) <= LCM_ID_MAX);
	/* It is one segment, and stays the same one. */
	strbuf_add(&uri, "/");
	lcm_segment_add(&uri, id);
	MUST(!strpbrk(uri.text + 1, "/?#") && strcmp(uri.text, "/..") != 0);
	back = lcm_segment_last(uri.text);
	MUST(back && strcmp(back, id) == 0);
}

static void instance_try(const json_t *object)
{
	struct cmf_vnf vnf;
	int err = lcm_vnf_read(object, &vnf);

	MUST(err == 0 || err == -EBADMSG);
	if (err == 0)
		id_must(vnf.vnf_instance_id);
	MUST(vnf.instantiated || vnf.n_vnfcs == 0);
	for (size_t i = 0; i < vnf.n_vnfcs; i++) {
		const struct cmf_vnfc *vnfc = &vnf.vnfcs[i];

		MUST(vnfc->vnfc_id || vnfc->resource_id);
		id_must(vnfc->vnfc_id ? vnfc->vnfc_id : vnfc->resource_id);
		for (size_t j = 0; j < i && i < 100; j++)
			MUST(!vnfc->vnfc_id || !vnf.vnfcs[j].vnfc_id ||
			     strcmp(vnfc->vnfc_id, vnf.vnfcs[j].vnfc_id) != 0);
	}
	cmf_vnf_clear(&vnf);
}

static void notification_try(const json_t *object)
{
	struct lcm_notification n;
	int err = lcm_notification_read(object, &n);

	MUST(err == 0 || err == -EBADMSG);
	if (err != 0)
		return;
	id_must(n.subscription_id);
	MUST(!n.terminal || n.vnf_instance_id);
	/* What has not ended, or not for good, ends nothing. */
	MUST(!n.removed || (n.terminal && !n.failed_temp));
}

static void versions_try(const json_t *object)
{
	char version[16] = "";

	if (lcm_version_pick(object, version))
		MUST(strncmp(version, "2.", 2) == 0 &&
		     strspn(version, "0123456789.") == strlen(version));
}

static void text_try(bool link, const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = strndup((const char *)data, size);
	_cleanup_(freep) char *read = NULL;

	MUST(text);
	read = link ? lcm_link_next(text) : lcm_segment_last(text);
	MUST(!read || strlen(read) < size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *object;

	if (size == 0)
		return 0;
	if (data[0] > 2) {
		text_try(data[0] == 3, data + 1, size - 1);
		return 0;
	}
	object = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
	if (!object)
		return 0;
	if (data[0] == 0)
		instance_try(object);
	else if (data[0] == 1)
		notification_try(object);
	else
		versions_try(object);
	json_decref(object);
	return 0;
}
