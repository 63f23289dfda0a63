// SPDX-License-Identifier: Apache-2.0
/*
 * What a VNFM says, into what we make of it: versions, links, identifiers, VNF instances and
 * notifications. All of it is hostile: what cannot be read strictly is not read at all, for half of
 * a VNF would end the other half. Members that are not known are passed over, vimConnectionInfo
 * with its secrets among them. Neither store nor network is here.
 */
#include "lcm_local.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* --- URIs --- */

void lcm_segment_add(struct strbuf *out, const char *id)
{
	/* A segment of dots alone means another path (RFC 3986 5.2.4), also to who decodes first.
	 */
	bool dots = id[strspn(id, ".")] == '\0';

	for (const char *p = id; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (isalnum(c) || strchr("-_~", c) || (c == '.' && !dots))
			strbuf_add_n(out, p, 1);
		else
			strbuf_printf(out, "%%%02X", c);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; false: an escape is none, or stands for NUL. */
static bool escapes_decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		high = hex_digit(from[1]);
		low = high < 0 ? -1 : hex_digit(from[2]);
		if (low < 0 || high + low == 0)
			return false;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return true;
}

char *lcm_segment_last(const char *uri)
{
	_cleanup_(freep) char *path = uri ? strndup(uri, strcspn(uri, "?#")) : NULL;
	const char *slash = path ? strrchr(path, '/') : NULL;
	char *id = slash && slash[1] ? strdup(slash + 1) : NULL;

	if (id && escapes_decode(id) && strlen(id) <= LCM_ID_MAX)
		return id;
	free(id);
	return NULL;
}

/* Whether the parameters of a link say rel=next, RFC 8288 3.3. */
static bool is_next(const char *parameters, size_t len)
{
	static const char rel[] = "rel=";

	for (size_t i = 0; i + strlen(rel) <= len; i++) {
		const char *value = parameters + i + strlen(rel);

		if (strncasecmp(parameters + i, rel, strlen(rel)) != 0)
			continue;
		value += *value == '"';
		return strncasecmp(value, "next", 4) == 0 && !isalnum((unsigned char)value[4]);
	}
	return false;
}

char *lcm_link_next(const char *link)
{
	while (link && (link = strchr(link, '<')) != NULL) {
		const char *end = strchr(link, '>');
		size_t parameters = end ? strcspn(end, ",") : 0;

		if (!end)
			return NULL;
		if (is_next(end, parameters)) {
			const char *query = memchr(link, '?', (size_t)(end - link));

			return query ? strndup(query + 1, (size_t)(end - query) - 1) : NULL;
		}
		link = end;
	}
	return NULL;
}

/* --- members --- */

const char *lcm_id_of(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);
	size_t len = json_string_length(value);

	return len > 0 && len <= LCM_ID_MAX ? json_string_value(value) : NULL;
}

/* A copy of a member that may be absent. 0; -EBADMSG: it is there and no identifier; -ENOMEM. */
static int id_copy(const json_t *object, const char *member, char **idp)
{
	const char *id = lcm_id_of(object, member);

	*idp = NULL;
	if (!id) {
		const json_t *value = json_object_get(object, member);

		return !value || json_is_null(value) ? 0 : -EBADMSG;
	}
	*idp = strdup(id);
	return *idp ? 0 : -ENOMEM;
}

/* --- versions --- */

/* Of the versions of 2.x.y those are known; a later one adds what we would pass over. */
enum { MINOR_KNOWN_MAX = 3 };

/* Digits and nothing else: what is picked goes into a line of our head. */
static bool number_read(const char **textp, unsigned *np)
{
	size_t digits = strspn(*textp, "0123456789");

	*np = 0;
	for (size_t i = 0; i < digits; i++)
		*np = *np * 10 + (unsigned)((*textp)[i] - '0');
	*textp += digits;
	return digits >= 1 && digits <= 3;
}

static bool version_read(const char *text, unsigned *minorp)
{
	unsigned major, patch;

	return text && number_read(&text, &major) && major == 2 && *text++ == '.' &&
	       number_read(&text, minorp) && *text++ == '.' && number_read(&text, &patch) &&
	       (*text == '\0' || *text == '-');
}

/* The highest that is known, or else the lowest that is not. */
static bool minor_is_better(unsigned minor, unsigned than)
{
	if (minor <= MINOR_KNOWN_MAX)
		return than > MINOR_KNOWN_MAX || minor > than;
	return minor < than;
}

bool lcm_version_pick(const json_t *api_versions, char out[16])
{
	const json_t *list = json_object_get(api_versions, "apiVersions"), *item;
	bool found = false;
	unsigned best = 0;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(json_object_get(item, "version"));
		unsigned minor;

		if (!version_read(text, &minor) || (found && !minor_is_better(minor, best)))
			continue;
		found = true;
		best = minor;
		/* Without what an implementation adds, SOL 013 9.1.2. */
		snprintf(out, 16, "%.*s", (int)strcspn(text, "-"), text);
	}
	return found;
}

/* --- VNF instances --- */

/* An array that may be absent. false: it is something else. */
static bool array_of(const json_t *object, const char *member, const json_t **arrayp)
{
	*arrayp = json_object_get(object, member);
	if (json_is_null(*arrayp))
		*arrayp = NULL;
	return !*arrayp || json_is_array(*arrayp);
}

/* What is there twice would be two entities under one name. */
static int seen_first_time(json_t *seen, const char *id)
{
	if (json_object_get(seen, id))
		return -EBADMSG;
	return json_object_set_new(seen, id, json_true()) ? -ENOMEM : 0;
}

/* SOL 002 5.5.3.x VnfcInfo: vnfcResourceInfoId is absent where the VNFC has lost its resources. */
static int vnfc_info_read(const json_t *item, json_t *seen, json_t *named, struct cmf_vnfc *vnfcp)
{
	int err = id_copy(item, "id", &vnfcp->vnfc_id);

	if (err == 0)
		err = id_copy(item, "vnfcResourceInfoId", &vnfcp->resource_id);
	if (err == 0)
		err = id_copy(item, "vduId", &vnfcp->vdu_id);
	if (err == 0)
		err = vnfcp->vnfc_id ? seen_first_time(seen, vnfcp->vnfc_id) : -EBADMSG;
	if (err == 0 && vnfcp->resource_id)
		err = seen_first_time(named, vnfcp->resource_id);
	return err;
}

static int resource_info_read(const json_t *item, json_t *seen, struct cmf_vnfc *vnfcp)
{
	int err = id_copy(item, "id", &vnfcp->resource_id);

	if (err == 0)
		err = id_copy(item, "vduId", &vnfcp->vdu_id);
	if (err == 0)
		err = vnfcp->resource_id ? seen_first_time(seen, vnfcp->resource_id) : -EBADMSG;
	return err;
}

struct vnfc_sets {
	json_t *vnfcs;     /* ids of vnfcInfo */
	json_t *named;     /* resources that they name */
	json_t *resources; /* ids of vnfcResourceInfo */
};

static void vnfc_sets_clear(struct vnfc_sets *sets)
{
	json_decref(sets->vnfcs);
	json_decref(sets->named);
	json_decref(sets->resources);
}

/* Those of vnfcInfo, then the resources that none of them names. */
static int vnfcs_read(const json_t *infos, const json_t *resources, struct cmf_vnf *vnf)
{
	_cleanup_(vnfc_sets_clear) struct vnfc_sets sets = {json_object(), json_object(),
							    json_object()};
	size_t max = json_array_size(infos) + json_array_size(resources), i;
	const json_t *item;
	int err = 0;

	vnf->vnfcs = calloc(max ? max : 1, sizeof(*vnf->vnfcs));
	if (!vnf->vnfcs || !sets.vnfcs || !sets.named || !sets.resources)
		return -ENOMEM;
	json_array_foreach(infos, i, item)
	{
		err = vnfc_info_read(item, sets.vnfcs, sets.named, &vnf->vnfcs[vnf->n_vnfcs++]);
		if (err < 0)
			return err;
	}
	json_array_foreach(resources, i, item)
	{
		struct cmf_vnfc *vnfc = &vnf->vnfcs[vnf->n_vnfcs++];

		err = resource_info_read(item, sets.resources, vnfc);
		if (err < 0)
			return err;
		if (!json_object_get(sets.named, vnfc->resource_id))
			continue;
		free(vnfc->resource_id);
		free(vnfc->vdu_id);
		*vnfc = (struct cmf_vnfc){0};
		vnf->n_vnfcs--;
	}
	return 0;
}

static int instantiated_read(const json_t *info, struct cmf_vnf *vnf)
{
	const json_t *infos, *resources;

	if (!json_is_object(info) || !array_of(info, "vnfcInfo", &infos) ||
	    !array_of(info, "vnfcResourceInfo", &resources))
		return -EBADMSG;
	return vnfcs_read(infos, resources, vnf);
}

static int vnf_read(const json_t *instance, struct cmf_vnf *vnf)
{
	const char *state = json_string_value(json_object_get(instance, "instantiationState"));
	int err = id_copy(instance, "id", &vnf->vnf_instance_id);

	if (err == 0)
		err = id_copy(instance, "vnfdId", &vnf->vnfd_id);
	if (err < 0)
		return err;
	if (!vnf->vnf_instance_id || !state)
		return -EBADMSG;
	vnf->instantiated = strcmp(state, "INSTANTIATED") == 0;
	if (vnf->instantiated)
		return instantiated_read(json_object_get(instance, "instantiatedVnfInfo"), vnf);
	/* A VNF that is terminated may keep instantiatedVnfInfo: it says nothing any more. */
	return strcmp(state, "NOT_INSTANTIATED") == 0 ? 0 : -EBADMSG;
}

int lcm_vnf_read(const json_t *instance, struct cmf_vnf *vnfp)
{
	int err;

	*vnfp = (struct cmf_vnf){0};
	err = vnf_read(instance, vnfp);
	if (err < 0)
		cmf_vnf_clear(vnfp);
	return err;
}

/* --- notifications --- */

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

static bool has_removed(const json_t *affected)
{
	const json_t *item;
	size_t i;

	json_array_foreach(affected, i, item)
	{
		const char *change = json_string_value(json_object_get(item, "changeType"));

		if (change && strcmp(change, "REMOVED") == 0)
			return true;
	}
	return false;
}

/* SOL 003 5.5.2.17; an operation that is not known is judged by what it affects. */
static int operation_read(const json_t *object, struct lcm_notification *n)
{
	static const char *const ends[] = {"COMPLETED", "FAILED_TEMP", "FAILED", "ROLLED_BACK",
					   NULL};
	const char *state = json_string_value(json_object_get(object, "operationState"));
	const char *operation = json_string_value(json_object_get(object, "operation"));
	const json_t *affected;

	n->operation_id = lcm_id_of(object, "vnfLcmOpOccId");
	if (!state || !operation || !n->operation_id ||
	    !array_of(object, "affectedVnfcs", &affected))
		return -EBADMSG;
	n->terminal = is_one_of(state, ends);
	n->failed_temp = strcmp(state, "FAILED_TEMP") == 0;
	n->removed = n->terminal && !n->failed_temp &&
		     (strcmp(operation, "TERMINATE") == 0 || has_removed(affected));
	return 0;
}

int lcm_notification_read(const json_t *object, struct lcm_notification *np)
{
	const char *type = json_string_value(json_object_get(object, "notificationType"));

	*np = (struct lcm_notification){
		.type = LCM_OTHER_TYPE,
		.subscription_id = lcm_id_of(object, "subscriptionId"),
		.vnf_instance_id = lcm_id_of(object, "vnfInstanceId"),
	};
	if (!type || !np->subscription_id)
		return -EBADMSG;
	if (strcmp(type, "VnfLcmOperationOccurrenceNotification") == 0)
		np->type = LCM_OPERATION;
	else if (strcmp(type, "VnfIdentifierCreationNotification") == 0)
		np->type = LCM_CREATION;
	else if (strcmp(type, "VnfIdentifierDeletionNotification") == 0)
		np->type = LCM_DELETION;
	if (np->type == LCM_OTHER_TYPE)
		return 0;
	if (!np->vnf_instance_id)
		return -EBADMSG;
	np->terminal = true;
	return np->type == LCM_OPERATION ? operation_read(object, np) : 0;
}
