// SPDX-License-Identifier: Apache-2.0
// What is not the issuing of certificates, by Bouncy Castle: rr, genm, error, nested, announcements; and ccr.

import static org.bouncycastle.asn1.cmp.PKIBody.*;

import java.math.BigInteger;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.Date;
import java.util.Map;

import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.cmp.*;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.EnvelopedData;
import org.bouncycastle.asn1.crmf.*;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.cmp.*;
import org.bouncycastle.cert.crmf.Control;
import org.bouncycastle.cert.crmf.jcajce.JcaPKIArchiveControlBuilder;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;

final class OtherOperations extends BouncyCastle {
	OtherOperations(Map<String, String> given) throws Exception {
		super(given);
	}

	void add(Map<String, Check> checks) {
		checks.put("rr", this::rr);
		checks.put("rr_several", this::rrSeveral);
		checks.put("genm_all_in_one", this::genm);
		checks.put("genm_empty", this::genmEmpty);
		checks.put("genm_root_ca_key_update", this::rootUpdate);
		checks.put("genm_crls", this::crls);
		checks.put("rev_passphrase", this::revPassphrase);
		checks.put("archived_private_key", () -> archived(vnfci(), ec()));
		checks.put("recovered_private_key", this::recovered);
		checks.put("error_from_client", this::errorFromClient);
		checks.put("error_answers", this::errorAnswers);
		checks.put("nested_added_protection", this::nestedAdded);
		checks.put("nested_batch", this::nestedBatch);
		checks.put("announcements", this::announcements);
		checks.put("cross_certificate", this::crossCertificate);
	}

	// Revocation

	private static RevDetails revocation(X509CertificateHolder cert, int reason) throws Exception {
		ExtensionsGenerator extensions = new ExtensionsGenerator();
		extensions.addExtension(Extension.reasonCode, false, CRLReason.lookup(reason));
		RevDetails plain = new RevocationDetailsBuilder().setIssuer(cert.getIssuer())
			.setSerialNumber(cert.getSerialNumber()).build().toASN1Structure();
		return new RevDetails(plain.getCertDetails(), extensions.generate());
	}

	private static void rp(Cmp.Answer answer, Object... failInfos) {
		RevRepContent content = RevRepContent.getInstance(answer.content(TYPE_REVOCATION_REP));
		PKIStatusInfo[] all = content.getStatus();
		Cmp.mustEqual(failInfos.length, all.length, "the number of statuses");
		for (int i = 0; i < all.length; i++)
			if (failInfos[i] == null)
				Cmp.mustGrant(all[i]);
			else
				Cmp.mustRefuse(all[i], (Integer) failInfos[i]);
		Cmp.must(content.getCrls() == null || content.getCrls().length > 0, "crls are not empty");
	}

	private void rr() throws Exception {
		String entity = vnfci();
		X509CertificateHolder cert = enrol(TYPE_INIT_REQ, vnfm, entity, "revoked");
		RevReqContent content = new RevReqContent(revocation(cert, CRLReason.keyCompromise));
		Cmp.Answer answer = start(vnfm, Cmp.PATH).ask(TYPE_REVOCATION_REQ, content);
		rp(answer, (Object) null);
		CertId[] named = RevRepContent.getInstance(answer.body.getContent()).getRevCerts();
		if (named != null)
			Cmp.mustEqual(cert.getSerialNumber(), named[0].getSerialNumber().getValue(), "revCerts");
		rp(start(vnfm, Cmp.PATH).ask(TYPE_REVOCATION_REQ, content), PKIFailureInfo.certRevoked);
	}

	private void rrSeveral() throws Exception {
		String[] entity = {vnfci(), vnfci()};
		X509CertificateHolder first = enrol(TYPE_INIT_REQ, vnfm, entity[0], "revoked");
		X509CertificateHolder second = enrol(TYPE_INIT_REQ, vnfm, entity[1], "revoked");
		RevDetails unknown = new RevocationDetailsBuilder().setIssuer(first.getIssuer())
			.setSerialNumber(BigInteger.valueOf(4711)).build().toASN1Structure();
		RevReqContent content = new RevReqContent(new RevDetails[] {revocation(first, CRLReason.superseded),
			unknown, revocation(second, CRLReason.affiliationChanged)});
		Cmp.Answer answer = start(vnfm, Cmp.PATH).ask(TYPE_REVOCATION_REQ, content);
		rp(answer, null, PKIFailureInfo.badCertId, null);
		CertId[] named = RevRepContent.getInstance(answer.body.getContent()).getRevCerts();
		Cmp.mustEqual(3, named.length, "the number of revCerts");
		Cmp.mustEqual(second.getSerialNumber(), named[2].getSerialNumber().getValue(), "revCerts");
	}

	// General messages

	private static InfoTypeAndValue[] genp(Cmp.Answer answer) {
		return GenRepContent.getInstance(answer.content(TYPE_GEN_REP)).toInfoTypeAndValueArray();
	}

	private InfoTypeAndValue[] ask(InfoTypeAndValue... infos) throws Exception {
		return genp(start(vnfm, VNFCI).ask(TYPE_GEN_MSG, new GenMsgContent(infos)));
	}

	private static ASN1Encodable value(InfoTypeAndValue[] all, ASN1ObjectIdentifier type) {
		for (InfoTypeAndValue one : all)
			if (one.getInfoType().equals(type))
				return one.getInfoValue();
		throw new AssertionError("genp has no " + type);
	}

	private static ASN1Sequence sequence(InfoTypeAndValue[] all, ASN1ObjectIdentifier type) {
		ASN1Sequence out = ASN1Sequence.getInstance(value(all, type));
		Cmp.must(out.size() > 0, "the value of " + type + " is not empty");
		return out;
	}

	/** RFC 9810 5.3.19: whatever a server can be asked for in one message. */
	private void genm() throws Exception {
		ASN1ObjectIdentifier unknown = new ASN1ObjectIdentifier("2.999.1");
		InfoTypeAndValue[] got = ask(new InfoTypeAndValue(CMPObjectIdentifiers.id_it_caCerts),
			new InfoTypeAndValue(CMPObjectIdentifiers.id_it_certReqTemplate),
			new InfoTypeAndValue(CMPObjectIdentifiers.it_currentCRL),
			new InfoTypeAndValue(CMPObjectIdentifiers.it_caProtEncCert),
			new InfoTypeAndValue(CMPObjectIdentifiers.it_signKeyPairTypes),
			new InfoTypeAndValue(CMPObjectIdentifiers.it_encKeyPairTypes),
			new InfoTypeAndValue(CMPObjectIdentifiers.it_preferredSymAlg),
			new InfoTypeAndValue(CMPObjectIdentifiers.it_keyPairParamReq,
				new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE).getAlgorithm()),
			new InfoTypeAndValue(CMPObjectIdentifiers.it_suppLangTags, new DERSequence(new DERUTF8String("en"))),
			new InfoTypeAndValue(unknown));
		for (ASN1Encodable cert : sequence(got, CMPObjectIdentifiers.id_it_caCerts))
			Cmp.must(Cmp.holder(CMPCertificate.getInstance(cert)).isValidOn(new Date()), "a CA certificate is valid");
		CertReqTemplateContent template =
			CertReqTemplateContent.getInstance(value(got, CMPObjectIdentifiers.id_it_certReqTemplate));
		Cmp.must(template.getCertTemplate().getPublicKey() == null, "no publicKey beside keySpec");
		CertificateList crl = CertificateList.getInstance(value(got, CMPObjectIdentifiers.it_currentCRL));
		Cmp.must(crl.getNextUpdate().getDate().after(new Date()), "the CRL is current");
		Cmp.holder(CMPCertificate.getInstance(value(got, CMPObjectIdentifiers.it_caProtEncCert)));
		for (ASN1Encodable one : sequence(got, CMPObjectIdentifiers.it_signKeyPairTypes))
			AlgorithmIdentifier.getInstance(one);
		for (ASN1Encodable one : sequence(got, CMPObjectIdentifiers.it_encKeyPairTypes))
			AlgorithmIdentifier.getInstance(one);
		AlgorithmIdentifier.getInstance(value(got, CMPObjectIdentifiers.it_preferredSymAlg));
		AlgorithmIdentifier.getInstance(value(got, CMPObjectIdentifiers.it_keyPairParamRep));
		Cmp.mustEqual(new PKIFreeText("en"),
			PKIFreeText.getInstance(value(got, CMPObjectIdentifiers.it_suppLangTags)), "suppLangTags");
		Cmp.mustEqual(new DERSequence(unknown), sequence(got, CMPObjectIdentifiers.it_unsupportedOIDs),
			"unsupportedOIDs");
	}

	/** RFC 9810 5.3.19: the empty set asks for what the server likes to tell. */
	private void genmEmpty() throws Exception {
		Cmp.must(ask().length > 0, "something is offered");
	}

	/** RFC 9483 4.3.2; the server was rolled over. */
	private void rootUpdate() throws Exception {
		X509CertificateHolder old = (X509CertificateHolder) Cmp.pem(given.get("old_root"));
		InfoTypeAndValue[] got = ask(new InfoTypeAndValue(CMPObjectIdentifiers.id_it_rootCaCert,
			new CMPCertificate(old.toASN1Structure())));
		RootCaKeyUpdateContent update =
			RootCaKeyUpdateContent.getInstance(value(got, CMPObjectIdentifiers.id_it_rootCaKeyUpdate));
		Cmp.mustEqual(server.root(), Cmp.holder(update.getNewWithNew()), "newWithNew");
		mustVerify(Cmp.holder(update.getNewWithOld()), old);
		mustVerify(Cmp.holder(update.getOldWithNew()), server.root());
		got = ask(new InfoTypeAndValue(CMPObjectIdentifiers.id_it_rootCaCert,
			new CMPCertificate(server.root().toASN1Structure())));
		Cmp.must(value(got, CMPObjectIdentifiers.id_it_rootCaKeyUpdate) == null, "no value: there is no newer");
	}

	private static void mustVerify(X509CertificateHolder cert, X509CertificateHolder issuer) throws Exception {
		Cmp.must(cert.isSignatureValid(new JcaContentVerifierProviderBuilder().setProvider(Cmp.BC).build(issuer)),
			cert.getSubject() + " is signed by " + issuer.getSubject());
	}

	/** RFC 9483 4.3.4: a CRL for who has none or an old one, none for who has this one. */
	private void crls() throws Exception {
		X509CertificateHolder issuing = (X509CertificateHolder) Cmp.pem(given.get("issuing"));
		CRLSource source = new CRLSource(null, new GeneralNames(new GeneralName(issuing.getSubject())));
		InfoTypeAndValue[] got = ask(crlStatus(source, null));
		ASN1Sequence crls = sequence(got, CMPObjectIdentifiers.id_it_crls);
		X509CRLHolder crl = new X509CRLHolder(CertificateList.getInstance(crls.getObjectAt(0)));
		Cmp.must(crl.isSignatureValid(new JcaContentVerifierProviderBuilder().setProvider(Cmp.BC).build(issuing)),
			"the CRL is the CA's");
		got = ask(crlStatus(source, new Time(new Date(0))));
		sequence(got, CMPObjectIdentifiers.id_it_crls);
		// The server may make a new one meanwhile.
		Time thisUpdate = crl.toASN1Structure().getThisUpdate();
		ASN1Encodable newer = crls;
		for (int i = 0; i < 5 && newer != null; i++) {
			newer = value(ask(crlStatus(source, thisUpdate)), CMPObjectIdentifiers.id_it_crls);
			if (newer != null)
				thisUpdate = CertificateList.getInstance(ASN1Sequence.getInstance(newer).getObjectAt(0))
					.getThisUpdate();
		}
		Cmp.must(newer == null, "nothing newer");
	}

	private static InfoTypeAndValue crlStatus(CRLSource source, Time thisUpdate) {
		return new InfoTypeAndValue(CMPObjectIdentifiers.id_it_crlStatusList,
			new DERSequence(new CRLStatus(source, thisUpdate)));
	}

	/** For whom secrets of clients are encrypted. */
	private X509CertificateHolder encryptionCertificate() throws Exception {
		InfoTypeAndValue[] got = ask(new InfoTypeAndValue(CMPObjectIdentifiers.it_caProtEncCert));
		return Cmp.holder(CMPCertificate.getInstance(value(got, CMPObjectIdentifiers.it_caProtEncCert)));
	}

	/** RFC 4211 6.4: the private key comes along, as EncKeyWithID. That it is archived shows in the status. */
	private X509CertificateHolder archived(String entity, KeyPair key) throws Exception {
		Control control = new JcaPKIArchiveControlBuilder(key.getPrivate(), name(entity))
			.addRecipientGenerator(new JceKeyTransRecipientInfoGenerator(Cmp.x509(encryptionCertificate()))
				.setProvider(Cmp.BC))
			.build(new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC).setProvider(Cmp.BC).build());
		Cmp.Transaction transaction = start(vnfm, VNFCI);
		CertReqMsg asked = request(0, entity, key.getPublic()).addControl(control)
			.setProofOfPossessionSigningKeySigner(pop(key)).build().toASN1Structure();
		Cmp.Answer answer = transaction.ask(TYPE_CERT_REQ, new CertReqMessages(asked));
		CertResponse response = responses(answer, TYPE_CERT_REP, 1)[0];
		X509CertificateHolder cert = granted(answer, response, 0, key.getPublic());
		Cmp.mustEqual(BigInteger.ZERO, response.getStatus().getStatus(), "the status");
		confirm(transaction, cert, 0);
		expect(entity, "active");
		return cert;
	}

	/** RFC 4210 5.3.7, 5.3.8: and comes back, to a registration authority, for a key of RSA or EC. */
	private void recovered() throws Exception {
		String entity = vnfci();
		KeyPair key = rsa();
		X509CertificateHolder cert = archived(entity, key);
		for (KeyPair recipient : new KeyPair[] {rsa(), ec()}) {
			CertReqMsg asked = new CertReqMsg(new CertRequest(0,
				new CertTemplateBuilder().setSubject(name(entity)).build(), new Controls(new AttributeTypeAndValue(
					CMPObjectIdentifiers.regCtrl_protocolEncrKey, spki(recipient.getPublic())))), null, null);
			Cmp.Answer answer = start(signer("ra", "SHA256withECDSA"), VNFCI).pvno(PKIHeader.CMP_2021)
				.ask(TYPE_KEY_RECOVERY_REQ, new CertReqMessages(asked));
			KeyRecRepContent content = KeyRecRepContent.getInstance(answer.content(TYPE_KEY_RECOVERY_REP));
			Cmp.mustGrant(content.getStatus());
			Cmp.must(content.getNewSigCert() == null, "no newSigCert");
			Cmp.must(content.getCaCerts().length > 0, "caCerts are there");
			CertifiedKeyPair[] all = content.getKeyPairHist();
			Cmp.mustEqual(1, all.length, "the number of keys");
			Cmp.mustEqual(cert, Cmp.holder(all[0].getCertOrEncCert().getCertificate()), "the certificate");
			PrivateKeyInfo got = keyOf(Cmp.keep("key",
				open(enveloped(all[0].getPrivateKey()), recipient(recipient.getPrivate()))));
			Cmp.mustEqual(key.getPrivate(), BouncyCastleProvider.getPrivateKey(got), "the private key");
		}
	}

	/** RFC 9810 B: a passphrase is left, encrypted for the server; rr under it revokes. */
	private void revPassphrase() throws Exception {
		String entity = vnfci();
		KeyPair key = ec();
		X509CertificateHolder cert = enrol(TYPE_INIT_REQ, start(vnfm, VNFCI), entity, key, "revoked");
		String passphrase = "a passphrase for revocation";
		CMSEnvelopedDataGenerator generator = new CMSEnvelopedDataGenerator();
		generator.addRecipientInfoGenerator(
			new JceKeyTransRecipientInfoGenerator(Cmp.x509(encryptionCertificate())).setProvider(Cmp.BC));
		generator.setUnprotectedAttributeGenerator(new SimpleAttributeTableGenerator(new AttributeTable(
			new Attribute(PKCSObjectIdentifiers.pkcs_9_at_localKeyId, new DERSet(new DEROctetString(
				"bc-rev".getBytes()))))));
		CMSEnvelopedData data = generator.generate(new CMSProcessableByteArray(passphrase.getBytes()),
			new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC).setProvider(Cmp.BC).build());
		EncryptedKey encrypted =
			new EncryptedKey(EnvelopedData.getInstance(data.toASN1Structure().getContent()));
		Cmp.Credential own = new Cmp.Signer(cert, key.getPrivate(), "SHA256withECDSA");
		InfoTypeAndValue[] noted = genp(start(own, Cmp.PATH).pvno(PKIHeader.CMP_2021).ask(TYPE_GEN_MSG,
			new GenMsgContent(new InfoTypeAndValue(CMPObjectIdentifiers.it_revPassphrase, encrypted))));
		Cmp.must(value(noted, CMPObjectIdentifiers.it_revPassphrase) == null, "noted");
		rp(start(new Cmp.Secret("bc-rev", passphrase.toCharArray(), false), Cmp.PATH)
			.ask(TYPE_REVOCATION_REQ, new RevReqContent(revocation(cert, CRLReason.keyCompromise))), (Object) null);
	}

	// Errors

	/** RFC 4210 5.3.21: a client that cannot use what it got says so; pkiConf, and it is withdrawn. */
	private void errorFromClient() throws Exception {
		String entity = vnfci();
		KeyPair key = ec();
		Cmp.Transaction transaction = start(vnfm, VNFCI);
		Cmp.Answer answer = transaction.ask(TYPE_INIT_REQ, new CertReqMessages(signed(0, entity, key)));
		granted(answer, responses(answer, TYPE_INIT_REP, 1)[0], 0, key.getPublic());
		pkiConf(transaction.ask(TYPE_ERROR, new ErrorMsgContent(new PKIStatusInfo(PKIStatus.rejection,
			new PKIFreeText("I cannot read this"), new PKIFailureInfo(PKIFailureInfo.badDataFormat)),
			new ASN1Integer(17), new PKIFreeText(new String[] {"one", "two"}))));
		expect(entity, "rejected");
	}

	private void errorAnswers() throws Exception {
		GenMsgContent content = new GenMsgContent(new InfoTypeAndValue(CMPObjectIdentifiers.id_it_caCerts));
		Cmp.Answer answer = start(new Cmp.Secret("bc-ref", "not the secret at all".toCharArray(), false), Cmp.PATH)
			.ask(TYPE_GEN_MSG, content);
		answer.error(PKIFailureInfo.badMessageCheck);
		Cmp.must(answer.signed, "no MAC where none was verified");
		KeyPair stranger = ec();
		answer = start(new Cmp.Signer(((Cmp.Signer) vnfm).cert(), stranger.getPrivate(), "SHA256withECDSA"), Cmp.PATH)
			.ask(TYPE_GEN_MSG, content);
		answer.error(PKIFailureInfo.badMessageCheck);
		start(vnfm, Cmp.PATH).ask(TYPE_CERT_CONFIRM, certConf()).error(PKIFailureInfo.badRequest);
		start(vnfm, Cmp.PATH).ask(TYPE_POLL_REQ, new PollReqContent(BigInteger.ZERO))
			.error(PKIFailureInfo.badRequest);
		// In the body of the operation: RFC 9483 3.6.2.
		CertReqMsg mine = signed(0, vnfci(), ec());
		CertReqMsg theirs = signed(0, vnfci(), ec());
		answer = start(vnfm, VNFCI).ask(TYPE_CERT_REQ, new CertReqMessages(
			new CertReqMsg(mine.getCertReq(), theirs.getPopo(), null)));
		CertResponse response = responses(answer, TYPE_CERT_REP, 1)[0];
		Cmp.mustRefuse(response.getStatus(), PKIFailureInfo.badPOP);
		Cmp.must(response.getCertifiedKeyPair() == null, "no certificate");
		answer = start(vnfm, VNFCI).ask(TYPE_KEY_UPDATE_REQ, new CertReqMessages(mine));
		Cmp.mustEqual(BigInteger.TWO, responses(answer, TYPE_KEY_UPDATE_REP, 1)[0].getStatus().getStatus(),
			"the status");
	}

	// Nested messages

	/** RFC 9483 5.2.2.1: transactionID and senderNonce are those of the message inside. */
	private void nestedAdded() throws Exception {
		String entity = "bc-nested.example.net";
		KeyPair key = ec();
		Cmp.Transaction inside = start(mano, MANO);
		ProtectedPKIMessage ir =
			inside.message(new PKIBody(TYPE_INIT_REQ, new CertReqMessages(signed(0, entity, key))));
		Cmp.Signer ra = signer("ra", "SHA256withECDSA");
		ProtectedPKIMessage outer = ra.protect(
			new ProtectedPKIMessageBuilder(PKIHeader.CMP_2000, ra.sender(), server.name())
				.setMessageTime(new Date()).setTransactionID(inside.id).setSenderNonce(inside.senderNonce)
				.setSenderKID(ra.senderKid())
				.setBody(new PKIBody(TYPE_NESTED, new PKIMessages(ir.toASN1Structure()))));
		Cmp.Answer answer = new Cmp.Answer(server, mano,
			server.post(MANO, outer.toASN1Structure().getEncoded(ASN1Encoding.DER)).body());
		answer.mustAnswer(ir.getHeader());
		X509CertificateHolder cert =
			granted(answer, responses(answer, TYPE_INIT_REP, 1)[0], 0, key.getPublic());
		inside.recipNonce = answer.header.getSenderNonce().getOctets();
		confirm(inside, cert, 0);
		expect(entity, "active");
	}

	/** RFC 9483 5.2.2.2: each by itself; protection around and inside. */
	private void nestedBatch() throws Exception {
		String entity = vnfci();
		KeyPair key = ec();
		Cmp.Transaction[] inside = {start(vnfm, Cmp.PATH), start(mano, Cmp.PATH), start(vnfm, Cmp.PATH)};
		inside[0].generalInfo.add(new InfoTypeAndValue(CMPObjectIdentifiers.id_it_certProfile,
			new DERSequence(new DERUTF8String("VnfciCert"))));
		GenMsgContent caCerts = new GenMsgContent(new InfoTypeAndValue(CMPObjectIdentifiers.id_it_caCerts));
		ProtectedPKIMessage[] asked = {
			inside[0].message(new PKIBody(TYPE_CERT_REQ, new CertReqMessages(signed(0, entity, key)))),
			inside[1].message(new PKIBody(TYPE_GEN_MSG, caCerts)),
			inside[2].message(new PKIBody(TYPE_CERT_CONFIRM, certConf()))};
		PKIMessage[] messages = Arrays.stream(asked).map(ProtectedPKIMessage::toASN1Structure)
			.toArray(PKIMessage[]::new);
		Cmp.Answer outer = start(signer("ra", "SHA256withECDSA"), Cmp.PATH)
			.ask(TYPE_NESTED, new PKIMessages(messages));
		PKIMessage[] answers = PKIMessages.getInstance(outer.content(TYPE_NESTED)).toPKIMessageArray();
		Cmp.mustEqual(3, answers.length, "the number of answers");
		Cmp.Answer[] got = new Cmp.Answer[3];
		for (int i = 0; i < 3; i++) {
			got[i] = new Cmp.Answer(server, inside[i].credential, answers[i].getEncoded(ASN1Encoding.DER));
			got[i].mustAnswer(asked[i].getHeader());
		}
		X509CertificateHolder cert =
			granted(got[0], responses(got[0], TYPE_CERT_REP, 1)[0], 0, key.getPublic());
		genp(got[1]);
		got[2].error(PKIFailureInfo.badRequest);
		inside[0].recipNonce = got[0].header.getSenderNonce().getOctets();
		inside[0].generalInfo.clear();
		confirm(inside[0], cert, 0);
		expect(entity, "active");
	}

	// Announcements and cross-certification

	/** RFC 9811 3.5: 201 with empty content. */
	private void announcements() throws Exception {
		Cmp.Signer announcer = signer("announcer", "SHA256withECDSA");
		X509CertificateHolder old = (X509CertificateHolder) Cmp.pem(given.get("old_root"));
		CertificateList crl = CertificateList.getInstance(
			value(ask(new InfoTypeAndValue(CMPObjectIdentifiers.it_currentCRL)), CMPObjectIdentifiers.it_currentCRL));
		InfoTypeAndValue[] got = ask(new InfoTypeAndValue(CMPObjectIdentifiers.id_it_rootCaCert,
			new CMPCertificate(old.toASN1Structure())));
		RootCaKeyUpdateContent update =
			RootCaKeyUpdateContent.getInstance(value(got, CMPObjectIdentifiers.id_it_rootCaKeyUpdate));
		PKIBody[] all = {
			new PKIBody(TYPE_CA_KEY_UPDATE_ANN, new CAKeyUpdAnnContent(update.getOldWithNew(),
				update.getNewWithOld(), update.getNewWithNew())),
			new PKIBody(TYPE_CERT_ANN, new CMPCertificate(announcer.cert().toASN1Structure())),
			new PKIBody(TYPE_REVOCATION_ANN, new RevAnnContent(PKIStatus.revocationWarning,
				new CertId(new GeneralName(old.getSubject()), old.getSerialNumber()),
				new DERGeneralizedTime(new Date()), new DERGeneralizedTime(new Date()))),
			new PKIBody(TYPE_CRL_ANN, new CRLAnnContent(crl))};
		for (PKIBody body : all) {
			ProtectedPKIMessage message = start(announcer, Cmp.PATH).message(body);
			java.net.http.HttpResponse<byte[]> answer =
				server.post(Cmp.PATH, message.toASN1Structure().getEncoded(ASN1Encoding.DER));
			Cmp.mustEqual(201, answer.statusCode(), "the HTTP status for body type " + body.getType());
			Cmp.mustEqual(0, answer.body().length, "the size of the content");
		}
	}

	/** RFC 9810 D.6. */
	private void crossCertificate() throws Exception {
		Cmp.Signer other = signer("other_ca", "SHA256withECDSA");
		KeyPair key = new KeyPair(BouncyCastleProvider.getPublicKey(other.cert().getSubjectPublicKeyInfo()),
			other.key());
		X509CertificateHolder issuing = (X509CertificateHolder) Cmp.pem(given.get("cross"));
		long now = System.currentTimeMillis();
		CertTemplate template = new CertTemplateBuilder().setVersion(2).setIssuer(issuing.getSubject())
			.setSubject(other.cert().getSubject()).setPublicKey(other.cert().getSubjectPublicKeyInfo())
			.setSigningAlg(issuing.getSignatureAlgorithm())
			.setValidity(new OptionalValidity(new Time(new Date(now)), new Time(new Date(now + 86400000L))))
			.build();
		CertRequest asked = new CertRequest(0, template, null);
		ContentSigner signer = pop(key);
		signer.getOutputStream().write(asked.getEncoded(ASN1Encoding.DER));
		POPOSigningKey proof = new POPOSigningKey(null, signer.getAlgorithmIdentifier(),
			new DERBitString(signer.getSignature()));
		Cmp.Transaction transaction = start(other, Cmp.PATH);
		Cmp.Answer answer = transaction.ask(TYPE_CROSS_CERT_REQ,
			new CertReqMessages(new CertReqMsg(asked, new ProofOfPossession(proof), null)));
		X509CertificateHolder cert =
			granted(answer, responses(answer, TYPE_CROSS_CERT_REP, 1)[0], 0, key.getPublic());
		Cmp.must(BasicConstraints.fromExtensions(cert.getExtensions()).isCA(), "a CA certificate");
		confirm(transaction, cert, 0);
		expect("other-ca.example", "active");
	}
}
