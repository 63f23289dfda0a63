// SPDX-License-Identifier: Apache-2.0
/*
 * What becomes of the server itself, in the audit: start, reload, stop, and by which configuration.
 * All of it is the main thread's. What clients and operators do is cmf/audit.c's.
 */
#include "daemon.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The configuration in force, as `cmfd --print-config | sha256sum` says it. */
static void conf_fingerprint(const struct conf *conf, char out[CMF_FINGERPRINT_SIZE])
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	out[0] = '\0';
	if (file)
		conf_print(conf, file);
	if (file && fclose(file) == 0 &&
	    cmf_fingerprint((struct bytes){(const uint8_t *)text, size}, out) < 0)
		out[0] = '\0';
	free(text);
}

/* The uid's name; who sent a signal is only known by number. */
static struct cmf_origin origin_of(uid_t uid, char *buffer, size_t size)
{
	struct passwd entry, *found = NULL;

	if (getpwuid_r(uid, &entry, buffer, size, &found) != 0)
		found = NULL;
	return (struct cmf_origin){
		.has_uid = true, .uid = uid, .user = found ? found->pw_name : NULL};
}

static void audit_told(void *arg, int result, const struct store_unit *unit)
{
	(void)arg;
	if (result != 0)
		log_fault("audit of what cmfd does itself", result < 0 ? result : -EBUSY, NULL);
}

/* --- lines --- */

/* Lines of one unit, by one person. */
struct lines {
	struct daemon *daemon;
	struct cmf_origin origin;
	char buffer[4096]; /* of origin */
	struct store_unit *unit;
	int err;
};

static void lines_begin(struct lines *lines, struct daemon *daemon, uid_t uid)
{
	lines->daemon = daemon;
	lines->origin = origin_of(uid, lines->buffer, sizeof(lines->buffer));
	lines->unit = NULL;
	lines->err = store_unit_new(daemon->store, &lines->unit);
}

static void lines_add(struct lines *lines, const struct cmf_audit *audit, const char *outcome)
{
	if (lines->err == 0)
		lines->err = cmf_audit_cmfd(lines->daemon->service->cmf, lines->unit, audit,
					    &lines->origin, outcome);
}

/* `wait`: nothing goes on before they are written. What cannot be written stops nothing. */
static void lines_end(struct lines *lines, bool wait)
{
	if (lines->err == 0 && wait)
		lines->err = store_unit_commit(lines->unit);
	else if (lines->err == 0)
		store_unit_submit(&lines->unit, audit_told, NULL);
	audit_told(NULL, lines->err, NULL);
	store_unit_free(lines->unit);
}

/* --- certificates that the CMF lives by --- */

static const struct check_certificate *same_place(const struct check_inventory *inventory,
						  const struct check_certificate *c)
{
	for (size_t i = 0; inventory && i < inventory->len; i++)
		if (strcmp(inventory->item[i].section, c->section) == 0 &&
		    strcmp(inventory->item[i].key, c->key) == 0)
			return &inventory->item[i];
	return NULL;
}

/* At most one of them is NULL. */
static void certificate_add(struct lines *lines, const struct check_certificate *before,
			    const struct check_certificate *after)
{
	const struct check_certificate *c = after ? after : before;
	char fingerprint[2][CMF_FINGERPRINT_SIZE];
	_cleanup_(freep) char *place = NULL;

	if (before && after && bytes_equal(octets_view(&before->der), octets_view(&after->der)))
		return;
	if (asprintf(&place, "%s %s", c->section, c->key) < 0) {
		place = NULL;
		lines->err = -ENOMEM;
	}
	if (lines->err == 0 && before)
		lines->err = cmf_fingerprint(octets_view(&before->der), fingerprint[0]);
	if (lines->err == 0 && after)
		lines->err = cmf_fingerprint(octets_view(&after->der), fingerprint[1]);
	lines_add(lines,
		  &(struct cmf_audit){.action = "use certificate",
				      .target = place,
				      .detail = c->subject,
				      .before = before ? fingerprint[0] : NULL,
				      .after = after ? fingerprint[1] : NULL},
		  NULL);
}

/* Those that are used from now on, and those that are used no more. */
static void certificates_add(struct lines *lines, const struct check_inventory *before)
{
	const struct check_inventory *now = &lines->daemon->service->inventory;

	for (size_t i = 0; i < now->len; i++)
		certificate_add(lines, same_place(before, &now->item[i]), &now->item[i]);
	for (size_t i = 0; before && i < before->len; i++)
		if (!same_place(now, &before->item[i]))
			certificate_add(lines, &before->item[i], NULL);
}

/* --- what becomes of the server --- */

void daemon_audit_start(struct daemon *daemon)
{
	const struct conf *conf = daemon->service->conf;
	struct cmf_audit audit = {.action = "start",
				  .target = conf->path,
				  .detail = "cmfd " CMFD_VERSION,
				  .after = daemon->fingerprint};
	struct lines lines;

	conf_fingerprint(conf, daemon->fingerprint);
	lines_begin(&lines, daemon, geteuid());
	lines_add(&lines, &audit, NULL);
	certificates_add(&lines, NULL);
	lines_end(&lines, true);
}

void daemon_audit_stop(struct daemon *daemon, const char *signal, uid_t uid)
{
	struct cmf_audit audit = {
		.action = "stop", .target = daemon->service->conf->path, .detail = signal};
	struct lines lines;

	lines_begin(&lines, daemon, uid);
	lines_add(&lines, &audit, NULL);
	lines_end(&lines, true);
}

void daemon_audit_reload(struct daemon *daemon, const struct service *before, const char *problem,
			 uid_t uid)
{
	char fingerprint[CMF_FINGERPRINT_SIZE];
	struct cmf_audit audit = {.action = "reload",
				  .target = daemon->service->conf->path,
				  .detail = problem,
				  .before = fingerprint,
				  .after = daemon->fingerprint};
	struct lines lines;

	memcpy(fingerprint, daemon->fingerprint, sizeof(fingerprint));
	if (!problem)
		conf_fingerprint(daemon->service->conf, daemon->fingerprint);
	lines_begin(&lines, daemon, uid);
	lines_add(&lines, &audit, problem ? "refused" : NULL);
	if (!problem)
		certificates_add(&lines, &before->inventory);
	lines_end(&lines, false);
}
