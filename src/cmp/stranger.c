// SPDX-License-Identifier: Apache-2.0
/*
 * Dear work for who is not known yet, within the budget of strangers (base/budget.h): what is asked
 * for before a key is derived from a password, or a path of certificates is built, and what it was
 * when the message is done. Authentic messages cost their sender nothing, replays do.
 */
#include "authenticate.h"
#include "request.h"

#include "base/pool.h"

#include <unistd.h>

/*
 * Finding out about a certificate that is not remembered: some signatures of a path, and what it is
 * looked for in has to be decoded, so many octets of the message in a microsecond.
 */
enum { SIGNER_COST_US = 300, OCTETS_PER_US = 16 };

/*
 * Of the workers that run at a time one in four for strangers, three in four with those that are
 * known: some are always free.
 */
enum { STRANGERS_OF_FOUR = 1, ALL_OF_FOUR = 3 };

static unsigned of_four(size_t workers, unsigned n)
{
	return workers * n / 4 ? (unsigned)(workers * n / 4) : 1;
}

static struct budget_limits limits_now(const struct cmp_request *rq)
{
	int64_t processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t workers = pool_running_max(rq->conf->server.workers);

	return (struct budget_limits){
		.us_per_s = (processors > 0 ? processors : 1) *
			    rq->conf->protection.stranger_cpu_share * 10000,
		.strangers_at_once = of_four(workers, STRANGERS_OF_FOUR),
		.at_once = of_four(workers, ALL_OF_FOUR),
	};
}

int cmp_stranger_begin(struct cmp_request *rq, struct bytes reference, int64_t cost_us,
		       struct refusal *refusal)
{
	const struct budget_claim claim = {.network = rq->exchange->network,
					   .reference = reference,
					   .connection = rq->exchange->connection};
	struct budget_limits limits = limits_now(rq);

	/* What the operator has explained is no stranger's. Of one message all is one piece of
	 * work.
	 */
	if ((rq->trace && !rq->trace->stranger) || rq->work.budget.taken || limits.us_per_s == 0)
		return 0;
	if (!budget_take(rq->door->strangers, &limits, &claim, cost_us,
			 clock_now_ms(rq->door->clock), &rq->work.budget)) {
		metrics_stranger_refused(rq->door->metrics);
		return refuse(refusal, REFUSAL_stranger_budget);
	}
	rq->work.began_us = clock_thread_cpu_us();
	rq->work.runs = true;
	return 0;
}

static int signer_begin(void *arg, struct bytes signer, struct refusal *refusal)
{
	struct cmp_request *rq = arg;

	return cmp_stranger_begin(
		rq, signer, SIGNER_COST_US + (int64_t)rq->msg->der.len / OCTETS_PER_US, refusal);
}

struct cmf_gate cmp_stranger_gate(struct cmp_request *rq)
{
	return (struct cmf_gate){signer_begin, rq};
}

void cmp_stranger_end(struct cmp_request *rq)
{
	if (!rq->work.runs)
		return;
	rq->work.runs = false;
	budget_end(rq->door->strangers, &rq->work.budget,
		   clock_thread_cpu_us() - rq->work.began_us);
}

void cmp_stranger_settle(struct cmp_request *rq)
{
	cmp_stranger_end(rq);
	/* What is explained may be somebody's replay. */
	if (rq->work.budget.taken && rq->admitted && !rq->trace)
		budget_refund(rq->door->strangers, &rq->work.budget, clock_now_ms(rq->door->clock));
}
