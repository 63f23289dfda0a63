// SPDX-License-Identifier: Apache-2.0
/* Tables of attributes. */
#include "nfv/attributes.h"

#include <string.h>

const struct nfv_attribute *nfv_attribute_find(const struct nfv_attributes *attributes,
					       const char *path, size_t len)
{
	for (size_t i = 0; i < attributes->n; i++) {
		const struct nfv_attribute *attribute = &attributes->attribute[i];

		if (strlen(attribute->path) == len && memcmp(attribute->path, path, len) == 0)
			return attribute;
	}
	return NULL;
}
