// SPDX-License-Identifier: Apache-2.0
/*
 * `cmfctl init --system`: what a package does when it is installed, for a cmfd that Meson
 * installed: the user of the service and its folders. Both are there already where the package did
 * it. Starting the service is the operator's.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <pwd.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* --- the user --- */

/* Has systemd make what the file of this installation says. */
static void user_make(void)
{
	char program[] = "systemd-sysusers", file[] = CMFD_SYSUSERS;
	char *const argv[] = {program, file, NULL};
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) == 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
}

static int user_find(struct init *init)
{
	const struct passwd *user = getpwnam(INIT_SYSTEM_USER);

	if (!user) {
		user_make();
		user = getpwnam(INIT_SYSTEM_USER);
	}
	if (!user) {
		ctl_error(
			"there is no user %s, and systemd-sysusers %s did not make one; do it "
			"with: "
			"useradd --system --user-group --home-dir %s --shell /usr/sbin/nologin %s",
			INIT_SYSTEM_USER, CMFD_SYSUSERS, INIT_SYSTEM_STATE, INIT_SYSTEM_USER);
		return CTL_FAULT;
	}
	init->uid = user->pw_uid;
	init->gid = user->pw_gid;
	return CTL_OK;
}

int init_system_begin(struct init *init)
{
	static const char database[] = INIT_SYSTEM_STATE "/cmf.db";

	if (access(database, F_OK) == 0) {
		ctl_error("%s is there already, of a CMF before, and init overwrites nothing: move "
			  "it away, or bring back the %s that belongs to it",
			  database, INIT_SYSTEM_CONF);
		return CTL_REFUSED;
	}
	return user_find(init);
}

/* --- folders and rights --- */

static int folder_make(const struct init *init, const char *path, mode_t mode)
{
	if ((mkdir(path, mode) && errno != EEXIST) || chown(path, init->uid, init->gid) ||
	    chmod(path, mode))
		return ctl_file_error(path, errno);
	return CTL_OK;
}

int init_system_folders(const struct init *init)
{
	int status = folder_make(init, INIT_SYSTEM_STATE, 0700);

	/* Who may enter it may write to the socket in it: the group are the operators. */
	return status ? status : folder_make(init, INIT_SYSTEM_RUN, 0750);
}

/* Secrets stay the user's; cmfctl reads cmf.cnf, and root.pem is for everybody. */
static int entry_give(const struct init *init, const FTSENT *entry)
{
	bool for_group = entry->fts_info == FTS_D || strcmp(entry->fts_name, "cmf.cnf") == 0;
	mode_t mode = entry->fts_statp->st_mode & 0777;

	if (chown(entry->fts_accpath, init->uid, init->gid) ||
	    (for_group && chmod(entry->fts_accpath, mode | (mode & 0500) >> 3)))
		return ctl_file_error(entry->fts_path, errno);
	return CTL_OK;
}

int init_system_give(const struct init *init, const char *stage, const char *database)
{
	char *const paths[] = {(char *)(uintptr_t)stage, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	int status = tree ? CTL_OK : ctl_file_error(stage, errno);
	const FTSENT *entry;

	while (!status && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_D || entry->fts_info == FTS_F)
			status = entry_give(init, entry);
	if (tree)
		fts_close(tree);
	if (!status && chown(database, init->uid, init->gid))
		status = ctl_file_error(database, errno);
	return status;
}
