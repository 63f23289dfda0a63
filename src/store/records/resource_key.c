// SPDX-License-Identifier: Apache-2.0
/* The key of the identifiers of resources, which the schema brings. */
#include "reader.h"

#include <errno.h>

static int resource_key_read(struct row *row, void *arg)
{
	size_t len = row_array(row, arg, STORE_RESOURCE_KEY_LEN);

	return len == STORE_RESOURCE_KEY_LEN ? row_complete(row) : -EBADMSG;
}

int store_resource_key(struct store_reader *r, uint8_t key[STORE_RESOURCE_KEY_LEN])
{
	int err = read_one(r, READ_RESOURCE_KEY, NULL, 0, resource_key_read, key);

	return err == STORE_NOT_FOUND ? -EBADMSG : err;
}
