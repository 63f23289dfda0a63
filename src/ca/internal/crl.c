// SPDX-License-Identifier: Apache-2.0
/*
 * CRLs of internal CAs (RFC 5280 5): when a new one is made, that one is made at a time, and where
 * it goes: into the store, into memory, where its octets are held once for all who ask for them,
 * and to crl_directory. What is in it is crl_encode.c's.
 */
#include "ca_local.h"

#include <errno.h>
#include <string.h>

/* How often it is told that the key cannot be used, at most. */
static const int64_t UNFIT_TOLD_US = 60LL * 1000 * 1000;

enum {
	/*
	 * So far may clocks of nodes differ, or one be set back, without thisUpdate going back:
	 * many take the CRL with the later one, whatever its number. One further in the future was
	 * a mistake, and none that is valid now waits for it: verifiers refuse it until then
	 * (RFC 5280 6.3.3), and from the next one after that thisUpdate goes on as ever.
	 */
	CLOCKS_DIFFER_MAX_MS = 10 * 1000,
	/* Another worker took the number first, so somebody gets on: this many times are not lost
	 * in a row unless something is wrong. */
	NUMBER_ATTEMPTS = 64,
	CRL_MODE = 0644,
};

/*
 * Never an older CRL over a newer one, whatever the order in which workers come here: that is what
 * the lock is held for across the write. Only workers that publish for this CA wait for it.
 */
static int crl_publish(struct ca *ca, int64_t number, struct bytes der)
{
	struct internal *internal = ca->internal;
	_cleanup_(freep) char *path = NULL;
	int err = 0;

	if (!ca->conf->crl_directory)
		return 0;
	if (asprintf(&path, "%s/%s.crl", ca->conf->crl_directory, ca->conf->name) < 0) {
		path = NULL;
		return log_fault("writing a CRL", -ENOMEM, ca->conf->name);
	}
	pthread_mutex_lock(&internal->publish);
	if (number > internal->published)
		err = file_write_durable(path, der, CRL_MODE);
	if (err == 0 && number > internal->published)
		internal->published = number;
	pthread_mutex_unlock(&internal->publish);
	return err < 0 ? log_fault("writing a CRL", err, path) : 0;
}

static bool is_published(struct ca *ca, int64_t number)
{
	bool published;

	if (!ca->conf->crl_directory)
		return true;
	pthread_mutex_lock(&ca->internal->publish);
	published = ca->internal->published >= number;
	pthread_mutex_unlock(&ca->internal->publish);
	return published;
}

/* --- in memory --- */

/* Never an older one in place of a newer one. */
static void newest_keep(struct ca *ca, const struct store_crl *row, struct shared *der)
{
	struct crl_memory *memory = &ca->crl;
	struct shared *before = NULL;

	pthread_mutex_lock(&memory->lock);
	if (row->number > memory->number) {
		before = memory->der;
		memory->der = shared_ref(der);
		memory->number = row->number;
		memory->id = row->id;
	}
	pthread_mutex_unlock(&memory->lock);
	shared_unref(before);
}

static struct shared *crl_held(struct ca *ca, int64_t id)
{
	struct crl_memory *memory = &ca->crl;
	struct shared *der = NULL;

	pthread_mutex_lock(&memory->lock);
	if (memory->der && memory->id == id)
		der = shared_ref(memory->der);
	pthread_mutex_unlock(&memory->lock);
	return der;
}

/* STORE_NOT_FOUND: there is a newer one by now. */
static int newest_read(struct ca *ca, struct store_reader *reader, const struct store_crl *row,
		       struct shared **derp)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	int err = store_crl_octets(reader, row->id, &der);

	if (err)
		return err;
	*derp = shared_new(&der);
	if (!*derp)
		return -ENOMEM;
	newest_keep(ca, row, *derp);
	return 0;
}

int ca_crl_newest(struct ca *ca, struct store_reader *reader, struct ca_crl *crlp)
{
	int err = STORE_NOT_FOUND;

	*crlp = (struct ca_crl){0};
	for (int i = 0; i < NUMBER_ATTEMPTS && err == STORE_NOT_FOUND; i++) {
		store_crl_clear(&crlp->row);
		err = store_crl_newest(reader, ca->conf->name, &crlp->row);
		if (err)
			return err;
		crlp->der = crl_held(ca, crlp->row.id);
		if (crlp->der)
			return 0;
		/* Who waits here finds it in memory. */
		pthread_mutex_lock(&ca->crl.make);
		crlp->der = crl_held(ca, crlp->row.id);
		err = crlp->der ? 0 : newest_read(ca, reader, &crlp->row, &crlp->der);
		pthread_mutex_unlock(&ca->crl.make);
	}
	if (err)
		ca_crl_clear(crlp);
	return err;
}

int ca_crl_find(struct ca_set *set, int64_t id, struct store_reader *reader, struct shared **derp)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	int err;

	for (size_t i = 0; i < set->len; i++) {
		*derp = crl_held(&set->item[i], id);
		if (*derp)
			return 0;
	}
	err = store_crl_octets(reader, id, &der);
	if (err)
		return err;
	*derp = shared_new(&der);
	return *derp ? 0 : -ENOMEM;
}

void ca_crl_clear(struct ca_crl *crl)
{
	store_crl_clear(&crl->row);
	shared_unref(crl->der);
	*crl = (struct ca_crl){0};
}

/* --- when --- */

/* By more than clocks may differ. */
static bool is_future(int64_t time_ms, int64_t now_ms)
{
	return time_ms - now_ms > CLOCKS_DIFFER_MAX_MS;
}

/* RFC 5280 3.3: "regularly scheduled", whatever was made in between because of revocations. */
static bool is_scheduled(const struct ca *ca, const struct store_crl *newest, int64_t now_ms)
{
	return now_ms - newest->scheduled_ms >= ca->conf->crl_interval_ms ||
	       now_ms - newest->this_update_ms >= ca->conf->crl_validity_ms ||
	       is_future(newest->scheduled_ms, now_ms);
}

/* From when on a revocation may have the next one made; one of the future is no reason to wait. */
static int64_t revocation_ms(const struct ca *ca, const struct store_crl *newest, int64_t now_ms)
{
	return newest->this_update_ms > now_ms
		       ? now_ms
		       : newest->this_update_ms + ca->conf->crl_revocation_interval_ms;
}

static int64_t this_update_ms(const struct store_crl *newest, int64_t now_ms)
{
	return newest->this_update_ms > now_ms && !is_future(newest->this_update_ms, now_ms)
		       ? newest->this_update_ms
		       : now_ms;
}

/* --- making --- */

/* What is to be in the store, but for the octets, and the one before: 0 if it is the first. */
static int row_fill(struct ca *ca, struct store_reader *reader, struct store_crl *row,
		    struct store_crl *before)
{
	int64_t now_ms = clock_now_ms(ca->set->clock);
	int err = store_crl_newest(reader, ca->conf->name, before);

	if (err < 0)
		return err;
	row->number = (before->number > before->floor ? before->number : before->floor) + 1;
	row->this_update_ms = this_update_ms(before, now_ms);
	row->next_update_ms = row->this_update_ms + ca->conf->crl_validity_ms;
	row->scheduled_ms = before->scheduled_ms;
	row->scheduled_changes = before->scheduled_changes;
	/* Before the entries are read: what is counted is there. */
	err = store_crl_changes(reader, ca->conf->name, &row->changes);
	if (is_scheduled(ca, before, now_ms)) {
		row->scheduled_ms = row->this_update_ms;
		row->scheduled_changes = row->changes;
	}
	/* What has not expired yet none has seen off, whatever time it says. */
	if (before->scheduled_ms > now_ms)
		before->scheduled_ms = now_ms;
	return err;
}

/* Nobody asked for what is made because it is due. */
static const struct store_audit asked_by_nobody = {.actor = "housekeeping",
						   .actor_kind = STORE_ACTOR_SYSTEM};

static int crl_audit(const struct ca *ca, struct store_unit *unit, const struct store_crl *row,
		     size_t entries, const struct store_audit *asker)
{
	char detail[64];
	struct store_audit audit = asker ? *asker : asked_by_nobody;

	audit.time_ms = clock_now_ms(ca->set->clock);
	audit.action = "issue CRL";
	audit.target = row->ca;
	audit.detail = detail;
	snprintf(detail, sizeof(detail), "crlNumber %lld, %zu entries", (long long)row->number,
		 entries);
	return store_audit_add(unit, &audit);
}

/* One attempt; STORE_CONFLICT if another process had a CRL of that number in the store first. */
static int crl_make_once(struct ca *ca, const struct store_audit *asker,
			 struct store_reader *reader, struct store_unit *unit)
{
	struct store_crl row = {.ca = ca->conf->name};
	_cleanup_(store_crl_clear) struct store_crl before = {0};
	_cleanup_(shared_unrefp) struct shared *der = NULL;
	_cleanup_(octets_clear) struct octets octets = OCTETS_NULL;
	size_t n = 0;
	int err = row_fill(ca, reader, &row, &before);

	if (!err)
		err = crl_encode(ca, &row, &before, reader, &octets, &n);
	if (!err) {
		der = shared_new(&octets);
		err = der ? 0 : -ENOMEM;
	}
	if (err)
		return log_fault("making a CRL", err, ca->conf->name);
	row.der = shared_view(der);
	err = store_crl_insert(unit, &row, &row.id);
	if (!err)
		err = crl_audit(ca, unit, &row, n, asker);
	if (err) {
		store_unit_clear(unit);
		return err;
	}
	/* Its number is used up before anybody sees the CRL, whoever it was that asked for one. */
	err = store_unit_commit(unit);
	if (err)
		return err;
	row.id = store_unit_id(unit, row.id);
	newest_keep(ca, &row, der);
	log_event(LOG_LEVEL_INFO, "crl", F_TEXT("ca", ca->conf->name),
		  F_INT("crlNumber", row.number), F_INT("entries", (int64_t)n));
	return crl_publish(ca, row.number, row.der);
}

static int crl_make(struct ca *ca, const struct store_audit *asker, struct store_reader *reader,
		    struct store_unit *unit)
{
	int err = STORE_CONFLICT;

	if (!ca_is_fit(ca))
		return log_fault_every(UNFIT_TOLD_US, "making a CRL", -ENOKEY, ca_unfit(ca));

	for (int i = 0; i < NUMBER_ATTEMPTS && err == STORE_CONFLICT; i++)
		err = crl_make_once(ca, asker, reader, unit);
	return err == STORE_CONFLICT ? log_fault("making a CRL: conflict", -EBUSY, ca->conf->name)
				     : err;
}

int ca_crl_update(struct ca *ca, struct store_reader *reader, struct store_unit *unit)
{
	int err;

	if (store_unit_is_dry(unit) || !ca->internal)
		return 0;
	pthread_mutex_lock(&ca->crl.make);
	err = crl_make(ca, NULL, reader, unit);
	pthread_mutex_unlock(&ca->crl.make);
	return err;
}

/* With the newest one at hand, and nobody else making one. */
static int cover_locked(struct ca *ca, int64_t change, const struct store_audit *asker,
			struct store_reader *reader, struct store_unit *unit, int64_t *wait_msp)
{
	_cleanup_(store_crl_clear) struct store_crl newest = {0};
	int64_t now_ms = clock_now_ms(ca->set->clock), from_ms;
	int err = store_crl_newest(reader, ca->conf->name, &newest);

	*wait_msp = 0;
	if (err < 0)
		return err;
	/* A restored one may be older than what was published. */
	if (err == STORE_NOT_FOUND || newest.number < newest.floor ||
	    is_scheduled(ca, &newest, now_ms))
		return crl_make(ca, asker, reader, unit);
	if (newest.changes >= change)
		return 0;
	from_ms = revocation_ms(ca, &newest, now_ms);
	if (from_ms <= now_ms)
		return crl_make(ca, asker, reader, unit);
	*wait_msp = from_ms - now_ms;
	return STORE_NOT_FOUND;
}

int ca_crl_cover(struct ca *ca, int64_t change, const struct store_audit *asker,
		 struct store_reader *reader, struct store_unit *unit, int64_t *wait_msp)
{
	int err;

	pthread_mutex_lock(&ca->crl.make);
	err = cover_locked(ca, change, asker, reader, unit, wait_msp);
	pthread_mutex_unlock(&ca->crl.make);
	return err;
}

int ca_crl_lists(const struct ca *ca, int64_t change, struct store_reader *reader, bool *listsp)
{
	_cleanup_(store_crl_clear) struct store_crl newest = {0};
	int err = store_crl_newest(reader, ca->conf->name, &newest);

	*listsp = !err && newest.changes >= change;
	return err < 0 ? err : 0;
}

bool ca_crl_on_revocation(const struct ca *ca)
{
	return ca->internal && ca->conf->crl_on_revocation;
}

bool ca_crl_in_answer(const struct ca *ca)
{
	return ca_crl_on_revocation(ca) && ca->conf->crl_in_answer;
}

/* The file may have been lost, the disk was full, or another node has made it. */
static int publish_again(struct ca *ca, struct store_reader *reader)
{
	_cleanup_(ca_crl_clear) struct ca_crl crl = {0};
	int err = ca_crl_newest(ca, reader, &crl);

	return err ? err : crl_publish(ca, crl.row.number, shared_view(crl.der));
}

int crl_upkeep(struct ca *ca, struct store_reader *reader)
{
	_cleanup_(store_crl_clear) struct store_crl newest = {0};
	int err = store_crl_newest(reader, ca->conf->name, &newest);

	if (err)
		return err < 0 ? err : 0;
	return is_published(ca, newest.number) ? 0 : publish_again(ca, reader);
}

int crl_housekeeping(struct ca *ca, struct store_reader *reader, struct store_unit *unit)
{
	int64_t changes, wait_ms;
	int err = store_crl_changes(reader, ca->conf->name, &changes);

	if (!err)
		err = ca_crl_cover(ca, changes, NULL, reader, unit, &wait_ms);
	return err < 0 ? err : crl_upkeep(ca, reader);
}
