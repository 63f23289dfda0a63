// SPDX-License-Identifier: Apache-2.0
/* Notifications and the filters of subscriptions. See notification.h. */
#include "nfv/notification.h"
#include "nfv/nfv.h"
#include "values.h"

#include "base/name_fold.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const type_names[STORE_EVENT_KIND_COUNT] = {
	[STORE_EVENT_ISSUED] = "CertificateIssued",
	[STORE_EVENT_RENEWED] = "CertificateRenewed",
	[STORE_EVENT_REVOKED] = "CertificateRevoked",
	[STORE_EVENT_EXPIRING] = "CertificateExpiring",
	[STORE_EVENT_EXPIRED] = "CertificateExpired",
	[STORE_EVENT_REGISTRATION_REMOVED] = "RegistrationRemoved",
	[STORE_EVENT_CSR_COMPLETED] = "CsrCompleted",
	[STORE_EVENT_CSR_FAILED] = "CsrFailed",
};

/* --- filters --- */

/* The form in which a value of a filter is kept; NULL: it cannot be one. */
typedef const char *filter_value(const char *text);

static const char *type_value(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(type_names); i++)
		if (strcmp(type_names[i], text) == 0)
			return text;
	return NULL;
}

static const char *cert_type_value(const char *text)
{
	enum cert_type type;

	return cert_type_parse(text, &type) == 0 ? cert_type_stage3_name(type) : NULL;
}

static const char *any_value(const char *text)
{
	return text;
}

static const struct {
	const char *name;
	filter_value *value;
} filter_members[] = {
	{"notificationTypes", type_value},
	{"certTypes", cert_type_value},
	{"subjectIds", any_value},
	{"vnfInstanceIds", any_value},
};

static int text_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each value once. */
static json_t *values_json(const char **values, size_t n)
{
	json_t *array = json_array();

	qsort(values, n, sizeof(*values), text_order);
	for (size_t i = 0; array && i < n; i++) {
		if (i > 0 && strcmp(values[i - 1], values[i]) == 0)
			continue;
		if (json_array_append_new(array, json_string(values[i]))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* One member of a filter: absent and empty mean the same. */
static int member_read(const json_t *given, const char *name, filter_value *value, json_t *kept)
{
	_cleanup_(freep) const char **values = NULL;
	const json_t *array = json_object_get(given, name);
	size_t n = json_array_size(array);

	if (!array || (json_is_array(array) && n == 0))
		return 0;
	if (!json_is_array(array))
		return -EINVAL;
	values = calloc(n, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(array, i));

		values[i] = text ? value(text) : NULL;
		if (!values[i])
			return -EINVAL;
	}
	return json_object_set_new(kept, name, values_json(values, n)) ? -ENOMEM : 0;
}

int nfv_event_filter_read(const json_t *filter, char **textp)
{
	json_t *kept;
	int err = 0;

	if (filter && !json_is_object(filter))
		return -EINVAL;
	kept = json_object();
	if (!kept)
		return -ENOMEM;
	for (size_t i = 0; err == 0 && i < ARRAY_LEN(filter_members); i++)
		err = member_read(filter, filter_members[i].name, filter_members[i].value, kept);
	if (err == 0) {
		*textp = json_object_size(kept) ? json_dumps(kept, JSON_COMPACT | JSON_SORT_KEYS)
						: strdup("");
		err = *textp ? 0 : -ENOMEM;
	}
	json_decref(kept);
	return err;
}

json_t *nfv_event_filter_json(const char *text)
{
	return *text ? json_loads(text, 0, NULL) : NULL;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* subjectIds are one where they compare as names do. */
static bool same_id(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || names_equal(bytes_of_string(a), bytes_of_string(b));
}

/* A member that is absent fits everything. */
static bool member_fits(const json_t *filter, const char *name, const char *value,
			bool (*same)(const char *a, const char *b))
{
	const json_t *array = json_object_get(filter, name);
	size_t i;
	json_t *item;

	json_array_foreach(array, i, item) if (same(json_string_value(item), value)) return true;
	return !array;
}

int nfv_event_filter_fits(const char *text, const struct store_event *event, bool *fitsp)
{
	json_t *filter = nfv_event_filter_json(text);

	if (*text && !filter)
		return -ENOMEM;
	*fitsp = member_fits(filter, "notificationTypes", type_names[event->kind], same_text) &&
		 member_fits(filter, "certTypes", cert_type_stage3_name(event->cert_type),
			     same_text) &&
		 member_fits(filter, "vnfInstanceIds", event->vnf_instance, same_text) &&
		 member_fits(filter, "subjectIds", event->subject_id, same_id);
	json_decref(filter);
	return 0;
}

/* --- notifications --- */

/* Members whose value is not there are left out. 0 or -ENOMEM. */
static int member_set(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value) ? -ENOMEM : 0;
}

static json_t *id_json(const struct json_ids *ids, enum json_kind kind, int64_t id)
{
	char text[JSON_ID_SIZE];

	return json_id_write(ids, kind, id, text) ? NULL : json_string(text);
}

static int link_set(json_t *links, const char *name, const struct json_ids *ids,
		    enum json_kind kind, int64_t id)
{
	_cleanup_(freep) char *uri = NULL;

	if (!id)
		return 0;
	uri = nfv_uri_of(ids, kind, id);
	return uri ? member_set(links, name, json_pack("{s:s}", "href", uri)) : -ENOMEM;
}

static int links_set(json_t *object, const struct json_ids *ids,
		     const struct store_subscription *subscription, const struct store_event *event)
{
	json_t *links = json_object();
	int err = link_set(links, "subscription", ids, JSON_SUBSCRIPTION, subscription->id);

	if (!err)
		err = link_set(links, "registration", ids, JSON_REGISTRATION,
			       event->registration_id);
	if (!err)
		err = link_set(links, "certificate", ids, JSON_CERTIFICATE, event->certificate_id);
	if (!err)
		err = link_set(links, "certificateSigningRequest", ids, JSON_CSR, event->csr_id);
	if (err) {
		json_decref(links);
		return err;
	}
	return member_set(object, "_links", links);
}

static int certificate_set(json_t *object, const struct json_ids *ids,
			   const struct store_event *event)
{
	const char *reason = json_reason_name(event->reason);
	int err = 0;

	if (event->certificate_id)
		err = member_set(object, "certificateId",
				 id_json(ids, JSON_CERTIFICATE, event->certificate_id));
	if (!err && event->certificate_id)
		err = member_set(object, "notAfter", json_time(event->not_after_ms));
	if (!err && event->kind == STORE_EVENT_REVOKED && reason)
		err = member_set(object, "reason", json_string(reason));
	return err;
}

json_t *nfv_notification_json(const struct json_ids *ids,
			      const struct store_subscription *subscription,
			      const struct store_event *event)
{
	json_t *object = json_object();
	int err = object ? 0 : -ENOMEM;

	if (!err)
		err = member_set(object, "id", id_json(ids, JSON_EVENT, event->id));
	if (!err)
		err = member_set(object, "notificationType", json_string(type_names[event->kind]));
	if (!err)
		err = member_set(object, "subscriptionId",
				 id_json(ids, JSON_SUBSCRIPTION, subscription->id));
	if (!err)
		err = member_set(object, "timeStamp", json_time(event->time_ms));
	if (!err)
		err = member_set(object, "registrationId",
				 id_json(ids, JSON_REGISTRATION, event->registration_id));
	if (!err)
		err = member_set(object, "subjectId", json_text(event->subject_id));
	if (!err && *event->vnf_instance)
		err = member_set(object, "vnfInstanceId", json_text(event->vnf_instance));
	if (!err)
		err = member_set(object, "certType",
				 json_string(cert_type_stage3_name(event->cert_type)));
	if (!err)
		err = certificate_set(object, ids, event);
	if (!err)
		err = links_set(object, ids, subscription, event);
	if (err) {
		json_decref(object);
		return NULL;
	}
	return object;
}
