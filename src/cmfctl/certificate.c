// SPDX-License-Identifier: Apache-2.0
/*
 * certificate list, show, revoke, give-up and delete-key.
 */
#include "ctl.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPT_PEM = 0x100, OPT_TEXT, OPT_REASON, OPT_INVALIDITY_DATE };

enum {
	FILTER_SUBJECT_ID,
	FILTER_VNF_INSTANCE,
	FILTER_TRUST_DOMAIN,
	FILTER_SERIAL,
	FILTER_STATE,
	FILTER_MANAGER,
	FILTER_CA,
	FILTER_CERT_TYPE,
	FILTER_PROFILE,
	FILTER_EXPIRES_WITHIN,
	FILTER_NOT_REPLACED,
};

static const struct ctl_filter filters[] = {
	[FILTER_SUBJECT_ID] = {"subject-id", "subject_id", "ID", "Of this entity"},
	[FILTER_VNF_INSTANCE] = {"vnf-instance", "vnf_instance_id", "ID", "In this VNF instance"},
	[FILTER_TRUST_DOMAIN] = {"trust-domain", "trust_domain", "NAME", "Of this trust domain"},
	[FILTER_SERIAL] = {"serial", "serial", "HEX", "With this serialNumber"},
	[FILTER_STATE] = {"state", "state", "STATE",
			  "In this state: pending, active, expired, revoked, rejected, "
			  "'revocation pending', 'on hold'"},
	[FILTER_MANAGER] = {"manager", "manager", "CLIENT", "Managed by this client"},
	[FILTER_CA] = {"ca", "ca", "NAME", "Issued by this CA"},
	[FILTER_CERT_TYPE] = {"cert-type", "cert_type", "TYPE", "Of this certType"},
	[FILTER_PROFILE] = {"profile", "profile", "NAME", "Of a registration with this profile"},
	[FILTER_EXPIRES_WITHIN] = {"expires-within", "expires_within", "TIME",
				   "That will expire within that time, as 30d or 12h, and are "
				   "neither revoked nor rejected"},
	[FILTER_NOT_REPLACED] = {"not-replaced", "not_replaced", NULL,
				 "That no other one was issued in place of"},
};

static const struct ctl_column columns[] = {
	{"SERIAL", "serial", .whole = true},
	{"STATE", "state"},
	{"SUBJECT ID", "subject_id"},
	{"CERT TYPE", "cert_type"},
	{"MANAGER", "manager"},
	{"CA", "ca"},
	{"NOT AFTER", "not_after"},
	{"REPLACED BY", "replaced_by"},
	{"VNF INSTANCE", "vnf_instance_id"},
};

const struct ctl_list ctl_certificates = {
	.path = "/v1/certificates",
	.doc = "Lists certificates, oldest first.",
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
};

struct certificate_args {
	struct ctl_selection selection;
	const char *reason;
	const char *invalidity_date;
	bool pem;
	bool text;
};

#define ARGS_OF(filters) \
	((struct certificate_args){.selection = {.list = &ctl_certificates, .offered = (filters)}})

/* --- show --- */

/* A serialNumber without an option, and some filter that keeps the command from meaning everything.
 */
static error_t named_parse(int key, char *arg, struct argp_state *state)
{
	struct certificate_args *args = state->input;

	const char **value = args->selection.value;

	if (key == ARGP_KEY_ARG && !value[FILTER_SERIAL]) {
		value[FILTER_SERIAL] = arg;
		return 0;
	}
	if (key != ARGP_KEY_END)
		return ARGP_ERR_UNKNOWN;
	if (!value[FILTER_SERIAL] && !value[FILTER_SUBJECT_ID])
		argp_error(state, "say which: SERIAL or --subject-id");
	return 0;
}

static error_t show_parse(int key, char *arg, struct argp_state *state)
{
	struct certificate_args *args = state->input;

	switch (key) {
	case OPT_PEM:
		args->pem = true;
		return 0;
	case OPT_TEXT:
		args->text = true;
		return 0;
	default:
		return named_parse(key, arg, state);
	}
}

/* As `openssl x509 -text` prints it. */
static int text_show(const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1), *out = BIO_new_fp(stdout, BIO_NOCLOSE);
	X509 *cert = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
	int ok = cert && out && X509_print(out, cert);

	BIO_free(in);
	BIO_free(out);
	X509_free(cert);
	return ok ? CTL_OK : ctl_openssl_error("the certificate cannot be printed");
}

static int certificates_show(const struct ctl *ctl, const struct certificate_args *args,
			     const json_t *rows)
{
	json_t *row;
	size_t i;
	int status = CTL_OK;

	if (ctl->json || (!args->pem && !args->text)) {
		ctl_show(ctl, rows);
		return CTL_OK;
	}
	json_array_foreach(rows, i, row)
	{
		const char *pem = json_string_value(json_object_get(row, "pem"));

		if (pem && args->text && !status)
			status = text_show(pem);
		if (pem && args->pem)
			fputs(pem, stdout);
	}
	return status;
}

/* The certificates that the arguments name; there must be one. */
static int certificates_find(struct ctl *ctl, const struct certificate_args *args, json_t **rowsp)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	int status;

	ctl_selection_path(&args->selection, &path);
	ctl_query_add(&path, "pem", "1");
	status = ctl_rows(ctl, path.text, rowsp);
	if (status || json_array_size(*rowsp) > 0)
		return status;
	json_decref(*rowsp);
	ctl_error("there is no such certificate");
	return CTL_REFUSED;
}

int ctl_certificate_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"pem", OPT_PEM, NULL, 0, "Print PEM and nothing else", 2},
		{"text", OPT_TEXT, NULL, 0, "Print as `openssl x509 -text` does", 2},
		{0}};
	static const struct argp argp = {.options = options,
					 .parser = show_parse,
					 .args_doc = "[SERIAL]",
					 .doc = "Shows certificates."};
	struct certificate_args args = ARGS_OF(CTL_ALL_FILTERS);
	json_t *rows;
	int status;

	ctl_selection_parse(&argp, ctl, &args.selection, &args, argc, argv);
	status = certificates_find(ctl, &args, &rows);
	if (status)
		return status;
	status = certificates_show(ctl, &args, rows);
	json_decref(rows);
	return status;
}

/* --- revoke --- */

static error_t revoke_parse(int key, char *arg, struct argp_state *state)
{
	struct certificate_args *args = state->input;

	switch (key) {
	case OPT_REASON:
		args->reason = arg;
		return 0;
	case OPT_INVALIDITY_DATE:
		args->invalidity_date = arg;
		return 0;
	default:
		return named_parse(key, arg, state);
	}
}

/* Whether revoking by subject means this one: what has ended already is left alone. */
static bool is_revocable(const json_t *row, const char *reason)
{
	const char *state = json_string_value(json_object_get(row, "state"));
	bool on_hold = state && strcmp(state, "on hold") == 0;

	if (reason && strcmp(reason, "removeFromCRL") == 0)
		return on_hold;
	return on_hold ||
	       (state && (strcmp(state, "active") == 0 || strcmp(state, "pending") == 0));
}

static bool same_text(const json_t *a, const json_t *b, const char *member)
{
	const char *one = json_string_value(json_object_get(a, member));
	const char *other = json_string_value(json_object_get(b, member));

	return one && other ? strcmp(one, other) == 0 : one == other;
}

/* Likewise giving up. */
static bool is_asked(const json_t *row, const char *unused)
{
	(void)unused;
	return json_is_true(json_object_get(row, "upstream_asked"));
}

typedef bool row_is_meant(const json_t *row, const char *reason);

/*
 * A subjectId is unique within a VNF instance, and that within a trust domain: who says less may
 * mean one entity only.
 */
static int one_entity_check(const json_t *rows, row_is_meant *is_meant, const char *reason)
{
	const json_t *first = NULL, *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (!is_meant(row, reason))
			continue;
		first = first ? first : row;
		if (same_text(row, first, "trust_domain") &&
		    same_text(row, first, "vnf_instance_id"))
			continue;
		ctl_error("several entities have that subjectId: say which with --vnf-instance "
			  "('' for none) and --trust-domain, or name a serialNumber");
		return CTL_USAGE;
	}
	return CTL_OK;
}

static int revoke_one(struct ctl *ctl, const json_t *row, const struct certificate_args *args,
		      json_t *done)
{
	char path[64];
	json_t *reply;
	int status;

	snprintf(path, sizeof(path), "/v1/certificates/%lld/revoke",
		 (long long)json_integer_value(json_object_get(row, "id")));
	status = ctl_call(ctl, "POST", path,
			  json_pack("{s:s*, s:s*}", "reason", args->reason, "invalidity_date",
				    args->invalidity_date),
			  &reply);
	if (!status)
		json_array_append_new(done, reply);
	return status;
}

/* The server makes the CRL when its time has come; a moment later is early enough for us. */
static int crl_await(struct ctl *ctl, json_t *done)
{
	bool told = false;
	json_t *row, *reply;
	char path[64];
	int status = CTL_OK;

	for (size_t i = 0; i < json_array_size(done) && !status;) {
		row = json_array_get(done, i);
		if (!json_is_true(json_object_get(row, "crl_awaited"))) {
			i++;
			continue;
		}
		if (!told && !ctl->json)
			fprintf(stderr, "waiting for the CRL\n");
		told = true;
		sleep(1);
		snprintf(path, sizeof(path), "/v1/certificates/%lld",
			 (long long)json_integer_value(json_object_get(row, "id")));
		status = ctl_call(ctl, "GET", path, NULL, &reply);
		if (!status)
			json_array_set_new(done, i, reply);
	}
	return status;
}

static void revoked_report(const struct ctl *ctl, const json_t *done)
{
	json_t *row;
	size_t i;

	if (ctl->json) {
		ctl_show(ctl, done);
		return;
	}
	json_array_foreach(done, i, row)
	{
		const char *serial = json_string_value(json_object_get(row, "serial"));

		printf("%s: %s\n", serial ? serial : "a certificate without a serialNumber",
		       json_string_value(json_object_get(row, "state")));
	}
}

int ctl_certificate_revoke(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"reason", OPT_REASON, "NAME", 0,
		 "CRLReason: unspecified (default), keyCompromise, affiliationChanged, superseded, "
		 "cessationOfOperation, certificateHold, removeFromCRL (takes a hold back), ...",
		 2},
		{"invalidity-date", OPT_INVALIDITY_DATE, "TIME", 0,
		 "Since when it is not to be trusted, as 2026-11-23T08:53:00Z; it goes into the "
		 "CRL",
		 2},
		{0}};
	static const struct argp argp = {.options = options,
					 .parser = revoke_parse,
					 .args_doc = "[SERIAL]",
					 .doc = "Revokes certificates: the one with that "
						"serialNumber, or all of an entity that "
						"are active, pending or on hold."};
	struct certificate_args args = ARGS_OF(CTL_ALL_FILTERS);
	json_t *rows, *row, *done;
	size_t i;
	int status;

	ctl_selection_parse(&argp, ctl, &args.selection, &args, argc, argv);
	status = certificates_find(ctl, &args, &rows);
	if (status)
		return status;
	done = json_array();
	if (!args.selection.value[FILTER_SERIAL])
		status = one_entity_check(rows, is_revocable, args.reason);
	json_array_foreach(rows, i, row)
	{
		if (!status &&
		    (args.selection.value[FILTER_SERIAL] || is_revocable(row, args.reason)))
			status = revoke_one(ctl, row, &args, done);
	}
	if (!status && json_array_size(done) == 0) {
		ctl_error(
			"there is nothing to revoke: no certificate is active, pending or on hold");
		status = CTL_REFUSED;
	}
	if (!status)
		status = crl_await(ctl, done);
	revoked_report(ctl, done);
	json_decref(done);
	json_decref(rows);
	return status;
}

/* --- give-up --- */

static int one_post(struct ctl *ctl, const json_t *row, const char *verb, json_t **replyp)
{
	char path[64];

	snprintf(path, sizeof(path), "/v1/certificates/%lld/%s",
		 (long long)json_integer_value(json_object_get(row, "id")), verb);
	return ctl_call(ctl, "POST", path, json_object(), replyp);
}

/* A serialNumber names one certificate of each CA. */
static int one_serial_check(const json_t *rows)
{
	if (json_array_size(rows) == 1)
		return CTL_OK;
	ctl_error("several CAs have a certificate with this serialNumber; name one with --ca");
	return CTL_USAGE;
}

int ctl_certificate_give_up(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.parser = named_parse,
		.args_doc = "[SERIAL]",
		.doc = "Asks the upstream CA no more to revoke, hold or release the certificate, "
		       "which it does not answer or refuses, or those of an entity: also such as "
		       "nobody took, which have no serialNumber here. It is revoked then, stays on "
		       "hold or rejected; whoever trusts that CA has to be told by another way."};
	struct certificate_args args = ARGS_OF(1 << FILTER_CA | 1 << FILTER_SUBJECT_ID |
					       1 << FILTER_VNF_INSTANCE | 1 << FILTER_TRUST_DOMAIN);
	json_t *rows, *row, *reply, *done;
	bool by_serial;
	size_t i;
	int status;

	ctl_selection_parse(&argp, ctl, &args.selection, &args, argc, argv);
	by_serial = args.selection.value[FILTER_SERIAL];
	status = certificates_find(ctl, &args, &rows);
	if (status)
		return status;
	done = json_array();
	status = by_serial ? one_serial_check(rows) : one_entity_check(rows, is_asked, NULL);
	json_array_foreach(rows, i, row)
	{
		if (status || !(by_serial || is_asked(row, NULL)))
			continue;
		status = one_post(ctl, row, "give-up", &reply);
		if (!status)
			json_array_append_new(done, reply);
	}
	if (!status && json_array_size(done) == 0) {
		ctl_error("no upstream CA is asked to revoke a certificate of that entity");
		status = CTL_REFUSED;
	}
	revoked_report(ctl, done);
	json_decref(done);
	json_decref(rows);
	return status;
}

/* --- delete-key --- */

static error_t serial_parse(int key, char *arg, struct argp_state *state)
{
	struct certificate_args *args = state->input;
	const char **serial = &args->selection.value[FILTER_SERIAL];

	if (key == ARGP_KEY_ARG && !*serial) {
		*serial = arg;
		return 0;
	}
	if (key != ARGP_KEY_END)
		return ARGP_ERR_UNKNOWN;
	if (!*serial)
		argp_error(state, "say which: SERIAL");
	return 0;
}

int ctl_certificate_delete_key(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {.parser = serial_parse,
					 .args_doc = "SERIAL",
					 .doc = "Deletes the archived private key of a certificate "
						"for good. The certificate stays as it is."};
	struct certificate_args args = ARGS_OF(1 << FILTER_CA);
	json_t *rows;
	int status;

	ctl_selection_parse(&argp, ctl, &args.selection, &args, argc, argv);
	status = certificates_find(ctl, &args, &rows);
	if (status)
		return status;
	status = one_serial_check(rows);
	if (!status)
		status = one_post(ctl, json_array_get(rows, 0), "delete-key", NULL);
	json_decref(rows);
	return status;
}
