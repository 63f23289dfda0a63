// SPDX-License-Identifier: Apache-2.0
/*
 * One record of the CMF by its number: announcement show, transaction show.
 */
#include "ctl.h"

error_t ctl_record_parse(int key, char *arg, struct argp_state *state)
{
	struct ctl_record *record = state->input;
	uint64_t id;

	switch (key) {
	case CTL_RECORD_FILE:
		record->file = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (record->id || ctl_number_parse(arg, INT64_MAX, &id))
			argp_error(state, "one ID, a number as the list shows it");
		record->id = arg;
		return 0;
	case ARGP_KEY_END:
		if (!record->id)
			argp_error(state, "ID is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The octets of that field into the file. */
static int octets_write(const json_t *row, const char *field, const char *file)
{
	const char *base64 = json_string_value(json_object_get(row, field));

	if (base64)
		return ctl_base64_write(file, base64);
	ctl_error("there is no %s yet", field);
	return CTL_REFUSED;
}

int ctl_record_show(struct ctl *ctl, const char *list, const char *octets,
		    const struct ctl_record *record)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *row, *rows;
	int status;

	strbuf_add(&path, list);
	ctl_segment_add(&path, record->id);
	status = ctl_call(ctl, "GET", path.text, NULL, &row);
	if (status)
		return status;
	if (record->file)
		status = octets_write(row, octets, record->file);
	if (!ctl->json)
		json_object_del(row, octets);
	rows = json_pack("[o]", row);
	if (!status)
		ctl_show(ctl, rows);
	json_decref(rows);
	return status;
}
