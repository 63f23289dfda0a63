// SPDX-License-Identifier: Apache-2.0
/*
 * What fuzz targets of the CMP door have in common: a house with clients of every kind, messages
 * made authentic again after the fuzzer changed them, and what must hold of every answer. Anything
 * that does not hold ends the program, which is how a target reports.
 */
#pragma once

#include "ask.h"

/*
 * Made anew now and then. "mac" manages vnfci-1; served_announcer may announce; served_entity is
 * vnfci-1 itself.
 */
extern struct house served_house;
extern struct house_credential served_announcer, served_entity;

/* Before each input. */
void served_prepare(void);
/* Serves; the answer must be a protected CMP message. Its senderNonce to `nonce`. */
void served(struct bytes request, uint8_t nonce[CMP_NONCE_LEN]);
/*
 * The message once more, with a transactionID of this input (another for an inner message), with
 * `nonce` as recipNonce if it has one, with the time of now and a good MAC under HOUSE_MAC_SECRET.
 * Empty if that cannot be had.
 */
struct octets served_authentic(struct bytes request, const uint8_t nonce[CMP_NONCE_LEN],
			       bool inner);
/* Gives `outer` the ids of the message, so that its protection is one that is added. */
void served_ids_copy(struct ask *outer, struct bytes message);
