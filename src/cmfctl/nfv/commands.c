// SPDX-License-Identifier: Apache-2.0
/*
 * The commands of a VNF Manager over the JSON interface: register, request, renew, revoke, list.
 */
#include "attester.h"
#include "nfv.h"

#include "base/cert_type.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	OPT_CERT_TYPE = 0x100,
	OPT_SUBJECT_ID,
	OPT_SUBJECT_FILE,
	OPT_VNF_INSTANCE,
	OPT_PROFILE,
	OPT_NEW_KEY,
	OPT_OUT,
	OPT_EXPIRES_WITHIN,
	OPT_DIR,
	OPT_REASON,
	OPT_FILTER,
};

/* IFA 033 11.2.2.2, N of subjectId. */
enum { REGISTER_CHUNK_MAX = 10000 };

/* The stage-3 spelling of a certType in either; NULL: it is none. */
static const char *stage3_cert_type(const char *text)
{
	static const char *const names[] = {[CERT_TYPE_MANO] = "MANO_CERT",
					    [CERT_TYPE_VNFCI] = "VNFCI_CERT",
					    [CERT_TYPE_VNF_OAM] = "VNFOAM_CERT"};
	enum cert_type type;

	return cert_type_parse(text, &type) ? NULL : names[type];
}

static void cert_type_take(struct argp_state *state, const char *arg, const char **cert_typep)
{
	*cert_typep = stage3_cert_type(arg);
	if (!*cert_typep)
		argp_error(state, "--cert-type must be MANO_CERT, VNFCI_CERT or VNFOAM_CERT");
}

static const struct ctl_column registration_columns[] = {
	{"ID", "id"},
	{"CERT TYPE", "certType"},
	{"SUBJECT ID", "subjectId"},
	{"VNF INSTANCE", "vnfInstanceId"},
	{"PROFILE", "profile"},
	{"STATE", "state"},
};

static const struct ctl_column certificate_columns[] = {
	{"ID", "id"},
	{"STATUS", "status"},
	{"CERT TYPE", "certType"},
	{"SUBJECT ID", "subjectId"},
	{"VNF INSTANCE", "vnfInstanceId"},
	{"SERIAL", "serialNumber"},
	{"NOT AFTER", "notAfter"},
};

/* --- register --- */

struct register_args {
	const char *cert_type;
	const char *vnf_instance;
	const char *profile;
	struct ctl_attester attester;
	struct ctl_subjects subjects;
	int status; /* of reading them */
};

static error_t register_parse(int key, char *arg, struct argp_state *state)
{
	struct register_args *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->attester;
		return 0;
	case OPT_CERT_TYPE:
		cert_type_take(state, arg, &args->cert_type);
		return 0;
	case OPT_VNF_INSTANCE:
		args->vnf_instance = arg;
		return 0;
	case OPT_PROFILE:
		args->profile = arg;
		return 0;
	case OPT_SUBJECT_ID:
		args->status = args->status
				       ?: ctl_subjects_add(&args->subjects, arg,
							   (struct ctl_subject_place){0});
		return 0;
	case OPT_SUBJECT_FILE:
		args->status = args->status ?: ctl_subjects_read(&args->subjects, arg);
		return 0;
	case ARGP_KEY_END:
		if (!args->cert_type)
			argp_error(state, "--cert-type is required");
		ctl_attester_check(state, &args->attester);
		if (!args->status && args->subjects.len == 0)
			argp_error(state, "--subject-id or --subject-file is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static json_t *register_json(const struct register_args *args, size_t from, size_t n)
{
	json_t *ids = json_array(), *body;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(ids, json_string(args->subjects.item[from + i]));
	body = json_pack("{s:s, s:o}", "certType", args->cert_type, "subjectId", ids);
	/* IFA 033 11.2.2.2: there is no handling of what is no VNFC's */
	if (strcmp(args->cert_type, "MANO_CERT") != 0)
		json_object_set_new(body, "typeOfVnfcCertHandling", json_string("DELEGATION_MODE"));
	if (args->vnf_instance)
		json_object_set_new(body, "vnfInstanceId", json_string(args->vnf_instance));
	if (args->profile)
		json_object_set_new(body, "profile", json_string(args->profile));
	if (ctl_attester_given(&args->attester))
		json_object_set_new(body, "attester", ctl_attester_json_nfv(&args->attester));
	return body;
}

static int register_chunk(struct vnfm_server *server, const struct register_args *args, size_t from,
			  size_t n, json_t *rows)
{
	_cleanup_(vnfm_answer_clear) struct vnfm_answer answer = {0};
	json_t *body = register_json(args, from, n);
	int status = vnfm_call(server, "POST", "/registrations", body, &answer);

	json_decref(body);
	if (!status && (!json_is_array(answer.json) || json_array_extend(rows, answer.json))) {
		ctl_error("the CMF answered with something that is no list");
		status = CTL_FAULT;
	}
	return status;
}

int vnfm_register(struct vnfm_server *server, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"cert-type", OPT_CERT_TYPE, "TYPE", 0, "MANO_CERT, VNFCI_CERT or VNFOAM_CERT", 1},
		{"subject-id", OPT_SUBJECT_ID, "ID", 0, "Entity, any number of times", 1},
		{"subject-file", OPT_SUBJECT_FILE, "FILE", 0, "Entities, one a line", 1},
		{"vnf-instance", OPT_VNF_INSTANCE, "ID", 0, "VNF instance that they belong to", 1},
		{"profile", OPT_PROFILE, "NAME", 0, "Profile of their certificates", 1},
		{0}};
	static const struct argp_child children[] = {{&ctl_attester_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = options,
		.parser = register_parse,
		.doc = "Registers entities. What is registered already stays as it is.",
		.children = children};
	struct register_args args = {0};
	json_t *rows = json_array();
	size_t done = 0;

	ctl_parse(&argp, server->ctl, &args, argc, argv);
	if (!args.status)
		args.status = ctl_attester_read(&args.attester);
	while (!args.status && done < args.subjects.len) {
		size_t left = args.subjects.len - done;
		size_t n = left < REGISTER_CHUNK_MAX ? left : REGISTER_CHUNK_MAX;

		args.status = register_chunk(server, &args, done, n, rows);
		if (!args.status)
			ctl_subjects_progress("registered", done += n, args.subjects.len);
	}
	if (json_array_size(rows) > 0)
		ctl_rows_print(server->ctl, rows, registration_columns,
			       ARRAY_LEN(registration_columns));
	json_decref(rows);
	ctl_attester_clear(&args.attester);
	ctl_subjects_clear(&args.subjects);
	return args.status;
}

/* --- request --- */

static error_t request_parse(int key, char *arg, struct argp_state *state)
{
	struct vnfm_wanted *wanted = state->input;

	switch (key) {
	case OPT_CERT_TYPE:
		cert_type_take(state, arg, &wanted->cert_type);
		return 0;
	case OPT_SUBJECT_ID:
		wanted->subject_id = arg;
		return 0;
	case OPT_VNF_INSTANCE:
		wanted->vnf_instance = arg;
		return 0;
	case OPT_PROFILE:
		wanted->profile = arg;
		return 0;
	case OPT_NEW_KEY:
		wanted->key_file = arg;
		return 0;
	case OPT_OUT:
		wanted->out_file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!wanted->cert_type || !wanted->subject_id || !wanted->key_file ||
		    !wanted->out_file)
			argp_error(state, "--cert-type, --subject-id, --new-key and --out are "
					  "required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Without what is in the files. */
static void request_show(const struct vnfm_server *server, json_t *row)
{
	json_t *rows = json_pack("[o]", row);

	if (!server->ctl->json) {
		json_object_del(row, "certificate");
		json_object_del(row, "certificateChain");
		json_object_del(row, "_links");
	}
	ctl_show(server->ctl, rows);
	json_decref(rows);
}

int vnfm_request(struct vnfm_server *server, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"cert-type", OPT_CERT_TYPE, "TYPE", 0, "MANO_CERT, VNFCI_CERT or VNFOAM_CERT", 1},
		{"subject-id", OPT_SUBJECT_ID, "ID", 0, "Entity", 1},
		{"vnf-instance", OPT_VNF_INSTANCE, "ID", 0, "VNF instance that it belongs to", 1},
		{"profile", OPT_PROFILE, "NAME", 0, "Profile, if not that of the registration", 1},
		{"new-key", OPT_NEW_KEY, "FILE", 0, "Its private key, made if it is missing", 1},
		{"out", OPT_OUT, "FILE", 0, "Where certificate and chain go, PEM", 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = request_parse,
		.doc = "Gets a certificate for a registered entity, and waits for it if need be. "
		       "After an interruption the same command goes on with the same request."};
	struct vnfm_wanted wanted = {0};
	json_t *row = NULL;
	int status;

	ctl_parse(&argp, server->ctl, &wanted, argc, argv);
	status = vnfm_certificate_get(server, &wanted, &row);
	if (!status)
		request_show(server, row);
	return status;
}

/* --- renew --- */

struct renew_args {
	int64_t within_ms; /* -1: not given */
	const char *directory;
};

static error_t renew_parse(int key, char *arg, struct argp_state *state)
{
	struct renew_args *args = state->input;

	switch (key) {
	case OPT_EXPIRES_WITHIN:
		if (duration_parse(arg, &args->within_ms))
			argp_error(state, "--expires-within is a number of d, h, m or s, as 30d");
		return 0;
	case OPT_DIR:
		args->directory = arg;
		return 0;
	case ARGP_KEY_END:
		if (args->within_ms < 0 || !args->directory)
			argp_error(state, "--expires-within and --dir are required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* All that are valid and end before then, and have not been renewed. */
static int due_list(struct vnfm_server *server, int64_t within_ms, json_t **rowsp)
{
	_cleanup_(strbuf_clear) struct strbuf uri = STRBUF_NULL;
	time_t until = time(NULL) + within_ms / 1000;
	char text[32];
	struct tm tm;

	gmtime_r(&until, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	/* No quotes: such a time has none of the characters of the grammar. */
	strbuf_printf(&uri, "/certificates?filter=(eq,status,VALID);(lt,notAfter,%s)", text);
	return uri.failed ? ctl_file_error("certificates", -ENOMEM)
			  : vnfm_rows(server, uri.text, rowsp);
}

/* A name of a file of what may be any text: entities of two VNF instances are two. */
static char *file_name(const char *directory, const json_t *cert, const char *suffix)
{
	const char *parts[] = {vnfm_text(cert, "certType"), vnfm_text(cert, "vnfInstanceId"),
			       vnfm_text(cert, "subjectId")};
	struct strbuf name = STRBUF_NULL;

	strbuf_printf(&name, "%s/", directory);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (i > 0)
			strbuf_add(&name, ":");
		for (const char *c = parts[i]; *c; c++) {
			if (strchr("/%:", *c) || (unsigned char)*c <= ' ' || *c == 0x7f)
				strbuf_printf(&name, "%%%02X", (unsigned char)*c);
			else
				strbuf_add_n(&name, c, 1);
		}
	}
	strbuf_printf(&name, ":%s%s", vnfm_text(cert, "serialNumber"), suffix);
	return strbuf_take(&name);
}

static int renew_one(struct vnfm_server *server, const char *directory, const json_t *cert,
		     json_t *renewed)
{
	_cleanup_(freep) char *key = file_name(directory, cert, ".key");
	_cleanup_(freep) char *out = file_name(directory, cert, ".pem");
	const struct vnfm_wanted wanted = {.cert_type = vnfm_text(cert, "certType"),
					   .subject_id = vnfm_text(cert, "subjectId"),
					   .vnf_instance = vnfm_text(cert, "vnfInstanceId"),
					   .replaces = vnfm_text(cert, "id"),
					   .key_file = key,
					   .out_file = out};
	json_t *row = NULL;
	int status;

	if (!key || !out)
		return ctl_file_error(directory, -ENOMEM);
	status = vnfm_certificate_get(server, &wanted, &row);
	if (!status)
		json_array_append_new(renewed, json_pack("{s:s, s:s, s:O, s:s, s:s}", "subjectId",
							 wanted.subject_id, "replaces",
							 wanted.replaces, "certificateId",
							 json_object_get(row, "certificateId"),
							 "key", key, "certificate", out));
	json_decref(row);
	return status;
}

static int renew_all(struct vnfm_server *server, const char *directory, const json_t *due,
		     json_t *renewed)
{
	size_t i, n = json_array_size(due);
	const json_t *cert;
	int result = CTL_OK;

	json_array_foreach(due, i, cert)
	{
		int status = CTL_OK;

		if (!json_is_string(json_object_get(cert, "replacedBy")))
			status = renew_one(server, directory, cert, renewed);
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\rrenewed %zu of %zu%s", i + 1, n, i + 1 == n ? "\n" : "");
		if (!status)
			continue;
		ctl_error("%s is not renewed", vnfm_text(cert, "subjectId"));
		result = status;
		/* One that is refused keeps no other from its certificate. */
		if (status != CTL_REFUSED)
			break;
	}
	return result;
}

int vnfm_renew(struct vnfm_server *server, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"expires-within", OPT_EXPIRES_WITHIN, "TIME", 0,
		 "All certificates that end within that time: 30d, 12h", 1},
		{"dir", OPT_DIR, "DIR", 0,
		 "Where the new keys and certificates go: CERTTYPE:VNF:SUBJECT:SERIAL.key and "
		 ".pem, "
		 "with the serialNumber of the one that is replaced",
		 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = renew_parse,
		.doc = "Renews certificates, each with a new key; the old ones stay valid until "
		       "they expire. What has been renewed is left alone."};
	static const struct ctl_column columns[] = {
		{"SUBJECT ID", "subjectId"}, {"CERTIFICATE", "certificate"}, {"KEY", "key"}};
	struct renew_args args = {.within_ms = -1};
	json_t *due = NULL, *renewed = json_array();
	int status;

	ctl_parse(&argp, server->ctl, &args, argc, argv);
	status = due_list(server, args.within_ms, &due);
	if (!status)
		status = renew_all(server, args.directory, due, renewed);
	if (!status || json_array_size(renewed) > 0)
		ctl_rows_print(server->ctl, renewed, columns, ARRAY_LEN(columns));
	json_decref(due);
	json_decref(renewed);
	return status;
}

/* --- revoke --- */

enum { REVOKE_MAX = 1000 };

struct revoke_args {
	const char *reason;
	const char *id[REVOKE_MAX];
	size_t n;
};

static error_t revoke_parse(int key, char *arg, struct argp_state *state)
{
	struct revoke_args *args = state->input;

	switch (key) {
	case OPT_REASON:
		args->reason = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->n == REVOKE_MAX || strspn(arg, "0123456789abcdef-") != strlen(arg))
			argp_error(state, "ID is that of a certificate, as the list shows it");
		args->id[args->n++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (args->n == 0)
			argp_error(state, "the ID of a certificate is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int revoke_one(struct vnfm_server *server, const char *id, const char *reason)
{
	_cleanup_(vnfm_answer_clear) struct vnfm_answer answer = {0};
	_cleanup_(strbuf_clear) struct strbuf uri = STRBUF_NULL;
	json_t *body = json_pack("{s:s}", "reason", reason);
	int status;

	strbuf_printf(&uri, "/certificates/%s/revoke", id);
	status = uri.failed ? ctl_file_error(id, -ENOMEM)
			    : vnfm_call(server, "POST", uri.text, body, &answer);
	json_decref(body);
	if (!status && answer.status == 202)
		ctl_error("%s: the revocation is asked of another CA", id);
	return status;
}

int vnfm_revoke(struct vnfm_server *server, int argc, char **argv)
{
	static const struct argp_option options[] = {{"reason", OPT_REASON, "REASON", 0,
						      "keyCompromise, superseded ... (unspecified)",
						      1},
						     {0}};
	static const struct argp argp = {.options = options,
					 .parser = revoke_parse,
					 .args_doc = "ID...",
					 .doc = "Revokes certificates."};
	struct revoke_args args = {.reason = "unspecified"};
	int status = CTL_OK;

	ctl_parse(&argp, server->ctl, &args, argc, argv);
	for (size_t i = 0; i < args.n && !status; i++)
		status = revoke_one(server, args.id[i], args.reason);
	return status;
}

/* --- list --- */

struct list_args {
	const char *what;
	const char *filter;
};

static error_t list_parse(int key, char *arg, struct argp_state *state)
{
	struct list_args *args = state->input;

	switch (key) {
	case OPT_FILTER:
		args->filter = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->what ||
		    (strcmp(arg, "registrations") != 0 && strcmp(arg, "certificates") != 0))
			argp_error(state, "registrations or certificates");
		args->what = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->what)
			argp_error(state, "registrations or certificates");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int vnfm_list(struct vnfm_server *server, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"filter", OPT_FILTER, "FILTER", 0,
		 "As of SOL 013: (eq,certType,VNFCI_CERT);(lt,notAfter,2027-01-01T00:00:00Z)", 1},
		{0}};
	static const struct argp argp = {.options = options,
					 .parser = list_parse,
					 .args_doc = "registrations|certificates",
					 .doc = "Lists what the asker may see."};
	struct list_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf uri = STRBUF_NULL;
	json_t *rows = NULL;
	bool certificates;
	int status;

	ctl_parse(&argp, server->ctl, &args, argc, argv);
	certificates = strcmp(args.what, "certificates") == 0;
	strbuf_printf(&uri, "/%s", args.what);
	ctl_query_add(&uri, "filter", args.filter);
	status = uri.failed ? ctl_file_error(args.what, -ENOMEM)
			    : vnfm_rows(server, uri.text, &rows);
	if (!status && certificates)
		ctl_rows_print(server->ctl, rows, certificate_columns,
			       ARRAY_LEN(certificate_columns));
	else if (!status)
		ctl_rows_print(server->ctl, rows, registration_columns,
			       ARRAY_LEN(registration_columns));
	json_decref(rows);
	return status;
}
