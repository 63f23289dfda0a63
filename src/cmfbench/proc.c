// SPDX-License-Identifier: Apache-2.0
/* The server's processor time and memory from /proc, so that any server can be measured. */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int proc_open(int pid, const char *name, FILE **filep)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	*filep = fopen(path, "re");
	return *filep ? 0 : -errno;
}

static int cpu_us(int pid, double *usp)
{
	unsigned long utime, stime;
	char line[1024], *p;
	FILE *f;
	int err;

	err = proc_open(pid, "stat", &f);
	if (err)
		return err;
	p = fgets(line, sizeof(line), f);
	fclose(f);
	/* The name in parentheses may hold spaces: fields are counted behind the last one. */
	p = p ? strrchr(line, ')') : NULL;
	if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &utime,
			 &stime) != 2)
		return -EPROTO;
	*usp = (double)(utime + stime) * 1e6 / (double)sysconf(_SC_CLK_TCK);
	return 0;
}

static int peak_rss_kib(int pid, long *kibp)
{
	int err, found = -EPROTO;
	char line[256];
	FILE *f;

	err = proc_open(pid, "status", &f);
	if (err)
		return err;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %ld kB", kibp) == 1)
			found = 0;
	fclose(f);
	return found;
}

int bench_proc_cpu_us(const int *pids, size_t n, double *usp)
{
	double us = 0;
	int err = 0;

	*usp = 0;
	for (size_t i = 0; i < n && !err; i++) {
		err = cpu_us(pids[i], &us);
		*usp += us;
	}
	return err;
}

int bench_proc_peak_rss_kib(const int *pids, size_t n, long *kibp)
{
	long kib = 0;
	int err = 0;

	*kibp = 0;
	for (size_t i = 0; i < n && !err; i++) {
		err = peak_rss_kib(pids[i], &kib);
		*kibp += kib;
	}
	return err;
}
