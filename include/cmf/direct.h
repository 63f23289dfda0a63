// SPDX-License-Identifier: Apache-2.0
/*
 * Direct mode, IFA 033 9.3, 10.3.2, 11.3: the CMF registers the VNFCs that a VNFM says there are,
 *and ends what has gone. What comes in is what Query VNF answered, as plain data; what goes out is
 *rows of the store. Talking to the VNFM is lcm/'s, and so is when to ask; a notification is never
 *an argument here but for what it allows to be ended.
 *
 *	cmf_direct_reconcile()      one VNF, after each Query VNF
 *	cmf_direct_resync_begin()   a resync: reconcile each VNF with its number, those that
 *	cmf_direct_unseen()         the list lacks too, and
 *	cmf_direct_resync_end()     then decide whether what has gone is ended, or waits for the
 *operator
 *
 * What is to be ended is a mark in the store; housekeeping ends it, however many there are, and
 *goes on after a crash.
 */
#pragma once

#include "cmf.h"

struct conf_vnfm;

/* --- what a VNFM says --- */

/*
 * A VNFC instance of an instantiated VNF: an entry of vnfcInfo with the resource that it names, or
 * an entry of vnfcResourceInfo that no vnfcInfo names.
 */
struct cmf_vnfc {
	char *vnfc_id;     /* vnfcInfo.id; NULL: the VNF shows no vnfcInfo for it */
	char *resource_id; /* vnfcResourceInfo.id; NULL: it has lost its resources. Never both NULL
			    */
	char *vdu_id;      /* NULL: not said */
};

/* A VnfInstance as Query VNF gives it. */
struct cmf_vnf {
	char *vnf_instance_id;
	char *vnfd_id;     /* NULL: not said */
	bool instantiated; /* instantiationState */
	struct cmf_vnfc *vnfcs;
	size_t n_vnfcs;
};
/* Frees what is in it; the struct is the caller's. Accepts a zeroed one. */
void cmf_vnf_clear(struct cmf_vnf *vnf);

/* Why Query VNF was asked, and so what may be ended by what it answered. */
enum cmf_direct_cause {
	CMF_DIRECT_EVENT,      /* an authenticated notification of this VNFM: no brake */
	CMF_DIRECT_UNFINISHED, /* FAILED_TEMP, or an operation that is still under way: nothing ends
				*/
	CMF_DIRECT_RESYNC,     /* nobody has told of anything: resync_revoke_max holds */
};

struct cmf_direct_view {
	const char *vnf_instance_id; /* that was asked for; that of `vnf` is the same, octet for
					octet */
	const struct cmf_vnf *vnf;   /* NULL: 404, and nothing else that went wrong */
	enum cmf_direct_cause cause;
	/*
	 * What authenticated notifications have told since the VNF was last reconciled: a VNFC
	 * REMOVED, or TERMINATE, which lets end what a VNF without any VNFC had; its identifier
	 * deleted, which lets 404 end it.
	 */
	bool removed;
	bool deleted;
	int64_t resync;  /* RESYNC: of cmf_direct_resync_begin() */
	bool dry_run;    /* only the report */
	const char *why; /* for log and audit: vnfLcmOpOccId; NULL: none */
};

/* What was found and done; numbers of VNFCs. A caller adds up several by giving the same one. */
struct cmf_direct_report {
	uint64_t present;    /* registered by this VNFM already, and still there */
	uint64_t registered; /* new */
	uint64_t replaced;   /* another resource under the same VNFC: a new initial credential */
	uint64_t returned;   /* had gone, and is back */
	uint64_t ending;     /* gone: ended, put on hold or kept by on_removed */
	uint64_t gone;       /* gone, and the end of the resync decides */
	uint64_t held;       /* gone, and waits for the operator */
	uint64_t excluded;   /* by a rule */
	uint64_t others;     /* registered otherwise, as in delegation mode: left alone */
	uint64_t refused;    /* could not be registered; the log says why */
	/* One line for each VNFC that is more than present; NULL: not wanted. May be called before
	 * a commit. */
	void (*note)(void *arg, const char *vnf_instance_id, const char *subject_id,
		     const char *what);
	void *note_arg;
};

/*
 * Compares what the VNFM shows of one VNF with what is registered from it, registers what is new
 * (handling direct, with its initial credential), marks what has gone, and takes marks back from
 * what has returned. Commits by itself, in units of bounded size; when it returns 0 all of it is
 * durable. A second call with the same view changes nothing. A view that is no answer (time-out,
 * 401, 5xx, half of the pages, an answer that cannot be read) is not for here. Any thread, but one
 * for each VNFM at a time. 0 or negative errno, then the event is not done.
 */
_must_check_ int cmf_direct_reconcile(struct cmf *cmf, const struct cmf_worker *worker,
				      const struct conf_vnfm *vnfm,
				      const struct cmf_direct_view *view,
				      struct cmf_direct_report *report);

/* --- resync --- */

/* The number of a resync that begins now; of a dry run 0, and it is to be given on as that. 0 or
 * negative errno. */
_must_check_ int cmf_direct_resync_begin(struct cmf *cmf, const struct cmf_worker *worker,
					 const struct conf_vnfm *vnfm, bool dry_run,
					 int64_t *resyncp);
/* Each VNF that is registered from the VNFM and was not reconciled in this resync (0: each that
 * there is), in the order of rows. A return other than 0 ends the walk and is returned. */
typedef int cmf_direct_vnf_each(void *arg, const char *vnf_instance_id);
_must_check_ int cmf_direct_unseen(const struct cmf_worker *worker, const struct conf_vnfm *vnfm,
				   int64_t resync, cmf_direct_vnf_each *each, void *arg);
/*
 * All VNFs of the resync have been reconciled, none was left out: what has gone is ended, if it is
 * no more than resync_revoke_max registrations, and else waits for the operator. Not to be called
 * after a resync that could not read all of it: then what has gone is decided by the next one. Adds
 * to report. 0 or negative errno.
 */
_must_check_ int cmf_direct_resync_end(struct cmf *cmf, const struct cmf_worker *worker,
				       const struct conf_vnfm *vnfm, int64_t resync,
				       struct cmf_direct_report *report);

/* --- what the operator says --- */

/*
 * Adds to the unit that all that is held back of a VNFM is ended; what *np receives is how many
 * registrations, by store_unit_id(). 0 or negative errno.
 */
_must_check_ int cmf_direct_approve(const struct cmf_call *call, const struct conf_vnfm *vnfm,
				    int64_t *np);

/* --- VNFMs that are followed no longer --- */

/* The job of following a VNFM, among those of nodes; store/node.h. NULL out of memory. */
char *cmf_direct_job(const char *vnfm);
/* Whether the configuration has no such VNFM, but another node follows it. */
_must_check_ int cmf_direct_followed_elsewhere(const struct conf *conf, struct store_reader *reader,
					       const char *vnfm, bool *followedp);
/* Each VNFM that the store still has something of, which the configuration has not and no other
 * node follows. A return other than 0 ends the walk and is returned. */
typedef int cmf_direct_vnfm_each(void *arg, const char *vnfm);
_must_check_ int cmf_direct_unconfigured(const struct conf *conf, struct store_reader *reader,
					 cmf_direct_vnfm_each *each, void *arg);
/*
 * Adds to the unit that nothing is known of a VNFM any more: subscription, VNFs, VNFCs. Their
 * registrations stay. What *np receives is how many VNFCs that are, by store_unit_id(). For one
 * that is not configured, and of which nothing is due. 0 or negative errno.
 */
_must_check_ int cmf_direct_forget(const struct cmf_call *call, const char *vnfm, int64_t *np);

/* --- the initial credential of a VNFCI --- */

/* A one-time secret in clear; the text of it is the octets of the secret. */
struct cmf_initial_credential {
	char *reference; /* senderKID */
	char *secret;
	int64_t expires_ms;
};
/* Wipes the secret. */
void cmf_initial_credential_clear(struct cmf_initial_credential *credential);
/*
 * Makes a new one for a registration that who asks may know of (cmf_registration_find()), in place
 * of the one before, which is void. It is good once the unit is committed. 0, REFUSED
 * (client_not_permitted, initial_credential_none), negative errno.
 */
_must_check_ int cmf_initial_credential_make(const struct cmf_call *call,
					     const struct store_registration *reg,
					     struct cmf_initial_credential *credentialp);
/* One that is to be sent to whom the section of its VNFM names. */
struct cmf_initial_delivery {
	int64_t id;
	uint32_t attempts; /* all in vain */
	struct cmf_initial_credential credential;
	char *trust_domain;
	char *vnf_instance;
	char *subject_id;
};
void cmf_initial_delivery_clear(struct cmf_initial_delivery *delivery);
/* The next of a VNFM that is due; what has become void meanwhile is dropped, and committed. 0,
 * STORE_NOT_FOUND, negative errno. */
_must_check_ int cmf_initial_delivery_next(const struct cmf_call *call, const char *vnfm,
					   struct cmf_initial_delivery *deliveryp);
/* Adds to the unit that it was acknowledged, or that it is to be sent again, not before next_ms. 0
 * or negative errno. */
_must_check_ int cmf_initial_delivery_done(const struct cmf_call *call,
					   const struct cmf_initial_delivery *delivery);
_must_check_ int cmf_initial_delivery_retry(const struct cmf_call *call,
					    const struct cmf_initial_delivery *delivery,
					    int64_t next_ms);
/*
 * Who knows the one-time secret with that reference: while it is good, or in a transaction that it
 * has begun. The secret is in mac_secret. 0, REFUSED (mac_reference_unknown), negative errno.
 */
_must_check_ int cmf_initial_credential_find(const struct cmf_call *call, struct bytes reference,
					     struct bytes transaction_id,
					     struct cmf_principal *principalp);
