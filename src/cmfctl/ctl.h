// SPDX-License-Identifier: Apache-2.0
/*
 * What the commands of cmfctl share: common options, exit codes, the admin API, output for people
 * and for scripts. Private to cmfctl/.
 */
#pragma once

#include "base/bytes.h"
#include "base/strbuf.h"

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes; documented in cmfctl(1). */
enum ctl_exit {
	CTL_OK = 0,
	CTL_REFUSED = 1,     /* the CMF, or a check, said no */
	CTL_USAGE = 2,       /* the command line is wrong */
	CTL_UNREACHABLE = 3, /* no answer from the CMF */
	CTL_FAULT = 4,       /* a file, the disk, memory, or a fault of the CMF */
};

struct conf;
struct ctl_subjects;

struct ctl;
/* Prints the names that an argument may be (complete_names.h); false: it is no name of ours. */
typedef bool ctl_names(struct ctl *ctl, const char *command, const char *option, const char *arg,
		       const char *word);

/* The common options, and what follows from them. */
struct ctl {
	const char *config; /* --config, or the default */
	const char *socket; /* --socket; NULL: as the configuration says */
	bool json;
	bool completing;       /* no command runs: it tells what may follow, see complete.h */
	ctl_names *names;      /* completing: of what is configured and registered */
	bool patient;          /* the next call may take as long as it takes */
	char *socket_path;     /* resolved at the first call */
	void *curl;            /* of all calls, which share its connection */
	uint32_t subjects_max; /* of one Register, as configured; 0: not known */
	/* What the next call is about, so that a refusal can name them, and the first of the call.
	 */
	const struct ctl_subjects *subjects;
	size_t subjects_from;
};

/* A command, given its own arguments: argv[0] is "cmfctl COMMAND". */
typedef int ctl_command(struct ctl *ctl, int argc, char **argv);

ctl_command ctl_init, ctl_check, ctl_explain, ctl_status, ctl_reload, ctl_backup, ctl_restore,
	ctl_tidy;
ctl_command ctl_store_create, ctl_store_copy, ctl_store_put_back;
ctl_command ctl_register, ctl_deregister, ctl_registration_show, ctl_registration_update;
ctl_command ctl_certificate_show, ctl_certificate_revoke, ctl_certificate_give_up,
	ctl_certificate_delete_key;
ctl_command ctl_client_add, ctl_client_update, ctl_client_remove;
ctl_command ctl_credential_add, ctl_credential_list, ctl_credential_remove;
ctl_command ctl_subscription_show, ctl_subscription_remove;
ctl_command ctl_vnfm_show, ctl_vnfm_resync, ctl_vnfm_forget, ctl_vnf_show, ctl_lcm_approve;
ctl_command ctl_transaction_show, ctl_announcement_show, ctl_ca_show, ctl_ca_rollover, ctl_ca_renew;
ctl_command ctl_protection_renew, ctl_store_rekey;
ctl_command ctl_audit_verify, ctl_audit_export;

/* The --config, --socket and --json options: as a child of the program's parser, input struct ctl.
 */
extern const struct argp ctl_common_argp;

/*
 * Parses a command's options (input `args`) together with the common ones. Exits on errors, and
 * where no more was asked for than what may follow. Every command calls it before anything else.
 */
void ctl_parse(const struct argp *own, struct ctl *ctl, void *args, int argc, char **argv);

/* The argument of a command that takes one, which its args_doc calls `what`: as it comes, and at
 * the end. Exit on errors. */
void ctl_argument_take(struct argp_state *state, const char *what, const char *arg,
		       const char **valuep);
void ctl_argument_require(struct argp_state *state, const char *what, const char *value);

/* "cmfctl: ..." to stderr. */
void ctl_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same for what OpenSSL says, with its error queue. Returns CTL_FAULT. */
int ctl_openssl_error(const char *what);
/* The same for a file. Returns CTL_FAULT. */
int ctl_file_error(const char *path, int err);

/* The configuration with the files that it names. CTL_OK or CTL_REFUSED, said. */
_must_check_ int ctl_conf_load(const struct ctl *ctl, struct conf **confp);
/* A new store key, in place of the file that may be there, whose owner and mode stay. */
_must_check_ int ctl_store_key_make(const char *path);
/* A whole file, or standard input for "-". 0 or a negative errno. */
int ctl_file_read(const char *path, size_t max, struct octets *outp);
/* Reads a text file of at most `max` octets to a NUL-terminated string; CTL_OK or CTL_FAULT. */
_must_check_ int ctl_text_read(const char *path, size_t max, char **textp);
/* The first line of a file with a secret, as `openssl cmp -secret file:` reads it. */
_must_check_ int ctl_secret_read(const char *path, char **secretp);

/* --- admin API --- */

/*
 * One call; `body` (may be NULL) is taken over. CTL_OK with *replyp (may be NULL: not wanted),
 * else the reason is printed and the exit code returned.
 */
_must_check_ int ctl_call(struct ctl *ctl, const char *method, const char *path, json_t *body,
			  json_t **replyp);

/* Gets every row of a list, page by page; `each` gets the page, whose rows are `items`. Non-zero
 * ends the walk. */
typedef int ctl_page(void *arg, const json_t *page);
_must_check_ int ctl_walk(struct ctl *ctl, const char *path, uint64_t limit, ctl_page *each,
			  void *arg);

/* Ends the connection that the calls share, if there was one. */
void ctl_close(struct ctl *ctl);

/* Appends "?name=value" or "&name=value", encoded; NULL value: nothing. */
void ctl_query_add(struct strbuf *path, const char *name, const char *value);
/* Appends a path segment, encoded. */
void ctl_segment_add(struct strbuf *path, const char *segment);

/* --- output --- */

/* A value as people read it, and that of a field as it is shown, so that its width is that of its
 * escapes; the caller frees. NULL out of memory. */
char *ctl_value_text(const json_t *value);
char *ctl_cell_text(const json_t *row, const char *key);

/* --- tables (table.c) --- */

struct ctl_column {
	const char *title;
	const char *key;
	bool whole; /* never cut to fit the terminal: it names the row */
};

/* How a list is to be printed. */
struct ctl_table_options {
	const char *columns; /* fields, separated by commas; NULL: those of the list */
	const char *sort;    /* field, with '-' before it the other way round; NULL: as they come */
	bool no_headers;
};
/* Their options; input struct ctl_table_options. */
extern const struct argp ctl_table_argp;

/* Lists what a path gives as an aligned table that fits the terminal, or with --json as an array of
 * objects. `options` NULL: as the list is. */
_must_check_ int ctl_list_print(struct ctl *ctl, const char *path, uint64_t limit,
				const struct ctl_column *columns, size_t n,
				const struct ctl_table_options *options);
/* The same for rows that are there already. */
void ctl_rows_print(struct ctl *ctl, json_t *rows, const struct ctl_column *columns, size_t n);

/* --- few rows --- */

/* All rows of a path; `*rowsp` is an array that the caller owns. For few rows. */
_must_check_ int ctl_rows(struct ctl *ctl, const char *path, json_t **rowsp);
/* Rows one after the other as "key  value" lines, or as JSON. PEM is printed behind the lines. */
void ctl_show(const struct ctl *ctl, const json_t *rows);
/* One object as a JSON array of one. */
void ctl_json_print(const json_t *object);
/* The answer to a change, which is taken over: with --json itself, else `done`, a line. CTL_OK. */
_must_check_ int ctl_done(const struct ctl *ctl, json_t *answer, const char *done, ...)
	__attribute__((format(printf, 3, 4)));
/* JSON on stdout; what would steer the terminal or hide is escaped in it, too. */
void ctl_json_write(const json_t *value, size_t flags);
/* Text of others, as base/visible.h shows it, so that nothing of a client drives the terminal. */
void ctl_text_print(const char *text);
/* Writes octets that the CMF gave as base64 (NULL: none) to a file. */
_must_check_ int ctl_base64_write(const char *path, const char *base64);
/* A digits-only number from the command line. */
_must_check_ int ctl_number_parse(const char *text, uint64_t max, uint64_t *valuep);

/* An argument of --limit; ends the program if it is none. */
void ctl_limit_parse(struct argp_state *state, const char *arg, uint64_t *limitp);

/* --- lists (list.c) --- */

enum { CTL_FILTERS_MAX = 16 };

/* An option that selects rows. */
struct ctl_filter {
	const char *option;
	const char *query;
	const char *argument; /* its name in --help; NULL: there is none, the query's value is 1 */
	const char *help;
};

/* What the CMF gives as a list, and the command that prints it. */
struct ctl_list {
	const char *path;
	const char *doc;
	const struct ctl_filter *filters;
	size_t n_filters;
	const struct ctl_column *columns;
	size_t n_columns;
	bool whole; /* there are never many: no --limit */
};
extern const struct ctl_list ctl_registrations, ctl_certificates, ctl_clients, ctl_transactions,
	ctl_announcements, ctl_audit, ctl_subscriptions, ctl_vnfms, ctl_vnfs, ctl_nodes;

/* The command `list`. */
int ctl_list_run(struct ctl *ctl, const struct ctl_list *list, int argc, char **argv);

/* Rows of a list that a command is about. */
struct ctl_selection {
	const struct ctl_list *list;
	unsigned offered; /* 1 << index of each filter that is an option of the command */
	bool limited;     /* it has --limit, too */
	const char *value[CTL_FILTERS_MAX]; /* by filter; NULL: not given */
	uint64_t limit;                     /* 0: none */
};

enum { CTL_ALL_FILTERS = (1 << CTL_FILTERS_MAX) - 1 };

/* As ctl_parse(), with the options of the selection beside the command's own. */
void ctl_selection_parse(const struct argp *own, struct ctl *ctl, struct ctl_selection *selection,
			 void *args, int argc, char **argv);
/* Appends the path and the query. */
void ctl_selection_path(const struct ctl_selection *selection, struct strbuf *path);

/* --- one record by its number (record.c) --- */

struct ctl_record {
	const char *id;
	const char *file; /* for its octets; NULL: they are not wanted */
};

/* The key of the option that names the file. */
enum { CTL_RECORD_FILE = 0x800 };

/* Parser of a command that takes an ID; input struct ctl_record. */
error_t ctl_record_parse(int key, char *arg, struct argp_state *state);
/* Shows the record of that list, without the field `octets`, which goes into the file. */
_must_check_ int ctl_record_show(struct ctl *ctl, const char *list, const char *octets,
				 const struct ctl_record *record);

/* --- subjects --- */

/* subjectIds from --subject-id and --subject-file, in order, and where each was found. */
struct ctl_subjects {
	char **item;
	struct ctl_subject_place {
		const char *file; /* NULL: on the command line */
		size_t line;      /* from 1 */
	} * place;
	size_t len;
	size_t size;
};

_must_check_ int ctl_subjects_add(struct ctl_subjects *subjects, const char *id,
				  struct ctl_subject_place place);
/* One a line; empty lines and those that begin with '#' are left out; "-" is stdin. */
_must_check_ int ctl_subjects_read(struct ctl_subjects *subjects, const char *path);
void ctl_subjects_clear(struct ctl_subjects *subjects);
/* "registered 2000 of 50000" on a terminal. */
void ctl_subjects_progress(const char *what, size_t done, size_t total);
/* What is wrong with subjects of a call, of its problem: "FILE:12: ID: ..." on stderr; `from` was
 * the first of the call. */
void ctl_subjects_problems(const struct ctl_subjects *subjects, size_t from, const json_t *problem);

/* --- Register over CMP --- */

struct ctl_attester;

struct ctl_register {
	const char *requester;
	const char *cert_type;
	const char *vnf_instance; /* NULL: none */
	const char *handling;
	const char *ca;
	const char *profile;
	const struct ctl_attester *attester; /* NULL: none */
	/* over CMP */
	const char *server;
	const char *cert;
	const char *key;
	const char *passphrase_file; /* "-": standard input; NULL: none */
	const char *trusted;
	const char *tls_trusted;
	const char *recipient;
	const char *reference;
	const char *secret; /* pass:, file: or env: */
	struct ctl_subjects subjects;
};

/* Sends genm id-cmf.10 for all subjects, in messages that fit the server's limit. */
_must_check_ int ctl_register_cmp(struct ctl *ctl, const struct ctl_register *reg);
