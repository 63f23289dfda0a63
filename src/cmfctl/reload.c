// SPDX-License-Identifier: Apache-2.0
/* reload: the running cmfd reads its configuration anew; what is wrong with it is told here. */
#include "ctl.h"

#include <stdio.h>

int ctl_reload(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Has the running cmfd read its configuration anew, and waits until that is "
		       "done. Exits with 1 if it was refused: then the one from before stays in "
		       "force."};
	json_t *reply, *problem;
	size_t i;
	int status;

	ctl_parse(&argp, ctl, NULL, argc, argv);
	status = ctl_call(ctl, "POST", "/v1/reload", json_object(), &reply);
	if (status)
		return status;
	if (ctl->json)
		ctl_json_print(reply);
	else
		puts("reloaded");
	if (!ctl->json)
		json_array_foreach(json_object_get(reply, "problems"), i, problem)
			ctl_error("warning: %s", json_string_value(problem));
	json_decref(reply);
	return CTL_OK;
}
