// SPDX-License-Identifier: Apache-2.0
/* The VNFMs of a configuration: beginning and end, and what there is to see of each. */
#include "lcm_local.h"

#include "cmf/direct.h"

#include <errno.h>
#include <string.h>

/* VNFMs that have a thread at the same time: each may wait for an answer. */
enum { THREADS_MAX = 64 };

static int vnfm_init(struct lcm *lcm, const struct conf *conf, size_t index,
		     struct strbuf *problems)
{
	struct lcm_vnfm *vnfm = &lcm->vnfms[index];
	const struct conf_vnfm *section = &conf->vnfms[index];
	const char *path = strchr(strstr(section->callback_uri, "://") + 3, '/');

	vnfm->lcm = lcm;
	vnfm->index = index;
	pthread_mutex_init(&vnfm->mutex, NULL);
	pthread_cond_init(&vnfm->changed, NULL);
	lcm->n_vnfms++;
	vnfm->name = strdup(section->name);
	vnfm->lease = cmf_direct_job(section->name);
	vnfm->callback_path = strdup(path);
	vnfm->status.name = vnfm->name;
	if (!vnfm->name || !vnfm->lease || !vnfm->callback_path ||
	    web_connection_new(&vnfm->connection) < 0 || web_connection_new(&vnfm->webhook) < 0)
		return -ENOMEM;
	lcm->routes[index] = (struct http_route){
		.groups = section->callback_listen.len ? HTTP_LCM : HTTP_PUBLIC | HTTP_NFV,
		.path = vnfm->callback_path,
		.whole = true,
		.handler = lcm_callback_serve,
		.arg = vnfm,
	};
	return lcm_credentials_read(section, &vnfm->credentials, problems);
}

int lcm_new(const struct conf *conf, lcm_worker_of *worker_of, const struct clock_source *clock,
	    struct lcm **lcmp, struct strbuf *problems)
{
	_cleanup_(lcm_freep) struct lcm *lcm =
		calloc(1, sizeof(*lcm) + conf->n_vnfms * sizeof(lcm->vnfms[0]));
	int result = 0;

	if (!lcm)
		return -ENOMEM;
	lcm->worker_of = worker_of;
	lcm->clock = clock;
	lcm->routes = calloc(conf->n_vnfms ? conf->n_vnfms : 1, sizeof(*lcm->routes));
	if (!lcm->routes)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_vnfms && result != -ENOMEM; i++) {
		int err = vnfm_init(lcm, conf, i, problems);

		result = err < 0 ? err : result;
	}
	if (result == 0)
		*lcmp = TAKE(lcm);
	return result;
}

void lcm_free(struct lcm *lcm)
{
	if (!lcm)
		return;
	for (size_t i = 0; i < lcm->n_vnfms; i++) {
		struct lcm_vnfm *vnfm = &lcm->vnfms[i];

		lcm_credentials_clear(&vnfm->credentials);
		web_token_clear(&vnfm->token);
		web_connection_free(vnfm->connection);
		web_connection_free(vnfm->webhook);
		pthread_cond_destroy(&vnfm->changed);
		pthread_mutex_destroy(&vnfm->mutex);
		free(vnfm->name);
		free(vnfm->lease);
		free(vnfm->callback_path);
	}
	free(lcm->routes);
	free(lcm);
}

size_t lcm_threads(const struct lcm *lcm)
{
	return lcm->n_vnfms < THREADS_MAX ? lcm->n_vnfms : THREADS_MAX;
}

void lcm_start(struct lcm *lcm, struct pool *pool, struct store_nodes *nodes)
{
	lcm->pool = pool;
	lcm->nodes = nodes;
}

void lcm_stop(struct lcm *lcm)
{
	atomic_store(&lcm->stopping, true);
	for (size_t i = 0; i < lcm->n_vnfms; i++)
		lcm_poke(&lcm->vnfms[i]);
}

const struct http_route *lcm_routes(const struct lcm *lcm, size_t *np)
{
	*np = lcm->n_vnfms;
	return lcm->routes;
}

bool lcm_status_get(struct lcm *lcm, size_t index, struct lcm_status *statusp)
{
	struct lcm_vnfm *vnfm;

	if (index >= lcm->n_vnfms)
		return false;
	vnfm = &lcm->vnfms[index];
	pthread_mutex_lock(&vnfm->mutex);
	*statusp = vnfm->status;
	pthread_mutex_unlock(&vnfm->mutex);
	return true;
}
