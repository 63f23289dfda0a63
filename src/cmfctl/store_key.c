// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl store rekey: a new store key. The files are replaced here, for a cmfd that serves may not
 * write there; it then seals all secrets anew while it serves. Whatever ends in between, the same
 * command goes on: first the key in force is put beside, then the new one in its place, then cmfd
 * is told.
 */
#include "conf.h"
#include "ctl.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STORE_KEY_LEN = 32, KEY_FILE_MAX = 1024, POLL_MS = 200 };

struct rekey {
	struct ctl *ctl;
	const char *path;
	char *old_path;
};

/* --- what cmfd says --- */

struct key_state {
	bool sealed;    /* there is a key in force */
	bool under_way; /* secrets are still sealed under the one before */
	bool in_file;   /* that in force is in the file */
};

static int state_get(struct ctl *ctl, const char *method, struct key_state *statep)
{
	json_t *reply = NULL;
	int status = ctl_call(ctl, method, "/v1/secret-key", NULL, &reply);

	if (status)
		return status;
	*statep = (struct key_state){
		.sealed = json_is_string(json_object_get(reply, "in_force")),
		.under_way = json_is_string(json_object_get(reply, "before")),
		.in_file = json_is_true(json_object_get(reply, "in_file")),
	};
	json_decref(reply);
	return CTL_OK;
}

/* --- files --- */

int ctl_store_key_make(const char *path)
{
	uint8_t key[STORE_KEY_LEN];
	char hex[2 * STORE_KEY_LEN + 2];
	int err;

	if (RAND_priv_bytes(key, sizeof(key)) != 1)
		return ctl_openssl_error("no random octets");
	bytes_to_hex(BYTES_OF(key), hex);
	hex[sizeof(hex) - 2] = '\n';
	hex[sizeof(hex) - 1] = '\0';
	err = file_write_durable(path, bytes_of_string(hex), 0600);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(hex, sizeof(hex));
	return err ? ctl_file_error(path, err) : CTL_OK;
}

/* A copy with the owner and the mode of what it is copied from, for cmfd is to read it. */
static int key_copy(const char *from, const char *to)
{
	_cleanup_(octets_clear_secret) struct octets key = OCTETS_NULL;
	struct stat st;
	int err = stat(from, &st) < 0 ? -errno : file_read(from, KEY_FILE_MAX, &key);

	if (err)
		return ctl_file_error(from, err);
	err = file_write_durable(to, octets_view(&key), st.st_mode & 0777);
	if (!err && geteuid() == 0 && chown(to, st.st_uid, st.st_gid) < 0)
		err = -errno;
	return err ? ctl_file_error(to, err) : CTL_OK;
}

/* The old key beside, then a new one in its place. */
static int files_change(const struct rekey *r)
{
	int status = key_copy(r->path, r->old_path);

	return status ? status : ctl_store_key_make(r->path);
}

/* --- the command --- */

static int key_begin(const struct rekey *r, struct key_state *state)
{
	int status;

	/* A key that is in the file but not in force is from a rekey that was interrupted. */
	if (state->in_file) {
		status = files_change(r);
		if (status)
			return status;
	}
	status = state_get(r->ctl, "POST", state);
	if (status == CTL_REFUSED)
		(void)!key_copy(r->old_path, r->path); /* the one before goes back */
	return status;
}

static int rekey_run(const struct rekey *r)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000 * 1000};
	struct key_state state = {0};
	int status = state_get(r->ctl, "GET", &state);

	if (!status && !state.sealed) {
		ctl_error("nothing was sealed under the key yet; try again in some seconds");
		return CTL_REFUSED;
	}
	if (!status && !state.under_way)
		status = key_begin(r, &state);
	while (!status && state.under_way) {
		nanosleep(&pause, NULL);
		status = state_get(r->ctl, "GET", &state);
	}
	if (status == CTL_UNREACHABLE)
		ctl_error("a running cmfd seals the secrets anew; start it, then run this again: "
			  "it goes on where it was");
	return status;
}

int ctl_store_rekey(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Makes a new store key, and has the running cmfd, which is needed for it, "
		       "seal all "
		       "secrets in the store under it while it serves. The one before stays beside "
		       "it, with .old behind its name."};
	_cleanup_(strbuf_clear) struct strbuf old = STRBUF_NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct rekey r = {.ctl = ctl};
	int status;

	ctl_parse(&argp, ctl, NULL, argc, argv);
	status = ctl_conf_load(ctl, &conf);
	if (status)
		return status;
	r.path = conf->store.secret_key;
	if (conf->store.secret_key_old)
		strbuf_add(&old, conf->store.secret_key_old);
	else
		strbuf_printf(&old, "%s.old", r.path);
	r.old_path = old.failed ? NULL : old.text;
	status = r.old_path ? rekey_run(&r) : ctl_file_error(r.path, -ENOMEM);
	if (!status && !ctl->json)
		printf("all secrets are sealed under the new key in %s. cmfd needs %s no more; "
		       "keep it "
		       "as long as\nbackups of the database from before.\n",
		       r.path, r.old_path);
	return status;
}
