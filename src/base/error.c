// SPDX-License-Identifier: Apache-2.0
/* See base/error.h. */
#include "base/error.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

static const struct {
	int err;
	const char *text;
} words[] = {
	{EBADMSG, "what it holds is malformed, damaged, or not authentic"},
	{EPROTO, "it is not what was expected"},
	{EREMOTEIO, "the other end refused"},
	{ENOTCONN, "there is no connection"},
	{EMFILE, "there is no connection, or file, left"},
	{EHOSTDOWN, "it waits for another machine"},
	{EUCLEAN, "the database is damaged"},
	{ESTALE, "the database is gone, or another file is in its place"},
	{ENODATA, "there is nothing in it"},
	{ENOKEY, "the key is not configured"},
	{ENOTSUP, "this is not supported"},
	{EINVAL, "it is not valid"},
};

const char *error_text(int err)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].err == -err)
			return words[i].text;
	return strerrordesc_np(-err) ? strerrordesc_np(-err) : "unknown error";
}
