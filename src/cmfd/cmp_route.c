// SPDX-License-Identifier: Apache-2.0
/*
 * CMP over HTTP (RFC 6712, RFC 9811): what the path says, the door, the status of the answer. The
 * paths are the standard's and those that the operator adds for clients that know another. Which
 * listeners they are on, and all other paths: routes.c.
 */
#include "daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE_MARK "<profile>"

/* What the path says, RFC 9811 3.3: [p/<profile>[/]][<operation>[/]]. */
struct cmp_labels {
	char *profile;   /* NULL: none */
	char *operation; /* NULL: none */
};

static void labels_clear(struct cmp_labels *labels)
{
	free(labels->profile);
	free(labels->operation);
}

typedef bool labels_parse(const char *rest, struct cmp_labels *labels);

/* Some clients put a slash behind whatever they are given. */
static bool operation_parse(const char *rest, struct cmp_labels *labels)
{
	size_t len = strlen(rest);

	if (len == 0)
		return true;
	if (len > 1 && rest[len - 1] == '/')
		len--;
	labels->operation = strndup(rest, len);
	return labels->operation && cmp_operation_label_known(labels->operation);
}

/* <profile>[/[<operation>[/]]] */
static bool profile_parse(const char *rest, struct cmp_labels *labels)
{
	size_t len = strcspn(rest, "/");

	if (len == 0)
		return false;
	labels->profile = strndup(rest, len);
	return labels->profile && operation_parse(rest + len + (rest[len] == '/'), labels);
}

static bool standard_parse(const char *rest, struct cmp_labels *labels)
{
	return strncmp(rest, "p/", 2) == 0 ? profile_parse(rest + 2, labels)
					   : operation_parse(rest, labels);
}

/* Out of memory is no path either: there would be no answer. */
static bool labels_are_known(const char *rest, labels_parse *parse)
{
	_cleanup_(labels_clear) struct cmp_labels labels = {0};

	return parse(rest, &labels);
}

static bool standard_path_ok(const char *rest)
{
	return labels_are_known(rest, standard_parse);
}

static bool profile_path_ok(const char *rest)
{
	return labels_are_known(rest, profile_parse);
}

/* RFC 9811 3.1: a CMP answer is 200; 3.5: announcements have a status of their own, and no body. */
static int cmp_status(enum cmp_delivery delivery)
{
	switch (delivery) {
	case CMP_ANSWERED:
		return 200;
	case CMP_NOT_A_MESSAGE:
	case CMP_ANNOUNCEMENT_REFUSED:
		return 400;
	case CMP_ANNOUNCEMENT_STORED:
		return 201;
	case CMP_ANNOUNCEMENT_FORBIDDEN:
		return 403;
	case CMP_BUSY:
	case CMP_ANNOUNCEMENT_UNAVAILABLE:
		return 503;
	case CMP_ANNOUNCEMENT_FAILED:
		break;
	}
	return 500;
}

static void labels_serve(labels_parse *parse, struct worker *worker,
			 const struct http_request *request, struct http_response *response)
{
	_cleanup_(labels_clear) struct cmp_labels labels = {0};
	struct service *service = worker_service(worker);
	struct cmp_exchange exchange = {.request = request->body,
					.peer = request->peer,
					.network = request->network,
					.connection = request->connection,
					.request_id = request->id,
					.received_us = request->received_us};
	struct spliced answer;
	enum cmp_delivery delivery;

	response->status = 500;
	if (!parse(request->path_rest, &labels))
		return; /* path_ok has seen it */
	exchange.profile_label = labels.profile;
	exchange.operation_label = labels.operation;
	if (cmp_door_serve_spliced(service->door, &worker->own, &exchange, &answer, &delivery) < 0)
		return;
	response->body = answer.own;
	response->part = answer.part;
	response->part_at = answer.at;
	response->status = cmp_status(delivery);
	response->retry_after = response->status == 503;
	if (response->body.len)
		response->content_type = "application/pkixcmp";
}

static void standard_serve(void *arg, struct worker *worker, const struct http_request *request,
			   struct http_response *response)
{
	(void)arg;
	labels_serve(standard_parse, worker, request, response);
}

static void profile_serve(void *arg, struct worker *worker, const struct http_request *request,
			  struct http_response *response)
{
	(void)arg;
	labels_serve(profile_parse, worker, request, response);
}

/* Its first len octets, and the tail. */
static int route_add(struct cmp_paths *paths, const char *path, size_t len, const char *tail,
		     bool profile)
{
	char *text;

	if (asprintf(&text, "%.*s%s", (int)len, path, tail) < 0)
		return -ENOMEM;
	paths->route[paths->len++] =
		(struct http_route){.groups = HTTP_PUBLIC,
				    .path = text,
				    .methods = HTTP_POST,
				    .content_type = "application/pkixcmp",
				    .handler = profile ? profile_serve : standard_serve,
				    .path_ok = profile ? profile_path_ok : standard_path_ok};
	return 0;
}

/* With and without a slash at its end; of one with a profile something must follow. */
static int path_add(struct cmp_paths *paths, const char *path)
{
	size_t len = strlen(path), mark = strlen(PROFILE_MARK);
	bool profile = len > mark && strcmp(path + len - mark, PROFILE_MARK) == 0;
	int err;

	if (profile)
		len -= mark;
	if (path[len - 1] == '/')
		len--;
	err = route_add(paths, path, len, "/*", profile);
	return err == 0 && !profile ? route_add(paths, path, len, "", false) : err;
}

int cmp_paths_new(const struct conf_list *further, struct cmp_paths *pathsp)
{
	struct cmp_paths paths = {.route = calloc(2 * further->len + 3, sizeof(*paths.route))};
	int err = paths.route ? route_add(&paths, "/", 1, "", false) : -ENOMEM;

	if (err == 0)
		err = path_add(&paths, "/.well-known/cmp");
	for (size_t i = 0; i < further->len && err == 0; i++)
		err = path_add(&paths, further->item[i]);
	if (err < 0)
		cmp_paths_clear(&paths);
	else
		*pathsp = paths;
	return err;
}

void cmp_paths_clear(struct cmp_paths *paths)
{
	for (size_t i = 0; i < paths->len; i++)
		free((char *)(uintptr_t)paths->route[i].path);
	free(paths->route);
	*paths = (struct cmp_paths){0};
}
