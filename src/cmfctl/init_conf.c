// SPDX-License-Identifier: Apache-2.0
/*
 * The cmf.cnf of a new CMF: conf/cmf.cnf as it is built in, with some of its lines changed to what
 * was asked for. That all of these are in it is certain: one that is not would be a fault.
 */
#include "init.h"

#include "conf.h"
#include "keys/credential.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* conf/cmf.cnf */
extern const char init_conf_template[];

/* Text of which lines are replaced. */
struct lines {
	struct strbuf text;
	const char *missing; /* a line that is not there */
};

/* Puts what `to` holds in the place of a line, NULL: nothing. */
static void line_replace(struct lines *lines, const char *line, struct strbuf *to)
{
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;
	size_t len = strlen(line);
	const char *at = lines->text.text;

	while (at && (at = strstr(at, line)) && (at[-1] != '\n' || at[len] != '\n'))
		at++;
	if (!at) {
		lines->missing = line;
		return;
	}
	strbuf_add_n(&out, lines->text.text, (size_t)(at - lines->text.text));
	if (to)
		strbuf_add_n(&out, to->text ? to->text : "", to->len);
	strbuf_add(&out, at + len + (to ? 0 : 1));
	out.failed |= lines->text.failed || (to && to->failed);
	strbuf_clear(&lines->text);
	lines->text = out;
	out = STRBUF_NULL;
}

/* Replaces a line with "KEY = VALUE SUFFIX"; VALUE gets the escapes that it needs. */
static void value_set(struct lines *lines, const char *line, const char *key, const char *value,
		      const char *suffix)
{
	_cleanup_(strbuf_clear) struct strbuf to = STRBUF_NULL;

	strbuf_printf(&to, "%s = ", key);
	conf_value_escape(&to, value);
	strbuf_add(&to, suffix);
	line_replace(lines, line, &to);
}

/* What a CA that is there already has otherwise than one that is made. */
static void existing_set(struct lines *lines, const struct init *init)
{
	const struct init_args *args = init->args;

	if (credential_is_uri(args->ca_key))
		value_set(lines, "key = ca/issuing.key", "key", args->ca_key, "");
	if (args->ca_passphrase_file)
		value_set(lines, "# passphrase_file = ca/issuing.pass", "passphrase_file",
			  "ca/issuing.pass", "");
	if (init->n_existing > 1)
		value_set(lines, "chain = ca/root.pem", "chain", "ca/chain.pem", "");
	else
		line_replace(lines, "chain = ca/root.pem", NULL);
}

static void system_set(struct lines *lines)
{
	value_set(lines, "admin_socket = cmfd.sock", "admin_socket", INIT_SYSTEM_RUN, "/cmfd.sock");
	value_set(lines, "admin_socket_mode = 0600", "admin_socket_mode", "0660", "");
	value_set(lines, "database = cmf.db", "database", INIT_SYSTEM_STATE, "/cmf.db");
}

/* EVP_MD_get0_name() says SHA2-384; NULL where the key has no digest, or has the default. */
static const char *digest_word(const EVP_MD *digest)
{
	if (digest && EVP_MD_is_a(digest, "SHA384"))
		return "sha384";
	return digest && EVP_MD_is_a(digest, "SHA512") ? "sha512" : NULL;
}

int init_conf_write(const char *stage, const struct init *init, char **pathp)
{
	const struct init_args *args = init->args;
	const char *digest = digest_word(init_digest(init->issuing.key));
	struct lines lines = {0};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	int err = 0;

	strbuf_add(&lines.text, init_conf_template);
	value_set(&lines, "listen = 127.0.0.1:8080", "listen", args->listen, "");
	if (args->listen_metrics)
		value_set(&lines, "# listen_metrics = 127.0.0.1:9180", "listen_metrics",
			  args->listen_metrics, "");
	value_set(&lines, "crl_distribution_points = http://127.0.0.1:8080/crl/issuing.crl",
		  "crl_distribution_points", init->public_url, "/crl/issuing.crl");
	value_set(&lines, "aia_ca_issuers = http://127.0.0.1:8080/aia/issuing.cer",
		  "aia_ca_issuers", init->public_url, "/aia/issuing.cer");
	if (digest)
		value_set(&lines, "# digest = sha256", "digest", digest, "");
	if (args->ca_cert)
		existing_set(&lines, init);
	if (args->system)
		system_set(&lines);
	strbuf_printf(&path, "%s/cmf.cnf", stage);
	if (lines.missing) {
		ctl_error("conf/cmf.cnf as built in has no line \"%s\"", lines.missing);
		err = CTL_FAULT;
	} else if (lines.text.failed || path.failed) {
		err = ctl_file_error("cmf.cnf", -ENOMEM);
	} else {
		err = file_write_durable(path.text, bytes_of_string(lines.text.text), 0600);
		err = err ? ctl_file_error(path.text, err) : CTL_OK;
	}
	strbuf_clear(&lines.text);
	if (!err)
		*pathp = strbuf_take(&path);
	return err;
}
