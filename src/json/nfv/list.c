// SPDX-License-Identifier: Apache-2.0
/*
 * Pages of lists, SOL 013 5.2 to 5.4. A page looks at a bounded number of rows, and so it may be
 * short, or empty, and still have a next one. The marker of the next page is the id of the last
 * row: what is inserted meanwhile takes nothing of the others' places, and nothing comes twice or
 * is left out.
 */
#include "nfv/list.h"

#include <errno.h>
#include <string.h>

/*
 * What a page may cost: rows, and comparisons of them with values of the filter. A row costs some
 * ten microseconds to read and to put into JSON, a comparison a tenth of one.
 */
enum { ROWS_MAX = 1000, ROWS_MIN = 100, COMPARISONS_MAX = 100000 };

static const char filter_name[] = "filter", marker_name[] = "nextpage_opaque_marker";

const char *const nfv_list_query[] = {filter_name, marker_name, NFV_SELECTORS, NULL};

static uint32_t rows_max(size_t cost)
{
	size_t n = COMPARISONS_MAX / (cost ? cost : 1);

	return (uint32_t)(n > ROWS_MAX ? ROWS_MAX : n < ROWS_MIN ? ROWS_MIN : n);
}

static int marker_read(struct nfv_call *call, struct nfv_list *list, struct refusal *refusal)
{
	const char *marker = json_query_get(&call->query, marker_name);
	char id[JSON_ID_SIZE];
	int err;

	if (!marker)
		return 0;
	if (strlen(marker) != 2 * (JSON_ID_SIZE - 1))
		return refuse(refusal, REFUSAL_nfv_marker);
	memcpy(id, marker, JSON_ID_SIZE - 1);
	id[JSON_ID_SIZE - 1] = '\0';
	err = json_id_read(call->ids, JSON_MARKER, id, &list->after.id);
	if (err == 0)
		err = json_id_read(call->ids, JSON_MARKER, marker + JSON_ID_SIZE - 1,
				   &list->after.part);
	return err == -EINVAL ? refuse(refusal, REFUSAL_nfv_marker) : err;
}

static int query_read(struct nfv_call *call, const struct nfv_attributes *attributes,
		      struct nfv_list *list, struct refusal *refusal)
{
	int err = nfv_filter_parse(json_query_get(&call->query, filter_name), attributes,
				   &list->filter, refusal);

	if (err == 0)
		err = nfv_selection_read(&call->query, attributes, &list->selection, refusal);
	return err ? err : marker_read(call, list, refusal);
}

int nfv_list_begin(struct nfv_call *call, const struct nfv_attributes *attributes,
		   struct nfv_list *listp)
{
	struct refusal refusal = REFUSAL_NULL;
	int err;

	*listp = (struct nfv_list){.call = call,
				   .items = json_array(),
				   .items_max = cmf_conf(call->cmf)->server.json_page_size};
	err = listp->items ? query_read(call, attributes, listp, &refusal) : -ENOMEM;
	if (err == 0) {
		listp->rows_max = rows_max(nfv_filter_cost(listp->filter));
		return 0;
	}
	json_decref(listp->items);
	nfv_filter_free(listp->filter);
	return err == REFUSED ? nfv_refusal(call, &refusal) : nfv_fault(call, err);
}

void nfv_list_skip(struct nfv_list *list, int64_t id, int64_t part)
{
	list->n_rows++;
	list->last = (struct nfv_position){id, part};
}

bool nfv_list_full(const struct nfv_list *list)
{
	return list->n_rows >= list->rows_max;
}

bool nfv_list_fits(struct nfv_list *list, int64_t id, int64_t part, const json_t *item)
{
	nfv_list_skip(list, id, part);
	return nfv_filter_fits(list->filter, item);
}

int nfv_list_add(struct nfv_list *list, json_t *item)
{
	nfv_selection_apply(&list->selection, item);
	if (json_array_append_new(list->items, item))
		return -ENOMEM;
	return json_array_size(list->items) < list->items_max ? 0 : NFV_LIST_FULL;
}

/* RFC 8288: a relative reference, with the query of this page but for its marker. */
static int next_add(struct nfv_list *list)
{
	struct nfv_call *call = list->call;
	_cleanup_(strbuf_clear) struct strbuf link = STRBUF_NULL;
	char id[JSON_ID_SIZE], part[JSON_ID_SIZE];
	int err = json_id_write(call->ids, JSON_MARKER, list->last.id, id);

	if (err == 0)
		err = json_id_write(call->ids, JSON_MARKER, list->last.part, part);
	if (err)
		return err;
	strbuf_printf(&link, "<%s?", call->request->path);
	json_query_write(&call->query, marker_name, &link);
	strbuf_printf(&link, "%s=%s%s>; rel=\"next\"", marker_name, id, part);
	return link.failed ? -ENOMEM : http_response_add(call->response, "Link", link.text);
}

int nfv_list_end(struct nfv_list *list, int err)
{
	bool more = err == NFV_LIST_FULL || nfv_list_full(list);

	if (err == NFV_LIST_FULL)
		err = 0;
	if (err == 0 && more)
		err = next_add(list);
	nfv_filter_free(list->filter);
	if (err) {
		json_decref(list->items);
		return nfv_fault(list->call, err);
	}
	return nfv_ok(list->call, 200, list->items);
}
