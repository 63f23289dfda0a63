// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a fuzz target on the files, and on the files in the directories, given as arguments: replays
 * a corpus without libFuzzer. A target reports by crashing.
 */
#include "base/bytes.h"

#include "base/error.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No seed is larger. */
#define INPUT_MAX (1 << 20)

static int run_file(const char *path, size_t *countp)
{
	_cleanup_(octets_clear) struct octets input = OCTETS_NULL;
	int err = file_read(path, INPUT_MAX, &input);

	if (err) {
		fprintf(stderr, "%s: %s\n", path, error_text(err));
		return err;
	}
	LLVMFuzzerTestOneInput(input.data, input.len);
	++*countp;
	return 0;
}

static int run_directory(const char *path, size_t *countp)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int err = 0;

	if (!dir) {
		perror(path);
		return -1;
	}
	while (!err && (entry = readdir(dir))) {
		char file[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		err = run_file(file, countp);
	}
	closedir(dir);
	return err;
}

int main(int argc, char **argv)
{
	size_t count = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;
		int err;

		if (stat(argv[i], &st)) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		err = S_ISDIR(st.st_mode) ? run_directory(argv[i], &count)
					  : run_file(argv[i], &count);
		if (err)
			return EXIT_FAILURE;
	}
	printf("%zu inputs\n", count);
	/* A corpus that was not found must not look like success. */
	return count ? EXIT_SUCCESS : EXIT_FAILURE;
}
