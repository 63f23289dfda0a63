// SPDX-License-Identifier: Apache-2.0
/*
 * A database of PostgreSQL as all its sessions see it: where it is, how long to wait for it, and
 * whether it is there.
 *
 * When a server is found to be away, whoever asks is told so at once; every RETRY_MS one of them
 * tries. While the outcome of a COMMIT is waited for (longer than a statement may take, or because
 * the connection was lost in it), nothing else is begun.
 */
#pragma once

#include "conninfo.h"
#include "store.h"

#include <stdatomic.h>

struct pg_database {
	char *url;
	struct conninfo_servers servers; /* of the URL */
	/* Which of them, from 1, was that when it was last connected to; 0: none was. */
	atomic_size_t primary;
	atomic_uint_least64_t primary_address; /* by which address: see session.c */
	atomic_int refused; /* why who writes could not connect the last time, a negative errno */
	atomic_bool asks;   /* somebody asks whether a COMMIT waits for a standby */
	atomic_bool awaits; /* and what was found the last time */
	int64_t timeout_ms; /* for a connection, a lock, a statement */
	atomic_int_least64_t warned_us; /* when a warning of the server was told; 0: none was */
	bool unreplicated;              /* [store] replication = none */
	bool serve;                     /* no other process does: see pg_writer.c */
	bool index_keys;
	bool looks;                    /* it is opened as it is, and may well not be written */
	atomic_int_least64_t retry_us; /* away, and not asked before; 0: it is there */
	atomic_bool replicated;        /* it has standbys, a batch has found */
	atomic_bool undecided;         /* a COMMIT is waited for */
	atomic_bool closing;
};

/* 0, or -ENOTCONN: it is away, and nobody should try now. */
int pg_database_there(struct pg_database *database);
/* The same for many who ask at once: where it was away, one of them is to try. */
int pg_database_try(struct pg_database *database);
void pg_database_found(struct pg_database *database);
void pg_database_lost(struct pg_database *database);

struct driver;
struct connection;

/* As the functions of struct driver; a struct database is a struct pg_database here. */
_must_check_ int pg_database_create(const struct store_options *options);
_must_check_ int pg_database_open(const struct store_options *options,
				  struct pg_database **databasep);
/*
 * Makes the index of keys, or drops it if no other process serves, as store_open() was told. Behind
 * the claim that the process keeps, on the connection of the server's process `own`.
 */
_must_check_ int pg_database_index_keys(struct pg_database *database, int own);
void pg_database_close(struct pg_database *database);
DEFINE_CLEANUP(struct pg_database, pg_database_close);
