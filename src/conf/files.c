// SPDX-License-Identifier: Apache-2.0
/*
 * The files that a configuration names, and its text with other names in their place: what a backup
 * takes along, and what it is when it is laid out elsewhere.
 */
#include "conf.h"

#include "keys.h"
#include "keys/credential.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- the files --- */

struct files_walk {
	conf_file_each *each;
	void *arg;
};

/* Their values are names of files. */
static const struct {
	const struct conf_type *type;
	enum conf_file_kind kind;
} kinds[] = {
	{&conf_type_file, CONF_FILE_OPEN},  {&conf_type_secret_file, CONF_FILE_SECRET},
	{&conf_type_key, CONF_FILE_SECRET}, {&conf_type_directory, CONF_FILE_DIRECTORY},
	{&conf_type_path, CONF_FILE_MADE},  {&conf_type_database, CONF_FILE_MADE},
};

static int key_walk(const struct files_walk *walk, const char *section, const struct conf_key *key,
		    const void *base)
{
	struct conf_file file = {.section = section, .key = key->name};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (key->type != kinds[i].type)
			continue;
		file.path = *(char *const *)conf_key_value_const(key, base);
		if (!file.path || (key->type == &conf_type_database && strstr(file.path, "://")))
			return 0;
		file.kind = key->type == &conf_type_key && credential_is_uri(file.path)
				    ? CONF_FILE_TOKEN
				    : kinds[i].kind;
		return walk->each(walk->arg, &file);
	}
	return 0;
}

static int section_walk(const struct files_walk *walk, enum conf_section section, const char *name,
			const void *base)
{
	char title[300];
	int err = 0;

	snprintf(title, sizeof(title), "%s%s%s", conf_sections[section].kind, name ? " " : "",
		 name ? name : "");
	for (size_t i = 0; i < conf_n_keys && err == 0; i++) {
		const struct conf_key *key = &conf_keys[i];

		if (key->section == section && conf_key_applies(key, base))
			err = key_walk(walk, title, key, base);
	}
	return err;
}

int conf_files(const struct conf *conf, conf_file_each *each, void *arg)
{
	const struct files_walk walk = {each, arg};
	int err = 0;

	for (enum conf_section s = 0; s < CONF_SECTION_COUNT && err == 0; s++) {
		if (!conf_sections[s].named)
			err = section_walk(&walk, s, NULL,
					   (const char *)conf + conf_sections[s].offset);
	}
	for (size_t i = 0; i < conf->n_cas && err == 0; i++)
		err = section_walk(&walk, CONF_CA, conf->cas[i].name, &conf->cas[i]);
	for (size_t i = 0; i < conf->n_profiles && err == 0; i++)
		err = section_walk(&walk, CONF_PROFILE, conf->profiles[i].name, &conf->profiles[i]);
	for (size_t i = 0; i < conf->n_client_policies && err == 0; i++)
		err = section_walk(&walk, CONF_CLIENT_POLICY, conf->client_policies[i].name,
				   &conf->client_policies[i]);
	for (size_t i = 0; i < conf->n_vnfms && err == 0; i++)
		err = section_walk(&walk, CONF_VNFM, conf->vnfms[i].name, &conf->vnfms[i]);
	return err;
}

/* --- the text --- */

/* The end of the logical line that begins at `line`: behind its newline. A backslash before one
 * makes it go on, unless there is another before it. */
static const char *line_end(const char *line)
{
	const char *p = line;

	for (; *p; p++) {
		if (*p != '\n')
			continue;
		const char *last = p > line && p[-1] == '\r' ? p - 1 : p;

		if (last == line || last[-1] != '\\' || (last - line > 1 && last[-2] == '\\'))
			return p + 1;
	}
	return p;
}

/* Whether the line begins the section of that name; *headerp: it begins one. */
static bool begins_section(const char *line, const char *end, const char *section, bool *headerp)
{
	const char *close;
	size_t len = strlen(section);

	line += strspn(line, " \t\r");
	*headerp = *line == '[';
	close = *headerp ? memchr(line, ']', (size_t)(end - line)) : NULL;
	if (!close)
		return false;
	line += 1 + strspn(line + 1, " \t");
	while (close > line && isspace((unsigned char)close[-1]))
		close--;
	return (size_t)(close - line) == len && memcmp(line, section, len) == 0;
}

static bool sets_key(const char *line, const char *key)
{
	size_t len = strlen(key);

	line += strspn(line, " \t\r");
	return strncmp(line, key, len) == 0 && strchr(" \t=", line[len]) && line[len];
}

int conf_text_set(const char *text, const char *section, const char *key, const char *value,
		  struct strbuf *out)
{
	bool inside = false, header, found = false;
	const char *end;

	for (; *text; text = end) {
		bool begins;

		end = line_end(text);
		begins = begins_section(text, end, section, &header);
		if (header)
			inside = begins;
		if (!inside || header || !sets_key(text, key)) {
			strbuf_add_n(out, text, (size_t)(end - text));
			continue;
		}
		found = true;
		strbuf_printf(out, "%s = ", key);
		conf_value_escape(out, value);
		strbuf_add(out, "\n");
	}
	if (out->failed)
		return -ENOMEM;
	return found ? 0 : -ENOENT;
}
