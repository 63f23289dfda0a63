// SPDX-License-Identifier: Apache-2.0
/* Fetching the CRLs of attesters. See attestation_crls.h; what they say is attest/'s to judge. */
#include "csr/attestation_crls.h"

#include "base/log.h"
#include "web.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/* CRL_MAX: octets of one, as of a file. RETRY_MS: after one that could not be had. */
enum { CRL_MAX = 16 << 20, FETCH_TIMEOUT_MS = 20000, RETRY_MS = 60000 };

struct attestation_crls {
	const struct conf_profile *profile;
	pthread_mutex_t lock;
	struct attest_crls *newest; /* under the lock */
	int64_t due_ms;             /* of whoever fetches */
};

int attestation_crls_new(const struct conf_profile *profile, struct attestation_crls **crlsp,
			 struct strbuf *problems)
{
	const struct conf_list *urls = &profile->attestation.crl_urls;
	struct attestation_crls *crls;

	for (size_t i = 0; i < urls->len; i++) {
		struct web_url url = {0};
		int err = web_url_read(urls->item[i], &url);

		web_url_clear(&url);
		if (err == -EINVAL)
			strbuf_printf(problems,
				      "[profile %s] attestation_crl_urls: %s: not a URL of https\n",
				      profile->name, urls->item[i]);
		if (err < 0)
			return err;
	}
	crls = calloc(1, sizeof(*crls));
	if (!crls)
		return -ENOMEM;
	crls->profile = profile;
	pthread_mutex_init(&crls->lock, NULL);
	*crlsp = crls;
	return 0;
}

void attestation_crls_free(struct attestation_crls *crls)
{
	if (!crls)
		return;
	attest_crls_unref(crls->newest);
	pthread_mutex_destroy(&crls->lock);
	free(crls);
}

struct attest_crls *attestation_crls_newest(struct attestation_crls *crls)
{
	struct attest_crls *newest;

	pthread_mutex_lock(&crls->lock);
	newest = attest_crls_ref(crls->newest);
	pthread_mutex_unlock(&crls->lock);
	return newest;
}

static int one_fetch(const char *url, struct octets *textp)
{
	const struct web_request request = {.method = "GET",
					    .url = url,
					    .http_on_loopback = true,
					    .timeout_ms = FETCH_TIMEOUT_MS,
					    .answer_max = CRL_MAX};
	struct web_answer answer = {0};
	int err = web_exchange(NULL, &request, &answer);

	if (err == 0 && answer.status != 200)
		err = -EPROTO;
	if (err == 0) {
		*textp = answer.body;
		answer.body = OCTETS_NULL;
	}
	web_answer_clear(&answer);
	return err < 0 ? log_fault("fetch a CRL of attesters", err, url) : 0;
}

static void newest_set(struct attestation_crls *crls, struct attest_crls *newest)
{
	struct attest_crls *before;

	pthread_mutex_lock(&crls->lock);
	before = crls->newest;
	crls->newest = newest;
	pthread_mutex_unlock(&crls->lock);
	attest_crls_unref(before);
}

void attestation_crls_fetch(struct attestation_crls *crls, int64_t now_ms)
{
	const struct conf_attestation *conf = &crls->profile->attestation;
	struct octets *texts;
	struct attest_crls *newest;
	int err = 0;

	if (now_ms < crls->due_ms)
		return;
	crls->due_ms = now_ms + (conf->crl_refresh_ms < RETRY_MS ? conf->crl_refresh_ms : RETRY_MS);
	texts = calloc(conf->crl_urls.len, sizeof(*texts));
	if (!texts)
		return;
	for (size_t i = 0; i < conf->crl_urls.len && err == 0; i++)
		err = one_fetch(conf->crl_urls.item[i], &texts[i]);
	if (err == 0) {
		err = attest_crls_new(texts, conf->crl_urls.len, &newest);
		if (err < 0)
			(void)log_fault("read the CRLs of attesters", err, crls->profile->name);
	}
	if (err == 0) {
		newest_set(crls, newest);
		crls->due_ms = now_ms + conf->crl_refresh_ms;
	}
	for (size_t i = 0; i < conf->crl_urls.len; i++)
		octets_clear(&texts[i]);
	free(texts);
}
