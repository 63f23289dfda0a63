// SPDX-License-Identifier: Apache-2.0
/*
 * A resync: all VNFs of a VNFM are compared, and what nobody has told of is ended only if it is not
 * too much at once. What is too much, or says too little, the operator approves. Each VNF goes
 * through reconcile.c.
 */
#include "direct/direct.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>

int cmf_direct_resync_begin(struct cmf *cmf, const struct cmf_worker *worker,
			    const struct conf_vnfm *vnfm, bool dry_run, int64_t *resyncp)
{
	uint8_t random[7];
	int64_t number = 0;

	(void)cmf;
	(void)worker;
	(void)vnfm;
	*resyncp = 0;
	if (dry_run)
		return 0;
	/* It is compared for being the same and no more; one of before must not be. */
	if (RAND_bytes(random, sizeof(random)) != 1)
		return log_fault("number of a resync", -EIO, NULL);
	for (size_t i = 0; i < sizeof(random); i++)
		number = number << 8 | random[i];
	*resyncp = number + 1;
	return 0;
}

/* --- VNFs that it has not come to --- */

enum { PAGE = 100 };

/* Copied, so that the callee may use the reader. */
struct page {
	char *id[PAGE];
	size_t len;
	int64_t last;
};

static int page_add(void *arg, const struct store_vnf *vnf)
{
	struct page *page = arg;

	page->id[page->len] = vnf->vnf_instance;
	if (!(page->id[page->len] = strdup(vnf->vnf_instance)))
		return -ENOMEM;
	page->len++;
	page->last = vnf->id;
	return 0;
}

int cmf_direct_unseen(const struct cmf_worker *worker, const struct conf_vnfm *vnfm, int64_t resync,
		      cmf_direct_vnf_each *each, void *arg)
{
	struct page page = {.len = PAGE};
	int err = 0;

	while (err == 0 && page.len == PAGE) {
		const struct store_vnf_filter filter = {.vnfm = vnfm->name,
							.not_resync = resync,
							.after_id = page.last,
							.limit = PAGE};

		page.len = 0;
		err = store_vnf_list(worker->reader, &filter, page_add, &page);
		for (size_t i = 0; i < page.len; i++) {
			if (err == 0)
				err = each(arg, page.id[i]);
			free(page.id[i]);
		}
	}
	return err;
}

/* --- its end --- */

static void report_decide(const struct conf_vnfm *vnfm, uint64_t n,
			  struct cmf_direct_report *report)
{
	if (n <= vnfm->resync_revoke_max)
		report->ending += n;
	else
		report->held += n;
	report->gone = 0;
}

/* The operator has to know of it: in the audit too. */
static int held_tell(const struct cmf_call *call, const struct conf_vnfm *vnfm, int64_t n)
{
	char detail[96];

	snprintf(detail, sizeof(detail), "%lld registrations, resync_revoke_max is %u",
		 (long long)n, vnfm->resync_revoke_max);
	log_event(LOG_LEVEL_WARNING, "more has gone than one resync may end: cmfctl lcm approve",
		  F_TEXT("vnfm", vnfm->name), F_INT("registrations", n),
		  F_INT("resync_revoke_max", vnfm->resync_revoke_max));
	return audit_add(call, "hold back", vnfm->name, detail);
}

int cmf_direct_resync_end(struct cmf *cmf, const struct cmf_worker *worker,
			  const struct conf_vnfm *vnfm, int64_t resync,
			  struct cmf_direct_report *report)
{
	struct direct_source source;
	struct cmf_call call;
	int64_t n = 0;
	bool few;
	int err;

	/* Nothing was marked. */
	if (!resync) {
		report_decide(vnfm, report->gone, report);
		return 0;
	}
	err = direct_source_of(cmf->conf, vnfm->name, &source);
	if (err < 0)
		return err;
	call = cmf_call_now(cmf, worker, &source.who, NULL);
	err = store_vnfc_count(call.reader, vnfm->name, STORE_VNFC_GONE, resync, &n);
	few = n <= (int64_t)vnfm->resync_revoke_max;
	if (err == 0 && n)
		err = store_vnfc_move(call.unit, vnfm->name, STORE_VNFC_GONE, resync,
				      few ? STORE_VNFC_DUE : STORE_VNFC_HELD, call.now_ms, NULL);
	if (err == 0 && !few)
		err = held_tell(&call, vnfm, n);
	if (err == 0 && n)
		err = store_unit_commit(call.unit);
	if (err == 0)
		report_decide(vnfm, (uint64_t)n, report);
	store_unit_clear(call.unit);
	direct_source_clear(&source);
	return err;
}

/* --- what the operator says --- */

int cmf_direct_approve(const struct cmf_call *call, const struct conf_vnfm *vnfm, int64_t *np)
{
	int err = store_vnfc_move(call->unit, vnfm->name, STORE_VNFC_HELD, 0,
				  vnfm->on_removed == CONF_ON_REMOVED_KEEP ? STORE_VNFC_KEPT
									   : STORE_VNFC_DUE,
				  call->now_ms, np);

	return err == 0 ? audit_add(call, "approve ends", vnfm->name, NULL) : err;
}
