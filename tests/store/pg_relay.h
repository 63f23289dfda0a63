// SPDX-License-Identifier: Apache-2.0
/*
 * Stands between the store and the tests' PostgreSQL server, and can lose what passes: for what
 * becomes of a COMMIT whose answer never came, and of a server that is away.
 */
#pragma once

#include <stdatomic.h>

enum pg_relay_mode {
	PG_RELAY_PASS,
	PG_RELAY_CUT_BEFORE, /* the flight with the word: it does not reach the server */
	PG_RELAY_CUT_AFTER,  /* it does, and the answer is lost */
	PG_RELAY_CUT_LATE, /* its client is cut off, and it reaches the server when `late` is set */
	PG_RELAY_HOLD,     /* it does, and its answer waits until the mode is another one */
	PG_RELAY_AWAY,     /* whoever connects is turned away, who is connected is cut off */
};

struct pg_relay {
	char directory[80];
	int listener;
	/* A cut happens once: then the mode is PASS. */
	_Atomic enum pg_relay_mode mode;
	const char *_Atomic word; /* the name of a prepared statement */
	atomic_int met;           /* how often a mode has found its word */
	atomic_int accepted;      /* connections */
	atomic_bool late;
	atomic_bool late_done; /* and has an answer */
	atomic_bool stop;
};

void pg_relay_start(struct pg_relay *relay);
/* By TCP, on this machine: its port, and no URL. */
int pg_relay_start_tcp(struct pg_relay *relay);
void pg_relay_stop(struct pg_relay *relay);
/* The URL of a database of the server, by way of the relay; owned. */
char *pg_relay_url(const struct pg_relay *relay, const char *url);
