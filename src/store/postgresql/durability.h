// SPDX-License-Identifier: Apache-2.0
/*
 * Settings of a server with which what it has committed can be lost all the same. Nothing is
 * refused for them: whoever runs the server may have reasons, and is told.
 */
#pragma once

#include "session.h"

/* A line each, owned; NULL: there is none. 0 or a fault. */
_must_check_ int pg_durability(struct session *session, char **linesp);
/* The same to the log, for whoever serves. */
_must_check_ int pg_durability_log(struct session *session);
