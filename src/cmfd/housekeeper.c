// SPDX-License-Identifier: Apache-2.0
/*
 * Work that nobody asks for but that is due: deadlines of the CMF and of the CMP door, exchanges
 * and CRLs of each CA, the keys of access tokens, CRLs of attesters. The main thread says when,
 * workers do it; what it is, the modules know. Where several nodes serve one database each chore on
 * it is a job of one of them (store/node.h); the others do what they need for themselves.
 */
#include "daemon.h"

#include "store/node.h"

#include <errno.h>
#include <stdio.h>

/* Rounds of a chore that says it has more to do, so that it cannot hold a worker for ever. */
enum { ROUNDS_MAX = 100 };

/* Below the indices of CAs. */
enum {
	CHORE_OF_ATTESTATION = -4,
	CHORE_OF_TOKENS = -3,
	CHORE_OF_DOOR = -2,
	CHORE_OF_CMF = -1,
	CHORES_BESIDE_CAS = 4
};

struct chore {
	atomic_bool busy; /* queued or running: never two of the same */
	int ca;           /* index, or CHORE_OF_... */
};

/* "ca NAME": names of sections are shorter. */
enum { JOB_SIZE = 256 };

/* Chores of CAs that have gone stay, and do nothing. */
struct housekeeper {
	struct pool *pool;
	size_t n_chores;
	struct chore **chores; /* each stays where it is while it runs */
};

size_t housekeeper_chores(size_t n_cas)
{
	return n_cas + CHORES_BESIDE_CAS;
}

int housekeeper_resize(struct housekeeper *housekeeper, size_t n_cas)
{
	size_t n = housekeeper_chores(n_cas);
	struct chore **grown;

	if (n <= housekeeper->n_chores)
		return 0;
	grown = reallocarray(housekeeper->chores, n, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	housekeeper->chores = grown;
	for (size_t i = housekeeper->n_chores; i < n; i++) {
		grown[i] = calloc(1, sizeof(*grown[i]));
		if (!grown[i])
			return -ENOMEM;
		grown[i]->ca = (int)i + CHORE_OF_ATTESTATION;
		housekeeper->n_chores = i + 1;
	}
	return 0;
}

int housekeeper_new(struct pool *pool, size_t n_cas, struct housekeeper **housekeeperp)
{
	struct housekeeper *housekeeper = calloc(1, sizeof(*housekeeper));

	if (!housekeeper)
		return -ENOMEM;
	housekeeper->pool = pool;
	if (housekeeper_resize(housekeeper, n_cas) < 0) {
		housekeeper_free(housekeeper);
		return -ENOMEM;
	}
	*housekeeperp = housekeeper;
	return 0;
}

void housekeeper_free(struct housekeeper *housekeeper)
{
	for (size_t i = 0; housekeeper && i < housekeeper->n_chores; i++)
		free(housekeeper->chores[i]);
	if (housekeeper)
		free(housekeeper->chores);
	free(housekeeper);
}

/* Whose the chore is: false if it is not about the database, or there is no such CA any more. */
static bool chore_job(const struct chore *chore, const struct service *service, char job[JOB_SIZE])
{
	const struct ca *ca;

	switch (chore->ca) {
	case CHORE_OF_ATTESTATION:
	case CHORE_OF_TOKENS:
		return false;
	case CHORE_OF_DOOR:
		snprintf(job, JOB_SIZE, "cmp");
		return true;
	case CHORE_OF_CMF:
		snprintf(job, JOB_SIZE, "cmf");
		return true;
	default:
		ca = ca_at(service->cas, (size_t)chore->ca);
		snprintf(job, JOB_SIZE, "ca %s", ca ? ca_name(ca) : "");
		return ca != NULL;
	}
}

/* What is to be done where another node has the job. */
static int chore_upkeep(const struct chore *chore, const struct service *service,
			struct cmf_worker *worker)
{
	struct ca *ca = chore->ca >= 0 ? ca_at(service->cas, (size_t)chore->ca) : NULL;

	if (chore->ca == CHORE_OF_CMF)
		return cmf_upkeep(service->cmf, worker);
	return ca ? ca_upkeep(ca, worker->reader) : 0;
}

/* One round; *morep: there is more to do. */
static int chore_round(const struct chore *chore, const struct service *service,
		       struct cmf_worker *worker, bool *morep)
{
	struct ca *ca;

	*morep = false;
	switch (chore->ca) {
	case CHORE_OF_ATTESTATION:
		cmf_attestation_housekeeping(service->cmf, clock_now_ms(&clock_system));
		return 0;
	case CHORE_OF_TOKENS:
		return service->tokens
			       ? token_housekeeping(service->tokens, clock_now_ms(&clock_system))
			       : 0;
	case CHORE_OF_DOOR:
		return cmp_housekeeping(service->door, worker, morep);
	case CHORE_OF_CMF:
		return cmf_housekeeping(service->cmf, worker, morep);
	default:
		ca = ca_at(service->cas, (size_t)chore->ca);
		return ca ? ca_housekeeping(ca, worker->reader, worker->unit) : 0;
	}
}

/* Faults are logged where they happen; the next tick tries again. */
static void chore_run(void *arg, struct worker *worker)
{
	struct chore *chore = arg;
	const struct service *service = worker_service(worker);
	char job[JOB_SIZE];
	bool more = true;
	int err = 0;

	if (chore_job(chore, service, job) &&
	    !store_job_enter(worker->daemon->node.nodes, job, worker->own.unit)) {
		err = chore_upkeep(chore, service, &worker->own);
		more = false;
	}
	for (int i = 0; more && err == 0 && i < ROUNDS_MAX; i++)
		err = chore_round(chore, service, &worker->own, &more);
	if (err < 0)
		store_unit_clear(worker->own.unit);
	store_job_leave(worker->own.unit);
	atomic_store(&chore->busy, false);
}

void housekeeper_tick(struct housekeeper *housekeeper)
{
	for (size_t i = 0; i < housekeeper->n_chores; i++) {
		struct chore *chore = housekeeper->chores[i];

		if (!atomic_exchange(&chore->busy, true) &&
		    pool_submit(housekeeper->pool, chore_run, chore) < 0)
			atomic_store(&chore->busy, false);
	}
}
