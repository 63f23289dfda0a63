// SPDX-License-Identifier: Apache-2.0
/*
 * A database that was put back to an earlier time: its CRLs get numbers above those that it cannot
 * know (RFC 5280 5.2.3), and its lines of the audit are what need not be told of an exported one.
 */
#include "backup.h"

#include <errno.h>
#include <stdio.h>

enum { PAGE = 1000 };

/* --- CRLs --- */

static int crls_note(const struct conf *conf, struct store_reader *reader, json_t *crls)
{
	for (size_t i = 0; i < conf->n_cas; i++) {
		_cleanup_(store_crl_clear) struct store_crl crl = {0};
		int err = store_crl_newest(reader, conf->cas[i].name, &crl);

		if (err < 0)
			return err;
		if (!err &&
		    json_array_append_new(crls, json_pack("{s:s, s:I}", "ca", conf->cas[i].name,
							  "above", (json_int_t)crl.floor)))
			return -ENOMEM;
	}
	return 0;
}

int past_crls_raise(const struct conf *conf, struct store *store, struct store_reader *reader,
		    int64_t now_ms, json_t *crls)
{
	_cleanup_(store_unit_freep) struct store_unit *unit = NULL;
	int err = store_unit_new(store, &unit);

	if (!err)
		err = store_crl_raise(unit, now_ms);
	if (!err)
		err = store_moved_forget(unit);
	if (!err)
		err = store_unit_commit(unit);
	return err ? err : crls_note(conf, reader, crls);
}

void past_crls_print(const json_t *crls)
{
	const json_t *row;
	size_t i;

	json_array_foreach(crls, i, row)
		printf("The next CRL of %s has a number above %lld.\n",
		       json_string_value(json_object_get(row, "ca")),
		       (long long)json_integer_value(json_object_get(row, "above")));
}

/* --- the audit --- */

struct walk {
	json_t *known;
	int64_t id, newest_ms;
	size_t n;
};

static int line_take(void *arg, const struct store_audit *line)
{
	struct walk *walk = arg;
	char id[PAST_ID_SIZE];

	walk->id = line->id;
	walk->newest_ms = line->time_ms > walk->newest_ms ? line->time_ms : walk->newest_ms;
	walk->n++;
	past_id_text(line->id, id);
	return walk->known && json_object_set_new(walk->known, id, json_true()) ? -ENOMEM : 0;
}

/* All lines since then. */
static int lines_walk(struct store_reader *reader, int64_t since_ms, struct walk *walk)
{
	struct store_audit_filter filter = {.since_ms = since_ms, .limit = PAGE};
	int err;

	do {
		filter.after_id = walk->id;
		err = store_audit_list(reader, &filter, line_take, walk);
	} while (!err && walk->id != filter.after_id);
	return err;
}

int past_audit_known(struct store_reader *reader, int64_t since_ms, json_t *known)
{
	return lines_walk(reader, since_ms, &(struct walk){.known = known});
}

int past_newest(struct store_reader *reader, int64_t now_ms, int64_t *newest_msp,
		int64_t *newest_idp)
{
	struct walk walk = {0};
	int64_t span = 3600 * 1000;
	int err;

	/* Back in time in longer and longer steps: lines are found by their time. */
	do {
		walk = (struct walk){0};
		err = lines_walk(reader, now_ms - span, &walk);
		span *= 2;
	} while (!err && walk.n == 0 && span < now_ms);
	*newest_msp = walk.newest_ms;
	*newest_idp = walk.id;
	return err;
}
