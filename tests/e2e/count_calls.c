// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into cmfd by test_json_domains.py: writes down each statement that is begun and each
 * dear cryptographic operation, with the thread that does it, into the file CMFD_CALLS. Changes
 * nothing of what cmfd does. No part of cmfd.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int calls = -1;

__attribute__((constructor)) static void calls_open(void)
{
	const char *path = getenv("CMFD_CALLS");

	if (path)
		calls = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

__attribute__((format(printf, 1, 2))) static void call_note(const char *format, ...)
{
	char line[2048];
	va_list args;
	int n = snprintf(line, sizeof(line), "%d ", (int)gettid());
	int more;

	va_start(args, format);
	more = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, args);
	va_end(args);
	n += more < (int)sizeof(line) - n - 1 ? more : (int)sizeof(line) - n - 2;
	for (int i = 0; i < n; i++)
		line[i] = line[i] == '\n' ? ' ' : line[i];
	line[n++] = '\n';
	/* One write for a line, at the end of the file: lines of several threads stay
	 * whole. */
	if (calls >= 0 && write(calls, line, (size_t)n) != n)
		abort();
}

int sqlite3_step(sqlite3_stmt *statement)
{
	static int (*real)(sqlite3_stmt *);

	if (!real)
		real = (int (*)(sqlite3_stmt *))dlsym(RTLD_NEXT, "sqlite3_step");
	if (!sqlite3_stmt_busy(statement))
		call_note("sql %s", sqlite3_sql(statement));
	return real(statement);
}

/* libpq's, of which no header is needed here. What is prepared has the same
 * name on each connection. */
int PQsendQueryPrepared(void *conn, const char *name, int n, const char *const *values,
			const int *lengths, const int *formats, int binary);
int PQsendQueryPrepared(void *conn, const char *name, int n, const char *const *values,
			const int *lengths, const int *formats, int binary)
{
	static int (*real)(void *, const char *, int, const char *const *, const int *, const int *,
			   int);

	if (!real)
		real = (int (*)(void *, const char *, int, const char *const *, const int *,
				const int *, int))dlsym(RTLD_NEXT, "PQsendQueryPrepared");
	call_note("sql %s", name);
	return real(conn, name, n, values, lengths, formats, binary);
}

int PQsendQueryParams(void *conn, const char *sql, int n, const unsigned *types,
		      const char *const *values, const int *lengths, const int *formats,
		      int binary);
int PQsendQueryParams(void *conn, const char *sql, int n, const unsigned *types,
		      const char *const *values, const int *lengths, const int *formats, int binary)
{
	static int (*real)(void *, const char *, int, const unsigned *, const char *const *,
			   const int *, const int *, int);

	if (!real)
		real = (int (*)(void *, const char *, int, const unsigned *, const char *const *,
				const int *, const int *, int))dlsym(RTLD_NEXT,
								     "PQsendQueryParams");
	call_note("sql %s", sql);
	return real(conn, sql, n, types, values, lengths, formats, binary);
}

#define NOTED(type, name, parameters, arguments)                            \
	type name parameters                                                \
	{                                                                   \
		static type(*real) parameters;                              \
                                                                            \
		if (!real)                                                  \
			real = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
		call_note("crypto " #name);                                 \
		return real arguments;                                      \
	}

NOTED(int, EVP_DigestSign,
      (EVP_MD_CTX * c, unsigned char *s, size_t *n, const unsigned char *t, size_t l),
      (c, s, n, t, l))
NOTED(int, EVP_DigestVerify,
      (EVP_MD_CTX * c, const unsigned char *s, size_t n, const unsigned char *t, size_t l),
      (c, s, n, t, l))
NOTED(int, EVP_PKEY_sign,
      (EVP_PKEY_CTX * c, unsigned char *s, size_t *n, const unsigned char *t, size_t l),
      (c, s, n, t, l))
NOTED(int, EVP_PKEY_verify,
      (EVP_PKEY_CTX * c, const unsigned char *s, size_t n, const unsigned char *t, size_t l),
      (c, s, n, t, l))
NOTED(int, EVP_DigestSignFinal, (EVP_MD_CTX * c, unsigned char *s, size_t *n), (c, s, n))
NOTED(int, EVP_DigestVerifyFinal, (EVP_MD_CTX * c, const unsigned char *s, size_t n), (c, s, n))
NOTED(int, EVP_PKEY_derive, (EVP_PKEY_CTX * c, unsigned char *k, size_t *n), (c, k, n))
NOTED(int, X509_verify_cert, (X509_STORE_CTX * c), (c))
