// SPDX-License-Identifier: Apache-2.0
/*
 * See base/secrecy.h.
 */
#include "base/secrecy.h"

#include "base/log.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/*
 * OpenSSL has the numbers of private keys, the secrets of single signatures and the states of its
 * generators there: some kB a key and a thread. It does not grow, and what finds no room fails, so
 * there is much more than that; it is below the 8 MiB that systemd and Debian lock for a service.
 */
enum { HEAP_SIZE = 4 << 20, HEAP_PIECE_MIN = 32 };

static void dumps_forbid(void)
{
	const struct rlimit none = {0, 0};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		log_fault("forbid core dumps", -errno, NULL);
}

void secrecy_begin(void)
{
	if (!getenv("CMFD_DEBUGGABLE"))
		dumps_forbid();
	/* 2: it is there, but could not be locked. */
	if (CRYPTO_secure_malloc_init(HEAP_SIZE, HEAP_PIECE_MIN) == 0)
		log_fault("make a heap for keys", -ENOMEM, NULL);
}
