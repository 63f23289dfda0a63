// SPDX-License-Identifier: Apache-2.0
/*
 * How a type of body is served: a row of the table in door.c.
 */
#pragma once

#include "outcome.h"

struct cmp_request;

/* How a message lies in a nested one. */
enum cmp_inner {
	CMP_INNER_APPROVED, /* the outer protection approves it, RFC 9483 5.2.2.1 */
	CMP_INNER_BATCHED,  /* 5.2.2.2 */
	CMP_INNER_LATE,     /* likewise, but there is no time left for it */
};

/*
 * Serves a message that lies in `outer` from its first step to its last, commit and log included. 0
 * with an answer, an error message at worst; STORE_CONFLICT: who approved it by `outer` may be
 * nobody any more, which is to be decided again; -ENOMEM.
 */
typedef int cmp_inner_serve(const struct cmp_request *outer, struct bytes der, enum cmp_inner inner,
			    struct octets *answerp);

/* How a type of body is served. */
struct cmp_service {
	int body_type;
	enum metric_operation operation;
	/* Opens a transaction (else it belongs to one). */
	bool opens;
	/* Type of the answer that reports what is wrong with the body, RFC 9483 3.6.2. */
	int answer_type;
	cmp_step *serve;
	/* Belongs to no transaction and gets no CMP answer, RFC 9811 3.5. */
	bool announcement;
	/* Finds its transaction itself, where it has one. */
	bool admits_itself;
	/* Goes on with what has been committed but not answered; NULL: there is no such thing. */
	cmp_step *resume;
};
