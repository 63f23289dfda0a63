// SPDX-License-Identifier: Apache-2.0
/*
 * The attributes of the items of a list, as filters and selectors name them: each list has a table
 * of them. Private to nfv/.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum nfv_attribute_type {
	NFV_TEXT,
	NFV_NUMBER,
	NFV_BOOLEAN,
	NFV_TIME,
	NFV_WHOLE, /* an object, or what is too large to be compared: for selectors only */
};

/* Whether an attribute may be left out of an answer, SOL 013 5.3. */
enum nfv_attribute_presence {
	NFV_ALWAYS,
	NFV_OPTIONAL,
	NFV_UNLESS_DEFAULT, /* optional, and left out by default */
};

struct nfv_attribute {
	const char *path; /* "revocation/reason"; an array is named as its elements are */
	enum nfv_attribute_type type;
	enum nfv_attribute_presence presence;
};

/* More than any table has. */
enum { NFV_ATTRIBUTES_MAX = 32 };

struct nfv_attributes {
	const struct nfv_attribute *attribute;
	size_t n;
};

/* The one of that path (len octets); NULL: there is none. */
const struct nfv_attribute *nfv_attribute_find(const struct nfv_attributes *attributes,
					       const char *path, size_t len);
