// SPDX-License-Identifier: Apache-2.0
/*
 * Tables of refusals: a message that is good, one thing of it bent, and what the CMP door must say.
 * Whatever it is, the answer is protected and registrations and certificates do not change.
 */
#pragma once

#include "ask.h"

/* The house of all rows, with vnfci-a and vnfci-a2 of vnfm-a and vnfci-b of vnfm-b, vnfci-c of
 * vnfm-c. */
extern struct house bent_house;
/* A confirmed certificate of vnfci-a, and its key. */
extern struct octets bent_active;
extern EVP_PKEY *bent_active_key;

/* Fixture of a test case, unchecked. */
void bent_setup(void);
void bent_teardown(void);

/* Who sends, what is bent, what comes. */
enum who { A, B, C, RA, STRANGER, NO_SIGNATURE, EXPIRED, MAC };
enum {
	IR = PKI_BODY_IR,
	CR = PKI_BODY_CR,
	KUR = PKI_BODY_KUR,
	P10 = PKI_BODY_P10CR,
	RR = PKI_BODY_RR,
	GENM = PKI_BODY_GENM,
};
enum {
	IP = PKI_BODY_IP,
	CP = PKI_BODY_CP,
	KUP = PKI_BODY_KUP,
	RP = PKI_BODY_RP,
	ERR = PKI_BODY_ERROR,
};

struct bent_row {
	const char *name; /* with the clause */
	int base;         /* type of the good message */
	enum who who;
	void (*bend)(struct ask *a);
	int failinfo;
	int answer; /* type of its body */
	/* Whose sentence is told; not looked at without it. */
	enum refusal_reason reason;
};

/* Nothing is bent: what is wrong is who asks. */
void bent_not(struct ask *a);
/* The good message of a row. */
void bent_base(struct ask *a, const struct bent_row *row);
void bent_check(const struct bent_row *row);
/* That the answer has the sentence of that refusal. */
void bent_sentence_check(const struct told *told, enum refusal_reason reason);

/* What must not change. */
struct bent_state {
	int64_t certificates[STORE_CERT_STATE_COUNT];
	int registrations;
};
struct bent_state bent_state_now(void);
