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

/* A request that is served, until it is answered. */
struct serving {
	struct service *service; /* a reference */
	struct cmp_labels labels;
	struct cmp_exchange exchange;
	struct cmp_serving *door;
	struct http_later *later;
	int committed; /* what its commit came to */
};

static void serving_free(struct serving *s)
{
	labels_clear(&s->labels);
	service_unref(s->service);
	free(s);
}

/* Takes over what is served. */
static void serving_answer(struct serving *s, struct http_response *response)
{
	struct spliced answer;
	enum cmp_delivery delivery;
	int err = s->door ? cmp_serving_end(s->door, &answer, &delivery) : -ENOMEM;

	serving_free(s);
	response->status = 500;
	if (err < 0)
		return;
	response->body = answer.own;
	response->part = answer.part;
	response->part_at = answer.at;
	response->status = cmp_status(delivery);
	response->retry_after = response->status == 503;
	if (response->body.len)
		response->content_type = "application/pkixcmp";
}

static store_unit_told serving_told;

/* What has become of it on this worker: answers, or hands it over. */
static void serving_leave(struct serving *s, bool goes_on, const struct http_request *request,
			  struct http_response *response)
{
	if (!goes_on) {
		serving_answer(s, response);
		return;
	}
	s->later = http_request_hold(request);
	cmp_serving_commit(s->door, serving_told, s);
}

/* It is durable: on the loop. */
static void serving_finish(void *arg, struct http_response *response)
{
	struct serving *s = arg;

	(void)!cmp_serving_committed(s->door, NULL, 0);
	serving_answer(s, response);
}

/* It is not: on a worker, which decides again, or tells the fault. */
static void serving_resume(void *arg, struct worker *worker, const struct http_request *request,
			   struct http_response *response)
{
	struct serving *s = arg;
	bool goes_on = cmp_serving_committed(s->door, &worker->own, s->committed);

	serving_leave(s, goes_on, request, response);
}

/* On the committer's thread. */
static void serving_told(void *arg, int result, const struct store_unit *unit)
{
	struct serving *s = arg;

	s->committed = result;
	if (result == 0)
		http_later_finish(s->later, serving_finish, s);
	else
		http_later_resume(s->later, serving_resume, s);
}

static void labels_serve(labels_parse *parse, struct worker *worker,
			 const struct http_request *request, struct http_response *response)
{
	struct serving *s = calloc(1, sizeof(*s));
	bool goes_on;

	response->status = 500;
	if (!s)
		return;
	s->service = service_ref(worker_service(worker));
	if (!parse(request->path_rest, &s->labels)) { /* path_ok has seen it */
		serving_free(s);
		return;
	}
	s->exchange = (struct cmp_exchange){.request = request->body,
					    .profile_label = s->labels.profile,
					    .operation_label = s->labels.operation,
					    .peer = request->peer,
					    .path = request->path,
					    .network = request->network,
					    .connection = request->connection,
					    .request_id = request->id,
					    .received_us = request->received_us};
	goes_on = cmp_serving_begin(s->service->door, &worker->own, &s->exchange, &s->door);
	serving_leave(s, goes_on, request, response);
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
