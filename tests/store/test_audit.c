// SPDX-License-Identifier: Apache-2.0
/* Lines of audit. */
#include "fixture.h"

#include "store/audit.h"

#include <openssl/hmac.h>
#include <string.h>

static const struct store_audit whole = {.time_ms = 5000,
					 .actor = "cmfctl",
					 .actor_kind = STORE_ACTOR_OPERATOR,
					 .action = "revoke",
					 .target = "vnfci-1",
					 .detail = "0a0b",
					 .before = "active",
					 .after = "revoked, reasonCode 1",
					 .outcome = "notAuthorized",
					 .has_uid = true,
					 .uid = UINT32_MAX - 1,
					 .user = "operator",
					 .request_id = INT64_MAX};
static const struct store_audit bare = {
	.time_ms = 6000, .actor = "vnfm-a", .action = "issue", .target = "vnfci-2"};

static void put_audit(struct fixture *f, const struct store_audit *audit)
{
	OK(store_audit_add(f->unit, audit));
	OK(store_unit_commit(f->unit));
}

static void same_text(const char *a, const char *b)
{
	ck_assert_int_eq(a != NULL, b != NULL);
	if (a)
		ck_assert_str_eq(a, b);
}

static int whole_or_bare(void *arg, const struct store_audit *a)
{
	const struct store_audit *expected = a->time_ms == whole.time_ms ? &whole : &bare;
	int *n = arg;

	ck_assert_int_eq(a->id, ++*n);
	ck_assert_int_eq(a->time_ms, expected->time_ms);
	ck_assert_int_eq(a->actor_kind, expected->actor_kind);
	same_text(a->actor, expected->actor);
	same_text(a->action, expected->action);
	same_text(a->target, expected->target);
	same_text(a->detail, expected->detail);
	same_text(a->before, expected->before);
	same_text(a->after, expected->after);
	same_text(a->outcome, expected->outcome ? expected->outcome : "done");
	ck_assert_int_eq(a->has_uid, expected->has_uid);
	if (a->has_uid)
		ck_assert_uint_eq(a->uid, expected->uid);
	same_text(a->user, expected->user);
	ck_assert_int_eq(a->chain, 1);
	ck_assert_int_eq(a->sequence, *n);
	ck_assert_uint_eq(a->hash.len, STORE_AUDIT_HASH_LEN);
	ck_assert_uint_eq(a->request_id, expected->request_id);
	return 0;
}

/* vnfc-1 of two VNF instances are two entities. */
static int of_a_vnf(void *arg, const struct store_audit *a)
{
	(void)arg;
	ck_assert_str_eq(a->target, "urn:etsi:nfv:vnfci:vnf%3A1:vnfc-1");
	ck_assert_ptr_null(a->vnf_instance);
	return 0;
}

START_TEST(test_target_in_a_vnf_instance)
{
	const struct store_audit_filter all = {.limit = 10};
	struct store_audit audit = bare;
	struct fixture f;

	fixture_begin(&f, _i);
	audit.target = "vnfc-1";
	audit.vnf_instance = "vnf:1";
	put_audit(&f, &audit);
	OK(store_audit_list(f.reader, &all, of_a_vnf, NULL));
	fixture_end(&f);
}
END_TEST

START_TEST(test_audit_comes_back_as_added)
{
	const struct store_audit_filter all = {.limit = 10};
	struct fixture f;
	int n = 0;

	fixture_begin(&f, _i);
	put_audit(&f, &whole);
	put_audit(&f, &bare);
	OK(store_audit_list(f.reader, &all, whole_or_bare, &n));
	ck_assert_int_eq(n, 2);
	fixture_end(&f);
}
END_TEST

static int count_audit(void *arg, const struct store_audit *a)
{
	(void)a;
	++*(int *)arg;
	return 0;
}

START_TEST(test_audit_filters)
{
	static const struct {
		struct store_audit_filter filter;
		int n;
	} cases[] = {
		{{.limit = 10}, 3},
		{{.limit = 2}, 2},
		{{.limit = 10, .after_id = 1}, 2},
		{{.limit = 10, .actor = "vnfm-a"}, 2},
		{{.limit = 10, .actor = "vnfm-"}, 0},
		{{.limit = 10, .actor = "operator"}, 1},
		{{.limit = 10, .action = "revoke"}, 1},
		{{.limit = 10, .target = "vnfci-2"}, 2},
		{{.limit = 10, .outcome = "done"}, 2},
		{{.limit = 10, .outcome = "notAuthorized"}, 1},
		{{.limit = 10, .request_id = INT64_MAX}, 1},
		{{.limit = 10, .since_ms = 5001}, 2},
		{{.limit = 10, .since_ms = 6001}, 0},
		{{.limit = 10, .actor = "vnfm-a", .action = "issue", .after_id = 2}, 1},
	};
	struct fixture f;

	fixture_begin(&f, _i);
	put_audit(&f, &whole);
	put_audit(&f, &bare);
	put_audit(&f, &bare);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int n = 0;

		OK(store_audit_list(f.reader, &cases[i].filter, count_audit, &n));
		ck_assert_msg(n == cases[i].n, "case %zu: %d", i, n);
	}
	fixture_end(&f);
}
END_TEST

/* --- chains --- */

enum { CHAINS_MAX = 4, LINES_MAX = 16 };

/* All chains, and all lines with where they are. */
struct chains {
	struct store_audit_chain chain[CHAINS_MAX];
	size_t len;
	struct store_audit_place place[LINES_MAX];
	struct store_audit_place computed[CHAINS_MAX];
	size_t n_lines;
};

static int chain_keep(void *arg, const struct store_audit_chain *chain)
{
	struct chains *chains = arg;

	ck_assert_uint_lt(chains->len, CHAINS_MAX);
	ck_assert_int_eq(chain->id, (int64_t)chains->len);
	OK(store_audit_begin(chain, &chains->computed[chains->len]));
	chains->chain[chains->len++] = *chain;
	return 0;
}

static int line_keep(void *arg, const struct store_audit *line)
{
	struct chains *chains = arg;
	struct store_audit_place *place = &chains->place[chains->n_lines++];

	ck_assert_uint_le(chains->n_lines, LINES_MAX);
	*place = (struct store_audit_place){.chain = line->chain, .sequence = line->sequence};
	if (line->chain > 0)
		memcpy(place->hash, line->hash.data, sizeof(place->hash));
	OK(store_audit_step(&chains->computed[line->chain], line));
	if (line->chain > 0)
		ck_assert_mem_eq(place->hash, chains->computed[line->chain].hash,
				 sizeof(place->hash));
	return 0;
}

static struct chains chains_of(struct fixture *f)
{
	const struct store_audit_filter all = {.limit = 100};
	struct chains chains = {0};

	OK(store_audit_chains(f->reader, chain_keep, &chains));
	OK(store_audit_list(f->reader, &all, line_keep, &chains));
	for (size_t i = 0; i < chains.len; i++) {
		ck_assert_int_eq(chains.chain[i].last.sequence, chains.computed[i].sequence);
		ck_assert_mem_eq(chains.chain[i].last.hash, chains.computed[i].hash,
				 STORE_AUDIT_HASH_LEN);
	}
	return chains;
}

void audit_chains_check(struct fixture *f, int64_t n_chains, int64_t n_lines)
{
	struct chains chains = chains_of(f);

	ck_assert_uint_eq(chains.len, (size_t)n_chains);
	ck_assert_uint_eq(chains.n_lines, (size_t)n_lines);
}

static const struct store_audit_key key = {.id = "key-id-", .octets = "an audit key of 32 octets"};

static void number_put(uint8_t out[8], int64_t number)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
}

/* By OpenSSL's HMAC(), over what audit_hash.h says. */
static void assert_mac_by(const struct store_audit_key *by, const struct store_audit_mac *mac,
			  enum store_audit_mac_of of, const struct store_audit_place *place)
{
	const char *label = of == STORE_AUDIT_LAST ? "cmfd audit last" : "cmfd audit chains";
	size_t len = strlen(label);
	uint8_t text[64 + STORE_AUDIT_HASH_LEN], expected[EVP_MAX_MD_SIZE];

	memcpy(text, label, len);
	number_put(text + len, place->chain);
	number_put(text + len + 8, place->sequence);
	memcpy(text + len + 16, place->hash, STORE_AUDIT_HASH_LEN);
	ck_assert_ptr_nonnull(HMAC(EVP_sha256(), by->octets, sizeof(by->octets), text,
				   len + 16 + STORE_AUDIT_HASH_LEN, expected, NULL));
	ck_assert(mac->present);
	ck_assert_mem_eq(mac->key_id, by->id, sizeof(by->id));
	ck_assert_mem_eq(mac->octets, expected, sizeof(mac->octets));
}

static void assert_mac(const struct store_audit_mac *mac, enum store_audit_mac_of of,
		       const struct store_audit_place *place)
{
	assert_mac_by(&key, mac, of, place);
}

/* Each time that the store is opened is a process; what it does not write, it has no chain for. */
START_TEST(test_each_process_has_a_chain)
{
	struct fixture f;
	struct chains chains;

	fixture_begin(&f, _i);
	store_audit_keys_set(f.store, &key, 1);
	put_audit(&f, &whole);
	put_audit(&f, &bare);
	fixture_close(&f);
	fixture_open(&f);
	fixture_close(&f);
	fixture_open(&f);
	store_audit_keys_set(f.store, &key, 1);
	put_audit(&f, &bare);
	chains = chains_of(&f);
	ck_assert_uint_eq(chains.len, 3);
	ck_assert_uint_eq(chains.n_lines, 3);
	ck_assert_int_eq(chains.chain[1].last.sequence, 2);
	ck_assert_int_eq(chains.chain[1].begun_ms, whole.time_ms);
	ck_assert_int_eq(chains.chain[2].before.sequence, 2);
	ck_assert_mem_eq(chains.chain[2].before.hash, chains.chain[1].last.hash,
			 STORE_AUDIT_HASH_LEN);
	assert_mac(&chains.chain[1].mac, STORE_AUDIT_LAST, &chains.chain[1].last);
	assert_mac(&chains.chain[2].mac, STORE_AUDIT_LAST, &chains.chain[2].last);
	assert_mac(&chains.chain[0].mac, STORE_AUDIT_CHAINS,
		   &(const struct store_audit_place){.chain = 2});
	fixture_end(&f);
}
END_TEST

/* One key makes many MACs, and a new one makes those that come then. */
START_TEST(test_macs_are_of_the_key_in_force)
{
	const struct store_audit_key keys[] = {
		{.id = "key-new", .octets = "another audit key, 32 octets"}, key};
	struct store_audit_mac mac = {0};
	struct chains chains;
	struct fixture f;

	fixture_begin(&f, _i);
	store_audit_keys_set(f.store, &key, 1);
	for (int i = 0; i < 3; i++) {
		put_audit(&f, &bare);
		chains = chains_of(&f);
		assert_mac(&chains.chain[1].mac, STORE_AUDIT_LAST, &chains.chain[1].last);
	}
	store_audit_keys_set(f.store, keys, 2);
	for (int i = 0; i < 2; i++) {
		put_audit(&f, &bare);
		chains = chains_of(&f);
		assert_mac_by(&keys[0], &chains.chain[1].mac, STORE_AUDIT_LAST,
			      &chains.chain[1].last);
	}
	OK(store_audit_mac(&key, STORE_AUDIT_LAST, &chains.chain[1].last, &mac));
	assert_mac(&mac, STORE_AUDIT_LAST, &chains.chain[1].last);
	fixture_end(&f);
}
END_TEST

/* What did not happen is not in the chain: a unit with a conflict, also in a batch of others. */
START_TEST(test_a_unit_that_fails_leaves_no_gap)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct fixture f;
	struct chains chains;

	fixture_begin(&f, _i);
	OK(store_audit_add(f.unit, &bare));
	OK(store_registration_deregister(f.unit, 1, 1));
	CONFLICT(store_unit_commit(f.unit));
	ck_assert_uint_eq(chains_of(&f).len, 1);
	put_registration(&f, &reg);
	put_audit(&f, &whole);
	OK(store_audit_add(f.unit, &bare));
	OK(store_registration_insert(f.unit, &reg, NULL));
	CONFLICT(store_unit_commit(f.unit));
	put_audit(&f, &bare);
	chains = chains_of(&f);
	ck_assert_uint_eq(chains.len, 2);
	ck_assert_uint_eq(chains.n_lines, 2);
	ck_assert(!chains.chain[1].mac.present);
	fixture_end(&f);
}
END_TEST

START_TEST(test_purge_and_seal)
{
	struct store_audit_mac mac = {.present = true, .key_id = "another", .octets = "a MAC"};
	struct fixture f;
	struct chains chains;

	fixture_begin(&f, _i);
	for (int i = 0; i < 4; i++)
		put_audit(&f, &bare);
	chains = chains_of(&f);
	OK(store_audit_purge(f.unit, 2));
	OK(store_audit_anchor(f.unit, &chains.place[1], 0, &mac));
	OK(store_unit_commit(f.unit));
	/* Somebody else has been at it. */
	OK(store_audit_anchor(f.unit, &chains.place[1], 0, &mac));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_audit_seal(f.unit, &chains.chain[1], 1, &mac, &mac));
	CONFLICT(store_unit_commit(f.unit));
	chains = (struct chains){0};
	OK(store_audit_chains(f.reader, chain_keep, &chains));
	ck_assert_int_eq(chains.chain[1].anchor.sequence, 2);
	ck_assert_mem_eq(chains.chain[1].anchor_mac.octets, mac.octets, sizeof(mac.octets));
	ck_assert(!chains.chain[1].mac.present);
	OK(store_audit_seal(f.unit, &chains.chain[1], 1, &mac, &mac));
	OK(store_unit_commit(f.unit));
	chains.len = 0;
	OK(store_audit_chains(f.reader, chain_keep, &chains));
	ck_assert_mem_eq(chains.chain[1].mac.key_id, mac.key_id, sizeof(mac.key_id));
	/* And the process goes on where it was. */
	put_audit(&f, &bare);
	ck_assert_int_eq(f.backend->audit_count(f.database), 3);
	fixture_end(&f);
}
END_TEST

/* Two processes: each goes on with its own chain, whatever the other does. */
START_TEST(test_two_processes_have_two_chains)
{
	struct store *other = NULL;
	struct store_unit *theirs = NULL;
	struct chains chains;
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_open(&f.options, &other));
	OK(store_unit_new(other, &theirs));
	store_audit_keys_set(f.store, &key, 1);
	store_audit_keys_set(other, &key, 1);
	for (int i = 0; i < 3; i++) {
		put_audit(&f, &bare);
		OK(store_audit_add(theirs, &whole));
		OK(store_unit_commit(theirs));
	}
	chains = chains_of(&f);
	ck_assert_uint_eq(chains.len, 3);
	ck_assert_int_eq(chains.chain[1].last.sequence, 3);
	ck_assert_int_eq(chains.chain[2].last.sequence, 3);
	ck_assert_int_eq(chains.chain[2].before.sequence, 1);
	assert_mac(&chains.chain[0].mac, STORE_AUDIT_CHAINS,
		   &(const struct store_audit_place){.chain = 2});
	store_unit_free(theirs);
	store_close(other);
	fixture_end(&f);
}
END_TEST

/* The MAC of how many chains there are is not made anew of fewer than there are by now. */
START_TEST(test_number_of_chains_is_sealed_as_it_is)
{
	struct store_audit_mac mac = {.present = true, .key_id = "another", .octets = "a MAC"};
	struct chains chains;
	struct fixture f;

	fixture_begin(&f, _i);
	store_audit_keys_set(f.store, &key, 1);
	put_audit(&f, &bare);
	chains = chains_of(&f);
	OK(store_audit_seal(f.unit, &chains.chain[0], 0, &mac, &mac));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_audit_seal(f.unit, &chains.chain[0], 1, &mac, &mac));
	OK(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

/* --- places outside of the store --- */

static int line_note(void *arg, const struct store_audit *line)
{
	*(int64_t *)arg = line->id;
	return 0;
}

/* What is asked for a place: where it is, and which chain is next when its own gets no more. */
START_TEST(test_place_goes_from_chain_to_chain)
{
	const struct store_audit_sink first = {.chain = 1, .sequence = 2, .line = 2};
	const struct store_audit_filter of_2 = {.of_chain = true, .chain = 2, .limit = 10};
	struct store_audit_sink sink = {0};
	struct store_audit_chain next;
	struct fixture f;
	int64_t id;
	int n = 0;

	fixture_begin(&f, _i);
	ABSENT(store_audit_sink_get(f.reader, "file", &sink));
	ck_assert_int_eq(store_audit_chain_own(f.store), 0);
	OK(store_audit_chain_next(f.store, f.reader, 0, &next));
	ck_assert_int_eq(next.id, 0);
	put_audit(&f, &whole);
	put_audit(&f, &bare);
	ck_assert_int_eq(store_audit_chain_own(f.store), 1);
	OK(store_audit_chain_next(f.store, f.reader, 0, &next));
	ck_assert_int_eq(next.id, 1);
	ck_assert_int_eq(next.begun_ms, whole.time_ms);
	OK(store_audit_chain_next(f.store, f.reader, 1, &next));
	ck_assert_int_eq(next.id, 0);
	OK(store_audit_sink_set(f.unit, "file", &first));
	OK(store_unit_commit(f.unit));
	fixture_close(&f);
	fixture_open(&f);
	OK(store_audit_sink_get(f.reader, "file", &sink));
	ck_assert_mem_eq(&sink, &first, sizeof(sink));
	put_audit(&f, &bare);
	OK(store_audit_chain_next(f.store, f.reader, 1, &next));
	ck_assert_int_eq(next.id, 2);
	OK(store_audit_chain_next(f.store, f.reader, 0, &next));
	ck_assert_int_eq(next.id, 2);
	OK(store_audit_list(f.reader, &of_2, count_audit, &n));
	ck_assert_int_eq(n, 1);
	ABSENT(store_audit_chain_get(f.reader, 3, &next));
	OK(store_audit_chain_get(f.reader, 2, &next));
	ck_assert_int_eq(next.id, 2);
	OK(store_audit_chain_start(f.reader, &next, &id));
	ck_assert_int_le(id, 2);
	next.begun_ms = INT64_MAX;
	OK(store_audit_chain_start(f.reader, &next, &id));
	ck_assert_int_eq(id, 0);
	OK(store_audit_newest(f.reader, 1, line_note, &id));
	ck_assert_int_eq(id, 2);
	ABSENT(store_audit_newest(f.reader, 3, line_note, &id));
	sink.line = 3;
	OK(store_audit_sink_set(f.unit, "file", &sink));
	OK(store_unit_commit(f.unit));
	OK(store_audit_sink_get(f.reader, "file", &sink));
	ck_assert_int_eq(sink.line, 3);
	fixture_end(&f);
}
END_TEST

static int mended_note(void *arg, const struct store_audit *a)
{
	struct store_audit_place *place = arg;

	ck_assert_str_eq(a->target, "/a\\ufffdb");
	ck_assert_str_eq(a->detail, "\\ufffd\\u001b\u00fc");
	ck_assert_str_eq(a->before, "\u202e\u00fc");
	ck_assert_ptr_null(a->after);
	OK(store_audit_step(place, a));
	ck_assert_mem_eq(place->hash, a->hash.data, a->hash.len);
	return 0;
}

/* A client chooses the octets of a path: what they become is what the hash is made of. */
START_TEST(test_text_is_utf8)
{
	const struct store_audit audit = {.time_ms = 7000,
					  .actor = "vnfm-a",
					  .action = "GET",
					  .target = "/a\xff"
						    "b",
					  .detail = "\xc0\x1b\u00fc",
					  .before = "\u202e\u00fc"};
	struct store_audit_filter all = {.limit = 10};
	struct store_audit_chain chain;
	struct store_audit_place place;
	struct fixture f;

	fixture_begin(&f, _i);
	put_audit(&f, &audit);
	OK(store_audit_chain_get(f.reader, 1, &chain));
	OK(store_audit_begin(&chain, &place));
	OK(store_audit_list(f.reader, &all, mended_note, &place));
	ck_assert_int_eq(place.sequence, 1);
	fixture_end(&f);
}
END_TEST

/* Times need not be in the order of ids: the clock of another node, or one that was set back. */
START_TEST(test_since_begins_at_the_first_line_of_that_time)
{
	static const struct {
		int64_t since_ms, before_id;
		int n;
	} cases[] = {{1, 0, 4}, {100, 0, 4}, {101, 1, 2}, {300, 1, 1}, {301, INT64_MAX, 0}};
	static const int64_t times[] = {100, 300, 100, 200};
	struct fixture f;

	fixture_begin(&f, _i);
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct store_audit line = bare;

		line.time_ms = times[i];
		put_audit(&f, &line);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct store_audit_filter filter = {.since_ms = cases[i].since_ms,
							  .limit = 10};
		int64_t before_id;
		int n = 0;

		OK(store_audit_since(f.reader, cases[i].since_ms, &before_id));
		ck_assert_int_eq(before_id, cases[i].before_id);
		OK(store_audit_list(f.reader, &filter, count_audit, &n));
		ck_assert_int_eq(n, cases[i].n);
	}
	fixture_end(&f);
}
END_TEST

TCase *audit_cases(void)
{
	TCase *tc = tcase_create("audit");

	tcase_add_loop_test(tc, test_audit_comes_back_as_added, 0, backends_count);
	tcase_add_loop_test(tc, test_target_in_a_vnf_instance, 0, backends_count);
	tcase_add_loop_test(tc, test_audit_filters, 0, backends_count);
	tcase_add_loop_test(tc, test_each_process_has_a_chain, 0, backends_count);
	tcase_add_loop_test(tc, test_macs_are_of_the_key_in_force, 0, backends_count);
	tcase_add_loop_test(tc, test_a_unit_that_fails_leaves_no_gap, 0, backends_count);
	tcase_add_loop_test(tc, test_purge_and_seal, 0, backends_count);
	tcase_add_loop_test(tc, test_text_is_utf8, 0, backends_count);
	tcase_add_loop_test(tc, test_two_processes_have_two_chains, 0, backends_count);
	tcase_add_loop_test(tc, test_number_of_chains_is_sealed_as_it_is, 0, backends_count);
	tcase_add_loop_test(tc, test_place_goes_from_chain_to_chain, 0, backends_count);
	tcase_add_loop_test(tc, test_since_begins_at_the_first_line_of_that_time, 0,
			    backends_count);
	return tc;
}
