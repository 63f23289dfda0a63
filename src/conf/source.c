// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the text of cmf.cnf twice: by NCONF for the values, and by a light scan for the order of
 * sections and for duplicates. What the keys mean is load.c's.
 */
#include "source.h"

#include "base/bytes.h"
#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <string.h>

/* A configuration of thousands of profiles stays far below. */
#define CONF_FILE_MAX (1024 * 1024)

void conf_problem(struct conf_problems *problems, const char *section, const char *key,
		  const char *fmt, ...)
{
	va_list args;

	if (section)
		strbuf_printf(problems->text, "[%s]%s%s: ", section, key ? " " : "",
			      key ? key : "");
	va_start(args, fmt);
	strbuf_vprintf(problems->text, fmt, args);
	va_end(args);
	strbuf_add(problems->text, "\n");
	problems->count++;
}

void conf_source_clear(struct conf_source *source)
{
	for (size_t i = 0; i < source->n_sections; i++) {
		struct conf_source_section *s = &source->sections[i];

		for (size_t j = 0; j < s->n_keys; j++) {
			free(s->keys[j]);
			free(s->texts[j]);
		}
		free(s->keys);
		free(s->texts);
		free(s->full);
		free(s->kind);
		free(s->name);
	}
	free(source->sections);
	free(source->text);
	NCONF_free(source->nconf);
	*source = (struct conf_source){0};
}

/* Adds the section, or finds it when it is there already: then the file has it twice. */
static int section_add(struct conf_source *source, const char *full, bool *is_newp)
{
	size_t n = source->n_sections;
	size_t kind_len = strcspn(full, " \t");
	const char *name = full + kind_len + strspn(full + kind_len, " \t");
	struct conf_source_section *sections, *s;

	sections = reallocarray(source->sections, n + 1, sizeof(*sections));
	if (!sections)
		return -ENOMEM;
	source->sections = sections;
	s = &sections[n];
	*s = (struct conf_source_section){
		.full = strdup(full),
		.kind = strndup(full, kind_len),
		.name = strdup(name),
	};
	source->n_sections++; /* so that conf_source_clear() frees what was made of it */
	if (!s->full || !s->kind || !s->name)
		return -ENOMEM;
	*is_newp = conf_source_find(source, s->kind, s->name) == s;
	return 0;
}

/* `line` begins with the key, which is `len` octets long. */
static int key_add(struct conf_source_section *s, const char *line, size_t len, bool *is_newp)
{
	char **keys = reallocarray(s->keys, s->n_keys + 1, sizeof(*keys));
	char **texts = reallocarray(s->texts, s->n_keys + 1, sizeof(*texts));
	_cleanup_(freep) char *copy = strndup(line, len), *text = strdup(line + len);

	if (keys)
		s->keys = keys;
	if (texts)
		s->texts = texts;
	if (!keys || !texts || !copy || !text)
		return -ENOMEM;
	*is_newp = true;
	for (size_t i = 0; i < s->n_keys; i++) {
		if (strcmp(s->keys[i], copy) == 0)
			*is_newp = false;
	}
	s->keys[s->n_keys] = TAKE(copy);
	s->texts[s->n_keys++] = TAKE(text);
	return 0;
}

/* "[ name ]" with `line` after the bracket. Malformed ones are left to NCONF's message. */
static int scan_section(struct conf_source *source, char *line, struct conf_problems *problems)
{
	char *end = strchr(line, ']');
	bool is_new;
	int err;

	if (!end)
		return 0;
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	line += strspn(line, " \t");
	if (strcmp(line, "default") == 0 && source->n_sections == 1)
		return 0; /* where we are already */
	err = section_add(source, line, &is_new);
	if (err == 0 && !is_new)
		conf_problem(problems, line, NULL, "this section is there twice");
	return err;
}

static int scan_key(struct conf_source *source, const char *line, struct conf_problems *problems)
{
	struct conf_source_section *s = &source->sections[source->n_sections - 1];
	size_t len = strcspn(line, " \t=");
	bool is_new;
	int err;

	if (line[0] == '.') { /* .include and .pragma: one file is one configuration */
		conf_problem(problems, s->full, NULL, "%.*s is not supported here", (int)len, line);
		return -EINVAL; /* NCONF would obey it */
	}
	if (memmem(line, len, "::", 2)) { /* would set a key of another section */
		conf_problem(problems, s->full, NULL, "%.*s: a key must stand in its own section",
			     (int)len, line);
		return 0;
	}
	err = key_add(s, line, len, &is_new);
	if (err == 0 && !is_new)
		conf_problem(problems, s->full, s->keys[s->n_keys - 1], "this key is there twice");
	return err;
}

static int scan_line(struct conf_source *source, char *line, struct conf_problems *problems)
{
	line += strspn(line, " \t\r");
	if (*line == '\0' || *line == '#')
		return 0;
	if (*line == '[')
		return scan_section(source, line + 1, problems);
	return scan_key(source, line, problems);
}

/* A line that ends in one backslash goes on, also a comment: so does NCONF. */
static int scan_text(struct conf_source *source, struct conf_problems *problems)
{
	_cleanup_(freep) char *copy = strdup(source->text);
	char *next = copy, *line, *start = copy, *end = copy;
	bool is_new;
	int err;

	if (!copy)
		return -ENOMEM;
	err = section_add(source, "default", &is_new);
	/* The copy is compacted in place: `end` is where the logical line ends so far. */
	while (err == 0 && (line = strsep(&next, "\n")) != NULL) {
		size_t len = strlen(line);

		if (len && line[len - 1] == '\r')
			len--;
		memmove(end, line, len);
		end += len;
		if (next && end > start && end[-1] == '\\' &&
		    (end - start < 2 || end[-2] != '\\')) {
			end--;
			continue;
		}
		*end = '\0';
		err = scan_line(source, start, problems);
		start = end = next;
	}
	return err;
}

static int nconf_read(struct conf_source *source, struct conf_problems *problems)
{
	BIO *bio = BIO_new_mem_buf(source->text, -1);
	long line = 0;
	int err = 0;

	source->nconf = NCONF_new(NULL);
	if (!bio || !source->nconf) {
		err = -ENOMEM;
	} else if (NCONF_load_bio(source->nconf, bio, &line) <= 0) {
		unsigned long code = ERR_peek_last_error();
		const char *reason = ERR_reason_error_string(code);

		conf_problem(problems, NULL, NULL, "line %ld: %s", line,
			     reason ? reason : "syntax error");
		err = -EINVAL;
	}
	ERR_clear_error();
	BIO_free(bio);
	return err;
}

int conf_source_read(const char *path, struct conf_problems *problems, struct conf_source *sourcep)
{
	_cleanup_(octets_clear) struct octets content = OCTETS_NULL;
	int err = file_read(path, CONF_FILE_MAX, &content);

	size_t bom;

	if (err < 0) {
		conf_problem(problems, NULL, NULL, "%s: %s", path, error_text(err));
		return err;
	}
	if (memchr(content.data, '\0', content.len)) {
		conf_problem(problems, NULL, NULL, "%s: not a text file", path);
		return -EINVAL;
	}
	bom = content.len >= 3 && memcmp(content.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	sourcep->text = strndup((char *)content.data + bom, content.len - bom);
	if (!sourcep->text)
		return -ENOMEM;
	err = scan_text(sourcep, problems);
	return err < 0 ? err : nconf_read(sourcep, problems);
}

struct conf_source_section *conf_source_find(struct conf_source *source, const char *kind,
					     const char *name)
{
	for (size_t i = 0; i < source->n_sections; i++) {
		struct conf_source_section *s = &source->sections[i];

		if (strcmp(s->kind, kind) == 0 && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

struct conf_source_section *conf_source_find_full(struct conf_source *source, const char *full)
{
	for (size_t i = 0; i < source->n_sections; i++) {
		if (strcmp(source->sections[i].full, full) == 0)
			return &source->sections[i];
	}
	return NULL;
}

STACK_OF(CONF_VALUE) * conf_source_values(const struct conf_source *source,
					  const struct conf_source_section *section)
{
	STACK_OF(CONF_VALUE) *values = NCONF_get_section(source->nconf, section->full);

	ERR_clear_error(); /* "no section" is no fault */
	return values;
}

const char *conf_source_value(const struct conf_source *source,
			      const struct conf_source_section *section, const char *key)
{
	STACK_OF(CONF_VALUE) *values = section ? conf_source_values(source, section) : NULL;

	for (int i = 0; values && i < sk_CONF_VALUE_num(values); i++) {
		const CONF_VALUE *value = sk_CONF_VALUE_value(values, i);

		if (strcmp(value->name, key) == 0)
			return value->value;
	}
	return NULL;
}

/* " = value # comment"; quotes, variables and escapes are NCONF's. */
static int plain_value(const char *text, char **valuep)
{
	size_t len;

	text += strspn(text, " \t");
	text += *text == '=';
	text += strspn(text, " \t");
	len = strcspn(text, "#");
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (len == 0 || strcspn(text, "$\"'`\\") < len)
		return 0;
	*valuep = strndup(text, len);
	return *valuep ? 0 : -ENOMEM;
}

int conf_source_guess(const struct conf_source_section *section, const char *key, char **valuep)
{
	*valuep = NULL;
	for (size_t i = 0; section && i < section->n_keys; i++)
		if (strcmp(section->keys[i], key) == 0)
			return plain_value(section->texts[i], valuep);
	return 0;
}

/* "...@name" or "...:name", followed by the end or by one of ",;". */
static bool value_names(const char *value, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strstr(value, name); p; p = strstr(p + 1, name)) {
		if (p > value && (p[-1] == '@' || p[-1] == ':') &&
		    (p[len] == '\0' || p[len] == ',' || p[len] == ';'))
			return true;
	}
	return false;
}

void conf_source_use(struct conf_source *source, struct conf_source_section *section)
{
	STACK_OF(CONF_VALUE) *values = conf_source_values(source, section);

	section->used = true;
	for (int i = 0; values && i < sk_CONF_VALUE_num(values); i++) {
		const CONF_VALUE *value = sk_CONF_VALUE_value(values, i);

		for (size_t j = 0; j < source->n_sections; j++) {
			struct conf_source_section *other = &source->sections[j];

			if (!other->used && value_names(value->value, other->full))
				conf_source_use(source, other);
		}
	}
}

bool conf_source_has_variable(const struct conf_source *source, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strchr(source->text, '$'); p; p = strchr(p + 1, '$')) {
		const char *s = p + 1;

		if (*s == '{' || *s == '(')
			s++;
		if (strncmp(s, "default::", 9) == 0)
			s += 9;
		if (strncmp(s, name, len) == 0 && !isalnum((unsigned char)s[len]) && s[len] != '_')
			return true;
	}
	return false;
}
