// SPDX-License-Identifier: Apache-2.0
/* The SQL of changes. See sqlite_unit_sql.h. */
#include "sqlite_unit_sql.h"

#include "taken.h"

const char *const sqlite_unit_sql[CHANGE_KINDS] = {
	[CHANGE_CLIENT_INSERT] =
		"INSERT INTO client (name, trust_domain, permissions, register_on_ir,"
		" default_profile, trust_anchor, certificate, subject, mac_reference, mac_secret,"
		" created_ms, policy, entity)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[CHANGE_CLIENT_REMOVE] = "DELETE FROM client WHERE name = ?1",
	[CHANGE_CLIENTS_REQUIRE] =
		"SELECT 1 FROM meta WHERE name = 'client_generation' AND value <> ?1",
	/* One manager for all active registrations of a subject; one active one for a certType. */
	[CHANGE_REGISTRATION_INSERT] =
		"INSERT INTO registration (cert_type, subject_id, handling, manager, trust_domain,"
		" ca, profile, state, created_ms, changed_ms)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE NOT EXISTS"
		" (SELECT 1 FROM registration WHERE subject_id = ?2 AND state = 0"
		" AND manager <> ?4)",
	[CHANGE_REGISTRATION_DEREGISTER] =
		"UPDATE registration SET state = 1, changed_ms = ?2 WHERE id = ?1 AND state = 0",
	[CHANGE_SUBJECT_REQUIRE] =
		"SELECT 1 FROM registration WHERE subject_id = ?1 AND state = 0 LIMIT 1",
	[CHANGE_KEY_REQUIRE] = KEY_TAKEN_SQL,
	[CHANGE_LIVE_REQUIRE] = LIVE_REACHED_SQL,
	[CHANGE_CERTIFICATE_INSERT] =
		"INSERT INTO certificate (registration_id, state, reason, revoked_ms, "
		"confirm_by_ms,"
		" not_before_ms, not_after_ms, created_ms, ca, serial, requester, subject,"
		" key_digest, der)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14"
		" FROM registration WHERE id = ?1 AND state = 0",
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
	[CHANGE_TRANSACTION_SIGNER_INSERT] = "INSERT INTO transaction_signer (digest, certificates)"
					     " VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING",
	[CHANGE_TRANSACTION_INSERT] =
		"INSERT INTO cmp_transaction (state, body_type, protection, implicit_confirm,"
		" chain_request, cert_req_id, certificate_id, deadline_ms, created_ms, changed_ms,"
		" requester, transaction_id, request_nonce, sent_nonce, request_digest, "
		"status_text,"
		" response, n_items, crl_id, crl_at, signer_id) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7,"
		" ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
		" (SELECT id FROM transaction_signer WHERE digest = ?21)"
		" WHERE ?19 IS NULL OR EXISTS (SELECT 1 FROM crl WHERE id = ?19)",
	[CHANGE_TRANSACTION_ITEM_INSERT] =
		"INSERT INTO cmp_transaction_item (transaction_id, seq, cert_req_id,"
		" certificate_id, failinfo, status_text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[CHANGE_TRANSACTION_UPDATE] =
		"UPDATE cmp_transaction SET state = ?2, implicit_confirm = ?3, deadline_ms = ?4,"
		" changed_ms = ?5, sent_nonce = ?6, request_digest = ?7, status_text = ?8,"
		" response = ?9, crl_id = ?13, crl_at = ?14 WHERE id = ?1 AND state = ?10"
		" AND (?11 IS NULL OR request_digest = ?11) AND (?12 = 0 OR response IS NULL)"
		" AND (?13 IS NULL OR EXISTS (SELECT 1 FROM crl WHERE id = ?13))",
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
	[CHANGE_KEM_SECRET_TRIM] = "DELETE FROM kem_secret WHERE id IN (SELECT id FROM kem_secret"
				   " WHERE requester = ?1 AND cmp_transaction_id IS NULL"
				   " ORDER BY deadline_ms DESC, id DESC LIMIT -1 OFFSET ?2)",
	[CHANGE_KEM_SECRET_USE] = "UPDATE kem_secret SET cmp_transaction_id = ?2 WHERE id = ?1",
	[CHANGE_KEM_SECRET_PURGE] =
		"DELETE FROM kem_secret WHERE id IN (SELECT id FROM kem_secret"
		" WHERE cmp_transaction_id IS NULL AND deadline_ms < ?1 LIMIT ?2)",
	[CHANGE_TRANSACTION_PURGE_DONE] =
		"DELETE FROM cmp_transaction WHERE id IN (SELECT id FROM cmp_transaction"
		" WHERE state = 2 AND changed_ms < ?1 LIMIT ?2)",
	[CHANGE_TRANSACTION_PURGE_FAILED] =
		"DELETE FROM cmp_transaction WHERE id IN (SELECT id FROM cmp_transaction"
		" WHERE state = 3 AND changed_ms < ?1 LIMIT ?2)",
	[CHANGE_EXCHANGE_INSERT] =
		"INSERT INTO exchange (kind, state, certificate_id, failinfo, deadline_ms, next_ms,"
		" created_ms, ca, request) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[CHANGE_EXCHANGE_ADD_MESSAGE] =
		"INSERT INTO exchange_message (exchange_id, seq, sent, der)"
		" SELECT ?1, ?2, ?3, ?4 FROM exchange WHERE id = ?1 AND state = 0",
	[CHANGE_EXCHANGE_SET_NEXT] = "UPDATE exchange SET next_ms = ?2 WHERE id = ?1 AND state = 0",
	[CHANGE_EXCHANGE_FINISH] = "UPDATE exchange SET state = ?2, failinfo = ?3, refusal = ?4"
				   " WHERE id = ?1 AND state = 0",
	[CHANGE_CRL_INSERT] =
		"INSERT INTO crl (ca, number, this_update_ms, next_update_ms, scheduled_ms,"
		" changes, der) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS"
		" (SELECT 1 FROM crl WHERE ca = ?1 AND number >= ?2)",
	[CHANGE_CRL_PURGE] = "DELETE FROM crl WHERE ca = ?1 AND number < ?2"
			     " AND NOT EXISTS (SELECT 1 FROM cmp_transaction"
			     " WHERE crl_id = crl.id AND crl_id IS NOT NULL)",
	[CHANGE_SEEN_INSERT] = "INSERT INTO seen (digest, until_ms) VALUES (?1, ?2)"
			       " ON CONFLICT (digest) DO NOTHING",
	[CHANGE_SEEN_PURGE] = "DELETE FROM seen WHERE digest IN (SELECT digest FROM seen"
			      " WHERE until_ms < ?1 ORDER BY until_ms LIMIT ?2)",
	[CHANGE_ANNOUNCEMENT_INSERT] =
		"INSERT INTO announcement (type, created_ms, sender, digest, der)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
	[CHANGE_ANNOUNCEMENT_TRIM] =
		"DELETE FROM announcement WHERE id IN (SELECT id FROM announcement"
		" WHERE sender = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)",
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
	[CHANGE_COUNT] = "INSERT INTO counter (name, state, n) VALUES (?1, ?2, ?3)"
			 " ON CONFLICT (name, state) DO UPDATE SET n = n + excluded.n",
	/* Changes one page: whether that can be committed. */
	[CHANGE_PROBE] = "INSERT INTO meta (name, value) VALUES ('probe', 1)"
			 " ON CONFLICT (name) DO UPDATE SET value = value + 1",
	[CHANGE_AUDIT_ADD] = "INSERT INTO audit (time_ms, actor, action, target, detail)"
			     " VALUES (?1, ?2, ?3, ?4, ?5)",
};
