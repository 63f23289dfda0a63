// SPDX-License-Identifier: Apache-2.0
/* What the files of src/lcm share: a VNFM as the process knows it. Private to src/lcm. */
#pragma once

#include "lcm.h"

#include "base/network.h"
#include "store/lcm.h"
#include "web.h"
#include "web/oauth2.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	/*
	 * Octets of an identifier: what becomes a subjectId or vnfInstanceId is much shorter, and
	 * whoever has a longer one is told so when it is to be registered.
	 */
	LCM_ID_MAX = 1024,
	/* Octets of an answer: a VNF of 10,000 VNFCs has about 12 MiB. */
	LCM_ANSWER_MAX = 32 << 20,
	/* VNFs of a VNFM, and the pages that they may come in. */
	LCM_VNFS_MAX = 100000,
	LCM_PAGES_MAX = LCM_VNFS_MAX,
	/* VNFs that wait to be looked at; beyond it all of them are looked at instead. */
	LCM_EVENTS_MAX = 10000,
	/* One-time secrets that are counted for metrics. */
	LCM_SECRETS_COUNT_MAX = 10000,
	LCM_RETRY_FIRST_MS = 1000,
	LCM_RETRY_MAX_MS = 60 * 1000,
};

/* Noted in place of a VNF where all of them are to be looked at. */
#define LCM_ALL ""

/* --- counting --- */

enum lcm_notification_type {
	LCM_OPERATION,  /* VnfLcmOperationOccurrenceNotification */
	LCM_CREATION,   /* VnfIdentifierCreationNotification */
	LCM_DELETION,   /* VnfIdentifierDeletionNotification */
	LCM_OTHER_TYPE, /* nobody has asked for it */
	LCM_TYPES,
};
enum lcm_notification_outcome {
	LCM_NOTED,
	LCM_IGNORED, /* a state or type that was not asked for */
	LCM_REFUSED,
	LCM_OUTCOMES,
};

struct lcm_counters {
	atomic_uint_least64_t notification[LCM_TYPES][LCM_OUTCOMES];
	atomic_uint_least64_t resyncs_ok;
	atomic_uint_least64_t resyncs_failed;
	atomic_uint_least64_t drift;
};

/* --- a VNFM --- */

/* Who we are towards it, and what its notifications have to show. Set before threads are there. */
struct lcm_credentials {
	struct octets password; /* of basic authentication, with a NUL; or empty */
	struct octets oauth2_secret;
	struct octets callback_password;      /* with a NUL */
	struct octets callback_oauth2_secret; /* with a NUL */
	struct web_identity *identity;
	/* Of the text that follows "Basic ", and of certificates. */
	uint8_t callback_basic[32];
	uint8_t (*callback_certificate)[32];
	size_t n_callback_certificates;
};
/* The first line of a file, with a NUL behind it that `len` does not count; path NULL: nothing. 0,
 * -ENODATA: it is empty, or as file_read(). */
_must_check_ int lcm_first_line_read(const char *path, struct octets *linep);
/* 0, or -EINVAL with a line in `problems`, or -ENOMEM. */
_must_check_ int lcm_credentials_read(const struct conf_vnfm *conf,
				      struct lcm_credentials *credentials, struct strbuf *problems);
void lcm_credentials_clear(struct lcm_credentials *credentials);

/* The operator waits for a resync. */
struct lcm_order {
	bool dry_run;
	struct cmf_direct_report *report;
	struct strbuf *problem;
	int result;
	bool done;
	struct lcm_order *next;
};

struct lcm_vnfm {
	struct lcm *lcm;
	size_t index; /* of its section */
	char *name;
	char *lease; /* what the job is called among those of nodes */
	char *callback_path;
	struct lcm_credentials credentials;
	struct lcm_counters counters;
	/* A subscription is being asked for, whose identifier is not known yet. */
	atomic_bool subscribing;

	/* Of the one job that there is at a time. */
	bool is_ours;       /* no other node follows it */
	bool resync_wanted; /* more VNFs were told of than are noted one by one */
	struct web_connection *connection;
	struct web_connection *webhook; /* to whom its secrets go */
	struct web_token token;
	char version[16]; /* of its API, to be sent; empty: not known yet */
	uint32_t subscribe_failures;
	int64_t subscribe_ms; /* not before; of a good one INT64_MAX */
	uint32_t resync_failures;
	int64_t resync_ms; /* not before */
	int64_t query_ms;  /* notified VNFs are not asked for before: the VNFM is not reached */
	uint32_t query_failures;
	int64_t secrets_ms; /* secrets are not sent before: nobody was reached */
	uint32_t secrets_failures;

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	bool running;
	bool again;
	struct lcm_order *orders;
	struct lcm_status status;
};

struct lcm {
	lcm_worker_of *worker_of;
	const struct clock_source *clock;
	struct pool *pool;
	struct store_nodes *nodes;
	atomic_bool stopping;
	struct http_route *routes;
	size_t n_vnfms;
	struct lcm_vnfm vnfms[];
};

/* What a job has. */
struct lcm_job {
	struct lcm_vnfm *vnfm;
	const struct conf_vnfm *conf;
	struct cmf *cmf;
	const struct cmf_worker *worker;
};

/* --- vnfm.c --- */

int64_t lcm_now_ms(const struct lcm_vnfm *vnfm);
/* How long to wait after so many failures, of which the first is 1. */
int64_t lcm_retry_after_ms(uint32_t failures);

/* --- exchange.c: one request to the VNFM --- */

struct lcm_request {
	const char *method;
	const char *path;  /* behind api_root */
	const char *query; /* without "?"; NULL: none */
	json_t *body;      /* borrowed; NULL: none */
	bool unversioned;  /* api_versions, before a version is known */
};
struct lcm_answer {
	long status;
	json_t *body; /* of 2xx; NULL: none */
	char *location;
	char *link;
	char *detail; /* of another status: what the VNFM says of it, without secrets; NULL */
};
void lcm_answer_clear(struct lcm_answer *answer);
/*
 * Sends it, with credentials and version. 0 with an answer of any status; -EBADMSG: a body that is
 * no JSON; or as web_exchange(). What went wrong is logged and remembered for the operator; so is
 * a status that the caller hands to lcm_unexpected().
 */
_must_check_ int lcm_exchange(const struct lcm_job *job, const struct lcm_request *request,
			      struct lcm_answer *answerp);
/* Logs that the VNFM answered what cannot be gone on with; -EPROTO. */
int lcm_unexpected(const struct lcm_job *job, const char *what, const struct lcm_answer *answer);
/* Learns which version it has, unless that is known. 0 or negative errno, logged. */
_must_check_ int lcm_version_learn(const struct lcm_job *job);

/* One item of a list: 0 goes on; -EBADMSG: it is none; else the walk ends with it. */
typedef int lcm_item(void *arg, const json_t *item);
/* All pages of a list. 0; negative errno, logged: not all of it was there; or what `each` said. */
_must_check_ int lcm_list(const struct lcm_job *job, const char *path, lcm_item *each, void *arg);

/* --- read.c: what a VNFM says, into what we make of it; no store, no network --- */

/* Appends the identifier as a segment of a path, RFC 3986 3.3. */
void lcm_segment_add(struct strbuf *out, const char *id);
/* The identifier in the last segment of a URI, decoded; NULL: there is none, or no memory. */
char *lcm_segment_last(const char *uri);
/* The query of the link with rel=next (RFC 8288), which the caller frees; NULL: there is none. */
char *lcm_link_next(const char *link);
/* A member that is an identifier of at most LCM_ID_MAX octets; NULL: it is none. Borrowed. */
const char *lcm_id_of(const json_t *object, const char *member);
/* The version to speak of those that there are, "2.0.0"; false: none of major 2. */
bool lcm_version_pick(const json_t *api_versions, char out[16]);
/* A VnfInstance. 0; -EBADMSG: it is none, or contradicts itself; -ENOMEM. */
_must_check_ int lcm_vnf_read(const json_t *instance, struct cmf_vnf *vnfp);

/* A notification, as far as it says where to look. Borrows of the JSON. */
struct lcm_notification {
	enum lcm_notification_type type;
	const char *subscription_id;
	const char *vnf_instance_id;
	const char *operation_id; /* NULL: none */
	bool terminal;            /* tells of something that was asked for */
	bool failed_temp;
	bool removed;
};
/* 0, or -EBADMSG: it lacks what it must have. */
_must_check_ int lcm_notification_read(const json_t *object, struct lcm_notification *np);

/* --- subscribe.c --- */

/*
 * Sees to it that the VNFM has our subscription and no other one of ours. *newp: it is a new one,
 * so that what has happened before it is to be looked for. 0 or negative errno, logged.
 */
_must_check_ int lcm_subscription_keep(const struct lcm_job *job, bool *newp);

/* --- deliver.c --- */

/* Sends one-time secrets that are due to whom the section names, at most `max` of them, unless
 * nobody was reached a moment ago. *morep: there may be more. */
void lcm_secrets_deliver(const struct lcm_job *job, int max, bool *morep);

/* --- sync.c --- */

/* Looks at VNFs that notifications have named, at most `max` of them, unless the VNFM could not be
 * reached a moment ago. *morep: there may be more. */
void lcm_events_act(const struct lcm_job *job, int max, bool *morep);
/* Looks at all VNFs. 0; negative errno: at some not, and what is gone stays. */
_must_check_ int lcm_vnfs_resync(const struct lcm_job *job, bool dry_run,
				 struct cmf_direct_report *report);

/* --- jobs.c --- */

/* Has a worker look at what is due for the VNFM; at once, or after the one that is at it. */
void lcm_poke(struct lcm_vnfm *vnfm);

/* --- callback.c --- */

void lcm_callback_serve(void *vnfm, struct worker *worker, const struct http_request *request,
			struct http_response *response);
