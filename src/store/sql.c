// SPDX-License-Identifier: Apache-2.0
/*
 * The SQL of all backends, in one text, so that none falls behind. States are numbers of
 * include/store.h; tables and indexes are those of schema. tests/store/test_sqlite_plan.c looks at
 * how SQLite plans each statement.
 *
 * It is what SQLite and PostgreSQL both understand, but for what postgresql/translate.c says in
 * PostgreSQL's words: parameters, x'' and what tells SQLite's planner something (a `+` in front of
 * a column, CROSS JOIN). So a query in FROM has a name; coalesce() stands for ifnull() and CASE for
 * min() of two; | and & stand for OR and AND of numbers; IS NOT DISTINCT FROM for IS; ON CONFLICT
 * names the table of an old value; sum() is cast to BIGINT. A parameter gets its type where it
 * stands first: that is beside a column, not beside a number or IS NULL.
 */
#include "sql.h"

/*
 * What a new certificate may collide with is asked in the same words when it is decided and when it
 * is inserted. Each gives a row where it does.
 */

/* Key digest, entity. */
#define KEY_TAKEN_SQL                                                                       \
	"SELECT 1 FROM certificate c JOIN registration r ON r.id = c.registration_id WHERE" \
	" c.key_digest = ?1 AND c.state <> 4 AND (r.subject_key <> ?2"                      \
	" OR r.trust_domain <> ?3 OR r.vnf_instance <> ?4)"                                 \
	" UNION ALL SELECT 1 FROM past_key p WHERE p.key_digest = ?1"                       \
	" AND (p.subject_key <> ?2 OR p.trust_domain <> ?3 OR p.vnf_instance <> ?4) LIMIT 1"

/*
 * Entity, certificate that does not count, time, number. The first count reads no certificate, only
 * indexes, and is enough for nearly all; LIMIT bounds it.
 */
#define ENTITY_CERTIFICATES                                             \
	"registration r JOIN certificate c ON c.registration_id = r.id" \
	" WHERE r.subject_key = ?1 AND r.trust_domain = ?2 AND r.vnf_instance = ?3"
#define LIVE_REACHED_SQL                                                                         \
	"SELECT 1 WHERE (SELECT count(*) FROM (SELECT 1 FROM " ENTITY_CERTIFICATES               \
	" LIMIT ?6) AS few) >= ?6 AND (SELECT count(*) FROM (SELECT 1 FROM " ENTITY_CERTIFICATES \
	" AND c.id <> ?4 AND (c.state <= 2 OR c.state = 6) AND c.not_after_ms > ?5"              \
	" LIMIT ?6) AS few) >= ?6"

/*
 * A certificate c that nothing needs any more, by a time: see store/retention.h. A scheduled CRL
 * after its end has had the entry.
 */
#define NOTHING(table, condition) " AND NOT EXISTS (SELECT 1 FROM " table " WHERE " condition ")"
#define CERTIFICATE_MAY_GO(before)                                                                \
	"c.not_after_ms < " before " AND c.created_ms < " before                                  \
	" AND c.id < (SELECT max(id) FROM certificate)"                                           \
	" AND (c.revoked_ms IS NULL OR EXISTS (SELECT 1 FROM exchange x"                          \
	" WHERE x.certificate_id = c.id) OR EXISTS (SELECT 1 FROM crl l WHERE l.ca = c.ca"        \
	" AND coalesce(l.scheduled_changes, l.changes) >= coalesce(c.crl_change, 0)"              \
	" AND l.scheduled_ms > c.revoked_ms AND l.scheduled_ms > c.not_after_ms))" NOTHING(       \
		"archived_key k", "k.certificate_id = c.id")                                      \
		NOTHING("certificate n", "n.replaces_id = c.id AND n.not_after_ms >= " before)    \
			NOTHING("exchange x", "x.certificate_id = c.id AND x.state = 0")          \
				NOTHING("cmp_transaction t", "t.certificate_id = c.id") NOTHING(  \
					"cmp_transaction_item i", "i.certificate_id = c.id")      \
					NOTHING("csr q", "q.certificate_id = c.id")               \
						NOTHING("csr q", "q.replaces_id = c.id") NOTHING( \
							"event e", "e.certificate_id = c.id")     \
							NOTHING("initial_credential d",           \
								"d.certificate_id = c.id")        \
								NOTHING("direct_vnfc v",          \
									"v.registration_id = "    \
									"c.registration_id AND"   \
									" v.replaced_id > 0")

/* Time, id, end, number, before: two parts, so that many of the same time are not read again. */
#define PAST_CERTIFICATES(states)                            \
	PAST_CERTIFICATES_PART(states, "= ?1 AND c.id > ?2") \
	" UNION ALL " PAST_CERTIFICATES_PART(states, "> ?1") " ORDER BY 1, 2 LIMIT ?4"
#define PAST_CERTIFICATES_PART(states, behind)                                          \
	"SELECT c.not_after_ms, c.id, c.state, CASE WHEN " CERTIFICATE_MAY_GO(          \
		"?5") " THEN 1 ELSE 0 END, CASE WHEN EXISTS (SELECT 1 FROM held_name h" \
		      " WHERE h.certificate_id = c.id) THEN 1 ELSE 0 END"               \
		      " FROM certificate c WHERE c.state IN (" states                   \
		      ") AND c.not_after_ms " behind " AND c.not_after_ms < ?3"

/* The same of a registration r. */
#define REGISTRATION_MAY_GO                                                                  \
	" AND r.id < (SELECT max(id) FROM registration)" NOTHING("certificate c",            \
								 "c.registration_id = r.id") \
		NOTHING("event e", "e.registration_id = r.id")                               \
			NOTHING("initial_credential d", "d.registration_id = r.id")          \
				NOTHING("direct_vnfc v", "v.registration_id = r.id")
#define PAST_REGISTRATIONS_PART(behind)                                                        \
	"SELECT r.changed_ms, r.id, r.state, CASE WHEN r.changed_ms < ?5" REGISTRATION_MAY_GO  \
	" THEN 1 ELSE 0 END, 0 FROM registration r WHERE r.state = 1 AND r.changed_ms " behind \
	" AND r.changed_ms < ?3"

/* Registration, time: the certificates that are to be ended before it is. */
#define REGISTRATION_BUSY_SQL                                                 \
	"SELECT 1 FROM certificate WHERE registration_id = ?1 AND (state = 0" \
	" OR (state IN (1, 2, 6) AND not_after_ms >= ?2))"

/* subject_key, and the entity that does not count: its trust domain and VNF instance, or NULL. */
#define SUBJECT_TAKEN_SQL                                                 \
	"SELECT 1 FROM registration WHERE subject_key = ?1 AND state = 0" \
	" AND (trust_domain <> ?2 OR vnf_instance <> ?3 OR ?2 IS NULL) LIMIT 1"

/* Columns in the order in which records/ takes them. */
#define CREDENTIAL_COLUMNS                                                                    \
	"k.id, k.kind, k.not_before_ms, k.not_after_ms, k.created_ms, k.known_by, k.subject," \
	" k.content"
#define CLIENT_COLUMNS                                                                      \
	"c.id, c.name, c.trust_domain, c.permissions, c.register_on_ir, c.default_profile," \
	" c.created_ms, c.policy, c.entity, c.entity_vnf_instance, " CREDENTIAL_COLUMNS
#define REGISTRATION_COLUMNS                                                              \
	"id, cert_type, subject_id, handling, manager, trust_domain, ca, profile, state," \
	" created_ms, changed_ms, vnf_instance, source, attester_id"
#define CERTIFICATE_COLUMNS                                                                       \
	"c.id, c.registration_id, c.state, c.reason, c.revoked_ms, c.confirm_by_ms,"              \
	" c.not_before_ms, c.not_after_ms, c.created_ms, c.ca, c.serial, c.requester, c.subject," \
	" c.key_digest, c.der, r.subject_id, r.cert_type, r.manager, r.trust_domain, r.profile,"  \
	" c.invalidity_ms, c.crl_change, c.replaces_id, r.vnf_instance, r.handling"
#define AUDIT_CHAIN_COLUMNS                                                          \
	"id, begun_ms, before_sequence, before_hash, last_sequence, last_hash, mac," \
	" anchor_sequence, anchor_hash, anchor_mac"
#define AUDIT_COLUMNS                                                                 \
	"id, time_ms, actor_kind, actor, uid, action, target, detail, before, after," \
	" outcome, request_id, user_name, chain, sequence, hash"
#define CERTIFICATE_TABLES "certificate c JOIN registration r ON r.id = c.registration_id"
#define TRANSACTION_COLUMNS                                                                \
	"id, state, body_type, protection, implicit_confirm, chain_request, cert_req_id,"  \
	" certificate_id, deadline_ms, created_ms, changed_ms, requester, transaction_id," \
	" request_nonce, sent_nonce, request_digest, status_text, response, n_items,"      \
	" crl_id, crl_at, reason"
#define EXCHANGE_COLUMNS                                                                   \
	"id, kind, state, certificate_id, failinfo, deadline_ms, next_ms, created_ms, ca," \
	" request, refusal, claimant,"                                                     \
	" claimed_until_ms - (SELECT now_ms FROM database_state)"

#define NONCE_COLUMNS "id, octets, requester, transaction_id, request_digest, seq, used, expires_ms"

#define CSR_COLUMNS                                                                             \
	"q.id, q.state, q.certificate_id, q.replaces_id, q.revoke_replaced, q.chain_request,"   \
	" q.not_after_ms, q.until_ms, q.created_ms, q.failinfo, q.client, q.digest, q.profile," \
	" q.refusal, q.changes, r.id, r.cert_type, r.subject_id, r.trust_domain,"               \
	" r.vnf_instance"
#define CSR_TABLES                                            \
	"csr q JOIN certificate c ON c.id = q.certificate_id" \
	" JOIN registration r ON r.id = c.registration_id"
/*
 * Digest, client, registration, time. Asked when a request is decided and when it is inserted. `+`
 * leaves the index of digests as the only way in: all that a client has asked for is much.
 */
#define CSR_SAME_SQL                                                                    \
	"FROM " CSR_TABLES " JOIN registration n ON n.id = ?3 WHERE q.digest = ?1"      \
	" AND +q.client = ?2 AND q.state <> 2 AND c.state <> 4 AND c.not_after_ms > ?4" \
	" AND r.subject_key = n.subject_key AND r.vnf_instance = n.vnf_instance"        \
	" AND +r.trust_domain = n.trust_domain"                                         \
	" AND r.cert_type = n.cert_type LIMIT 1"

#define SUBSCRIPTION_COLUMNS                                                              \
	"id, state, position, next_ms, attempts, failing_since_ms, created_ms, client,"   \
	" trust_domain, callback_uri, filter, authentication, user_name, token_endpoint," \
	" secret"

/*
 * Events that are done with: those before the first one that an active subscription still has to
 * come to, but never the newest.
 */
#define EVENT_DONE_SQL                                                         \
	"SELECT id FROM event WHERE id < (SELECT max(id) FROM event) AND id <" \
	" coalesce((SELECT min((SELECT min(e.id) FROM event e"                 \
	" WHERE e.trust_domain = s.trust_domain AND e.id > s.position))"       \
	" FROM subscription s WHERE s.state = 0), 9223372036854775807) ORDER BY id LIMIT "

#define VNF_COLUMNS                                                                    \
	"v.id, v.vnfm, v.vnf_instance, v.vnfd_id, v.by_resource, v.resync, v.seen_ms," \
	" (SELECT count(*) FROM direct_vnfc c WHERE c.vnf_id = v.id),"                 \
	" (SELECT count(*) FROM direct_vnfc c WHERE c.vnf_id = v.id AND c.state > 0)"
#define VNFC_COLUMNS                                                                \
	"c.registration_id, c.vnf_id, c.vnfc_id, c.resource_id, c.vdu_id, c.state," \
	" c.state_ms, c.due_ms, c.resync, c.replaced_id, c.operation_id, v.vnfm,"   \
	" v.vnf_instance, r.subject_id, r.cert_type, r.trust_domain, r.manager"     \
	" FROM direct_vnfc c JOIN direct_vnf v ON v.id = c.vnf_id"                  \
	" JOIN registration r ON r.id = c.registration_id"
#define INITIAL_CREDENTIAL_COLUMNS                                                    \
	"i.id, i.registration_id, i.reference, i.secret, i.created_ms, i.expires_ms," \
	" i.spent_ms, i.certificate_id, i.file, i.deliver_to, i.deliver_attempts,"    \
	" i.delivered_ms, c.state, r.state, r.source, r.vnf_instance, r.subject_id,"  \
	" r.trust_domain"                                                             \
	" FROM initial_credential i JOIN registration r ON r.id = i.registration_id"  \
	" LEFT JOIN certificate c ON c.id = i.certificate_id"

/* Sealed secrets of one kind that are not under that key, by their numbers: number after which,
 * key, how many. */
#define SEALED_SQL(id, secret, reference, tables)                            \
	"SELECT " id ", " secret ", " reference " FROM " tables " WHERE " id \
	" > ?1 AND substr(" secret ", 1, 8) IS DISTINCT FROM ?2 ORDER BY " id " LIMIT ?3"
/* Number, as it was sealed, as it is sealed now. */
#define SEAL_SQL(table, id, secret) \
	"UPDATE " table " SET " secret " = ?3 WHERE " id " = ?1 AND " secret " = ?2"

#define COUNT_SQL(table)     "SELECT '" table "', count(*) FROM " table
#define COUNTED_TOO(table)   " UNION ALL " COUNT_SQL(table)
#define ANNOUNCEMENT_COLUMNS "id, type, created_ms, sender, digest, der"

/* --- changes --- */

const char *const store_change_sql[CHANGE_KINDS] = {
	[CHANGE_CLIENT_INSERT] =
		"INSERT INTO client (name, trust_domain, permissions, register_on_ir,"
		" default_profile, created_ms, policy, entity, entity_vnf_instance)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[CHANGE_CLIENT_UPDATE] =
		"UPDATE client SET permissions = ?2, register_on_ir = ?3, default_profile = ?4,"
		" policy = ?5, entity = ?6, entity_vnf_instance = ?7 WHERE name = ?1",
	[CHANGE_CLIENT_REMOVE] = "DELETE FROM client WHERE name = ?1",
	/* A secret, 0, has its reference, and an OAuth2 client, 3, its id for itself. */
	[CHANGE_CREDENTIAL_INSERT] =
		"INSERT INTO credential (client_id, kind, not_before_ms, not_after_ms, created_ms,"
		" known_by, subject, content)"
		" SELECT ?1, ?2, ?3, ?4, ?5, coalesce(?6, x''), ?7, ?8"
		" WHERE EXISTS (SELECT 1 FROM client WHERE id = ?1) AND NOT EXISTS"
		" (SELECT 1 FROM credential WHERE kind = ?2 AND known_by = ?6 AND ?2 IN (0, 3))",
	[CHANGE_CREDENTIAL_REMOVE] = "DELETE FROM credential WHERE id = ?2"
				     " AND client_id = (SELECT id FROM client WHERE name = ?1)",
	[CHANGE_CLIENTS_REQUIRE] =
		"SELECT 1 FROM meta WHERE name = 'client_generation' AND value <> ?1",
	/* Nearly always no client has changed, and no more is read than that. */
	[CHANGE_CLIENT_REQUIRE] =
		"SELECT 1 FROM meta WHERE name = 'client_generation' AND value <> ?1"
		" AND NOT EXISTS (SELECT 1 FROM client c WHERE c.name = ?2 AND c.changed <= ?1)",
	/* One manager for all active registrations of an entity; one active one for a certType. */
	[CHANGE_REGISTRATION_INSERT] =
		"INSERT INTO registration (cert_type, subject_id, handling, manager, trust_domain,"
		" ca, profile, state, created_ms, changed_ms, vnf_instance, subject_key, source)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 WHERE NOT EXISTS"
		" (SELECT 1 FROM registration WHERE subject_key = ?12 AND trust_domain = ?5"
		" AND vnf_instance = ?11 AND state = 0 AND manager <> ?4)",
	[CHANGE_REGISTRATION_CHANGE] =
		"UPDATE registration SET profile = ?4, ca = ?5, changed_ms = ?6"
		" WHERE id = ?1 AND state = 0 AND profile = ?2 AND ca = ?3",
	/* One manager for all active registrations of an entity: another one of it stays in the
	   way. */
	[CHANGE_REGISTRATION_SET_MANAGER] =
		"UPDATE registration SET manager = ?3, changed_ms = ?4"
		" WHERE id = ?1 AND state = 0 AND manager = ?2 AND NOT EXISTS"
		" (SELECT 1 FROM registration o WHERE o.subject_key = registration.subject_key"
		" AND o.trust_domain = registration.trust_domain"
		" AND o.vnf_instance = registration.vnf_instance AND o.state = 0 AND o.id <> ?1)",
	[CHANGE_ATTESTER_INSERT] =
		"INSERT INTO attester (digest, kind, content, statement_types, policy)"
		" VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (digest) DO NOTHING",
	[CHANGE_REGISTRATION_SET_ATTESTER] =
		"UPDATE registration SET changed_ms = ?4,"
		" attester_id = (SELECT id FROM attester WHERE digest = ?3)"
		" WHERE id = ?1 AND state = 0 AND attester_id IS NOT DISTINCT FROM ?2",
	[CHANGE_REGISTRATION_PASS_ON] =
		"UPDATE registration SET manager = ?5, changed_ms = ?6 WHERE subject_key = ?1"
		" AND trust_domain = ?2 AND vnf_instance = ?3 AND state = 0 AND manager = ?4",
	[CHANGE_REGISTRATION_REQUIRE_IDLE] =
		REGISTRATION_BUSY_SQL " UNION ALL SELECT 1 FROM registration"
				      " WHERE id = ?1 AND (profile <> ?3 OR ca <> ?4) LIMIT 1",
	[CHANGE_REGISTRATION_DEREGISTER] =
		"UPDATE registration SET state = 1, changed_ms = ?2 WHERE id = ?1 AND state = 0",
	[CHANGE_SUBJECT_REQUIRE] = SUBJECT_TAKEN_SQL,
	[CHANGE_KEY_REQUIRE] = KEY_TAKEN_SQL,
	[CHANGE_LIVE_REQUIRE] = LIVE_REACHED_SQL,
	[CHANGE_CERTIFICATE_REQUIRE] =
		"SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM certificate WHERE id = ?1 AND state = 2)",
	[CHANGE_CERTIFICATE_INSERT] =
		"INSERT INTO certificate (registration_id, state, reason, revoked_ms, "
		"confirm_by_ms,"
		" not_before_ms, not_after_ms, created_ms, ca, serial, requester, subject,"
		" key_digest, der, replaces_id)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15"
		" FROM registration WHERE id = ?1 AND state = 0",
	/* Held by another entity, it is taken over from the one certificate that had it last. */
	[CHANGE_HELD_NAME_TAKE] =
		"INSERT INTO held_name (key, certificate_id) VALUES (?1, ?2)"
		" ON CONFLICT (key) DO UPDATE SET certificate_id = excluded.certificate_id"
		" WHERE held_name.certificate_id = ?3 OR EXISTS (SELECT 1 FROM certificate c"
		" JOIN registration r ON r.id = c.registration_id"
		" WHERE c.id = held_name.certificate_id AND r.subject_key = ?4"
		" AND r.trust_domain = ?5 AND r.vnf_instance = ?6)",
	[CHANGE_TRUST_DOMAIN_REQUIRE] = "SELECT 1 FROM trust_domain WHERE name = ?1 GROUP BY name"
					" HAVING sum(registrations) > ?2",
	[CHANGE_CERTIFICATE_FILL] =
		"UPDATE certificate SET state = ?2, confirm_by_ms = ?3, not_before_ms = ?4,"
		" not_after_ms = ?5, serial = ?6, subject = ?7, der = ?8"
		" WHERE id = ?1 AND state = 0",
	[CHANGE_CERTIFICATE_SET_STATE] = "UPDATE certificate SET state = ?3, confirm_by_ms = NULL"
					 " WHERE id = ?1 AND state = ?2",
	[CHANGE_CERTIFICATE_REVOKE] = "UPDATE certificate SET state = ?3, confirm_by_ms = NULL,"
				      " reason = ?4, revoked_ms = ?5, released_ms = NULL"
				      " WHERE id = ?1 AND state = ?2",
	[CHANGE_CERTIFICATE_RELEASE] = "UPDATE certificate SET state = 2, reason = NULL,"
				       " revoked_ms = NULL, invalidity_ms = NULL, released_ms = ?3"
				       " WHERE id = ?1 AND state = ?2",
	[CHANGE_CERTIFICATE_SET_INVALIDITY] =
		"UPDATE certificate SET invalidity_ms = ?2 WHERE id = ?1",
	[CHANGE_CERTIFICATE_PURGE] =
		"DELETE FROM certificate WHERE id = ?1 AND state = ?2 AND EXISTS"
		" (SELECT 1 FROM certificate c WHERE c.id = ?1 AND " CERTIFICATE_MAY_GO("?3")
			NOTHING("held_name h", "h.certificate_id = c.id") ")",
	[CHANGE_REGISTRATION_PURGE] =
		"DELETE FROM registration WHERE id = ?1 AND state = 1 AND changed_ms < ?2"
		" AND EXISTS (SELECT 1 FROM registration r"
		" WHERE r.id = ?1" REGISTRATION_MAY_GO ")",
	[CHANGE_HELD_NAME_RELEASE] = "DELETE FROM held_name WHERE key = ?1 AND certificate_id = ?2",
	[CHANGE_TRANSACTION_SIGNER_INSERT] = "INSERT INTO transaction_signer (digest, certificates)"
					     " VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING",
	[CHANGE_TRANSACTION_INSERT] =
		"INSERT INTO cmp_transaction (state, body_type, protection, implicit_confirm,"
		" chain_request, cert_req_id, certificate_id, deadline_ms, created_ms, changed_ms,"
		" requester, transaction_id, request_nonce, sent_nonce, request_digest, "
		"status_text,"
		" response, n_items, crl_id, crl_at, signer_id, reason) SELECT ?1, ?2, ?3, ?4, ?5, "
		"?6, ?7,"
		" ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
		" (SELECT id FROM transaction_signer WHERE digest = ?21), ?22"
		" WHERE EXISTS (SELECT 1 FROM crl WHERE id = ?19) OR ?19 IS NULL",
	[CHANGE_TRANSACTION_ITEM_INSERT] =
		"INSERT INTO cmp_transaction_item (transaction_id, seq, cert_req_id,"
		" certificate_id, failinfo, status_text, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
		"?7)",
	[CHANGE_TRANSACTION_UPDATE] =
		"UPDATE cmp_transaction SET state = ?2, implicit_confirm = ?3, deadline_ms = ?4,"
		" changed_ms = ?5, sent_nonce = ?6, request_digest = ?7, status_text = ?8,"
		" response = ?9, crl_id = ?13, crl_at = ?14 WHERE id = ?1 AND state = ?10"
		" AND (request_digest = ?11 OR ?11 IS NULL) AND (?12 = 0 OR response IS NULL)"
		" AND (EXISTS (SELECT 1 FROM crl WHERE id = ?13) OR ?13 IS NULL)",
	[CHANGE_TRANSACTION_END] = "UPDATE cmp_transaction SET state = 3, deadline_ms = NULL,"
				   " changed_ms = ?3 WHERE id = ?1 AND state = ?2",
	[CHANGE_TRANSACTION_SET_CERTIFICATE] = "UPDATE cmp_transaction SET certificate_id = ?2"
					       " WHERE id = ?1 AND certificate_id IS NULL",
	[CHANGE_POP_INSERT] = "INSERT INTO pop (transaction_id, answer_digest, request)"
			      " VALUES (?1, ?2, ?3)",
	[CHANGE_POP_REMOVE] = "DELETE FROM pop WHERE transaction_id = ?1",
	[CHANGE_KEM_SECRET_INSERT] =
		"INSERT INTO kem_secret (deadline_ms, requester, transaction_id, sent_nonce,"
		" secret, request, response) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[CHANGE_KEM_SECRET_TRIM] =
		"DELETE FROM kem_secret WHERE id IN (SELECT id FROM kem_secret"
		" WHERE requester = ?1 AND cmp_transaction_id IS NULL"
		" ORDER BY deadline_ms DESC, id DESC LIMIT 1000000000 OFFSET ?2)",
	[CHANGE_KEM_SECRET_USE] = "UPDATE kem_secret SET cmp_transaction_id = ?2 WHERE id = ?1",
	[CHANGE_KEM_SECRET_PURGE] =
		"DELETE FROM kem_secret WHERE id IN (SELECT id FROM kem_secret"
		" WHERE cmp_transaction_id IS NULL AND deadline_ms < ?1 LIMIT ?2)",
	[CHANGE_NONCE_INSERT] =
		"INSERT INTO nonce (octets, requester, transaction_id, request_digest, seq,"
		" expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[CHANGE_NONCE_USE] = "UPDATE nonce SET used = 1 WHERE id = ?1 AND used = 0",
	[CHANGE_NONCE_REMOVE] = "DELETE FROM nonce WHERE id = ?1",
	[CHANGE_TRANSACTION_PURGE_DONE] =
		"DELETE FROM cmp_transaction WHERE id IN (SELECT id FROM cmp_transaction"
		" WHERE state = 2 AND changed_ms < ?1 LIMIT ?2)",
	[CHANGE_TRANSACTION_PURGE_FAILED] =
		"DELETE FROM cmp_transaction WHERE id IN (SELECT id FROM cmp_transaction"
		" WHERE state = 3 AND changed_ms < ?1 LIMIT ?2)",
	[CHANGE_CSR_REQUIRE] = "SELECT 1 " CSR_SAME_SQL,
	[CHANGE_CSR_INSERT] =
		"INSERT INTO csr (state, certificate_id, replaces_id, revoke_replaced,"
		" chain_request, not_after_ms, until_ms, created_ms, failinfo, client, digest,"
		" profile, refusal, changes)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
	[CHANGE_CSR_END] = "UPDATE csr SET state = ?2, decided = 0, until_ms = ?3, failinfo = ?4,"
			   " refusal = ?5, changes = ?6 WHERE id = ?1 AND state = 0",
	[CHANGE_CSR_REMOVE] = "DELETE FROM csr WHERE id = ?1 AND state <> 0 AND until_ms < ?2",
	[CHANGE_EXCHANGE_REQUIRE_NONE] =
		"SELECT 1 FROM exchange WHERE certificate_id = ?1 AND kind = ?2",
	[CHANGE_EXCHANGE_REQUIRE_DEADLINE] =
		"SELECT 1 FROM exchange WHERE id = ?1 AND coalesce(deadline_ms, 0) <> ?2",
	[CHANGE_EXCHANGE_INSERT] =
		"INSERT INTO exchange (kind, state, certificate_id, failinfo, deadline_ms, next_ms,"
		" created_ms, ca, request) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[CHANGE_EXCHANGE_ADD_MESSAGE] =
		"INSERT INTO exchange_message (exchange_id, seq, sent, der)"
		" SELECT ?1, ?2, ?3, ?4 FROM exchange WHERE id = ?1 AND state = 0",
	[CHANGE_EXCHANGE_CLAIM] =
		"UPDATE exchange SET claimant = ?2,"
		" claimed_until_ms = (SELECT now_ms FROM database_state) + ?3 WHERE id = ?1 AND"
		" state = 0 AND (claimant = ?2 OR"
		" claimed_until_ms <= (SELECT now_ms FROM database_state))",
	[CHANGE_EXCHANGE_SET_DEADLINE] = "UPDATE exchange SET deadline_ms = ?2, next_ms = ?2"
					 " WHERE id = ?1 AND state = 0",
	[CHANGE_EXCHANGE_SET_NEXT] = "UPDATE exchange SET next_ms = ?2 WHERE id = ?1 AND state = 0",
	[CHANGE_EXCHANGE_FINISH] = "UPDATE exchange SET state = ?2, failinfo = ?3, refusal = ?4"
				   " WHERE id = ?1 AND state = 0",
	[CHANGE_CRL_INSERT] =
		"INSERT INTO crl (ca, number, this_update_ms, next_update_ms, scheduled_ms,"
		" changes, der, scheduled_changes) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT "
		"EXISTS"
		" (SELECT 1 FROM crl WHERE ca = ?1 AND number >= ?2)",
	[CHANGE_CRL_PURGE] = "DELETE FROM crl WHERE ca = ?1 AND number < ?2"
			     " AND NOT EXISTS (SELECT 1 FROM cmp_transaction"
			     " WHERE crl_id = crl.id AND crl_id IS NOT NULL)",
	[CHANGE_MOVED_FORGET] = "DELETE FROM " MOVED_ROWS_SQL,
	[CHANGE_CRL_RAISE] =
		"INSERT INTO crl_floor (ca, number) SELECT ca, max(number) + 1 + CASE"
		" WHEN max(this_update_ms) < ?1 THEN ?1 - max(this_update_ms) ELSE 0 END"
		" FROM crl GROUP BY ca ON CONFLICT (ca) DO UPDATE SET number = CASE"
		" WHEN excluded.number > crl_floor.number THEN excluded.number"
		" ELSE crl_floor.number END",
	[CHANGE_SEEN_INSERT] = "INSERT INTO seen (digest, until_ms) VALUES (?1, ?2)"
			       " ON CONFLICT (digest) DO NOTHING",
	[CHANGE_SEEN_PURGE] = "DELETE FROM seen WHERE digest IN (SELECT digest FROM seen"
			      " WHERE until_ms < ?1 ORDER BY until_ms LIMIT ?2)",
	[CHANGE_ANNOUNCEMENT_INSERT] =
		"INSERT INTO announcement (type, created_ms, sender, digest, der)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
	[CHANGE_ANNOUNCEMENT_TRIM] =
		"DELETE FROM announcement WHERE id IN (SELECT id FROM announcement"
		" WHERE sender = ?1 ORDER BY id DESC LIMIT 1000000000 OFFSET ?2)",
	/* Once for a transaction, though it may be decided again. */
	[CHANGE_REV_PASSPHRASE_KEEP] =
		"INSERT INTO rev_passphrase_before (registration_id, created_ms, transaction_id,"
		" reference, secret) SELECT registration_id, created_ms, ?2, reference, secret"
		" FROM rev_passphrase WHERE registration_id = ?1 ON CONFLICT (registration_id) DO"
		" UPDATE SET created_ms = excluded.created_ms,"
		" transaction_id = excluded.transaction_id, reference = excluded.reference,"
		" secret = excluded.secret"
		" WHERE excluded.transaction_id <> rev_passphrase_before.transaction_id",
	[CHANGE_REV_PASSPHRASE_REMOVE] = "DELETE FROM rev_passphrase WHERE registration_id = ?1",
	[CHANGE_REV_PASSPHRASE_INSERT] =
		"INSERT INTO rev_passphrase (registration_id, created_ms, reference, secret)"
		" SELECT ?1, ?2, ?3, ?4 FROM registration WHERE id = ?1 AND state = 0",
	[CHANGE_ARCHIVED_KEY_INSERT] =
		"INSERT INTO archived_key (certificate_id, created_ms, generated, secret)"
		" VALUES (?1, ?2, ?3, ?4)",
	[CHANGE_ARCHIVED_KEY_REMOVE] = "DELETE FROM archived_key WHERE certificate_id = ?1",
	[CHANGE_SECRET_KEY_BEGIN] =
		"INSERT INTO secret_key (key_id, in_force, created_ms) SELECT ?1, 1, ?2"
		" WHERE NOT EXISTS (SELECT 1 FROM secret_key WHERE in_force = 1)",
	[CHANGE_SECRET_KEY_REQUIRE] =
		"SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM secret_key WHERE in_force = 1"
		" AND key_id = ?1)",
	[CHANGE_SECRET_KEY_RETIRE] =
		"UPDATE secret_key SET in_force = 0 WHERE in_force = 1 AND key_id = ?1",
	[CHANGE_SECRET_KEY_INSERT] =
		"INSERT INTO secret_key (key_id, in_force, created_ms) VALUES (?1, 1, ?2)",
	[CHANGE_SECRET_KEY_REMOVE] = "DELETE FROM secret_key WHERE in_force = 0 AND key_id = ?1",
	[CHANGE_SEAL_CREDENTIAL] = SEAL_SQL("credential", "id", "content"),
	[CHANGE_SEAL_KEM_SECRET] = SEAL_SQL("kem_secret", "id", "secret"),
	[CHANGE_SEAL_REV_PASSPHRASE] = SEAL_SQL("rev_passphrase", "id", "secret"),
	[CHANGE_SEAL_REV_PASSPHRASE_BEFORE] =
		SEAL_SQL("rev_passphrase_before", "registration_id", "secret"),
	[CHANGE_SEAL_ARCHIVED_KEY] = SEAL_SQL("archived_key", "certificate_id", "secret"),
	[CHANGE_SEAL_SUBSCRIPTION] = SEAL_SQL("subscription", "id", "secret"),
	[CHANGE_SEAL_INITIAL_CREDENTIAL] = SEAL_SQL("initial_credential", "id", "secret"),
	[CHANGE_ATTESTATION_INSERT] =
		"INSERT INTO certificate_attestation (certificate_id, verdict, statement, attester,"
		" nonce) VALUES (?1, ?2, ?3, ?4, ?5)",
	[CHANGE_COUNT] = "INSERT INTO counter (name, state, n) VALUES (?1, ?2, ?3)"
			 " ON CONFLICT (name, state) DO UPDATE SET n = counter.n + excluded.n",
	/* Changes one page: whether that can be committed. */
	[CHANGE_PROBE] = "INSERT INTO meta (name, value) VALUES ('probe', 1)"
			 " ON CONFLICT (name) DO UPDATE SET value = meta.value + 1",
	[CHANGE_SUBSCRIPTIONS_REQUIRE] =
		"SELECT 1 WHERE (SELECT count(*) FROM (SELECT 1 FROM subscription"
		" WHERE client = ?1 LIMIT ?2) AS few) >= ?2",
	[CHANGE_SUBSCRIPTION_INSERT] =
		"INSERT INTO subscription (state, position, next_ms, attempts, client,"
		" trust_domain, callback_uri, filter, authentication, user_name, token_endpoint,"
		" secret, created_ms) SELECT 0, coalesce((SELECT max(id) FROM event), 0), 0, 0,"
		" ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9"
		" WHERE EXISTS (SELECT 1 FROM client WHERE name = ?1)",
	[CHANGE_SUBSCRIPTION_REMOVE] = "DELETE FROM subscription WHERE id = ?1",
	[CHANGE_SUBSCRIPTION_UPDATE] =
		"UPDATE subscription SET state = ?2, position = ?3, next_ms = ?4, attempts = ?5,"
		" failing_since_ms = ?6 WHERE id = ?1 AND state = 0",
	[CHANGE_EVENT_ADD_ENDING] =
		"INSERT INTO event (kind, time_ms, registration_id, certificate_id, trust_domain)"
		" SELECT ?1, ?3, r.id, c.id, r.trust_domain FROM certificate c"
		" JOIN registration r ON r.id = c.registration_id WHERE c.id = ?2"
		" AND c.state IN (2, 6) AND c.created_ms <= c.not_after_ms - ?4 AND EXISTS (SELECT "
		"1 FROM subscription s"
		" WHERE s.trust_domain = r.trust_domain AND s.state = 0)",
	[CHANGE_EVENT_PURGE] = "DELETE FROM event WHERE id IN (" EVENT_DONE_SQL "?1)",
	[CHANGE_ENDING_MARK_INSERT] =
		"INSERT INTO ending_mark (before_ms, not_after_ms, certificate_id)"
		" VALUES (?1, ?2, ?3)",
	[CHANGE_ENDING_MARK_MOVE] =
		"UPDATE ending_mark SET not_after_ms = ?2, certificate_id = ?3"
		" WHERE before_ms = ?1 AND not_after_ms = ?4 AND certificate_id = ?5",
	[CHANGE_VNF_INSERT] = "INSERT INTO direct_vnf (vnfm, vnf_instance, vnfd_id, by_resource,"
			      " resync, seen_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[CHANGE_VNF_UPDATE] =
		"UPDATE direct_vnf SET vnfd_id = ?2, by_resource = ?3, resync = ?4, seen_ms = ?5"
		" WHERE id = ?1 AND by_resource IS NOT DISTINCT FROM ?6",
	[CHANGE_VNF_REMOVE] = "DELETE FROM direct_vnf WHERE id = ?1"
			      " AND NOT EXISTS (SELECT 1 FROM direct_vnfc WHERE vnf_id = ?1)",
	[CHANGE_VNFC_INSERT] =
		"INSERT INTO direct_vnfc (registration_id, vnf_id, vnfc_id, resource_id, vdu_id,"
		" state, state_ms, due_ms, resync, replaced_id, operation_id)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11"
		" FROM registration WHERE id = ?1 AND state = 0",
	[CHANGE_VNFC_UPDATE] =
		"UPDATE direct_vnfc SET vnfc_id = ?2, resource_id = ?3, vdu_id = ?4, state = ?5,"
		" state_ms = ?6, due_ms = ?7, resync = ?8, replaced_id = ?9, operation_id = ?11"
		" WHERE registration_id = ?1 AND state = ?10",
	/* 3: due at once. */
	[CHANGE_VNFC_MOVE] =
		"UPDATE direct_vnfc SET state = ?4, state_ms = ?5, resync = NULL,"
		" due_ms = CASE WHEN ?4 = CAST(3 AS BIGINT) THEN CAST(?5 AS BIGINT) END"
		" WHERE vnf_id IN (SELECT id FROM direct_vnf WHERE vnfm = ?1)"
		" AND state = ?2 AND (resync = ?3 OR ?3 IS NULL)",
	[CHANGE_VNFCS_FORGET] = "DELETE FROM direct_vnfc WHERE vnf_id IN"
				" (SELECT id FROM direct_vnf WHERE vnfm = ?1)",
	[CHANGE_VNFS_FORGET] = "DELETE FROM direct_vnf WHERE vnfm = ?1",
	[CHANGE_INITIAL_CREDENTIAL_REPLACE] =
		"DELETE FROM initial_credential WHERE registration_id = ?1",
	[CHANGE_INITIAL_CREDENTIAL_INSERT] =
		"INSERT INTO initial_credential (registration_id, reference, secret, created_ms,"
		" expires_ms, file, deliver_to, deliver_ms) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?4"
		" FROM registration WHERE id = ?1 AND state = 0",
	[CHANGE_INITIAL_CREDENTIAL_USE] =
		"UPDATE initial_credential SET certificate_id = ?3"
		" WHERE id = ?1 AND certificate_id IS NOT DISTINCT FROM ?2 AND expires_ms > 0",
	[CHANGE_INITIAL_CREDENTIAL_SPEND] =
		"UPDATE initial_credential SET spent_ms = ?2,"
		" expires_ms = CASE WHEN expires_ms < ?2 THEN expires_ms ELSE ?2 END,"
		" file = CASE WHEN file = 0 THEN 0 ELSE 3 END WHERE id = ?1 AND spent_ms IS NULL",
	[CHANGE_INITIAL_CREDENTIAL_FILE] =
		"UPDATE initial_credential SET file = ?2 WHERE id = ?1 AND file = ?3",
	[CHANGE_INITIAL_CREDENTIAL_DELIVERED] =
		"UPDATE initial_credential SET deliver_to = NULL, delivered_ms = ?2 WHERE id = ?1",
	[CHANGE_INITIAL_CREDENTIAL_DELIVER_AGAIN] =
		"UPDATE initial_credential SET deliver_ms = ?2, deliver_attempts = ?3"
		" WHERE id = ?1",
	[CHANGE_INITIAL_CREDENTIAL_REMOVE] =
		"DELETE FROM initial_credential WHERE id = ?1 AND file = 0",
	[CHANGE_INITIAL_CREDENTIAL_VOID] =
		"UPDATE initial_credential SET expires_ms = 0,"
		" file = CASE WHEN file = 0 THEN 0 ELSE 3 END WHERE registration_id = ?1",
	[CHANGE_LCM_SUBSCRIPTION_SET] =
		"INSERT INTO lcm_subscription (vnfm, subscription, callback_uri, request_digest,"
		" created_ms) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (vnfm) DO UPDATE SET"
		" subscription = excluded.subscription, callback_uri = excluded.callback_uri,"
		" created_ms = excluded.created_ms,"
		" request_digest = excluded.request_digest",
	[CHANGE_LCM_SUBSCRIPTION_REMOVE] =
		"DELETE FROM lcm_subscription WHERE vnfm = ?1 AND subscription = ?2",
	[CHANGE_LCM_EVENT_NOTE] =
		"INSERT INTO lcm_event (vnfm, vnf_instance, sequence, noted_ms, next_ms, attempts,"
		" removed, deleted, unfinished, operation_id)"
		" VALUES (?1, ?2, 1, ?3, ?3, 0, ?4, ?5, ?6, ?7)"
		" ON CONFLICT (vnfm, vnf_instance) DO UPDATE SET sequence = lcm_event.sequence + 1,"
		" next_ms = excluded.next_ms, attempts = 0,"
		" removed = lcm_event.removed | excluded.removed,"
		" deleted = lcm_event.deleted | excluded.deleted,"
		" unfinished = lcm_event.unfinished & excluded.unfinished,"
		" operation_id = coalesce(excluded.operation_id, lcm_event.operation_id)",
	[CHANGE_LCM_EVENT_DONE] =
		"DELETE FROM lcm_event WHERE vnfm = ?1 AND vnf_instance = ?2 AND sequence = ?3",
	[CHANGE_LCM_EVENT_RETRY] = "UPDATE lcm_event SET next_ms = ?4, attempts = ?5"
				   " WHERE vnfm = ?1 AND vnf_instance = ?2 AND sequence = ?3",
	[CHANGE_LCM_EVENTS_REMOVE] = "DELETE FROM lcm_event WHERE vnfm = ?1",
	[CHANGE_LCM_SUBSCRIPTION_FORGET] = "DELETE FROM lcm_subscription WHERE vnfm = ?1",
	[CHANGE_AUDIT_ADD] = "INSERT INTO audit (time_ms, actor_kind, actor, uid, action, target,"
			     " detail, before, after, outcome, request_id, user_name, chain,"
			     " sequence, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
			     " ?11, ?12, ?13, ?14, ?15)",
	[CHANGE_AUDIT_PURGE] = "DELETE FROM audit WHERE id <= ?1",
	[CHANGE_AUDIT_ANCHOR] = "UPDATE audit_chain SET anchor_sequence = ?2, anchor_hash = ?3,"
				" anchor_mac = ?4 WHERE id = ?1 AND anchor_sequence = ?5",
	[CHANGE_AUDIT_SEAL] = "UPDATE audit_chain SET mac = ?4, anchor_mac = ?5"
			      " WHERE id = ?1 AND last_sequence = ?2 AND anchor_sequence = ?3"
			      " AND (?1 <> 0 OR ?6 = (SELECT max(id) FROM audit_chain))",
	[CHANGE_AUDIT_CHAIN_BEGIN] = "INSERT INTO audit_chain (id, begun_ms, before_sequence,"
				     " before_hash, last_sequence, last_hash, mac)"
				     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[CHANGE_NODE_BEAT] =
		"INSERT INTO node (id, name, address, version, schema, configuration, skew_ms,"
		" started_ms, seen_ms, until_ms) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, d.now_ms,"
		" d.now_ms, d.now_ms + ?8 FROM database_state d WHERE d.now_ms > 0"
		" ON CONFLICT (id) DO UPDATE SET configuration = excluded.configuration,"
		" skew_ms = excluded.skew_ms, seen_ms = excluded.seen_ms,"
		" until_ms = excluded.until_ms",
	/* One that is gone, when it has come back under its name, or is forgotten. */
	[CHANGE_NODE_PURGE] = "DELETE FROM node WHERE id <> ?1"
			      " AND until_ms < (SELECT now_ms FROM database_state) AND (name = ?2"
			      " OR until_ms + ?3 < (SELECT now_ms FROM database_state))",
	[CHANGE_NODE_REMOVE] = "DELETE FROM node WHERE id = ?1",
	[CHANGE_LEASE_MAKE] = "INSERT INTO lease (job, node, epoch) VALUES (?1, 0, 0)"
			      " ON CONFLICT (job) DO NOTHING",
	[CHANGE_LEASE_TAKE] = "UPDATE lease SET node = ?2, epoch = epoch + 1 WHERE job = ?1"
			      " AND " LEASE_FREE_SQL("lease"),
	[CHANGE_LEASE_GIVE_BACK] =
		"UPDATE lease SET node = 0 WHERE node = ?1 AND (job = ?2 OR ?2 IS NULL)",
	[CHANGE_LEASE_REQUIRE] = LEASE_REQUIRE_SQL,
	[CHANGE_AUDIT_CHAIN_COUNT] = "UPDATE audit_chain SET mac = ?1 WHERE id = 0",
	[CHANGE_AUDIT_CHAIN_MOVE] = "UPDATE audit_chain SET last_sequence = ?2, last_hash = ?3,"
				    " mac = ?4 WHERE id = ?1 AND last_sequence = ?5",
	[CHANGE_AUDIT_SINK_SET] =
		"INSERT INTO audit_sink (name, chain, sequence, line) VALUES (?1, ?2, ?3, ?4)"
		" ON CONFLICT (name) DO UPDATE SET chain = excluded.chain,"
		" sequence = excluded.sequence, line = excluded.line",
};

/* --- reading --- */

const char *const store_read_sql[READ_KINDS] = {
	[READ_CLIENT_GENERATION] = "SELECT value FROM meta WHERE name = 'client_generation'",
	[READ_CREDENTIALS_KNOWN_BY] =
		"SELECT " CREDENTIAL_COLUMNS ", c.name FROM credential k JOIN client c"
		" ON c.id = k.client_id WHERE k.kind = ?1 AND k.known_by = coalesce(?2, x'')",
	[READ_REGISTRATION_FIND] = "SELECT " REGISTRATION_COLUMNS " FROM registration"
				   " WHERE subject_key = ?1 AND trust_domain = ?2"
				   " AND vnf_instance = ?3 AND cert_type = ?4 AND state = 0",
	[READ_REGISTRATION_GET] = "SELECT " REGISTRATION_COLUMNS " FROM registration WHERE id = ?1",
	[READ_ATTESTER_GET] = "SELECT id, digest, kind, content, statement_types, policy"
			      " FROM attester WHERE id = ?1",
	[READ_REGISTRATION_OF_SUBJECT] = "SELECT " REGISTRATION_COLUMNS " FROM registration"
					 " WHERE subject_key = ?1 AND trust_domain = ?2"
					 " AND cert_type = ?3 AND state = 0",
	[READ_REGISTRATION_OF_MANAGER] = "SELECT " REGISTRATION_COLUMNS " FROM registration"
					 " WHERE subject_key = ?1 AND trust_domain = ?2"
					 " AND cert_type = ?3 AND state = 0 AND manager = ?4",
	[READ_REGISTRATION_BUSY] = REGISTRATION_BUSY_SQL " LIMIT 1",
	[READ_CA_USE_NEXT] = "SELECT trust_domain, ca FROM registration WHERE state = 0"
			     " AND (trust_domain, ca) > (?1, ?2) ORDER BY trust_domain, ca LIMIT 1",
	[READ_CA_USED] = "SELECT 1 FROM registration"
			 " WHERE trust_domain = ?1 AND ca = ?2 AND state = 0 LIMIT 1",
	[READ_CA_USED_BY_MANAGER] = "SELECT 1 FROM registration WHERE trust_domain = ?1"
				    " AND ca = ?2 AND manager = ?3 AND state = 0 LIMIT 1",
	[READ_ENTITY_MANAGED] =
		"SELECT 1 FROM registration WHERE subject_key = ?1 AND trust_domain = ?2"
		" AND vnf_instance = ?4 AND state = 0 AND manager <> ?3 LIMIT 1",
	/* Those of the manager itself may be many, one of each VNF instance: they are passed by. */
	[READ_ENTITY_MANAGED_IN_DOMAIN] =
		"SELECT 1 FROM registration WHERE subject_key = ?1 AND trust_domain = ?2"
		" AND state = 0 AND manager < ?3"
		" UNION ALL SELECT 1 FROM registration WHERE subject_key = ?1 AND trust_domain = ?2"
		" AND state = 0 AND manager > ?3 LIMIT 1",
	[READ_SUBJECT_TAKEN] = SUBJECT_TAKEN_SQL,
	[READ_CERTIFICATE_GET] =
		"SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES " WHERE c.id = ?1",
	[READ_CERTIFICATE_FIND] = "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES
				  " WHERE c.serial = ?1 AND c.ca = ?2",
	[READ_CERTIFICATE_REPLACEMENT] = "SELECT id FROM certificate WHERE replaces_id = ?1"
					 " AND state NOT IN (0, 1, 4) ORDER BY id DESC LIMIT 1",
	[READ_HELD_NAMES_OF] = "SELECT key FROM held_name WHERE certificate_id = ?1",
	[READ_PAST_EXPIRED] = PAST_CERTIFICATES("2, 6"),
	[READ_PAST_ENDED] = PAST_CERTIFICATES("3, 4"),
	[READ_PAST_REGISTRATIONS] =
		PAST_REGISTRATIONS_PART("= ?1 AND r.id > ?2") " UNION ALL " PAST_REGISTRATIONS_PART(
			"> ?1") " ORDER BY 1, 2 LIMIT ?4",
	[READ_HELD_NAME_FIND] = "SELECT certificate_id FROM held_name WHERE key = ?1",
	[READ_TRUST_DOMAIN_REGISTRATIONS] =
		"SELECT CAST(sum(registrations) AS BIGINT) FROM trust_domain WHERE name = ?1",
	[READ_COUNTS] =
		"SELECT state, CAST(sum(n) AS BIGINT) FROM counter WHERE name = ?1 GROUP BY state",
	[READ_TABLE_COUNTS] = COUNT_SQL("client") COUNTED_TOO("registration")
		COUNTED_TOO("certificate") COUNTED_TOO("archived_key") COUNTED_TOO("past_key")
			COUNTED_TOO("held_name") COUNTED_TOO("cmp_transaction") COUNTED_TOO("csr")
				COUNTED_TOO("exchange") COUNTED_TOO("seen") COUNTED_TOO("event")
					COUNTED_TOO("audit"),
	[READ_TOTALS] =
		"SELECT (SELECT CAST(coalesce(sum(registrations), 0) AS BIGINT) FROM trust_domain),"
		" (SELECT count(*) FROM client),"
		" (SELECT count(*) FROM (SELECT 1 FROM certificate WHERE state IN (2, 6)"
		" AND not_after_ms <= ?1 LIMIT ?3) AS few),"
		" (SELECT count(*) FROM (SELECT 1 FROM certificate WHERE state IN (2, 6)"
		" AND not_after_ms > ?1 AND not_after_ms <= ?2 LIMIT ?3) AS few)",
	[READ_KEY_TAKEN] = KEY_TAKEN_SQL,
	[READ_LIVE_REACHED] = LIVE_REACHED_SQL,
	[READ_TRANSACTION_FIND] = "SELECT " TRANSACTION_COLUMNS " FROM cmp_transaction"
				  " WHERE transaction_id = ?1 AND requester = ?2",
	[READ_TRANSACTION_GET] =
		"SELECT " TRANSACTION_COLUMNS " FROM cmp_transaction WHERE id = ?1",
	[READ_TRANSACTION_SIGNERS] = "SELECT t.requester, s.certificates FROM cmp_transaction t"
				     " LEFT JOIN transaction_signer s ON s.id = t.signer_id"
				     " WHERE t.transaction_id = ?1 AND t.protection = ?2",
	[READ_ANNOUNCEMENT_GET] = "SELECT " ANNOUNCEMENT_COLUMNS " FROM announcement WHERE id = ?1",
	[READ_POP_GET] = "SELECT transaction_id, answer_digest, request FROM pop"
			 " WHERE transaction_id = ?1",
	[READ_KEM_SECRET_FIND] =
		"SELECT id, cmp_transaction_id IS NOT NULL, deadline_ms, requester, transaction_id,"
		" sent_nonce, secret, request, response FROM kem_secret WHERE transaction_id = ?1",
	[READ_KEM_SECRET_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM kem_secret"
				  " WHERE cmp_transaction_id IS NULL LIMIT ?1) AS few",
	[READ_REV_PASSPHRASE_FIND] = "SELECT registration_id, created_ms, reference, secret"
				     " FROM rev_passphrase WHERE reference = ?1",
	[READ_REV_PASSPHRASE_BEFORE] =
		"SELECT registration_id, created_ms, reference, secret"
		" FROM rev_passphrase_before WHERE reference = ?1 AND transaction_id = ?2",
	[READ_ATTESTATION_GET] = "SELECT certificate_id, verdict, statement, attester, nonce"
				 " FROM certificate_attestation WHERE certificate_id = ?1",
	[READ_ARCHIVED_KEY_GET] = "SELECT certificate_id, created_ms, generated, secret"
				  " FROM archived_key WHERE certificate_id = ?1",
	[READ_TRANSACTION_ITEMS] =
		"SELECT cert_req_id, certificate_id, failinfo, status_text, reason"
		" FROM cmp_transaction_item WHERE transaction_id = ?1 ORDER BY seq",
	[READ_NONCE_FIND] = "SELECT " NONCE_COLUMNS " FROM nonce WHERE octets = ?1",
	[READ_NONCE_OF_TRANSACTION] = "SELECT " NONCE_COLUMNS " FROM nonce"
				      " WHERE requester = ?1 AND transaction_id = ?2 ORDER BY seq",
	[READ_NONCE_COUNT] =
		"SELECT count(*) FROM (SELECT 1 FROM nonce"
		" WHERE requester = ?1 AND expires_ms > ?2 AND used = 0 LIMIT ?3) AS few",
	[READ_NONCE_DUE] =
		"SELECT id FROM nonce WHERE expires_ms < ?1 ORDER BY expires_ms LIMIT ?2",
	[READ_CSR_GET] = "SELECT " CSR_COLUMNS " FROM " CSR_TABLES " WHERE q.id = ?1",
	[READ_CSR_FIND] = "SELECT " CSR_COLUMNS " " CSR_SAME_SQL,
	[READ_CSR_WAITING_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM csr"
				   " WHERE state = 0 AND client = ?1 LIMIT ?2) AS few",
	[READ_CSR_DECIDED] = "SELECT id FROM csr WHERE decided = 1 LIMIT ?1",
	[READ_CSR_DUE] = "SELECT id FROM csr WHERE until_ms < ?1 ORDER BY until_ms LIMIT ?2",
	[READ_EXCHANGE_GET] = "SELECT " EXCHANGE_COLUMNS " FROM exchange WHERE id = ?1",
	[READ_EXCHANGE_FIND] = "SELECT " EXCHANGE_COLUMNS " FROM exchange"
			       " WHERE certificate_id = ?1 AND kind = ?2 ORDER BY id DESC LIMIT 1",
	[READ_EXCHANGE_MESSAGES] =
		"SELECT seq, sent, der FROM exchange_message WHERE exchange_id = ?1 ORDER BY seq",
	/* What was received, the newest first. */
	[READ_EXCHANGE_ANSWERS] =
		"SELECT m.der FROM exchange e JOIN exchange_message m ON m.exchange_id = e.id"
		" WHERE e.certificate_id = ?1 AND e.kind = ?2 AND m.sent = 0"
		" ORDER BY e.id DESC, m.seq DESC",
	/* What is due, in the order of an index. `+` keeps the index of states out of it. */
	[READ_CERTIFICATE_DUE] = "SELECT id FROM certificate WHERE confirm_by_ms < ?1"
				 " AND +state = 1 ORDER BY confirm_by_ms LIMIT ?2",
	[READ_TRANSACTION_DUE] = "SELECT id FROM cmp_transaction WHERE state = ?1"
				 " AND deadline_ms < ?2 ORDER BY deadline_ms LIMIT ?3",
	[READ_TRANSACTION_OPEN_COUNT] =
		"SELECT count(*) FROM (SELECT 1 FROM cmp_transaction WHERE state IN (0, 1, 4)"
		" AND deadline_ms IS NOT NULL AND requester = ?1 LIMIT ?2) AS few",
	[READ_EXCHANGE_DUE] = "SELECT id FROM exchange WHERE state = 0 AND ca = ?1"
			      " AND next_ms <= ?2 ORDER BY next_ms LIMIT ?3",
	[READ_EXCHANGE_EXPIRED] =
		"SELECT id FROM exchange WHERE state = 0 AND ca = ?1 AND deadline_ms <= ?2"
		" AND next_ms <= ?2 ORDER BY deadline_ms LIMIT ?3",
	[READ_EXCHANGE_OPEN] = "SELECT count(*), min(created_ms) FROM (SELECT created_ms"
			       " FROM exchange WHERE state = 0 AND ca = ?1 LIMIT ?2) AS few",
	[READ_EXCHANGE_CA_NEXT] = "SELECT ca FROM exchange WHERE state = 0 AND ca > ?1"
				  " ORDER BY ca LIMIT 1",
	[READ_CRL_NEWEST] =
		"SELECT id, ca, number, this_update_ms, next_update_ms, scheduled_ms, changes,"
		" coalesce(scheduled_changes, changes),"
		" coalesce((SELECT f.number FROM crl_floor f WHERE f.ca = crl.ca), 0)"
		" FROM crl WHERE ca = ?1 ORDER BY number DESC LIMIT 1",
	[READ_CRL_OCTETS] = "SELECT der FROM crl WHERE id = ?1",
	[READ_CRL_CHANGES] = "SELECT newest FROM crl_change WHERE ca = ?1",
	[READ_RESOURCE_KEY] = "SELECT key FROM resource_key WHERE id = 1",
	[READ_SECRET_KEYS] = "SELECT key_id, in_force, created_ms FROM secret_key"
			     " ORDER BY in_force DESC LIMIT ?1",
	/* 0: secrets; the content of the others is none. */
	[READ_SEALED_CREDENTIAL] =
		SEALED_SQL("id", "content", "known_by",
			   "(SELECT * FROM credential WHERE +kind = 0) AS secrets"),
	[READ_SEALED_KEM_SECRET] = SEALED_SQL("id", "secret", "transaction_id", "kem_secret"),
	[READ_SEALED_REV_PASSPHRASE] = SEALED_SQL("id", "secret", "reference", "rev_passphrase"),
	[READ_SEALED_REV_PASSPHRASE_BEFORE] =
		SEALED_SQL("registration_id", "secret", "reference", "rev_passphrase_before"),
	[READ_SEALED_ARCHIVED_KEY] =
		SEALED_SQL("k.certificate_id", "k.secret", "c.key_digest",
			   "archived_key k JOIN certificate c ON c.id = k.certificate_id"),
	[READ_SEALED_SUBSCRIPTION] =
		SEALED_SQL("id", "secret", "client, callback_uri, token_endpoint",
			   "(SELECT * FROM subscription WHERE secret IS NOT NULL) AS secrets"),
	[READ_SEALED_INITIAL_CREDENTIAL] =
		SEALED_SQL("id", "secret", "reference", "initial_credential"),
	[READ_SEEN] = "SELECT 1 FROM seen WHERE digest = ?1",
	[READ_EVENTS] =
		"SELECT e.id, e.kind, e.time_ms, e.registration_id, e.certificate_id, e.csr_id,"
		" e.reason, r.cert_type, r.subject_id, r.manager, r.trust_domain, c.not_after_ms,"
		" r.vnf_instance"
		" FROM event e JOIN registration r ON r.id = e.registration_id"
		" LEFT JOIN certificate c ON c.id = e.certificate_id"
		" WHERE e.trust_domain = ?1 AND e.id > ?2 ORDER BY e.id LIMIT ?3",
	[READ_EVENT_PURGEABLE] = EVENT_DONE_SQL "1",
	/* Two parts, so that many with the same notAfter are not read again and again. */
	[READ_ENDING] = "SELECT not_after_ms, id FROM certificate WHERE state IN (2, 6)"
			" AND not_after_ms = ?1 AND id > ?2 AND not_after_ms <= ?3 UNION ALL"
			" SELECT not_after_ms, id FROM certificate WHERE state IN (2, 6)"
			" AND not_after_ms > ?1 AND not_after_ms <= ?3 ORDER BY 1, 2 LIMIT ?4",
	[READ_ENDING_MARK] =
		"SELECT not_after_ms, certificate_id FROM ending_mark WHERE before_ms = ?1",
	[READ_LCM_SUBSCRIPTION] = "SELECT vnfm, subscription, callback_uri, request_digest,"
				  " created_ms"
				  " FROM lcm_subscription WHERE vnfm = ?1",
	[READ_LCM_EVENT_DUE] =
		"SELECT vnfm, vnf_instance, sequence, noted_ms, next_ms, attempts, removed,"
		" deleted, unfinished, operation_id FROM lcm_event"
		" WHERE vnfm = ?1 AND next_ms <= ?2 ORDER BY next_ms LIMIT 1",
	[READ_LCM_EVENT_COUNT] =
		"SELECT count(*) FROM (SELECT 1 FROM lcm_event WHERE vnfm = ?1 LIMIT ?2) AS few",
	[READ_SUBSCRIPTION_GET] = "SELECT " SUBSCRIPTION_COLUMNS " FROM subscription WHERE id = ?1",
	[READ_SUBSCRIPTION_FIND] = "SELECT id FROM subscription WHERE client = ?1"
				   " AND callback_uri = ?2 AND filter = ?3 AND state = 0",
	[READ_SUBSCRIPTION_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM subscription"
				    " WHERE client = ?1 LIMIT ?2) AS few",
	[READ_SUBSCRIPTION_ANY] = "SELECT 1 FROM subscription WHERE state = 0 LIMIT 1",
	[READ_SUBSCRIPTION_DUE] =
		"SELECT id FROM subscription s WHERE state = 0 AND next_ms <= ?1 AND EXISTS"
		" (SELECT 1 FROM event e WHERE e.trust_domain = s.trust_domain"
		" AND e.id > s.position) ORDER BY next_ms LIMIT ?2",
	[READ_SUBSCRIPTION_BACKLOG] =
		"SELECT CAST(sum((SELECT count(*) FROM (SELECT 1 FROM event e"
		" WHERE e.trust_domain = s.trust_domain AND e.id > s.position LIMIT ?1) AS few)) "
		"AS BIGINT),"
		" min((SELECT e.time_ms FROM event e WHERE e.trust_domain = s.trust_domain"
		" AND e.id > s.position ORDER BY e.id LIMIT 1))"
		" FROM subscription s WHERE s.state = 0",
	[READ_VNF_FIND] = "SELECT " VNF_COLUMNS " FROM direct_vnf v"
			  " WHERE v.vnfm = ?1 AND v.vnf_instance = ?2",
	/* By an index each: what is smallest behind a name. */
	[READ_VNFM_NEXT] = "SELECT min(name) FROM (SELECT min(vnfm) AS name FROM lcm_subscription "
			   "WHERE vnfm > ?1"
			   " UNION ALL SELECT min(vnfm) FROM lcm_event WHERE vnfm > ?1"
			   " UNION ALL SELECT min(vnfm) FROM direct_vnf WHERE vnfm > ?1) AS few"
			   " HAVING min(name) IS NOT NULL",
	[READ_VNFC_GET] = "SELECT " VNFC_COLUMNS " WHERE c.registration_id = ?1",
	[READ_VNFC_LIST] = "SELECT " VNFC_COLUMNS " WHERE c.vnf_id = ?1",
	[READ_VNFC_COUNT] =
		"SELECT count(*) FROM direct_vnf v JOIN direct_vnfc c ON c.vnf_id = v.id"
		" WHERE v.vnfm = ?1 AND c.state = ?2 AND (c.resync = ?3 OR ?3 IS NULL)",
	[READ_VNFC_DUE] = "SELECT registration_id FROM direct_vnfc WHERE due_ms <= ?1"
			  " ORDER BY due_ms LIMIT ?2",
	/* Neither renewed nor asked for with a certificate of the resource before. */
	[READ_VNFC_REPLACED] =
		"SELECT c.registration_id FROM direct_vnfc c WHERE c.replaced_id > 0 AND EXISTS"
		" (SELECT 1 FROM certificate t WHERE t.registration_id = c.registration_id"
		" AND t.id > c.replaced_id AND t.state = 2 AND t.replaces_id IS NULL"
		" AND substr(t.requester, 1, 12) <> 'certificate:') LIMIT ?1",
	[READ_INITIAL_CREDENTIAL_FIND] =
		"SELECT " INITIAL_CREDENTIAL_COLUMNS " WHERE i.reference = ?1",
	[READ_INITIAL_CREDENTIAL_GET] = "SELECT " INITIAL_CREDENTIAL_COLUMNS " WHERE i.id = ?1",
	[READ_INITIAL_CREDENTIAL_OF] =
		"SELECT " INITIAL_CREDENTIAL_COLUMNS " WHERE i.registration_id = ?1",
	/* `file > 0` is the condition of the partial index. */
	[READ_INITIAL_CREDENTIAL_FILES] = "SELECT id FROM initial_credential WHERE file = ?1"
					  " AND file > 0 LIMIT ?2",
	[READ_INITIAL_CREDENTIAL_TO_DELIVER] =
		"SELECT " INITIAL_CREDENTIAL_COLUMNS
		" WHERE i.deliver_to = ?1 AND i.deliver_ms <= ?2 ORDER BY i.deliver_ms LIMIT 1",
	[READ_INITIAL_CREDENTIAL_UNDELIVERED] =
		"SELECT count(*) FROM (SELECT 1 FROM initial_credential WHERE deliver_to = ?1"
		" LIMIT ?2) AS few",
	[READ_INITIAL_CREDENTIAL_USED] =
		"SELECT i.id FROM initial_credential i CROSS JOIN certificate c"
		" ON c.id = i.certificate_id WHERE i.certificate_id > 0 AND i.spent_ms IS NULL"
		" AND c.state IN (2, 5, 6) LIMIT ?1",
	[READ_INITIAL_CREDENTIAL_FILES_EXPIRED] =
		"SELECT id FROM initial_credential WHERE file = 2 AND file > 0"
		" AND expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2",
	[READ_INITIAL_CREDENTIAL_EXPIRED] =
		"SELECT id FROM initial_credential WHERE expires_ms < ?1 AND +file = 0"
		" ORDER BY expires_ms LIMIT ?2",
	[READ_REVOKED_PAGE] = "SELECT serial, reason, revoked_ms, invalidity_ms FROM certificate"
			      " WHERE ca = ?1 AND revoked_ms IS NOT NULL AND serial < ?2"
			      " AND (not_after_ms >= ?3 OR crl_change > ?4)"
			      " ORDER BY serial DESC LIMIT ?5",
	[READ_AUDIT_CHAINS] = "SELECT " AUDIT_CHAIN_COLUMNS " FROM audit_chain WHERE id >= 0"
			      " ORDER BY id",
	[READ_DATABASE_STATE] = "SELECT now_ms, schema, needs FROM database_state",
	[READ_NODES] = "SELECT n.id, n.name, n.address, n.version, n.schema, n.configuration,"
		       " n.skew_ms, n.started_ms, n.seen_ms,"
		       " CASE WHEN n.until_ms >= d.now_ms THEN 1 ELSE 0 END"
		       " FROM node n, database_state d ORDER BY n.name, n.id",
	[READ_LEASES] = "SELECT job, node, epoch FROM lease ORDER BY job",
	[READ_JOB_TAKEN] = "SELECT count(*) FROM lease l JOIN node n ON n.id = l.node"
			   " JOIN database_state d ON d.now_ms <= n.until_ms WHERE l.job = ?1",
	/* What is asked ahead: first the values of the question that a row answers (ahead.h). */
	[READ_TRANSACTIONS_OF_ID] = "SELECT transaction_id, requester, " TRANSACTION_COLUMNS
				    " FROM cmp_transaction WHERE transaction_id = ?1 LIMIT ?2",
	[READ_CERTIFICATES_OF_ID] = "SELECT c.id, " CERTIFICATE_COLUMNS " FROM cmp_transaction t"
				    " JOIN certificate c ON c.id = t.certificate_id"
				    " JOIN registration r ON r.id = c.registration_id WHERE "
				    "t.transaction_id = ?1 LIMIT ?2",
	[READ_REGISTRATIONS_OF_KEY] =
		"SELECT subject_key, trust_domain, vnf_instance, cert_type, " REGISTRATION_COLUMNS
		" FROM registration WHERE subject_key = ?1 AND state = 0 LIMIT ?2",
	[READ_CERTIFICATES_OF_SERIAL] = "SELECT c.serial, c.ca, " CERTIFICATE_COLUMNS
					" FROM " CERTIFICATE_TABLES " WHERE c.serial = ?1 LIMIT ?2",
	[READ_CERTIFICATE_IDS_OF_SERIAL] =
		"SELECT c.id, " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES
		" WHERE c.serial = ?1 LIMIT ?2",
	[READ_REGISTRATIONS_OF_SERIAL] = "SELECT id, " REGISTRATION_COLUMNS
					 " FROM registration WHERE id IN (SELECT registration_id"
					 " FROM certificate WHERE serial = ?1) LIMIT ?2",
	[READ_AUDIT_CHAIN_NEWEST] = "SELECT " AUDIT_CHAIN_COLUMNS " FROM audit_chain WHERE id >= 0"
				    " ORDER BY id DESC LIMIT 1",
	[READ_AUDIT_CHAIN_AFTER] = "SELECT " AUDIT_CHAIN_COLUMNS " FROM audit_chain"
				   " WHERE id > ?1 ORDER BY id LIMIT 1",
	[READ_AUDIT_SINCE] = "SELECT min(+id) FROM audit WHERE time_ms >= ?1",
	[READ_AUDIT_AT] = "SELECT id FROM audit WHERE time_ms >= ?1 ORDER BY time_ms, id LIMIT 1",
	[READ_AUDIT_NEWEST] = "SELECT " AUDIT_COLUMNS " FROM audit WHERE chain = ?1"
			      " ORDER BY id DESC LIMIT 1",
	[READ_AUDIT_SINK] = "SELECT chain, sequence, line FROM audit_sink WHERE name = ?1",
};

/* --- lists --- */

/*
 * Rows of a list come in the order of ids, so that a page goes on where the last one ended and
 * nothing is sorted. A `+` says what is not to be looked up in an index.
 */
const char *const store_part_sql[QUERY_PARTS] = {
	[LIST_CLIENTS] = "SELECT " CLIENT_COLUMNS
			 " FROM client c LEFT JOIN credential k ON k.client_id = c.id",
	[LIST_REGISTRATIONS] = "SELECT " REGISTRATION_COLUMNS " FROM registration",
	[LIST_CERTIFICATES] = "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES,
	[LIST_TRANSACTIONS] = "SELECT " TRANSACTION_COLUMNS " FROM cmp_transaction",
	[LIST_ANNOUNCEMENTS] = "SELECT " ANNOUNCEMENT_COLUMNS " FROM announcement",
	[LIST_ARCHIVED_KEYS] = "SELECT k.certificate_id, k.created_ms, k.generated, k.secret"
			       " FROM certificate c JOIN archived_key k ON k.certificate_id = c.id",
	[LIST_AUDIT] = "SELECT " AUDIT_COLUMNS " FROM audit",
	[LIST_CSRS] = "SELECT " CSR_COLUMNS " FROM " CSR_TABLES,
	[LIST_SUBSCRIPTIONS] = "SELECT " SUBSCRIPTION_COLUMNS " FROM subscription",
	[LIST_VNFS] = "SELECT " VNF_COLUMNS " FROM direct_vnf v",
	[WHERE_CLIENT_AFTER] = "c.id > ?",
	[WHERE_CLIENT_NAME] = "c.name = ?",
	[WHERE_ID_AFTER] = "id > ?",
	[WHERE_SUBJECT_KEY] = "subject_key = ?",
	[WHERE_VNF_INSTANCE] = "vnf_instance = ?",
	[WHERE_MANAGER] = "manager = ?",
	[WHERE_CA] = "ca = ?",
	[WHERE_TRUST_DOMAIN] = "trust_domain = ?",
	[WHERE_CERT_TYPE] = "cert_type = ?",
	[WHERE_PROFILE] = "profile = ?",
	[IF_REGISTERED] = "state = 0",
	[WHERE_CERTIFICATE_AFTER] = "c.id > ?",
	[WHERE_CERTIFICATE_SERIAL] = "c.serial = ?",
	[WHERE_CERTIFICATE_CA] = "c.ca = ?",
	[WHERE_CERTIFICATE_REGISTRATION] = "c.registration_id = ?",
	[WHERE_CERTIFICATE_SUBJECT_KEY] = "r.subject_key = ?",
	[WHERE_CERTIFICATE_SUBJECT_KEY_OF_FEW] = "+r.subject_key = ?",
	[WHERE_CERTIFICATE_VNF_INSTANCE] = "+r.vnf_instance = ?",
	[WHERE_CERTIFICATE_MANAGER] = "+r.manager = ?",
	[WHERE_CERTIFICATE_TRUST_DOMAIN] = "+r.trust_domain = ?",
	[WHERE_CERTIFICATE_CERT_TYPE] = "+r.cert_type = ?",
	[WHERE_CERTIFICATE_PROFILE] = "+r.profile = ?",
	[WHERE_CERTIFICATE_ENDS_AFTER] = "+c.not_after_ms > ?",
	[WHERE_CERTIFICATE_ENDS_BY] = "+c.not_after_ms <= ?",
	[WHERE_CERTIFICATE_STATE] = "c.state = ?",
	[WHERE_CERTIFICATE_STATE_OF_FEW] = "+c.state = ?",
	/* Written as in the partial index certificate_not_active, so that it serves. */
	[IF_CERTIFICATE_NOT_ACTIVE] = "c.state <> 2",
	[IF_CERTIFICATE_ACCEPTED] = "c.state NOT IN (0, 1, 4)",
	[WHERE_REQUESTER] = "requester = ?",
	[WHERE_TRANSACTION_CERTIFICATE] =
		"id IN (WITH wanted (c) AS (SELECT CAST(? AS BIGINT)) SELECT id FROM "
		"cmp_transaction, wanted"
		" WHERE certificate_id = c UNION ALL SELECT transaction_id FROM"
		" cmp_transaction_item, wanted WHERE certificate_id = c)",
	[WHERE_TRANSACTION_ID] = "transaction_id = ?",
	[WHERE_TRANSACTION_STATE] = "state = ?",
	/* Written as in the partial index cmp_transaction_not_done, so that it serves. */
	[IF_TRANSACTION_NOT_DONE] = "state <> 2",
	[WHERE_SUBSCRIPTION_CLIENT] = "client = ?",
	[WHERE_ACTOR] = "? IN (actor, user_name)",
	[WHERE_ACTION] = "action = ?",
	[WHERE_TARGET] = "target = ?",
	[WHERE_OUTCOME] = "outcome = ?",
	[WHERE_REQUEST_ID] = "request_id = ?",
	[WHERE_TIME_SINCE] = "+time_ms >= ?",
	[WHERE_CHAIN] = "chain = ?",
	[WHERE_SENDER] = "sender = ?",
	[WHERE_TYPE] = "type = ?",
	[WHERE_CSR_AFTER] = "q.id > ?",
	[WHERE_CSR_CLIENT] = "q.client = ?",
	[WHERE_CSR_TRUST_DOMAIN] = "+r.trust_domain = ?",
	[WHERE_VNF_AFTER] = "v.id > ?",
	[WHERE_VNF_VNFM] = "+v.vnfm = ?",
	[WHERE_VNF_NOT_RESYNC] = "v.resync <> ?",
	[ORDER_ID] = "id",
	[ORDER_CLIENT] = "c.id, k.id",
	[ORDER_CERTIFICATE] = "c.id",
	[ORDER_CERTIFICATE_NEWEST] = "c.id DESC",
	[ORDER_CSR] = "q.id",
	[ORDER_VNF] = "v.id",
};
