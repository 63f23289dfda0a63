// SPDX-License-Identifier: Apache-2.0
/*
 * The table of routes: which path leads where, and how large a body it takes. What is at a path is
 * for its handler.
 */
#include "http_private.h"

#include <string.h>

static bool route_matches(const struct http_route *route, const char *path, size_t *restp)
{
	size_t len = strlen(route->path);

	if (len > 0 && route->path[len - 1] == '*') {
		*restp = len - 1;
		return strncmp(path, route->path, len - 1) == 0;
	}
	*restp = len;
	return strcmp(path, route->path) == 0;
}

const struct http_route *http_route_find(const struct http_server *server, unsigned groups,
					 const char *path, size_t *restp)
{
	for (size_t i = 0; i < server->n_routes; i++) {
		const struct http_route *route = &server->routes[i];

		if ((route->groups & groups) && route_matches(route, path, restp))
			return route;
	}
	return NULL;
}

const struct http_route *http_route_asked(const struct http_connection *connection)
{
	const struct http_endpoint *endpoint = connection->endpoint;
	struct bytes path = http_scan_path(&connection->scan);
	char text[HTTP_SCAN_LINE_MAX + 1] = "";
	size_t rest;

	if (path.len > 0)
		memcpy(text, path.data, path.len);
	return http_route_find(endpoint->loop->server, endpoint->listener->groups, text, &rest);
}

size_t http_route_body_max(const struct http_route *route, const struct http_settings *settings)
{
	if (route && route->body_max)
		return route->body_max;
	return route && route->whole ? settings->json_body_max : settings->body_max;
}

size_t http_body_max(const struct http_server *server, const struct http_settings *settings,
		     unsigned groups)
{
	size_t max = settings->body_max;

	for (size_t i = 0; i < server->n_routes; i++) {
		size_t of_route = http_route_body_max(&server->routes[i], settings);

		if ((server->routes[i].groups & groups) && of_route > max)
			max = of_route;
	}
	return max;
}
