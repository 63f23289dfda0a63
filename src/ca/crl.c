// SPDX-License-Identifier: Apache-2.0
/*
 * CRLs of internal CAs (RFC 5280 5): made from what the store says is revoked, kept there, and
 * written to crl_directory.
 */
#include "ca_local.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

enum {
	/* A revocation gets its time before its commit, so for this long one that is older than
	 * the CRL may be missing in it. Nobody's commit takes longer. */
	COMMIT_TIME_MAX_MS = 60 * 1000,
	/* Another worker took the number first, so somebody gets on: this many times are not lost
	 * in a row unless something is wrong. */
	NUMBER_ATTEMPTS = 64,
	CRL_MODE = 0644,
};

static void x509_crlp(X509_CRL **crlp)
{
	X509_CRL_free(*crlp);
}

static int set_time(X509_CRL *crl, int (*set)(X509_CRL *, const ASN1_TIME *), int64_t ms)
{
	ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)(ms / 1000));
	int ok = time && set(crl, time);

	ASN1_TIME_free(time);
	return ok ? 0 : -ENOMEM;
}

/* RFC 5280 5.3.1: no reasonCode rather than unspecified; removeFromCRL is for delta CRLs only. */
static int reason_add(X509_REVOKED *entry, int reason)
{
	ASN1_ENUMERATED *code;
	int ok;

	if (reason <= CRL_REASON_UNSPECIFIED || reason == CRL_REASON_REMOVE_FROM_CRL)
		return 0;
	code = ASN1_ENUMERATED_new();
	ok = code && ASN1_ENUMERATED_set(code, reason) &&
	     X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code, 0, 0) == 1;
	ASN1_ENUMERATED_free(code);
	return ok ? 0 : -ENOMEM;
}

/* RFC 5280 5.3.2: not critical. */
static int invalidity_add(X509_REVOKED *entry, int64_t invalidity_ms)
{
	ASN1_GENERALIZEDTIME *time;
	int ok;

	if (!invalidity_ms)
		return 0;
	time = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(invalidity_ms / 1000));
	ok = time && X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, time, 0, 0) == 1;
	ASN1_GENERALIZEDTIME_free(time);
	return ok ? 0 : -ENOMEM;
}

static int entry_fill(X509_REVOKED *entry, const struct store_revoked *revoked)
{
	ASN1_INTEGER *serial = serial_integer(&revoked->serial);
	ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)(revoked->revoked_ms / 1000));
	int ok = serial && time && X509_REVOKED_set_serialNumber(entry, serial) &&
		 X509_REVOKED_set_revocationDate(entry, time);

	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(time);
	if (!ok || reason_add(entry, revoked->reason) < 0)
		return -ENOMEM;
	return invalidity_add(entry, revoked->invalidity_ms);
}

static int entries_add(X509_CRL *crl, const struct store_revoked_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		X509_REVOKED *entry = X509_REVOKED_new();

		if (!entry)
			return -ENOMEM;
		if (entry_fill(entry, &list->item[i]) < 0 || !X509_CRL_add0_revoked(crl, entry)) {
			X509_REVOKED_free(entry);
			return -ENOMEM;
		}
	}
	return 0;
}

/* RFC 5280 5.2.1, 5.2.3: both are required. */
static int extensions_add(const struct ca *ca, X509_CRL *crl, int64_t crl_number)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	int ok = number && ASN1_INTEGER_set_int64(number, crl_number) &&
		 X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;

	ASN1_INTEGER_free(number);
	if (ok && ca->internal->aki)
		ok = X509_CRL_add_ext(crl, ca->internal->aki, -1);
	return ok ? 0 : -ENOMEM;
}

static int crl_sign(const struct ca *ca, const struct store_revoked_list *list,
		    struct store_crl *row)
{
	_cleanup_(x509_crlp) X509_CRL *crl = X509_CRL_new();
	X509 *issuing = sk_X509_value(ca->chain.certs, 0);
	uint8_t *der = NULL;
	int len, r;

	if (!crl || !X509_CRL_set_version(crl, X509_CRL_VERSION_2) ||
	    !X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuing)) ||
	    set_time(crl, X509_CRL_set1_lastUpdate, row->this_update_ms) < 0 ||
	    set_time(crl, X509_CRL_set1_nextUpdate, row->next_update_ms) < 0 ||
	    entries_add(crl, list) < 0 || extensions_add(ca, crl, row->number) < 0)
		return -ENOMEM;
	X509_CRL_sort(crl);
	if (X509_CRL_sign(crl, ca->internal->key, ca->internal->digest) <= 0)
		return -EIO;
	len = i2d_X509_CRL(crl, &der);
	if (len <= 0)
		return -ENOMEM;
	r = octets_dup((struct bytes){der, (size_t)len}, &row->der);
	OPENSSL_free(der);
	return r;
}

/*
 * Never an older CRL over a newer one, whatever the order in which workers come here: that is what
 * the lock is held for across the write. Only workers that publish for this CA wait for it.
 */
static int crl_publish(struct ca *ca, const struct store_crl *crl)
{
	struct internal *internal = ca->internal;
	_cleanup_(freep) char *path = NULL;
	int r = 0;

	if (!ca->conf->crl_directory)
		return 0;
	if (asprintf(&path, "%s/%s.crl", ca->conf->crl_directory, ca->conf->name) < 0) {
		path = NULL;
		return log_fault("writing a CRL", -ENOMEM, ca->conf->name);
	}
	pthread_mutex_lock(&internal->publish);
	if (crl->number > internal->published)
		r = file_write_durable(path, octets_view(&crl->der), CRL_MODE);
	if (r == 0 && crl->number > internal->published)
		internal->published = crl->number;
	pthread_mutex_unlock(&internal->publish);
	return r < 0 ? log_fault("writing a CRL", r, path) : 0;
}

static bool is_published(struct ca *ca, const struct store_crl *crl)
{
	bool published;

	if (!ca->conf->crl_directory)
		return true;
	pthread_mutex_lock(&ca->internal->publish);
	published = ca->internal->published >= crl->number;
	pthread_mutex_unlock(&ca->internal->publish);
	return published;
}

/* One attempt; STORE_CONFLICT if another worker had a CRL of that number in the store first. */
static int crl_make(struct ca *ca, struct store_reader *reader, struct store_unit *unit)
{
	_cleanup_(store_revoked_list_clear) struct store_revoked_list list = {0};
	_cleanup_(store_crl_clear) struct store_crl newest = {0};
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	struct store_crl crl = {.ca = ca->conf->name, .number = 1};
	int r = store_crl_newest(reader, ca->conf->name, &newest);

	if (r < 0)
		return r;
	if (r == 0)
		crl.number = newest.number + 1;
	crl.this_update_ms = clock_now_ms(ca->set->clock);
	crl.next_update_ms = crl.this_update_ms + ca->conf->crl_validity_ms;
	r = store_revoked_list(reader, ca->conf->name, crl.this_update_ms, &list);
	if (r < 0)
		return r;
	r = crl_sign(ca, &list, &crl);
	der = crl.der;
	if (r < 0)
		return log_fault("making a CRL", r, ca->conf->name);
	r = store_crl_insert(unit, &crl);
	if (r == 0)
		r = store_unit_commit(unit);
	if (r != 0)
		return r;
	log_event(LOG_LEVEL_INFO, "crl", F_TEXT("ca", ca->conf->name),
		  F_INT("crlNumber", crl.number), F_INT("entries", (int64_t)list.len));
	return crl_publish(ca, &crl);
}

int ca_crl_update(struct ca *ca, struct store_reader *reader, struct store_unit *unit)
{
	int r = STORE_CONFLICT;

	if (store_unit_is_dry(unit))
		return 0;
	if (!ca->internal)
		return 0;
	for (int i = 0; i < NUMBER_ATTEMPTS && r == STORE_CONFLICT; i++)
		r = crl_make(ca, reader, unit);
	return r == STORE_CONFLICT ? log_fault("making a CRL: conflict", -EBUSY, ca->conf->name)
				   : r;
}

bool ca_crl_on_revocation(const struct ca *ca)
{
	return ca->internal && ca->conf->crl_on_revocation;
}

bool ca_crl_in_answer(const struct ca *ca)
{
	return ca_crl_on_revocation(ca) && ca->conf->crl_in_answer;
}

static bool crl_lists(X509_CRL *crl, const struct store_revoked *revoked)
{
	ASN1_INTEGER *serial = serial_integer(&revoked->serial);
	X509_REVOKED *entry;
	bool listed = serial && X509_CRL_get0_by_serial(crl, &entry, serial) > 0;

	ASN1_INTEGER_free(serial);
	return listed;
}

/* Whether something that is revoked now is not in the newest CRL, or what is released is. */
static int crl_is_outdated(struct ca *ca, struct store_reader *reader,
			   const struct store_crl *newest, bool *outdatedp)
{
	_cleanup_(store_revoked_list_clear) struct store_revoked_list revoked = {0}, released = {0};
	const uint8_t *der = newest->der.data;
	_cleanup_(x509_crlp) X509_CRL *crl = d2i_X509_CRL(NULL, &der, (long)newest->der.len);
	int64_t now_ms = clock_now_ms(ca->set->clock);
	int r = store_revoked_list(reader, ca->conf->name, now_ms, &revoked);

	if (r == 0)
		r = store_released_list(reader, ca->conf->name, now_ms, &released);
	if (r < 0)
		return r;
	*outdatedp = !crl;
	for (size_t i = 0; i < revoked.len && !*outdatedp; i++)
		*outdatedp = !crl_lists(crl, &revoked.item[i]);
	for (size_t i = 0; i < released.len && !*outdatedp; i++)
		*outdatedp = crl_lists(crl, &released.item[i]);
	ERR_clear_error();
	return 0;
}

static int crl_is_due(struct ca *ca, struct store_reader *reader, const struct store_crl *newest,
		      bool *duep)
{
	int64_t now_ms = clock_now_ms(ca->set->clock);
	int64_t age_ms = now_ms - newest->this_update_ms;
	int64_t last_ms;
	int r;

	*duep = true;
	if (age_ms >= ca->conf->crl_interval_ms || age_ms >= ca->conf->crl_validity_ms)
		return 0;
	r = store_revoked_last(reader, ca->conf->name, &last_ms);
	if (r < 0)
		return r;
	*duep = false;
	if (last_ms <= atomic_load(&ca->internal->settled_ms))
		return 0;
	r = crl_is_outdated(ca, reader, newest, duep);
	if (r == 0 && !*duep && last_ms + COMMIT_TIME_MAX_MS < now_ms)
		atomic_store(&ca->internal->settled_ms, last_ms);
	return r;
}

int crl_housekeeping(struct ca *ca, struct store_reader *reader, struct store_unit *unit)
{
	_cleanup_(store_crl_clear) struct store_crl newest = {0};
	bool due;
	int r = store_crl_newest(reader, ca->conf->name, &newest);

	if (r < 0)
		return r;
	if (r == STORE_NOT_FOUND)
		return ca_crl_update(ca, reader, unit);
	r = crl_is_due(ca, reader, &newest, &due);
	if (r < 0)
		return r;
	if (due)
		return ca_crl_update(ca, reader, unit);
	return is_published(ca, &newest) ? 0 : crl_publish(ca, &newest);
}
