// SPDX-License-Identifier: Apache-2.0
/*
 * The JSON door of VNF Managers over a whole CMF, called through its routes as http/ does. Who asks
 * is a TLS client with one of the world's certificates.
 */
#pragma once

#include "cmf_world.h"
#include "json.h"

#include <jansson.h>

struct nfv_ask {
	enum http_method method;     /* 0: GET */
	const char *path;            /* behind the root, as "/v1/registrations" */
	const char *query;           /* NULL: none */
	const char *body;            /* NULL: none */
	const struct bytes *octets;  /* instead of body */
	const struct credential *as; /* NULL: without a certificate */
	const char *version;         /* NULL: 1.0.0; "": no header */
	const char *accept;          /* NULL: no header */
	const char *content_type;    /* NULL: JSON, where there is a body */
	const char *if_match;        /* NULL: no header */
	const char *authorization;   /* NULL: no header */
};

struct nfv_answer {
	int status;
	json_t *json; /* NULL: the body is none */
	struct http_response response;
};

void nfv_setup(void);
void nfv_setup_with(const char *sections);
void nfv_teardown(void);

/* Asks, and looks at what every answer has to have. Cleared by the caller. w.interfering is
 * committed before what Register and a Certificate Signing Request decide is. */
struct nfv_answer nfv_asked(const struct nfv_ask *ask);
void nfv_answer_clear(struct nfv_answer *answer);
/* What http/ answers itself, as the route of the door writes it. */
struct nfv_answer nfv_refused_by_http(int status);
/* The status alone. */
int nfv_status(const struct nfv_ask *ask);
/* The value of a header of the answer; NULL: it has none. */
const char *nfv_header(const struct nfv_answer *answer, const char *name);
/* A member that is a text, "" if there is none. */
const char *nfv_text(const json_t *object, const char *member);
