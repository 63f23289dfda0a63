// SPDX-License-Identifier: Apache-2.0
/*
 * The reference of all keys, from the key table.
 */
#include "conf.h"

#include "keys.h"

static const char introduction[] =
	"# Configuration\n"
	"\n"
	"<!-- Generated from src/conf/keys.c; `ninja -C build update-configuration-md` writes it. "
	"-->\n"
	"\n"
	"`cmf.cnf` has OpenSSL's configuration syntax, config(5). `cmfd --config FILE --check` "
	"reads it\n"
	"and names every mistake by section and key; `cmfd --print-config` shows what is in "
	"effect, with\n"
	"the defaults. A key or section that is unknown, or there twice, is a mistake. `#` starts "
	"a\n"
	"comment; `$name` stands for a key before the first section.\n"
	"\n"
	"Keys marked *reload* may change while the server runs (SIGHUP); a change of another key "
	"needs a\n"
	"restart, and a file that changes one is not loaded.\n"
	"\n"
	"| value | is |\n"
	"| --- | --- |\n"
	"| file, path, directory | a name, taken from the directory of `cmf.cnf` when it is "
	"relative; a "
	"file must exist and be readable, for a path its directory must exist |\n"
	"| file or URI | a PEM file, or where else a key is: a URI for OpenSSL's STORE, as "
	"`pkcs11:token=cmf;object=ca`; `engine:ID:KEY`; `provider:NAME:SOURCE` "
	"([operations.md](operations.md#hsm)) |\n"
	"| name | a distinguished name, as `/O=Example/CN=name`: a `+` with `TYPE=` behind it adds "
	"an "
	"attribute to the relative name before it (`/O=Example/CN=name+serialNumber=7`), a "
	"backslash takes the next character as it is; the syntax of the file wants two backslashes "
	"for one |\n"
	"| duration | a number with `ms`, `s`, `m`, `h`, `d`, `w` or `y` (365 days); without a "
	"unit, "
	"seconds |\n"
	"| list | items separated by commas |\n"
	"| address | `ADDRESS:PORT`, as `127.0.0.1:8080` or `[::1]:8080`, or `unix:PATH` |\n"
	"| range | `ADDRESS/BITS`, as `10.0.0.0/8` or `fd00::/8` |\n"
	"| kind of key | `rsa:MIN-MAX` in bits, `ec:CURVE` as `ec:P-256`, `ed25519`, `ed448` |\n"
	"| name rule | `none`; `subjectId`: exactly the registered one; `subjectIdLabel`: that, or "
	"a "
	"name whose first label it is; `any` |\n";

static const char extensions[] =
	"\n"
	"## Extension sections\n"
	"\n"
	"The section that a profile names in `extension_section` holds further extensions of its\n"
	"certificates, in the syntax of x509v3_config(5), for example\n"
	"\n"
	"    [vnfci_extensions]\n"
	"    keyUsage = critical, digitalSignature\n"
	"    extendedKeyUsage = serverAuth, clientAuth\n"
	"\n"
	"`subjectKeyIdentifier`, `authorityKeyIdentifier`, `subjectAltName`, "
	"`crlDistributionPoints` and\n"
	"`authorityInfoAccess` are set by the CA and refused there, as is `basicConstraints` with\n"
	"`CA:TRUE`.\n";

static void print_limits(const struct conf_key *key, FILE *out)
{
	_cleanup_(strbuf_clear) struct strbuf limits = STRBUF_NULL;

	if (key->max == 0)
		return;
	if (key->type == &conf_type_duration) {
		key->type->print(key->type, &key->min, &limits);
		strbuf_add(&limits, " to ");
		key->type->print(key->type, &key->max, &limits);
	} else {
		strbuf_printf(&limits, "%jd to %jd", (intmax_t)key->min, (intmax_t)key->max);
	}
	fprintf(out, ", %s", limits.text ? limits.text : "");
}

static void print_row(const struct conf_key *key, FILE *out)
{
	static const char *const when[] = {
		[CONF_WHEN_ANY] = "",
		[CONF_WHEN_INTERNAL] = "internal: ",
		[CONF_WHEN_UPSTREAM] = "upstream: ",
	};

	fprintf(out, "| `%s` | %s", key->name, key->type->words ? "" : key->type->name);
	for (size_t i = 0; key->type->words && key->type->words[i]; i++)
		fprintf(out, "%s`%s`", i ? ", " : "", key->type->words[i]);
	print_limits(key, out);
	if (key->required)
		fputs(" | required", out);
	else if (key->initial)
		fprintf(out, " | `%s`", key->initial);
	else
		fputs(" |", out);
	fprintf(out, " | %s | %s%s |\n", key->reload ? "reload" : "", when[key->when], key->help);
}

void conf_print_markdown(FILE *out)
{
	fputs(introduction, out);
	for (enum conf_section s = 0; s < CONF_SECTION_COUNT; s++) {
		fprintf(out, "\n## [%s%s]\n\n%s\n\n", conf_sections[s].kind,
			conf_sections[s].named ? " NAME" : "", conf_sections[s].help);
		fputs("| key | value | default | SIGHUP | meaning |\n| --- | --- | --- | --- | --- "
		      "|\n",
		      out);
		for (size_t i = 0; i < conf_n_keys; i++) {
			if (conf_keys[i].section == s)
				print_row(&conf_keys[i], out);
		}
	}
	fputs(extensions, out);
}
