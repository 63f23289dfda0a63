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

static void audit_told(void *arg, int result)
{
	(void)arg;
	if (result != 0)
		log_fault("audit of what cmfd does itself", result < 0 ? result : -EBUSY, NULL);
}

/* `wait`: nothing goes on before it is written. What cannot be written stops nothing. */
static void audit_put(struct daemon *daemon, const struct cmf_audit *audit, const char *outcome,
		      uid_t uid, bool wait)
{
	struct store_unit *unit = NULL;
	char buffer[4096];
	struct cmf_origin origin = origin_of(uid, buffer, sizeof(buffer));
	int err = store_unit_new(daemon->store, &unit);

	if (err == 0)
		err = cmf_audit_cmfd(daemon->service->cmf, unit, audit, &origin, outcome);
	if (err == 0 && wait)
		err = store_unit_commit(unit);
	else if (err == 0)
		store_unit_submit(&unit, audit_told, NULL);
	audit_told(NULL, err);
	store_unit_free(unit);
}

void daemon_audit_start(struct daemon *daemon)
{
	const struct conf *conf = daemon->service->conf;
	struct cmf_audit audit = {.action = "start",
				  .target = conf->path,
				  .detail = "cmfd " CMFD_VERSION,
				  .after = daemon->fingerprint};

	conf_fingerprint(conf, daemon->fingerprint);
	audit_put(daemon, &audit, NULL, geteuid(), true);
}

void daemon_audit_stop(struct daemon *daemon, const char *signal, uid_t uid)
{
	struct cmf_audit audit = {
		.action = "stop", .target = daemon->service->conf->path, .detail = signal};

	audit_put(daemon, &audit, NULL, uid, true);
}

void daemon_audit_reload(struct daemon *daemon, const char *problem, uid_t uid)
{
	char before[CMF_FINGERPRINT_SIZE];
	struct cmf_audit audit = {.action = "reload",
				  .target = daemon->service->conf->path,
				  .detail = problem,
				  .before = before,
				  .after = daemon->fingerprint};

	memcpy(before, daemon->fingerprint, sizeof(before));
	if (!problem)
		conf_fingerprint(daemon->service->conf, daemon->fingerprint);
	audit_put(daemon, &audit, problem ? "refused" : NULL, uid, false);
}
