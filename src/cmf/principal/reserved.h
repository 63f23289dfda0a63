// SPDX-License-Identifier: Apache-2.0
/*
 * Names that no entity gets: those of the CMF and its CAs, of what it is known by to upstream CAs,
 * and of its clients. Who has a certificate with such a name under the same root can answer, or
 * ask, in the name of whom it belongs to.
 */
#pragma once

#include "cmf.h"

/* A set of names in the form in which they compare, name_fold.h. */
struct reserved_name {
	char *text;
	size_t client; /* whose: its place in the snapshot */
};
struct reserved {
	struct reserved_name *item;
	size_t len;
	size_t size;
};
void reserved_clear(struct reserved *set);

/* Adds the common names and subject alternative names of a certificate. 0 or -ENOMEM. */
_must_check_ int reserved_add_certificate(struct reserved *set, const X509 *cert, size_t client);
/* A name, and the common names of a distinguished name. 0 or -ENOMEM. */
_must_check_ int reserved_add_name(struct reserved *set, struct bytes name, size_t client);
_must_check_ int reserved_add_dn(struct reserved *set, const X509_NAME *dn, size_t client);
/* After the last was added, so that they can be found. */
void reserved_sort(struct reserved *set);

/* Those of the CMF itself, by the certificates and names of its configuration. 0 or -ENOMEM; what
 * cannot be read is told by those who load it. */
_must_check_ int reserved_of_conf(const struct conf *conf, struct reserved *set);
