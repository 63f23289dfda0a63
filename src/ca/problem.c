// SPDX-License-Identifier: Apache-2.0
/* A problem of the configuration of a CA, as the files that load one say it. */
#include "ca_local.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdarg.h>

int ca_problem(struct strbuf *problems, const struct conf_ca *conf, const char *key,
	       const char *fmt, ...)
{
	unsigned long error = ERR_peek_last_error();
	/* What the system said of a file is in the text already. */
	bool file =
		ERR_SYSTEM_ERROR(error) || ERR_GET_REASON(error) == ERR_R_SYS_LIB ||
		(ERR_GET_LIB(error) == ERR_LIB_BIO && ERR_GET_REASON(error) == BIO_R_NO_SUCH_FILE);
	const char *reason = error && !file ? ERR_reason_error_string(error) : NULL;
	va_list args;

	strbuf_printf(problems, "[ca %s] %s: ", conf->name, key);
	va_start(args, fmt);
	strbuf_vprintf(problems, fmt, args);
	va_end(args);
	if (reason)
		strbuf_printf(problems, " (%s)", reason);
	strbuf_add(problems, "\n");
	ERR_clear_error();
	return -EINVAL;
}
