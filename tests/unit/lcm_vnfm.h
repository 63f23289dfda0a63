// SPDX-License-Identifier: Apache-2.0
/* A VNFM on loopback that answers what a test tells it, and notes what it was asked. */
#pragma once

#include <stddef.h>

struct vnfm_reply {
	const char *method, *path; /* with the query */
	int status;
	const char *headers; /* each with its end of line */
	const char *body;
};

/* Once in a test; further calls do nothing. */
void vnfm_start(void);
void vnfm_stop(void);
unsigned vnfm_port(void);

/* What it answers from now on, the first that fits; 404 to all else. The texts are borrowed. */
void vnfm_set(const struct vnfm_reply *replies, size_t n);
void vnfm_add(struct vnfm_reply reply);
#define VNFM(...)                                          \
	vnfm_set((const struct vnfm_reply[]){__VA_ARGS__}, \
		 sizeof((const struct vnfm_reply[]){__VA_ARGS__}) / sizeof(struct vnfm_reply))

/* What it was asked since it forgot, "GET /path\n" each. */
const char *vnfm_asked(void);
void vnfm_forget(void);
/* Of the last such request, which must have come. */
const char *vnfm_head(const char *method, const char *path);
const char *vnfm_body(const char *method, const char *path);
