// SPDX-License-Identifier: Apache-2.0
/*
 * The audit outside of the database: each line to the file and the system's log that [audit] names,
 * and the heads of the chains there and into a directory. Lines are read from the store, so that
 * none is told before its commit; how far each place has them is kept in the store, so that one
 * that could not be written, for a full disk, a crash, a system's log that is gone, gets them when
 * it can be. A thread of its own does all of it: nobody waits for a place.
 *
 * What is written there is json/operator/audit.c's; how, audit_place.c's.
 */
#include "daemon.h"

#include "audit_place.h"
#include "base/error.h"
#include "cmf/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Lines that are read, and written to a file, at once; how often the same trouble is told of. */
enum { PAGE = 500, TROUBLE_INTERVAL_MS = 3600 * 1000 };

enum place_kind { PLACE_FILE, PLACE_SYSLOG, PLACE_HEADS, PLACES };

static const char *const place_names[PLACES] = {
	[PLACE_FILE] = "file", [PLACE_SYSLOG] = "syslog", [PLACE_HEADS] = "heads"};

struct place {
	/* The thread's own. */
	enum place_kind kind;
	const struct conf_audit *conf; /* as of this run */
	char *name;                    /* in the store */
	char *opened;                  /* what fd is of; NULL: none is open */
	int fd;
	bool known;                    /* what it was given was read from the store */
	struct store_audit_sink given; /* and what will be noted of that */
	struct store_audit_sink noted;
	struct store_audit_sink next; /* with what has been read, and not written yet */
	int64_t missing;              /* lines that no chain has any more, before `next` */
	struct strbuf page;
	int64_t head_due_us;
	int trouble;     /* of the place, in this run */
	int64_t told_ms; /* when that was told of */
	/* Under the mutex: */
	char *path; /* NULL: it is not configured */
	int err;    /* 0: it can be written to */
	int64_t err_since_ms;
	int64_t written_id;
};

struct audit_sinks {
	struct daemon *daemon;
	struct pool *pool; /* of one thread */
	atomic_bool busy;
	atomic_bool reopen;
	atomic_bool ending;
	pthread_mutex_t mutex;
	struct place place[PLACES];
};

/* --- opening --- */

/* NULL: it is not configured. */
static const char *place_path(enum place_kind kind, const struct conf_audit *conf)
{
	const char *const paths[PLACES] = {
		[PLACE_FILE] = conf->file,
		[PLACE_SYSLOG] = conf->syslog != CONF_SYSLOG_NONE ? conf->syslog_socket : NULL,
		[PLACE_HEADS] = conf->heads,
	};

	return paths[kind];
}

static void place_close(struct place *place)
{
	if (place->opened)
		close(place->fd);
	free(place->opened);
	place->opened = NULL;
}

/* What is wrong with the place, not with the store, is told of as such. */
static int place_judge(struct place *place, int err)
{
	if (err < 0)
		place->trouble = err;
	return err;
}

static int place_open(struct place *place)
{
	const char *path = place_path(place->kind, place->conf);

	if (place->opened && strcmp(place->opened, path) == 0)
		return 0;
	place_close(place);
	place->fd = place->kind == PLACE_FILE ? audit_file_open(path) : audit_syslog_open(path);
	if (place->fd < 0)
		return place_judge(place, place->fd);
	place->opened = strdup(path);
	if (!place->opened)
		close(place->fd);
	return place->opened ? 0 : -ENOMEM;
}

/* --- writing --- */

/* To the system's log at once, to the file with the others of the page. */
static int text_put(struct place *place, bool notice, struct bytes text)
{
	int err;

	if (place->kind == PLACE_SYSLOG) {
		err = audit_syslog_write(place->fd, place->conf->syslog, notice, text);
		return err == -EMSGSIZE ? err : place_judge(place, err);
	}
	strbuf_add_n(&place->page, (const char *)text.data, text.len);
	strbuf_add(&place->page, "\n");
	return place->page.failed ? -ENOMEM : 0;
}

/* Lines that the place does not get, by what `cmfctl audit export` needs to find them. */
static int gap_put(struct place *place, int64_t after_id, int64_t before_id, int64_t lines,
		   const char *why)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	char when[21];

	clock_format(clock_now_ms(&clock_system), when);
	strbuf_printf(&text,
		      "{\"gap\":true,\"time\":\"%s\",\"after_id\":%" PRId64
		      ",\"before_id\":%" PRId64 ",\"lines\":%" PRId64 ",\"why\":\"%s\"}",
		      when, after_id, before_id, lines, why);
	return text.failed ? -ENOMEM : text_put(place, true, bytes_of_string(text.text));
}

/* What has gone before this line while the place could not be written to. */
static int gap_look(struct place *place, const struct store_audit *line)
{
	int64_t lines = line->sequence - place->next.sequence - 1;

	if (place->next.sequence == 0)
		lines += place->missing;
	return lines > 0 ? gap_put(place, place->next.line, line->id, lines,
				   "retention has removed them before they could be written here")
			 : 0;
}

static int line_take(void *arg, const struct store_audit *line)
{
	struct place *place = arg;
	_cleanup_(freep) char *text = json_audit_text(line);
	bool notice = line->outcome && strcmp(line->outcome, "done") != 0;
	int err = text ? gap_look(place, line) : -ENOMEM;

	if (err == 0)
		err = text_put(place, notice, bytes_of_string(text));
	if (err == -EMSGSIZE)
		err = gap_put(place, line->id - 1, line->id + 1, 1,
			      "the system's log takes none so long");
	if (err == 0)
		place->next = (struct store_audit_sink){
			.chain = line->chain, .sequence = line->sequence, .line = line->id};
	return err;
}

/* The place has what was read up to `next`. */
static int page_end(struct place *place)
{
	struct bytes text = {(const uint8_t *)place->page.text, place->page.len};
	int err = place->page.failed ? -ENOMEM : 0;

	if (err == 0 && text.len > 0)
		err = place_judge(place, audit_file_write(place->fd, text));
	if (err == 0)
		place->given = place->next;
	strbuf_clear(&place->page);
	return err;
}

/* --- following the chains --- */

/* A page of the chain that the place is at; *morep: there may be more of it. */
static int page_give(struct place *place, struct store_reader *reader, bool *morep)
{
	const struct store_audit_filter filter = {.of_chain = true,
						  .chain = place->given.chain,
						  .after_id = place->given.line,
						  .limit = PAGE};
	int64_t before = place->given.line;
	int err, end;

	place->next = place->given;
	err = store_audit_list(reader, &filter, line_take, place);
	end = page_end(place);
	*morep = place->given.line > before;
	if (*morep)
		place->missing = 0;
	return err ? err : end;
}

static int chain_give(struct place *place, struct store_reader *reader)
{
	bool more = true;
	int err = 0;

	while (err == 0 && more)
		err = page_give(place, reader, &more);
	return err;
}

static int chain_enter(struct place *place, struct store_reader *reader,
		       const struct store_audit_chain *chain)
{
	struct store_audit_sink *given = &place->given;
	int err = 0;

	/* A chain begins with its first line, at the time of that. */
	if (given->chain == 0)
		err = store_audit_since(reader, chain->begun_ms, &given->line);
	if (given->line == INT64_MAX)
		given->line = 0;
	if (given->chain > 0 && given->chain == chain->before.chain)
		place->missing += chain->before.sequence - given->sequence;
	given->chain = chain->id;
	given->sequence = 0;
	return err;
}

static int given_read(struct place *place, struct store_reader *reader)
{
	int err = place->known ? 0 : store_audit_sink_get(reader, place->name, &place->given);

	if (err < 0)
		return err;
	if (err == STORE_NOT_FOUND)
		place->given = (struct store_audit_sink){0};
	if (!place->known)
		place->noted = place->given;
	place->known = true;
	return 0;
}

/* That a chain has a next one is asked first: then it gets no more lines. */
static int chains_give(struct place *place, struct store *store, struct store_reader *reader)
{
	struct store_audit_chain next;
	int err = given_read(place, reader);

	do {
		if (err == 0)
			err = store_audit_chain_next(store, reader, place->given.chain, &next);
		if (err == 0 && place->given.chain > 0)
			err = chain_give(place, reader);
		if (err == 0 && next.id > 0)
			err = chain_enter(place, reader, &next);
	} while (err == 0 && next.id > 0);
	return err;
}

/* On the disk first: what is noted is not written again. */
static int given_note(struct place *place, struct store_unit *unit)
{
	int err;

	if (!place->known || memcmp(&place->given, &place->noted, sizeof(place->given)) == 0)
		return 0;
	err = place->kind == PLACE_FILE ? place_judge(place, audit_file_sync(place->fd)) : 0;
	if (err == 0)
		err = store_audit_sink_set(unit, place->name, &place->given);
	if (err == 0)
		err = store_unit_commit(unit);
	if (err == 0)
		place->noted = place->given;
	return err;
}

static int lines_give(struct audit_sinks *sinks, struct place *place, struct worker *worker)
{
	int err = place_open(place), noted;

	if (err < 0)
		return err;
	err = chains_give(place, sinks->daemon->store, worker->own.reader);
	noted = given_note(place, worker->own.unit);
	store_unit_clear(worker->own.unit);
	return err ? err : noted;
}

/* --- heads --- */

static int head_take(void *arg, const struct store_audit *line)
{
	struct store_audit_head *head = arg;

	if (line->hash.len != sizeof(head->place.hash))
		return -EUCLEAN;
	head->place.chain = line->chain;
	head->place.sequence = line->sequence;
	memcpy(head->place.hash, line->hash.data, line->hash.len);
	head->line = line->id;
	head->time_s = clock_now_ms(&clock_system) / 1000;
	return 0;
}

/* The newest line of this process; NULL in *textp if there is none. */
static int head_read(struct store *store, struct worker *worker, char **textp)
{
	int64_t chain = store_audit_chain_own(store);
	struct store_audit_head head = {0};
	struct store_audit_mac mac;
	int err = chain > 0 ? store_audit_newest(worker->own.reader, chain, head_take, &head)
			    : STORE_NOT_FOUND;

	if (err == 0)
		err = cmf_audit_head_mac(worker_service(worker)->cmf, &head, &mac);
	if (err)
		return err == STORE_NOT_FOUND ? 0 : err;
	*textp = json_audit_head_text(&head, &mac);
	return *textp ? 0 : -ENOMEM;
}

static int head_file_write(const struct place *place, const char *head)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	char name[64];
	time_t now = time(NULL);
	struct tm tm;

	strbuf_printf(&text, "%s\n", head);
	if (text.failed || !gmtime_r(&now, &tm))
		return -ENOMEM;
	strftime(name, sizeof(name), "audit-head-%Y%m%dT%H%M%SZ.json", &tm);
	return audit_directory_write(place->conf->heads, name,
				     (struct bytes){(const uint8_t *)text.text, text.len});
}

static int head_give(struct place *place, const char *head)
{
	int err;

	if (place->kind == PLACE_HEADS)
		return place_judge(place, head_file_write(place, head));
	place->next = place->given;
	err = text_put(place, false, bytes_of_string(head));
	return err ? err : page_end(place);
}

/* --- what has become of a place --- */

static const char *place_problem(int err)
{
	return err == -EAGAIN ? "it takes nothing at the moment" : error_text(err);
}

static void trouble_tell(struct place *place, int64_t now_ms)
{
	if (place->err == place->trouble && now_ms - place->told_ms < TROUBLE_INTERVAL_MS)
		return;
	place->told_ms = now_ms;
	log_event(LOG_LEVEL_ERROR, "audit_place", F_TEXT("place", place_names[place->kind]),
		  F_TEXT("path", place_path(place->kind, place->conf)),
		  F_TEXT("problem", place_problem(place->trouble)),
		  F_TEXT("effect", place->kind == PLACE_HEADS
					   ? "no head of the audit is written there"
					   : "lines of the audit wait in the database"));
}

static void place_end(struct audit_sinks *sinks, struct place *place)
{
	const char *path = place_path(place->kind, place->conf);
	int64_t now_ms = clock_now_ms(&clock_system);

	if (place->trouble) {
		trouble_tell(place, now_ms);
		place_close(place);
	} else if (place->err) {
		log_event(LOG_LEVEL_INFO, "audit_place", F_TEXT("place", place_names[place->kind]),
			  F_TEXT("path", path), F_TEXT("effect", "it can be written to again"));
	}
	pthread_mutex_lock(&sinks->mutex);
	if (!place->err)
		place->err_since_ms = now_ms;
	place->err = place->trouble;
	place->written_id = place->given.line;
	free(place->path);
	place->path = strdup(path);
	pthread_mutex_unlock(&sinks->mutex);
}

static void place_leave(struct audit_sinks *sinks, struct place *place)
{
	place_close(place);
	pthread_mutex_lock(&sinks->mutex);
	free(place->path);
	place->path = NULL;
	place->err = 0;
	pthread_mutex_unlock(&sinks->mutex);
}

/* --- a run --- */

static bool head_is_due(const struct audit_sinks *sinks, const struct place *place)
{
	return atomic_load(&sinks->ending) || clock_monotonic_us() >= place->head_due_us;
}

/* Faults of the store are logged where they happen; the next run tries again. */
static void place_run(struct audit_sinks *sinks, struct place *place, struct worker *worker)
{
	_cleanup_(freep) char *head = NULL;
	bool due = head_is_due(sinks, place);
	int err = 0;

	/* Of a directory nothing is known until the next head. */
	if (place->kind == PLACE_HEADS && !due)
		return;
	place->trouble = 0;
	if (place->kind != PLACE_HEADS)
		err = lines_give(sinks, place, worker);
	if (err == 0 && due)
		err = head_read(sinks->daemon->store, worker, &head);
	if (err == 0 && head)
		err = head_give(place, head);
	if (err == 0 && head)
		place->head_due_us = clock_monotonic_us() + 1000 * place->conf->heads_interval_ms;
	place_end(sinks, place);
}

static void sinks_run(void *arg, struct worker *worker)
{
	struct audit_sinks *sinks = arg;
	const struct conf_audit *conf = &worker_service(worker)->conf->audit;
	bool reopen = atomic_exchange(&sinks->reopen, false);

	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &sinks->place[i];

		place->conf = conf;
		if (reopen)
			place_close(place);
		if (place_path(place->kind, conf))
			place_run(sinks, place, worker);
		else
			place_leave(sinks, place);
	}
	atomic_store(&sinks->busy, false);
}

/* --- its life --- */

/* Several nodes that serve one database have places of their own. */
static char *place_name(const struct daemon *daemon, enum place_kind kind)
{
	char *name;

	if (!store_database_is_url(daemon->service->conf->store.database))
		return strdup(place_names[kind]);
	return asprintf(&name, "%s %s", place_names[kind], daemon->node.name) < 0 ? NULL : name;
}

int audit_sinks_new(struct daemon *daemon, struct audit_sinks **sinksp)
{
	const struct pool_ops ops = {worker_new, worker_free, daemon};
	_cleanup_(audit_sinks_freep) struct audit_sinks *sinks = calloc(1, sizeof(*sinks));
	int err;

	if (!sinks)
		return -ENOMEM;
	sinks->daemon = daemon;
	pthread_mutex_init(&sinks->mutex, NULL);
	for (size_t i = 0; i < PLACES; i++) {
		sinks->place[i].kind = (enum place_kind)i;
		sinks->place[i].name = place_name(daemon, (enum place_kind)i);
		if (!sinks->place[i].name)
			return -ENOMEM;
	}
	err = pool_new(&ops, 1, 2, &sinks->pool);
	if (err < 0)
		return err;
	*sinksp = TAKE(sinks);
	return 0;
}

void audit_sinks_tick(struct audit_sinks *sinks)
{
	if (!atomic_exchange(&sinks->busy, true) && pool_submit(sinks->pool, sinks_run, sinks) < 0)
		atomic_store(&sinks->busy, false);
}

void audit_sinks_reopen(struct audit_sinks *sinks)
{
	atomic_store(&sinks->reopen, true);
}

void audit_sinks_free(struct audit_sinks *sinks)
{
	if (!sinks)
		return;
	/* What is still to be told, and the head of all of it. */
	atomic_store(&sinks->ending, true);
	if (sinks->pool && pool_submit(sinks->pool, sinks_run, sinks) < 0)
		log_fault("audit: the last lines to [audit]", -EAGAIN, NULL);
	pool_free(sinks->pool);
	for (size_t i = 0; i < PLACES; i++) {
		place_close(&sinks->place[i]);
		free(sinks->place[i].name);
		free(sinks->place[i].path);
	}
	pthread_mutex_destroy(&sinks->mutex);
	free(sinks);
}

/* --- how it is --- */

int audit_sinks_look(struct audit_sinks *sinks, json_audit_place_each *each, void *arg)
{
	int err = 0;

	pthread_mutex_lock(&sinks->mutex);
	for (size_t i = 0; i < PLACES && err == 0; i++) {
		const struct place *place = &sinks->place[i];
		const struct json_audit_place seen = {
			.name = place_names[i],
			.path = place->path,
			.written_id = place->written_id,
			.problem = place->err ? place_problem(place->err) : NULL,
			.problem_since_ms = place->err ? place->err_since_ms : 0};

		if (place->path)
			err = each(arg, &seen);
	}
	pthread_mutex_unlock(&sinks->mutex);
	return err;
}

static int place_gauge(void *arg, const struct json_audit_place *place)
{
	char label[48];

	snprintf(label, sizeof(label), "place=\"%s\"", place->name);
	metrics_gauge(arg, "cmfd_audit_place_working", NULL, label, !place->problem);
	return 0;
}

void audit_sinks_metrics(struct audit_sinks *sinks, struct strbuf *out)
{
	strbuf_add(out,
		   "# HELP cmfd_audit_place_working Whether what [audit] names could be written "
		   "to the last time.\n# TYPE cmfd_audit_place_working gauge\n");
	if (audit_sinks_look(sinks, place_gauge, out) < 0)
		out->failed = true;
}
