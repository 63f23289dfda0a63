// SPDX-License-Identifier: Apache-2.0
/*
 * Writes docs/refusals.md to standard output, for the build. Not installed.
 */
#include "base/refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char introduction[] =
	"# Refusals\n"
	"\n"
	"<!-- Generated from include/base/refusal_table.h and src/base/refusal_help_table.h;\n"
	"`ninja -C build update-refusals-md` writes it. -->\n"
	"\n"
	"Everything that cmfd refuses, by the code that stands in its log (`reason=`), its "
	"metrics\n"
	"(`cmfd_refusals_total`) and its JSON (`reason` of a problem). A client of CMP is told the "
	"failInfo\n"
	"(RFC 4210 5.2.3) and the sentence, over HTTP with JSON the status and the sentence. "
	"`detail` in the log\n"
	"often says more. `cmfctl explain --reason CODE` prints one row; `cmfctl explain FILE` "
	"says of a message\n"
	"which rule it meets.\n"
	"\n"
	"Under \"by\" stands the clause of the standard, or the key of `cmf.cnf` in\n"
	"[configuration.md](configuration.md): `profile X` is the key X of a `[profile NAME]`, "
	"`client_policy X` of a\n"
	"`[client_policy NAME]`.\n";

int main(void)
{
	const char *section = "";
	const struct refusal_help *rows;
	struct refusal r;
	size_t n;

	fputs(introduction, stdout);
	rows = refusal_help_rows(&n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].section, section) != 0)
			printf("\n## %s\n\n"
			       "| code | failInfo | HTTP | sentence | by | what to do |\n"
			       "| --- | --- | --- | --- | --- | --- |\n",
			       rows[i].section);
		section = rows[i].section;
		(void)refuse(&r, rows[i].reason);
		printf("| `%s` | %s | %d | %s | %s | %s |\n", refusal_code(r.reason),
		       failinfo_name(r.failinfo), refusal_http_status(&r), refusal_text(r.reason),
		       rows[i].clause, rows[i].advice);
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
