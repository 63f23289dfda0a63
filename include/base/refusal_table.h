// SPDX-License-Identifier: Apache-2.0
/*
 * Every refusal: name (its code in log and metrics), failInfo, the sentence for the client.
 * Included several times with different REFUSAL() macros. Sentences are fixed: nothing internal
 * and nothing of the request goes into them.
 */

/* A row is a line. */
/* clang-format off */

/* Header, RFC 9483 3.5 */
REFUSAL(not_a_pkimessage, FAIL_BAD_DATA_FORMAT, "the request is not a DER-encoded PKIMessage")
REFUSAL(body_malformed, FAIL_BAD_DATA_FORMAT, "the body of the PKIMessage is malformed")
REFUSAL(pvno_unsupported, FAIL_UNSUPPORTED_VERSION, "pvno is not supported; use 2 or 3")
REFUSAL(transaction_id_missing, FAIL_BAD_DATA_FORMAT, "transactionID is missing")
REFUSAL(transaction_id_short, FAIL_BAD_DATA_FORMAT, "transactionID is shorter than 128 bits")
REFUSAL(transaction_id_long, FAIL_BAD_DATA_FORMAT, "transactionID is too long")
REFUSAL(sender_nonce_missing, FAIL_BAD_SENDER_NONCE, "senderNonce is missing")
REFUSAL(sender_nonce_short, FAIL_BAD_SENDER_NONCE, "senderNonce is shorter than 128 bits")
REFUSAL(sender_nonce_long, FAIL_BAD_SENDER_NONCE, "senderNonce is too long")
REFUSAL(recip_nonce_unexpected, FAIL_BAD_RECIPIENT_NONCE, "recipNonce is set in the first message of a transaction")
REFUSAL(recip_nonce_wrong, FAIL_BAD_RECIPIENT_NONCE, "recipNonce is not the senderNonce of our last message")
REFUSAL(message_time_off, FAIL_BAD_TIME, "messageTime is too far from the time of the server")
REFUSAL(body_type_unsupported, FAIL_BAD_REQUEST, "this type of message is not supported by this server")
REFUSAL(body_type_unexpected, FAIL_BAD_REQUEST, "this type of message is not expected in this transaction")
REFUSAL(operation_label_mismatch, FAIL_BAD_REQUEST, "the operation in the URL does not fit the type of message")
REFUSAL(transaction_unknown, FAIL_BAD_REQUEST, "there is no such transaction")
REFUSAL(transaction_ended, FAIL_BAD_REQUEST, "the transaction has ended")
REFUSAL(transaction_id_in_use, FAIL_TRANSACTION_ID_IN_USE, "transactionID is already in use")
REFUSAL(general_info_duplicate, FAIL_BAD_DATA_FORMAT, "generalInfo carries an element twice")
REFUSAL(implicit_confirm_malformed, FAIL_BAD_DATA_FORMAT, "the value of implicitConfirm is not NULL")
REFUSAL(cert_profile_malformed, FAIL_BAD_DATA_FORMAT, "certProfile must hold exactly one name")

/* Nested messages, RFC 9483 5.2.2; origPKIMessage, RFC 9810 5.1.1.3 */
REFUSAL(nested_mac, FAIL_WRONG_INTEGRITY, "a nested message must be protected by a signature")
REFUSAL(nested_sender_nonce, FAIL_BAD_SENDER_NONCE, "senderNonce of the nested message is not that of the message in it")
REFUSAL(nested_not_ra, FAIL_NOT_AUTHORIZED, "protection may be added by a registration authority only")
REFUSAL(nested_other_domain, FAIL_NOT_AUTHORIZED, "the registration authority may not approve requests of this requester")
REFUSAL(nested_too_deep, FAIL_BAD_REQUEST, "messages are nested too deep")
REFUSAL(nested_batch_inside, FAIL_BAD_REQUEST, "a batch of messages may not lie within a nested message")
REFUSAL(nested_count, FAIL_BAD_REQUEST, "a nested message holds too many messages")
REFUSAL(nested_transaction_id, FAIL_BAD_REQUEST, "transactionID of a batch must differ from those of the messages in it")
REFUSAL(nested_announcement, FAIL_BAD_REQUEST, "an announcement may not lie within a nested message")
REFUSAL(original_malformed, FAIL_BAD_DATA_FORMAT, "the value of origPKIMessage is malformed")
REFUSAL(original_count, FAIL_BAD_REQUEST, "origPKIMessage does not hold as many messages as it must")
REFUSAL(original_mismatch, FAIL_BAD_REQUEST, "transactionID or a nonce differs from that of the original message")
REFUSAL(original_not_replaceable, FAIL_BAD_REQUEST, "the protection of a key update or of central key generation must not be replaced")

/* Protection, RFC 9483 3.2 and 3.5 */
REFUSAL(protection_missing, FAIL_BAD_MESSAGE_CHECK, "the message is not protected")
REFUSAL(protection_malformed, FAIL_BAD_MESSAGE_CHECK, "the protection of the message is malformed")
REFUSAL(protection_alg_unsupported, FAIL_BAD_ALG, "the protection algorithm is not accepted")
REFUSAL(protection_alg_mismatch, FAIL_BAD_ALG, "the protection algorithm does not fit the signer's key")
REFUSAL(protection_wrong, FAIL_BAD_MESSAGE_CHECK, "the protection of the message does not verify")
REFUSAL(protection_kind_changed, FAIL_WRONG_INTEGRITY, "the kind of protection changed within the transaction")
REFUSAL(protection_alg_not_allowed, FAIL_BAD_ALG, "the policy does not allow this protection algorithm")
REFUSAL(protection_alg_unavailable, FAIL_BAD_ALG, "the cryptographic library of the server lacks the protection algorithm")
REFUSAL(mac_parameters, FAIL_BAD_ALG, "the parameters of the MAC are malformed or name a function that is not accepted")
REFUSAL(mac_weak, FAIL_BAD_ALG, "the password-based MAC has fewer iterations than are accepted")
REFUSAL(mac_costly, FAIL_BAD_ALG, "the password-based MAC has more iterations or a longer salt than are accepted")
REFUSAL(mac_key_length, FAIL_BAD_ALG, "the key of the MAC is too short, or of a length that the algorithm does not take")
REFUSAL(mac_reference_unknown, FAIL_BAD_MESSAGE_CHECK, "the protection of the message does not verify")
REFUSAL(signer_missing, FAIL_BAD_MESSAGE_CHECK, "extraCerts does not hold the certificate of the signer")
REFUSAL(signer_malformed, FAIL_BAD_MESSAGE_CHECK, "the certificate of the signer is malformed")
REFUSAL(signer_mismatch, FAIL_BAD_MESSAGE_CHECK, "sender or senderKID does not fit the certificate of the signer")
REFUSAL(signer_not_trusted, FAIL_SIGNER_NOT_TRUSTED, "the signer of the message is not trusted")
REFUSAL(signer_expired, FAIL_SIGNER_NOT_TRUSTED, "the certificate of the signer is not valid at this time")
REFUSAL(signer_revoked, FAIL_SIGNER_NOT_TRUSTED, "the certificate of the signer is revoked")
REFUSAL(signer_on_hold, FAIL_SIGNER_NOT_TRUSTED, "the certificate of the signer is on hold")
REFUSAL(signer_key_usage, FAIL_SIGNER_NOT_TRUSTED, "the certificate of the signer may not be used for signatures")
REFUSAL(signer_key_weak, FAIL_BAD_ALG, "the key of the signer is too weak or of an unsupported kind")
REFUSAL(extra_certs_too_many, FAIL_BAD_DATA_FORMAT, "extraCerts holds too many certificates")

/* Who may ask: IFA 033 11.2, one answer whether the entity exists or not */
REFUSAL(client_not_permitted, FAIL_NOT_AUTHORIZED, "the requester may not do this")
REFUSAL(entity_not_authorized, FAIL_NOT_AUTHORIZED, "the entity is not registered for this requester and certType")
REFUSAL(end_entity_only_own, FAIL_NOT_AUTHORIZED, "an end entity may update and revoke its own certificate only")
REFUSAL(ra_verified_not_permitted, FAIL_NOT_AUTHORIZED, "raVerified is accepted from a registration authority only")

/* Register, IFA 033 11.2.2 */
REFUSAL(register_malformed, FAIL_BAD_DATA_FORMAT, "the RegisterRequest is malformed")
REFUSAL(cert_type_unknown, FAIL_BAD_REQUEST, "certType or the name of the profile is unknown")
REFUSAL(cert_type_contradiction, FAIL_BAD_REQUEST, "the message names different certTypes")
REFUSAL(vnfc_id_contradiction, FAIL_BAD_REQUEST, "the message names different VNFC identifiers")
REFUSAL(cert_chain_request_contradiction, FAIL_BAD_REQUEST, "the message contradicts itself in certChainRequest")
REFUSAL(carrier_malformed, FAIL_BAD_DATA_FORMAT, "certType, vnfcId or certChainRequest is malformed")
REFUSAL(handling_missing, FAIL_BAD_REQUEST, "typeOfVnfcCertHandling is required for VNFCI and VNF OAM certificates")
REFUSAL(handling_unexpected, FAIL_BAD_REQUEST, "typeOfVnfcCertHandling must be absent for MANO certificates")
REFUSAL(handling_not_supported, FAIL_BAD_REQUEST, "only delegation mode is accepted for typeOfVnfcCertHandling")
REFUSAL(attester_not_supported, FAIL_BAD_REQUEST, "an attester cannot be registered")
REFUSAL(subject_id_invalid, FAIL_BAD_REQUEST, "a subjectId is empty, too long or holds characters that are not allowed")
REFUSAL(subject_id_duplicate, FAIL_BAD_REQUEST, "a subjectId appears twice")
REFUSAL(subject_ids_too_many, FAIL_BAD_REQUEST, "too many subjectIds in one request")
REFUSAL(registration_conflict, FAIL_BAD_REQUEST, "an entity is already registered with other parameters")
REFUSAL(profile_cert_type_mismatch, FAIL_BAD_REQUEST, "the profile is for another certType")
REFUSAL(ca_not_configured, FAIL_BAD_REQUEST, "no CA is configured for this registration")

/* Certificate requests: RFC 9483 4.1, RFC 4211 */
REFUSAL(cert_req_count, FAIL_BAD_REQUEST, "exactly one certificate request is accepted in a message")
REFUSAL(cert_req_id_wrong, FAIL_BAD_REQUEST, "certReqId must be 0")
REFUSAL(entity_not_identified, FAIL_BAD_CERT_TEMPLATE, "the request does not identify an entity")
REFUSAL(template_malformed, FAIL_BAD_CERT_TEMPLATE, "the certificate template is malformed")
REFUSAL(template_field_not_allowed, FAIL_BAD_CERT_TEMPLATE, "the certificate template sets a field that the CA determines")
REFUSAL(template_version, FAIL_BAD_CERT_TEMPLATE, "version in the certificate template must be v3")
REFUSAL(p10_version, FAIL_BAD_CERT_TEMPLATE, "version in the PKCS#10 request must be v1")
REFUSAL(template_subject_not_allowed, FAIL_BAD_CERT_TEMPLATE, "the subject does not fit the registered entity")
REFUSAL(template_san_not_allowed, FAIL_BAD_CERT_TEMPLATE, "a subject alternative name does not fit the registered entity")
REFUSAL(template_extension_duplicate, FAIL_BAD_CERT_TEMPLATE, "an extension is requested twice")
REFUSAL(template_extension_critical, FAIL_UNACCEPTED_EXTENSION, "a critical extension of the request is not supported")
REFUSAL(template_validity, FAIL_BAD_CERT_TEMPLATE, "the requested validity is not acceptable")
REFUSAL(template_issuer, FAIL_WRONG_AUTHORITY, "the issuer in the request is not the CA of the registration")
REFUSAL(public_key_missing, FAIL_BAD_CERT_TEMPLATE, "the public key is missing")
REFUSAL(public_key_malformed, FAIL_BAD_CERT_TEMPLATE, "the public key is malformed")
REFUSAL(public_key_not_allowed, FAIL_BAD_CERT_TEMPLATE, "the kind or size of the public key is not allowed by the profile")
REFUSAL(public_key_algorithm, FAIL_BAD_ALG, "this kind of public key is not supported")
REFUSAL(pop_missing, FAIL_BAD_POP, "proof of possession is missing")
REFUSAL(pop_unsupported, FAIL_BAD_POP, "this kind of proof of possession is not supported")
REFUSAL(pop_signature_wrong, FAIL_BAD_POP, "the signature of the proof of possession does not verify")
REFUSAL(pop_algorithm, FAIL_BAD_ALG, "the signature algorithm of the proof of possession is not accepted")
REFUSAL(pop_input_used, FAIL_BAD_POP, "poposkInput must be absent when subject and public key are in the template")

/* kur, RFC 9483 4.1.3 */
REFUSAL(update_cert_unknown, FAIL_BAD_CERT_ID, "the certificate to be updated is unknown")
REFUSAL(update_cert_not_active, FAIL_CERT_REVOKED, "the certificate to be updated is revoked, expired or not confirmed")
REFUSAL(update_cert_on_hold, FAIL_CERT_REVOKED, "the certificate to be updated is on hold")
REFUSAL(update_cert_not_identified, FAIL_BAD_CERT_ID, "the request does not say which certificate is to be updated")
REFUSAL(update_names_changed, FAIL_BAD_CERT_TEMPLATE, "a key update must not change the names of the certificate")
REFUSAL(update_key_unchanged, FAIL_BAD_CERT_TEMPLATE, "a key update must bring a new key")

REFUSAL(update_not_by_holder, FAIL_NOT_AUTHORIZED, "a key update must be protected with the certificate that is to be updated")

/* certConf, RFC 9483 4.1.1 */
REFUSAL(conf_cert_unknown, FAIL_BAD_CERT_ID, "certHash does not match the certificate of this transaction")
REFUSAL(conf_count, FAIL_BAD_REQUEST, "certConf does not match the certificates of this transaction")
REFUSAL(conf_already, FAIL_CERT_CONFIRMED, "the certificate is already confirmed")
REFUSAL(conf_hash_alg, FAIL_BAD_ALG, "hashAlg is not accepted, or used below pvno 3")

/* rr, RFC 9483 4.2 */
REFUSAL(rev_details_count, FAIL_BAD_REQUEST, "a revocation request holds no certificate, or too many")
REFUSAL(rev_cert_not_identified, FAIL_ADD_INFO_NOT_AVAILABLE, "issuer and serialNumber are required in certDetails")
REFUSAL(rev_cert_unknown, FAIL_BAD_CERT_ID, "the certificate to be revoked is unknown")
REFUSAL(rev_issuer_unknown, FAIL_WRONG_AUTHORITY, "the issuer of the certificate to be revoked is no CA of this server")
REFUSAL(rev_cert_revoked, FAIL_CERT_REVOKED, "the certificate is already revoked")
REFUSAL(rev_cert_expired, FAIL_CERT_REVOKED, "the certificate has expired")
REFUSAL(rev_cert_on_hold, FAIL_CERT_REVOKED, "the certificate is already on hold")
REFUSAL(rev_hold_unconfirmed, FAIL_BAD_REQUEST, "a certificate that is not confirmed cannot be put on hold")
REFUSAL(rev_not_on_hold, FAIL_BAD_REQUEST, "removeFromCRL is for a certificate that is on hold")
REFUSAL(rev_pending, FAIL_SYSTEM_UNAVAIL, "another revocation request for this certificate is still under way")
REFUSAL(rev_reason_not_allowed, FAIL_BAD_REQUEST, "the reason code is malformed or not accepted")

/* pollReq, genm */
REFUSAL(poll_unexpected, FAIL_BAD_REQUEST, "there is nothing to poll for in this transaction")
REFUSAL(poll_req_id_wrong, FAIL_BAD_REQUEST, "certReqId in pollReq does not match the request")
REFUSAL(genm_count, FAIL_BAD_REQUEST, "exactly one element is accepted in a general message")
REFUSAL(genm_unsupported, FAIL_BAD_REQUEST, "this type of general message is not supported")
REFUSAL(genm_value_malformed, FAIL_BAD_DATA_FORMAT, "the value of the general message is malformed")

/* ccr, RFC 9810 5.3.11, 6.6 and D.6 */
REFUSAL(cross_req_count, FAIL_BAD_REQUEST, "a cross-certification request holds exactly one CertReqMsg")
REFUSAL(cross_private_key, FAIL_BAD_REQUEST, "the private key of the requesting CA must not be sent")
REFUSAL(cross_template_incomplete, FAIL_BAD_CERT_TEMPLATE, "signingAlg, issuer, validity, subject and publicKey must be given completely")
REFUSAL(cross_signing_alg, FAIL_BAD_ALG, "the CA does not sign with the signingAlg of the request")
REFUSAL(cross_not_registered, FAIL_NOT_AUTHORIZED, "no cross-certification of this subject is registered for the requester")
REFUSAL(cross_profile, FAIL_NOT_AUTHORIZED, "a profile of cross-certificates is for cross-certification requests only")
REFUSAL(cross_ca, FAIL_WRONG_AUTHORITY, "the CA of the registration cannot certify another CA")

/* Announcements, RFC 9810 5.3.13 to 5.3.16 */
REFUSAL(announcement_malformed, FAIL_BAD_DATA_FORMAT, "the content of the announcement is malformed")
REFUSAL(announcement_status, FAIL_BAD_REQUEST, "the status of a revocation announcement must be revocationWarning or revocationNotification")
REFUSAL(key_update_version, FAIL_UNSUPPORTED_VERSION, "RootCaKeyUpdateContent needs pvno 3")
REFUSAL(key_update_links, FAIL_BAD_REQUEST, "the certificates of the CA key update do not fit together")

/* Upstream CA, faults that a client is told of */
REFUSAL(upstream_rejected, FAIL_SYSTEM_FAILURE, "the upstream CA rejected the request")
REFUSAL(upstream_unavailable, FAIL_SYSTEM_UNAVAIL, "the upstream CA did not answer in time")
REFUSAL(system_unavailable, FAIL_SYSTEM_UNAVAIL, "the server cannot serve the request now; try again later")
REFUSAL(system_failure, FAIL_SYSTEM_FAILURE, "the server failed to serve the request")
REFUSAL(quota_transactions, FAIL_SYSTEM_UNAVAIL, "the requester has too many open transactions")
