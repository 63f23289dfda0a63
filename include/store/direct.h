// SPDX-License-Identifier: Apache-2.0
/*
 * Direct mode in the store: VNFs and VNFCs that a VNFM has shown, each VNFC with its registration,
 * and the one-time secrets that they get their first certificates with. What they mean is
 * cmf/direct's.
 */
#pragma once

#include "store.h"

/* --- VNFs --- */

enum store_vnf_names {
	STORE_VNF_NAMES_UNKNOWN = -1, /* it has shown no VNFC yet */
	STORE_VNF_NAMES_VNFC = 0,     /* its VNFCs go by vnfcInfo.id */
	STORE_VNF_NAMES_RESOURCE = 1, /* by vnfcResourceInfo.id */
};

struct store_vnf {
	int64_t id;
	char *vnfm;
	char *vnf_instance;
	char *vnfd_id; /* NULL: not said */
	enum store_vnf_names names;
	int64_t resync;  /* the number of the last one that it was compared in; 0: none */
	int64_t seen_ms; /* when it was compared last */
	/* Counted on reading: its VNFCs, and those of them that have gone, in whatever state. */
	int64_t n_vnfcs;
	int64_t n_gone;
};
void store_vnf_clear(struct store_vnf *vnf);

/* Or STORE_NOT_FOUND. */
_must_check_ int store_vnf_find(struct store_reader *r, const char *vnfm, const char *vnf_instance,
				struct store_vnf *vnfp);
struct store_vnf_filter {
	const char *vnfm;   /* NULL: all */
	int64_t not_resync; /* not compared in that one; 0: all */
	int64_t after_id;
	uint32_t limit;
};
typedef int store_vnf_each(void *arg, const struct store_vnf *vnf);
_must_check_ int store_vnf_list(struct store_reader *r, const struct store_vnf_filter *filter,
				store_vnf_each *each, void *arg);

/* The first name behind that one of a VNFM of which there is anything here or in store/lcm.h, which
 * the caller frees; or STORE_NOT_FOUND. */
_must_check_ int store_vnfm_next(struct store_reader *r, const char *name, char **nextp);

/* Conflict: the VNFM has one of that identifier. */
_must_check_ int store_vnf_insert(struct store_unit *u, const struct store_vnf *vnf, int64_t *idp);
/* Writes vnfd_id, names, resync and seen_ms. Conflict: it is gone, or goes by other names than
 * `from`. */
_must_check_ int store_vnf_update(struct store_unit *u, const struct store_vnf *vnf,
				  enum store_vnf_names from);
/* Conflict: it has VNFCs. */
_must_check_ int store_vnf_remove(struct store_unit *u, int64_t id);

/* --- VNFCs --- */

enum store_vnfc_state {
	STORE_VNFC_PRESENT = 0,
	STORE_VNFC_GONE = 1,    /* the end of the resync decides */
	STORE_VNFC_HELD = 2,    /* the operator decides */
	STORE_VNFC_DUE = 3,     /* housekeeping ends it */
	STORE_VNFC_ON_HOLD = 4, /* its certificates are on hold, until due_ms */
	STORE_VNFC_KEPT = 5,
};

struct store_vnfc {
	int64_t registration_id;
	int64_t vnf_id;
	char *vnfc_id;     /* vnfcInfo.id; NULL: none was seen */
	char *resource_id; /* vnfcResourceInfo.id; NULL: it has none */
	char *vdu_id;      /* NULL: not said */
	enum store_vnfc_state state;
	int64_t state_ms;    /* since when */
	int64_t due_ms;      /* DUE and ON_HOLD: when there is something to do; else 0 */
	int64_t resync;      /* GONE: in which one; else 0 */
	int64_t replaced_id; /* certificates up to this one are of the resource before; 0: none */
	char *operation_id;  /* vnfLcmOpOccId in which it has gone; NULL: none was told of */
	/* Joined on reading; ignored on insert. */
	char *vnfm;
	char *vnf_instance;
	char *subject_id;
	enum cert_type cert_type;
	char *trust_domain;
	char *manager; /* of the registration: who may read it */
};
void store_vnfc_clear(struct store_vnfc *vnfc);

/* Of a registration, or STORE_NOT_FOUND. */
_must_check_ int store_vnfc_get(struct store_reader *r, int64_t registration_id,
				struct store_vnfc *vnfcp);
/* All of a VNF, in no order. */
typedef int store_vnfc_each(void *arg, const struct store_vnfc *vnfc);
_must_check_ int store_vnfc_list(struct store_reader *r, int64_t vnf_id, store_vnfc_each *each,
				 void *arg);
/* Those of a VNFM that are in a state; resync 0: of whichever. */
_must_check_ int store_vnfc_count(struct store_reader *r, const char *vnfm,
				  enum store_vnfc_state state, int64_t resync, int64_t *np);
/* Their registrations, where due_ms has come. */
_must_check_ int store_vnfc_due(struct store_reader *r, int64_t now_ms, struct store_due *duep);
/* Registrations with another resource, which have an active certificate that was not asked for with
 * one of before. */
_must_check_ int store_vnfc_replaced(struct store_reader *r, struct store_due *duep);

/* Conflict: the registration has one, or is not active. */
_must_check_ int store_vnfc_insert(struct store_unit *u, const struct store_vnfc *vnfc);
/* Writes vnfc_id, resource_id, vdu_id, state, state_ms, due_ms, resync, replaced_id and
 * operation_id. Conflict: the state is not `from`. */
_must_check_ int store_vnfc_update(struct store_unit *u, const struct store_vnfc *vnfc,
				   enum store_vnfc_state from);
/* Another state for all of a VNFM that are in that one (resync 0: of whichever). Never conflicts.
 * What *np receives (it may be NULL) is how many there were, by store_unit_id(). */
_must_check_ int store_vnfc_move(struct store_unit *u, const char *vnfm, enum store_vnfc_state from,
				 int64_t resync, enum store_vnfc_state to, int64_t now_ms,
				 int64_t *np);

/*
 * Removes the VNFs and VNFCs of a VNFM; their registrations stay as they are. Never conflicts. What
 * *np receives is how many VNFCs there were, by store_unit_id().
 */
_must_check_ int store_vnfs_forget(struct store_unit *u, const char *vnfm, int64_t *np);

/* --- one-time secrets --- */

enum store_initial_file {
	STORE_INITIAL_FILE_NONE = 0,
	STORE_INITIAL_FILE_TO_WRITE = 1,
	STORE_INITIAL_FILE_WRITTEN = 2,
	STORE_INITIAL_FILE_TO_REMOVE = 3,
};

struct store_initial_credential {
	int64_t id;
	int64_t registration_id;
	struct octets reference; /* senderKID; unique */
	struct octets secret;    /* encrypted under the store key; see cmf/ */
	int64_t created_ms;
	int64_t expires_ms;
	int64_t spent_ms;       /* 0: it is not, or nobody has noted it yet */
	int64_t certificate_id; /* that was asked for with it last; 0: none */
	enum store_initial_file file;
	char *deliver_to; /* VNFM by whose configuration it is sent; NULL: it is not, or was */
	uint32_t deliver_attempts; /* all in vain */
	int64_t delivered_ms;      /* 0: nobody has acknowledged it */
	/* Joined on reading; ignored on insert. */
	int certificate_state; /* enum store_certificate_state; -1: none */
	bool registered;       /* the registration is active */
	char *source;
	char *vnf_instance;
	char *subject_id;
	char *trust_domain;
};
void store_initial_credential_clear(struct store_initial_credential *c);

/* Or STORE_NOT_FOUND, as of the others. */
_must_check_ int store_initial_credential_find(struct store_reader *r, struct bytes reference,
					       struct store_initial_credential *cp);
_must_check_ int store_initial_credential_get(struct store_reader *r, int64_t id,
					      struct store_initial_credential *cp);
/* Of a registration. */
_must_check_ int store_initial_credential_of(struct store_reader *r, int64_t registration_id,
					     struct store_initial_credential *cp);
/* Those whose file is to be written, or removed. */
_must_check_ int store_initial_credential_files(struct store_reader *r,
						enum store_initial_file file,
						struct store_due *duep);
/* One that is to be sent for a VNFM, and that was due first. */
_must_check_ int store_initial_credential_to_deliver(struct store_reader *r, const char *vnfm,
						     int64_t now_ms,
						     struct store_initial_credential *cp);
/* How many there are to be sent, counted up to `max`. */
_must_check_ int store_initial_credential_undelivered(struct store_reader *r, const char *vnfm,
						      uint32_t max, uint32_t *np);
/* Those whose certificate is active or has been, and that are not noted as spent. */
_must_check_ int store_initial_credential_used(struct store_reader *r, struct store_due *duep);
/* Those whose file is written and that have expired. */
_must_check_ int store_initial_credential_files_expired(struct store_reader *r, int64_t now_ms,
							struct store_due *duep);
/* Those without a file that have expired before that time. */
_must_check_ int store_initial_credential_expired(struct store_reader *r, int64_t before_ms,
						  struct store_due *duep);

/* Takes the place of the one that the registration has. Conflict: the registration is not active.
 */
_must_check_ int store_initial_credential_put(struct store_unit *u,
					      const struct store_initial_credential *c);
/* It was used for that certificate. Conflict: it is gone or void, or was used for another than
 * c->certificate_id meanwhile. */
_must_check_ int store_initial_credential_use(struct store_unit *u,
					      const struct store_initial_credential *c,
					      int64_t certificate_id);
/* It is spent, and expires, with its file. Never conflicts. */
_must_check_ int store_initial_credential_spend(struct store_unit *u, int64_t id, int64_t now_ms);
/* Conflict: it is gone, or file is not `from`. */
_must_check_ int store_initial_credential_set_file(struct store_unit *u, int64_t id,
						   enum store_initial_file from,
						   enum store_initial_file to);
/* It is not to be sent any more: acknowledged at that time, or void (0). Never conflicts. */
_must_check_ int store_initial_credential_delivered(struct store_unit *u, int64_t id,
						    int64_t delivered_ms);
/* It is to be sent again, not before next_ms. Never conflicts. */
_must_check_ int store_initial_credential_deliver_again(struct store_unit *u, int64_t id,
							int64_t next_ms, uint32_t attempts);
/* Never conflicts; one with a file stays. */
_must_check_ int store_initial_credential_remove(struct store_unit *u, int64_t id);
/* It expires now, with its file. Never conflicts. */
_must_check_ int store_initial_credential_void(struct store_unit *u, int64_t registration_id);
