// SPDX-License-Identifier: Apache-2.0
/*
 * Values as libpq wants them. Numbers go as text, so that it does not matter as what kind of number
 * the server has understood a parameter; octets go as they are.
 */
#pragma once

#include "value.h"

enum { PARAMETERS_MAX = 32 };

struct parameters {
	int n;
	const char *value[PARAMETERS_MAX];
	int length[PARAMETERS_MAX];
	int format[PARAMETERS_MAX];
	char text[PARAMETERS_MAX][24];
};

/* The next one. Text and octets are borrowed. */
void parameter_add(struct parameters *parameters, struct value value);
/* The next one, as the server reads it; borrowed. */
void parameter_add_literal(struct parameters *parameters, const char *text);
