// SPDX-License-Identifier: Apache-2.0
/*
 * The options that all commands have, errors to stderr, and small inputs.
 */
#include "complete.h"
#include "ctl.h"

#include "base/error.h"
#include "base/visible.h"
#include "conf.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_SOCKET = 0x1000, OPTION_JSON };

/* A secret is one line. The longest is a bearer token, of which the server takes 8192 octets. */
enum { SECRET_FILE_MAX = 8192 + 2 };

static error_t common_parse(int key, char *arg, struct argp_state *state)
{
	struct ctl *ctl = state->input;

	switch (key) {
	case 'c':
		ctl->config = arg;
		return 0;
	case OPTION_SOCKET:
		ctl->socket = arg;
		return 0;
	case OPTION_JSON:
		ctl->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option common_options[] = {
	{"config", 'c', "FILE", 0, "Configuration of the CMF (" CONF_SYSTEM_PATH ")", 100},
	{"socket", OPTION_SOCKET, "PATH", 0, "Admin socket, if not the one of the configuration",
	 100},
	{"json", OPTION_JSON, NULL, 0, "Print JSON (an array of objects)", 100},
	{0},
};

const struct argp ctl_common_argp = {.options = common_options, .parser = common_parse};

struct parse_inputs {
	void *args;
	struct ctl *ctl;
};

static error_t inputs_parse(int key, char *arg, struct argp_state *state)
{
	struct parse_inputs *inputs = state->input;

	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = inputs->args;
	state->child_inputs[1] = inputs->ctl;
	return 0;
}

void ctl_parse(const struct argp *own, struct ctl *ctl, void *args, int argc, char **argv)
{
	const struct argp options = {
		.options = own->options, .parser = own->parser, .children = own->children};
	const struct argp_child children[] = {
		{&options, 0, NULL, 0}, {&ctl_common_argp, 0, NULL, 0}, {0}};
	const struct argp argp = {.parser = inputs_parse,
				  .args_doc = own->args_doc,
				  .doc = own->doc,
				  .children = children};
	struct parse_inputs inputs = {args, ctl};

	if (ctl->completing) {
		complete_arguments(&argp, ctl, argc, argv);
		exit(CTL_OK);
	}
	argp_parse(&argp, argc, argv, 0, NULL, &inputs);
}

void ctl_argument_take(struct argp_state *state, const char *what, const char *arg,
		       const char **valuep)
{
	if (*valuep)
		argp_error(state, "one %s only", what);
	*valuep = arg;
}

void ctl_argument_require(struct argp_state *state, const char *what, const char *value)
{
	if (!value || !*value)
		argp_error(state, "%s is required", what);
}

/* What a server or a file said may be in it; only the ends of our own lines stay. */
void ctl_error(const char *fmt, ...)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	_cleanup_(strbuf_clear) struct strbuf shown = STRBUF_NULL;
	va_list args;

	va_start(args, fmt);
	strbuf_vprintf(&text, fmt, args);
	va_end(args);
	visible_lines_add(&shown, text.text ? text.text : "");
	fflush(stdout);
	fprintf(stderr, "cmfctl: %s\n", shown.text ? shown.text : "out of memory");
}

int ctl_openssl_error(const char *what)
{
	ctl_error("%s", what);
	ERR_print_errors_fp(stderr);
	return CTL_FAULT;
}

int ctl_file_error(const char *path, int err)
{
	ctl_error("%s: %s", path, error_text(err < 0 ? err : -err));
	return CTL_FAULT;
}

int ctl_conf_load(const struct ctl *ctl, struct conf **confp)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;

	if (conf_load(ctl->config, confp, &problems) == 0)
		return CTL_OK;
	ctl_error("%s", problems.text ? problems.text : ctl->config);
	return CTL_REFUSED;
}

/* /dev/stdin cannot be opened by a process that is not to be dumped, but by root. */
int ctl_file_read(const char *path, size_t max, struct octets *outp)
{
	return strcmp(path, "-") == 0 ? file_read_open(STDIN_FILENO, max, outp)
				      : file_read(path, max, outp);
}

int ctl_text_read(const char *path, size_t max, char **textp)
{
	struct octets content = OCTETS_NULL;
	char *text;
	int err = ctl_file_read(path, max, &content);

	if (err)
		return ctl_file_error(path, err);
	if (content.len && memchr(content.data, '\0', content.len)) {
		ctl_error("%s: this is no text file", path);
		octets_clear_secret(&content);
		return CTL_FAULT;
	}
	text = malloc(content.len + 1);
	if (!text) {
		octets_clear_secret(&content);
		return ctl_file_error(path, -ENOMEM);
	}
	if (content.len)
		memcpy(text, content.data, content.len);
	text[content.len] = '\0';
	octets_clear_secret(&content);
	*textp = text;
	return CTL_OK;
}

int ctl_secret_read(const char *path, char **secretp)
{
	int status = ctl_text_read(path, SECRET_FILE_MAX, secretp);
	size_t len;

	if (status)
		return status;
	len = strcspn(*secretp, "\r\n");
	OPENSSL_cleanse(*secretp + len, strlen(*secretp + len));
	(*secretp)[len] = '\0';
	if (len > 0)
		return CTL_OK;
	ctl_error("%s: the first line holds no secret", path);
	free(TAKE(*secretp));
	return CTL_FAULT;
}

int ctl_number_parse(const char *text, uint64_t max, uint64_t *valuep)
{
	size_t len = strlen(text);

	if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
		return -EINVAL;
	*valuep = strtoull(text, NULL, 10);
	return *valuep > max ? -ERANGE : 0;
}

void ctl_limit_parse(struct argp_state *state, const char *arg, uint64_t *limitp)
{
	if (ctl_number_parse(arg, UINT32_MAX, limitp) || *limitp == 0)
		argp_error(state, "--limit must be a number");
}

int ctl_base64_write(const char *path, const char *base64)
{
	size_t len = base64 ? strlen(base64) : 0;
	_cleanup_(octets_clear) struct octets der = {malloc(len + 1), 0};
	int n, err;

	if (!der.data)
		return ctl_file_error(path, -ENOMEM);
	n = EVP_DecodeBlock(der.data, (const unsigned char *)base64, (int)len);
	for (size_t i = len; n > 0 && i > 0 && base64[i - 1] == '='; i--)
		n--; /* padding decodes to zeros */
	if (n <= 0) {
		ctl_error("the CMF sent octets that are no base64");
		return CTL_FAULT;
	}
	der.len = (size_t)n;
	err = file_write_durable(path, octets_view(&der), 0644);
	return err ? ctl_file_error(path, err) : CTL_OK;
}
