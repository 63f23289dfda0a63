// SPDX-License-Identifier: Apache-2.0
/* Registered entities in the store. */
#include "reader.h"
#include "unit.h"

#include "base/name_fold.h"

#include <assert.h>

void store_registration_clear(struct store_registration *r)
{
	free(r->vnf_instance);
	free(r->subject_id);
	free(r->manager);
	free(r->trust_domain);
	free(r->ca);
	free(r->profile);
	free(r->source);
	memset(r, 0, sizeof(*r));
}

bool store_entity_same(const struct store_entity *a, const struct store_entity *b)
{
	return strcmp(a->trust_domain, b->trust_domain) == 0 &&
	       strcmp(a->vnf_instance, b->vnf_instance) == 0 &&
	       names_equal(bytes_of_string(a->subject_id), bytes_of_string(b->subject_id));
}

/* --- reading --- */

static int registration_read(struct row *row, void *arg)
{
	struct store_registration *reg = arg;
	int err;

	*reg = (struct store_registration){0};
	reg->id = row_int(row);
	reg->cert_type = (enum cert_type)row_int(row);
	reg->subject_id = row_text(row);
	reg->handling = (enum cert_handling)row_int(row);
	reg->manager = row_text(row);
	reg->trust_domain = row_text(row);
	reg->ca = row_text(row);
	reg->profile = row_text(row);
	reg->state = (enum store_registration_state)row_int(row);
	reg->created_ms = row_int(row);
	reg->changed_ms = row_int(row);
	reg->vnf_instance = row_text(row);
	reg->source = row_text(row);
	reg->attester_id = row_int_or(row, 0);
	err = row_complete(row);
	if (err < 0)
		store_registration_clear(reg);
	return err;
}

int store_registration_find(struct store_reader *r, const struct store_entity *entity,
			    enum cert_type type, struct store_registration *regp)
{
	_cleanup_(freep) char *key = NULL;
	int err = name_fold(bytes_of_string(entity->subject_id), &key);

	if (err < 0)
		return err;
	return read_one(r, READ_REGISTRATION_FIND,
			VALUES(value_text(key), value_text(entity->trust_domain),
			       value_text(entity->vnf_instance), value_int(type)),
			registration_read, regp);
}

int store_registration_get(struct store_reader *r, int64_t id, struct store_registration *regp)
{
	return read_one(r, READ_REGISTRATION_GET, VALUES(value_int(id)), registration_read, regp);
}

int store_entity_managed(struct store_reader *r, const struct store_entity *entity,
			 const char *manager, bool *managedp)
{
	_cleanup_(freep) char *key = NULL;
	int err = name_fold(bytes_of_string(entity->subject_id), &key);

	if (err < 0)
		return err;
	if (!entity->vnf_instance)
		return read_exists(r, READ_ENTITY_MANAGED_IN_DOMAIN,
				   VALUES(value_text(key), value_text(entity->trust_domain),
					  value_text(manager)),
				   managedp);
	return read_exists(r, READ_ENTITY_MANAGED,
			   VALUES(value_text(key), value_text(entity->trust_domain),
				  value_text(manager), value_text(entity->vnf_instance)),
			   managedp);
}

/* The values of SUBJECT_TAKEN: of `except` nothing, if it has another subject_id. */
static struct store_entity excepted(const char *subject_id, const struct store_entity *except)
{
	if (!except ||
	    !names_equal(bytes_of_string(subject_id), bytes_of_string(except->subject_id)))
		return (struct store_entity){NULL, NULL, NULL};
	return *except;
}

int store_subject_taken(struct store_reader *r, const char *subject_id,
			const struct store_entity *except, bool *takenp)
{
	const struct store_entity own = excepted(subject_id, except);
	_cleanup_(freep) char *key = NULL;
	int err = name_fold(bytes_of_string(subject_id), &key);

	if (err < 0)
		return err;
	return read_exists(
		r, READ_SUBJECT_TAKEN,
		VALUES(value_text(key), value_text(own.trust_domain), value_text(own.vnf_instance)),
		takenp);
}

int store_registration_idle(struct store_reader *r, int64_t id, int64_t now_ms, bool *idlep)
{
	bool busy;
	int err = read_exists(r, READ_REGISTRATION_BUSY, VALUES(value_int(id), value_int(now_ms)),
			      &busy);

	*idlep = !busy;
	return err;
}

int store_registration_ca_used(struct store_reader *r, const char *trust_domain,
			       const char *manager, const char *ca, bool *usedp)
{
	if (!manager)
		return read_exists(r, READ_CA_USED,
				   VALUES(value_text(trust_domain), value_text(ca)), usedp);
	return read_exists(r, READ_CA_USED_BY_MANAGER,
			   VALUES(value_text(trust_domain), value_text(ca), value_text(manager)),
			   usedp);
}

void store_ca_use_clear(struct store_ca_use *use)
{
	free(use->trust_domain);
	free(use->ca);
	*use = (struct store_ca_use){0};
}

static int ca_use_read(struct row *row, void *arg)
{
	struct store_ca_use *use = arg;

	use->trust_domain = row_text(row);
	use->ca = row_text(row);
	return row_complete(row);
}

int store_ca_use_next(struct store_reader *r, struct store_ca_use *use)
{
	struct store_ca_use next = {0};
	int err = read_one(r, READ_CA_USE_NEXT,
			   VALUES(value_text(use->trust_domain ? use->trust_domain : ""),
				  value_text(use->ca ? use->ca : "")),
			   ca_use_read, &next);

	store_ca_use_clear(err == 0 ? use : &next);
	if (err == 0)
		*use = next;
	return err;
}

struct registration_walk {
	store_registration_each *each;
	void *arg;
};

static int registration_give(struct row *row, void *arg)
{
	const struct registration_walk *walk = arg;
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	int err = registration_read(row, &reg);

	return err < 0 ? err : walk->each(walk->arg, &reg);
}

int store_registration_of_subject(struct store_reader *r, const char *trust_domain,
				  const char *subject_id, enum cert_type type, const char *manager,
				  store_registration_each *each, void *arg)
{
	struct registration_walk walk = {each, arg};
	_cleanup_(freep) char *key = NULL;
	int err = name_fold(bytes_of_string(subject_id), &key);

	if (err < 0)
		return err;
	if (!manager)
		return read_each(r, READ_REGISTRATION_OF_SUBJECT,
				 VALUES(value_text(key), value_text(trust_domain), value_int(type)),
				 registration_give, &walk);
	return read_each(r, READ_REGISTRATION_OF_MANAGER,
			 VALUES(value_text(key), value_text(trust_domain), value_int(type),
				value_text(manager)),
			 registration_give, &walk);
}

int store_registration_list(struct store_reader *r, const struct store_registration_filter *filter,
			    store_registration_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_REGISTRATIONS);
	struct registration_walk walk = {each, arg};
	_cleanup_(freep) char *key = NULL;
	int err = filter->subject_id ? name_fold(bytes_of_string(filter->subject_id), &key) : 0;

	if (err < 0)
		return err;
	query_where(&q, WHERE_ID_AFTER, value_int(filter->after_id));
	if (key)
		query_where(&q, WHERE_SUBJECT_KEY, value_text(key));
	if (filter->vnf_instance)
		query_where(&q, WHERE_VNF_INSTANCE, value_text(filter->vnf_instance));
	if (filter->manager)
		query_where(&q, WHERE_MANAGER, value_text(filter->manager));
	if (filter->trust_domain)
		query_where(&q, WHERE_TRUST_DOMAIN, value_text(filter->trust_domain));
	if (filter->cert_type >= 0)
		query_where(&q, WHERE_CERT_TYPE, value_int(filter->cert_type));
	if (filter->ca)
		query_where(&q, WHERE_CA, value_text(filter->ca));
	if (filter->profile)
		query_where(&q, WHERE_PROFILE, value_text(filter->profile));
	if (!filter->with_deregistered)
		query_if(&q, IF_REGISTERED);
	query_end(&q, ORDER_ID, filter->limit);
	return query_walk(&q, registration_give, &walk);
}

/* --- many at once --- */

void store_entity_known_clear(struct store_entity_known *known)
{
	store_registration_clear(&known->registration);
	*known = (struct store_entity_known){0};
}

/* Two questions for each entity. */
static int known_take(void *arg, size_t index, struct row *row)
{
	struct store_entity_known *known = (struct store_entity_known *)arg + index / 2;
	int err = 0;

	if (index % 2 == 1)
		known->managed = row;
	else if (row)
		err = registration_read(row, &known->registration);
	return err;
}

int store_entities_look(struct store_reader *r, const struct store_entity *entities, size_t n,
			enum cert_type type, const char *manager, struct store_entity_known *knownp)
{
	struct read_question questions[2 * STORE_ENTITIES_MAX];
	char *keys[STORE_ENTITIES_MAX] = {0};
	int err = 0;

	assert(n <= STORE_ENTITIES_MAX);
	memset(knownp, 0, n * sizeof(*knownp));
	for (size_t i = 0; err == 0 && i < n; i++) {
		const struct value trust_domain = value_text(entities[i].trust_domain);
		const struct value vnf_instance = value_text(entities[i].vnf_instance);

		err = name_fold(bytes_of_string(entities[i].subject_id), &keys[i]);
		questions[2 * i] = (struct read_question){
			READ_REGISTRATION_FIND,
			4,
			{value_text(keys[i]), trust_domain, vnf_instance, value_int(type)}};
		questions[2 * i + 1] = (struct read_question){
			READ_ENTITY_MANAGED,
			4,
			{value_text(keys[i]), trust_domain, value_text(manager), vnf_instance}};
	}
	if (err == 0)
		err = read_many(r, questions, 2 * n, known_take, knownp);
	for (size_t i = 0; i < n; i++) {
		free(keys[i]);
		if (err < 0)
			store_entity_known_clear(&knownp[i]);
	}
	return err;
}

/* --- changes --- */

int store_registration_insert(struct store_unit *u, const struct store_registration *reg,
			      int64_t *idp)
{
	_cleanup_(freep) char *key = NULL;
	int err = name_fold(bytes_of_string(reg->subject_id), &key);

	if (err < 0)
		return err;
	return unit_add_result(u, CHANGE_REGISTRATION_INSERT, idp,
			       VALUES(value_int(reg->cert_type), value_text(reg->subject_id),
				      value_int(reg->handling), value_text(reg->manager),
				      value_text(reg->trust_domain), value_text(reg->ca),
				      value_text(reg->profile), value_int(reg->state),
				      value_int(reg->created_ms), value_int(reg->changed_ms),
				      value_text(reg->vnf_instance), value_text(key),
				      value_text(reg->source)));
}

int store_registration_change(struct store_unit *u, const struct store_registration *reg,
			      const char *profile, const char *ca, int64_t now_ms)
{
	return unit_add(u, CHANGE_REGISTRATION_CHANGE,
			VALUES(value_id(reg->id), value_text(reg->profile), value_text(reg->ca),
			       value_text(profile), value_text(ca), value_int(now_ms)));
}

int store_registration_set_manager(struct store_unit *u, int64_t id, const char *from,
				   const char *manager, int64_t now_ms)
{
	return unit_add(
		u, CHANGE_REGISTRATION_SET_MANAGER,
		VALUES(value_id(id), value_text(from), value_text(manager), value_int(now_ms)));
}

int store_registration_pass_on(struct store_unit *u, const struct store_registration *reg,
			       const char *manager, int64_t now_ms)
{
	_cleanup_(freep) char *key = NULL;
	int err = name_fold(bytes_of_string(reg->subject_id), &key);

	if (err < 0)
		return err;
	return unit_add(u, CHANGE_REGISTRATION_PASS_ON,
			VALUES(value_text(key), value_text(reg->trust_domain),
			       value_text(reg->vnf_instance), value_text(reg->manager),
			       value_text(manager), value_int(now_ms)));
}

int store_registration_require_idle(struct store_unit *u, const struct store_registration *reg,
				    int64_t now_ms)
{
	return unit_add(u, CHANGE_REGISTRATION_REQUIRE_IDLE,
			VALUES(value_id(reg->id), value_int(now_ms), value_text(reg->profile),
			       value_text(reg->ca)));
}

int store_registration_deregister(struct store_unit *u, int64_t id, int64_t now_ms)
{
	return unit_add(u, CHANGE_REGISTRATION_DEREGISTER, VALUES(value_id(id), value_int(now_ms)));
}

int store_subject_require(struct store_unit *u, const char *subject_id,
			  const struct store_entity *except)
{
	const struct store_entity own = excepted(subject_id, except);
	_cleanup_(freep) char *key = NULL;
	int err = name_fold(bytes_of_string(subject_id), &key);

	if (err < 0)
		return err;
	return unit_add(u, CHANGE_SUBJECT_REQUIRE,
			VALUES(value_text(key), value_text(own.trust_domain),
			       value_text(own.vnf_instance)));
}
