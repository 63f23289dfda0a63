// SPDX-License-Identifier: Apache-2.0
// Certificates by Bouncy Castle: ir, cr, p10cr, kur with certConf and polling, proofs of possession, keys that
// the server generates.

import static org.bouncycastle.asn1.cmp.PKIBody.*;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.Date;
import java.util.Map;

import javax.crypto.Cipher;

import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.cmp.*;
import org.bouncycastle.asn1.cms.EnvelopedData;
import org.bouncycastle.asn1.crmf.*;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.cmp.*;
import org.bouncycastle.cert.crmf.CertificateRequestMessageBuilder;
import org.bouncycastle.cert.crmf.EncryptedValueParser;
import org.bouncycastle.cert.crmf.jcajce.JceAsymmetricValueDecryptorGenerator;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

final class Enrolments extends BouncyCastle {
	private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));

	Enrolments(Map<String, String> given) throws Exception {
		super(given);
	}

	void add(Map<String, Check> checks) {
		checks.put("ir_signature", () -> enrol(TYPE_INIT_REQ, vnfm, vnfci(), "active"));
		checks.put("cr_signature", () -> enrol(TYPE_CERT_REQ, vnfm, vnfci(), "active"));
		checks.put("pvno_3", () -> enrolWith(TYPE_CERT_REQ, start(vnfm, VNFCI).pvno(PKIHeader.CMP_2021)));
		checks.put("ir_pbm", () -> manoEnrol(false));
		checks.put("ir_pbmac1", () -> manoEnrol(true));
		checks.put("pop_input_sender", this::popInputSender);
		checks.put("pop_input_mac", this::popInputMac);
		checks.put("signer_rsa", () -> enrolAs("rsa", "SHA256withRSA"));
		checks.put("signer_rsa_pss", () -> enrolAs("rsa", "SHA256withRSAandMGF1"));
		checks.put("signer_ed25519", () -> enrolAs("ed25519", "Ed25519"));
		for (String ca : new String[] {"rsa", "p384", "ed25519", "ed448"})
			checks.put("ca_" + ca, () -> enrol(TYPE_CERT_REQ, vnfm, "bc-ca-" + ca, "active"));
		checks.put("implicit_confirm", this::implicitConfirm);
		checks.put("template_answered_with_mods", this::mods);
		checks.put("rejected_by_certconf", this::rejected);
		checks.put("several_requests", this::several);
		checks.put("p10cr", () -> p10cr(-1));
		checks.put("p10cr_confirmed_under_0", () -> p10cr(0));
		checks.put("kur", this::kur);
		checks.put("kur_on_behalf", this::kurOnBehalf);
		checks.put("encr_cert_rsa", () -> encrCert(rsa(), PKIHeader.CMP_2021));
		checks.put("encr_cert_ec", () -> encrCert(ec(), PKIHeader.CMP_2021));
		checks.put("encr_cert_encrypted_value", () -> encrCert(rsa(), PKIHeader.CMP_2000));
		checks.put("challenge_rsa", () -> challenge(rsa(), PKIHeader.CMP_2021));
		checks.put("challenge_ec", () -> challenge(ec(), PKIHeader.CMP_2021));
		checks.put("challenge_pvno_2", () -> challenge(rsa(), PKIHeader.CMP_2000));
		checks.put("challenge_several", this::challenges);
		checks.put("central_key_transport", () -> centralKey("rsa", "SHA256withRSA"));
		checks.put("central_key_agreement", () -> centralKey("vnfm", "SHA256withECDSA"));
		checks.put("central_key_password", this::centralKeyPassword);
		checks.put("waiting_and_polling", this::waiting);
	}

	private void enrolWith(int type, Cmp.Transaction transaction) throws Exception {
		enrol(type, transaction, vnfci(), ec(), "active");
	}

	private void enrolAs(String credential, String algorithm) throws Exception {
		enrol(TYPE_INIT_REQ, signer(credential, algorithm), "bc-by-" + algorithm.toLowerCase(), "active");
	}

	/** RFC 9483 4.1.5: caPubs bring the root, since there was no trust anchor before. */
	private void manoEnrol(boolean pbmac1) throws Exception {
		String entity = "bc-" + (pbmac1 ? "pbmac1" : "pbm") + ".example.net";
		KeyPair key = ec();
		Cmp.Transaction transaction =
			start(new Cmp.Secret("bc-ref", given.get("secret").toCharArray(), pbmac1), MANO);
		Cmp.Answer answer = transaction.ask(TYPE_INIT_REQ, new CertReqMessages(signed(0, entity, key)));
		Cmp.must(!answer.signed, "the answer has a MAC");
		CMPCertificate[] caPubs = CertRepMessage.getInstance(answer.content(TYPE_INIT_REP)).getCaPubs();
		Cmp.mustEqual(1, caPubs.length, "the number of caPubs");
		Cmp.mustEqual(server.root(), Cmp.holder(caPubs[0]), "caPubs");
		X509CertificateHolder cert =
			granted(answer, responses(answer, TYPE_INIT_REP, 1)[0], 0, key.getPublic());
		confirm(transaction, cert, 0);
		expect(entity, "active");
	}

	/** A request without subject, which says by utf8Pairs whose certificate it is. */
	private static CertReqMsg withoutSubject(String entity, KeyPair key, CertificateRequestMessageBuilder builder)
			throws Exception {
		CertReqMsg asked = builder.setPublicKey(spki(key.getPublic())).setProofOfPossessionSigningKeySigner(pop(key))
			.build().toASN1Structure();
		return new CertReqMsg(asked.getCertReq(), asked.getPop(), new AttributeTypeAndValue[] {
			new AttributeTypeAndValue(new ASN1ObjectIdentifier("1.3.6.1.5.5.7.5.2.1"),
				new DERUTF8String("vnfcId?" + entity + "%")) });
	}

	/** RFC 4211 4.1: poposkInput with the name of the signer, and with that of another. */
	private void popInputSender() throws Exception {
		String entity = vnfci();
		KeyPair key = ec();
		Cmp.Transaction transaction = start(vnfm, VNFCI);
		Cmp.Answer answer = transaction.ask(TYPE_CERT_REQ, new CertReqMessages(withoutSubject(entity, key,
			new CertificateRequestMessageBuilder(BigInteger.ZERO).setAuthInfoSender(name("bc-vnfm")))));
		X509CertificateHolder cert =
			granted(answer, responses(answer, TYPE_CERT_REP, 1)[0], 0, key.getPublic());
		confirm(transaction, cert, 0);
		expect(entity, "active");
		answer = start(vnfm, VNFCI).ask(TYPE_CERT_REQ, new CertReqMessages(withoutSubject(entity, key,
			new CertificateRequestMessageBuilder(BigInteger.ZERO).setAuthInfoSender(name("bc-rsa")))));
		Cmp.mustRefuse(responses(answer, TYPE_CERT_REP, 1)[0].getStatus(), PKIFailureInfo.badPOP);
	}

	/** RFC 4211 4.1, 4.4: publicKeyMAC under the secret of the requester, and under another. */
	private void popInputMac() throws Exception {
		String entity = "bc-popmac.example.net";
		KeyPair key = ec();
		Cmp.Transaction transaction = start(mano, MANO);
		Cmp.Answer answer = transaction.ask(TYPE_INIT_REQ, new CertReqMessages(withoutSubject(entity, key,
			new CertificateRequestMessageBuilder(BigInteger.ZERO).setAuthInfoPKMAC(Cmp.Secret.pbm(),
				given.get("secret").toCharArray()))));
		X509CertificateHolder cert =
			granted(answer, responses(answer, TYPE_INIT_REP, 1)[0], 0, key.getPublic());
		confirm(transaction, cert, 0);
		expect(entity, "active");
		answer = start(mano, MANO).ask(TYPE_INIT_REQ, new CertReqMessages(withoutSubject(entity, key,
			new CertificateRequestMessageBuilder(BigInteger.ZERO).setAuthInfoPKMAC(Cmp.Secret.pbm(),
				"another secret".toCharArray()))));
		Cmp.mustRefuse(responses(answer, TYPE_INIT_REP, 1)[0].getStatus(), PKIFailureInfo.badPOP);
	}

	private void implicitConfirm() throws Exception {
		String entity = vnfci();
		KeyPair key = ec();
		Cmp.Transaction transaction = start(vnfm, VNFCI);
		transaction.generalInfo.add(new InfoTypeAndValue(CMPObjectIdentifiers.it_implicitConfirm, DERNull.INSTANCE));
		Cmp.Answer answer = transaction.ask(TYPE_INIT_REQ, new CertReqMessages(signed(0, entity, key)));
		X509CertificateHolder cert =
			granted(answer, responses(answer, TYPE_INIT_REP, 1)[0], 0, key.getPublic());
		InfoTypeAndValue granted = answer.info(CMPObjectIdentifiers.it_implicitConfirm.getId());
		Cmp.must(granted != null, "implicitConfirm is granted");
		Cmp.mustEqual(DERNull.INSTANCE, granted.getInfoValue(), "the value of implicitConfirm");
		Cmp.must(answer.info(CMPObjectIdentifiers.it_confirmWaitTime.getId()) == null, "no confirmWaitTime");
		expect(entity, "active");
		// RFC 4210 5.3.18: what is confirmed stays so.
		CertificateConfirmationContent late = new CertificateConfirmationContentBuilder()
			.addAcceptedCertificate(cert, BigInteger.ZERO)
			.build(new JcaDigestCalculatorProviderBuilder().setProvider(Cmp.BC).build());
		transaction.generalInfo.clear();
		transaction.ask(TYPE_CERT_CONFIRM, late.toASN1Structure()).error(PKIFailureInfo.certConfirmed);
	}

	/** A validity beyond the profile's: grantedWithMods says what is another. */
	private void mods() throws Exception {
		String entity = vnfci();
		KeyPair key = ec();
		Cmp.Transaction transaction = start(vnfm, VNFCI);
		long now = System.currentTimeMillis();
		CertReqMsg asked = request(0, entity, key.getPublic())
			.setValidity(new Date(now), new Date(now + 3650L * 86400000))
			.addExtension(Extension.subjectAlternativeName, false,
				new GeneralNames(new GeneralName(GeneralName.dNSName, entity + ".example.net")))
			.setProofOfPossessionSigningKeySigner(pop(key)).build().toASN1Structure();
		Cmp.Answer answer = transaction.ask(TYPE_CERT_REQ, new CertReqMessages(asked));
		CertResponse response = responses(answer, TYPE_CERT_REP, 1)[0];
		X509CertificateHolder cert = granted(answer, response, 0, key.getPublic());
		Cmp.mustEqual(BigInteger.ONE, response.getStatus().getStatus(), "the status");
		Cmp.must(!Cmp.text(response.getStatus()).isEmpty(), "what was changed is said");
		Cmp.must(cert.getNotAfter().before(new Date(now + 400L * 86400000)), "the validity is the profile's");
		Cmp.must(cert.getExtension(Extension.subjectAlternativeName) != null, "the SAN is there");
		confirm(transaction, cert, 0);
		expect(entity, "active");
	}

	private static CertStatus status(X509CertificateHolder cert, int id, boolean accepted) throws Exception {
		byte[] hash = java.security.MessageDigest.getInstance("SHA-256").digest(cert.getEncoded());
		return accepted ? new CertStatus(hash, BigInteger.valueOf(id))
			: new CertStatus(hash, BigInteger.valueOf(id), new PKIStatusInfo(PKIStatus.rejection,
				new PKIFreeText("not what I wanted"), new PKIFailureInfo(PKIFailureInfo.incorrectData)));
	}

	private void rejected() throws Exception {
		String entity = vnfci();
		KeyPair key = ec();
		Cmp.Transaction transaction = start(vnfm, VNFCI);
		Cmp.Answer answer = transaction.ask(TYPE_CERT_REQ, new CertReqMessages(signed(0, entity, key)));
		X509CertificateHolder cert =
			granted(answer, responses(answer, TYPE_CERT_REP, 1)[0], 0, key.getPublic());
		pkiConf(transaction.ask(TYPE_CERT_CONFIRM, certConf(status(cert, 0, false))));
		expect(entity, "rejected");
	}

	/** Three granted, one refused; of the three one is accepted, one rejected, one left out. */
	private void several() throws Exception {
		String[] entity = {vnfci(), vnfci(), "bc-nobody-registered-this", vnfci()};
		KeyPair[] key = {ec(), rsa(), ec(), ec()};
		CertReqMsg[] asked = new CertReqMsg[4];
		for (int i = 0; i < 4; i++)
			asked[i] = signed(i, entity[i], key[i]);
		Cmp.Transaction transaction = start(vnfm, VNFCI);
		Cmp.Answer answer = transaction.ask(TYPE_CERT_REQ, new CertReqMessages(asked));
		CertResponse[] got = responses(answer, TYPE_CERT_REP, 4);
		X509CertificateHolder first = granted(answer, got[0], 0, key[0].getPublic());
		X509CertificateHolder second = granted(answer, got[1], 1, key[1].getPublic());
		granted(answer, got[3], 3, key[3].getPublic());
		Cmp.mustEqual(BigInteger.TWO, got[2].getCertReqId().getValue(), "certReqId");
		Cmp.mustRefuse(got[2].getStatus(), PKIFailureInfo.notAuthorized);
		Cmp.must(got[2].getCertifiedKeyPair() == null, "nothing for what is refused");
		// In another order than they came.
		pkiConf(transaction.ask(TYPE_CERT_CONFIRM, certConf(status(second, 1, false), status(first, 0, true))));
		expect(entity[0], "active");
		expect(entity[1], "rejected");
		expect(entity[3], "rejected");
	}

	private void p10cr(int confirmedUnder) throws Exception {
		String entity = vnfci();
		KeyPair key = ec();
		Cmp.Transaction transaction = start(vnfm, VNFCI);
		Cmp.Answer answer = transaction.ask(TYPE_P10_CERT_REQ,
			new JcaPKCS10CertificationRequestBuilder(name(entity), key.getPublic()).build(pop(key))
				.toASN1Structure());
		X509CertificateHolder cert =
			granted(answer, responses(answer, TYPE_CERT_REP, 1)[0], -1, key.getPublic());
		confirm(transaction, cert, confirmedUnder);
		expect(entity, "active");
	}

	private void kur() throws Exception {
		String entity = vnfci();
		KeyPair old = ec();
		X509CertificateHolder cert = enrol(TYPE_INIT_REQ, start(vnfm, VNFCI), entity, old, "active");
		update(new Cmp.Signer(cert, old.getPrivate(), "SHA256withECDSA"), cert, entity);
	}

	/** The manager asks, RFC 9483 5.3.1. */
	private void kurOnBehalf() throws Exception {
		String entity = vnfci();
		update(vnfm, enrol(TYPE_INIT_REQ, vnfm, entity, "active"), entity);
	}

	private void update(Cmp.Credential credential, X509CertificateHolder old, String entity) throws Exception {
		KeyPair key = ec();
		Cmp.Transaction transaction = start(credential, Cmp.PATH);
		CertReqMsg asked = request(0, entity, key.getPublic()).addControl(oldCertId(old))
			.setProofOfPossessionSigningKeySigner(pop(key)).build().toASN1Structure();
		Cmp.Answer answer = transaction.ask(TYPE_KEY_UPDATE_REQ, new CertReqMessages(asked));
		X509CertificateHolder cert =
			granted(answer, responses(answer, TYPE_KEY_UPDATE_REP, 1)[0], 0, key.getPublic());
		Cmp.mustEqual(old.getSubject(), cert.getSubject(), "the subject");
		confirm(transaction, cert, 0);
		expect(entity, "active");
	}

	// What is encrypted

	private static CertReqMsg toDecrypt(int id, String entity, KeyPair key, SubsequentMessage how) throws Exception {
		int type = key.getPrivate().getAlgorithm().equals("RSA") ? ProofOfPossession.TYPE_KEY_ENCIPHERMENT
			: ProofOfPossession.TYPE_KEY_AGREEMENT;
		return request(id, entity, key.getPublic()).setProofOfPossessionSubsequentMessage(type, how).build()
			.toASN1Structure();
	}

	/** RFC 9810 5.2.8.3.2: the certificate can be read by the holder of the key alone. */
	private void encrCert(KeyPair key, int pvno) throws Exception {
		String entity = vnfci();
		Cmp.Transaction transaction = start(vnfm, VNFCI).pvno(pvno);
		Cmp.Answer answer = transaction.ask(TYPE_INIT_REQ,
			new CertReqMessages(toDecrypt(0, entity, key, SubsequentMessage.encrCert)));
		CertResponse response = responses(answer, TYPE_INIT_REP, 1)[0];
		Cmp.mustGrant(response.getStatus());
		CertOrEncCert choice = response.getCertifiedKeyPair().getCertOrEncCert();
		Cmp.must(choice.getCertificate() == null, "the certificate is not in the clear");
		EncryptedKey encrypted = choice.getEncryptedCert();
		Cmp.mustEqual(pvno == PKIHeader.CMP_2000, encrypted.isEncryptedValue(), "EncryptedValue");
		X509CertificateHolder cert = encrypted.isEncryptedValue()
			? new EncryptedValueParser(EncryptedValue.getInstance(encrypted.getValue())).readCertificateHolder(
				new JceAsymmetricValueDecryptorGenerator(key.getPrivate()).setProvider(Cmp.BC))
			: Cmp.holder(CMPCertificate.getInstance(open(enveloped(encrypted), recipient(key.getPrivate()))));
		certified(answer, cert, key.getPublic());
		confirm(transaction, cert, 0);
		expect(entity, "active");
	}

	/** RFC 9810 5.2.8.3.3: the number in the challenge. Bouncy Castle's Challenge is that of RFC 4210. */
	private void challenge(KeyPair key, int pvno) throws Exception {
		String entity = vnfci();
		Cmp.Transaction transaction = start(vnfm, VNFCI).pvno(pvno);
		Cmp.Answer asked = transaction.ask(TYPE_CERT_REQ,
			new CertReqMessages(toDecrypt(0, entity, key, SubsequentMessage.challengeResp)));
		ASN1Sequence all = ASN1Sequence.getInstance(asked.content(TYPE_POPO_CHALL).toASN1Primitive());
		Cmp.mustEqual(1, all.size(), "the number of challenges");
		ASN1Sequence parts = ASN1Sequence.getInstance(all.getObjectAt(0));
		byte[] rand = pvno == PKIHeader.CMP_2000 ? oldChallenge(Challenge.getInstance(parts), key)
			: newChallenge(parts, key);
		ASN1Sequence number = ASN1Sequence.getInstance(rand);
		Cmp.mustEqual(server.name(), GeneralName.getInstance(number.getObjectAt(1)), "the sender in Rand");
		Cmp.Answer answer = transaction.ask(TYPE_POPO_REP, POPODecKeyRespContent.getInstance(
			new DERSequence(ASN1Integer.getInstance(number.getObjectAt(0)))));
		X509CertificateHolder cert =
			granted(answer, responses(answer, TYPE_CERT_REP, 1)[0], 0, key.getPublic());
		confirm(transaction, cert, 0);
		expect(entity, "active");
	}

	/** A challenge for each request, and all numbers in one popdecr. */
	private void challenges() throws Exception {
		String[] entity = {vnfci(), vnfci()};
		KeyPair[] key = {rsa(), ec()};
		CertReqMsg[] asked = new CertReqMsg[2];
		for (int i = 0; i < 2; i++)
			asked[i] = toDecrypt(i, entity[i], key[i], SubsequentMessage.challengeResp);
		Cmp.Transaction transaction = start(vnfm, VNFCI).pvno(PKIHeader.CMP_2021);
		Cmp.Answer answer = transaction.ask(TYPE_CERT_REQ, new CertReqMessages(asked));
		ASN1Sequence all = ASN1Sequence.getInstance(answer.content(TYPE_POPO_CHALL).toASN1Primitive());
		Cmp.mustEqual(2, all.size(), "the number of challenges");
		ASN1EncodableVector numbers = new ASN1EncodableVector();
		for (int i = 0; i < 2; i++)
			numbers.add(ASN1Sequence.getInstance(newChallenge(ASN1Sequence.getInstance(all.getObjectAt(i)), key[i]))
				.getObjectAt(0));
		answer = transaction.ask(TYPE_POPO_REP, POPODecKeyRespContent.getInstance(new DERSequence(numbers)));
		CertResponse[] got = responses(answer, TYPE_CERT_REP, 2);
		CertStatus[] accepted = new CertStatus[2];
		for (int i = 0; i < 2; i++) {
			accepted[i] = status(granted(answer, got[i], i, key[i].getPublic()), i, true);
			expect(entity[i], "active");
		}
		pkiConf(transaction.ask(TYPE_CERT_CONFIRM, certConf(accepted)));
	}

	private static byte[] oldChallenge(Challenge challenge, KeyPair key) throws Exception {
		Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding", Cmp.BC);
		cipher.init(Cipher.DECRYPT_MODE, key.getPrivate());
		byte[] rand = cipher.doFinal(challenge.getChallenge());
		byte[] number = ASN1Integer.getInstance(ASN1Sequence.getInstance(rand).getObjectAt(0)).getValue()
			.toByteArray();
		Cmp.must(Arrays.equals(java.security.MessageDigest.getInstance(
			challenge.getOwf().getAlgorithm().getId(), Cmp.BC).digest(number), challenge.getWitness()),
			"the witness is the hash of the number");
		return rand;
	}

	/** owf, witness, an empty challenge, encryptedRand [0] EnvelopedData. */
	private static byte[] newChallenge(ASN1Sequence parts, KeyPair key) throws Exception {
		Cmp.mustEqual(0, ASN1OctetString.getInstance(parts.getObjectAt(parts.size() - 2)).getOctets().length,
			"the size of challenge");
		ASN1TaggedObject rand = ASN1TaggedObject.getInstance(parts.getObjectAt(parts.size() - 1));
		Cmp.mustEqual(0, rand.getTagNo(), "the tag of encryptedRand");
		return open(enveloped(EnvelopedData.getInstance(rand, true)), recipient(key.getPrivate()));
	}

	/** RFC 9483 4.1.6: AsymmetricKeyPackage in SignedData in EnvelopedData. */
	private void centralKey(String credential, String algorithm) throws Exception {
		Cmp.Signer signer = signer(credential, algorithm);
		centralKey(signer, VNFCI, "bc-key-" + credential, recipient(signer.key()));
	}

	/** RFC 9483 4.1.6.3; Bouncy Castle reads the key wrap of RFC 3211 only, which is in the client's policy. */
	private void centralKeyPassword() throws Exception {
		centralKey(mano, MANO, "bc-central.example.net", new JcePasswordEnvelopedRecipient(
			given.get("secret").toCharArray()).setPasswordConversionScheme(PasswordRecipient.PKCS5_SCHEME2_UTF8)
			.setProvider(Cmp.BC));
	}

	private void centralKey(Cmp.Credential credential, String path, String entity, Recipient recipient)
			throws Exception {
		Cmp.Transaction transaction = start(credential, path).pvno(PKIHeader.CMP_2021);
		CertReqMsg asked = new CertReqMsg(new CertRequest(0,
			new CertTemplateBuilder().setSubject(name(entity)).build(), null), null, null);
		Cmp.Answer answer = transaction.ask(TYPE_INIT_REQ, new CertReqMessages(asked));
		CertResponse response = responses(answer, TYPE_INIT_REP, 1)[0];
		Cmp.mustGrant(response.getStatus());
		CertifiedKeyPair pair = response.getCertifiedKeyPair();
		X509CertificateHolder cert = Cmp.holder(pair.getCertOrEncCert().getCertificate());
		PrivateKeyInfo key = keyOf(Cmp.keep("key", open(enveloped(pair.getPrivateKey()), recipient)));
		Cmp.mustEqual(cert.getSubjectPublicKeyInfo().getPublicKeyData(), key.getPublicKeyData(), "publicKey");
		certified(answer, cert, org.bouncycastle.jce.provider.BouncyCastleProvider
			.getPublicKey(cert.getSubjectPublicKeyInfo()));
		mustFit(key, cert);
		confirm(transaction, cert, 0);
		expect(entity, "active");
	}

	// Delayed delivery

	/** RFC 9483 4.4. "polls" tells the test to let the upstream CA answer. */
	private void waiting() throws Exception {
		KeyPair key = ec();
		Cmp.Transaction transaction = start(vnfm, VNFCI);
		Cmp.Answer answer = transaction.ask(TYPE_CERT_REQ, new CertReqMessages(signed(0, "bc-waiting", key)));
		PKIStatusInfo status = responses(answer, TYPE_CERT_REP, 1)[0].getStatus();
		Cmp.mustEqual(BigInteger.valueOf(3), status.getStatus(), "the status");
		Cmp.Answer polled = transaction.ask(TYPE_POLL_REQ, new PollReqContent(BigInteger.ZERO));
		PollRepContent content = PollRepContent.getInstance(polled.content(TYPE_POLL_REP));
		Cmp.mustEqual(1, content.size(), "the number of pollReps");
		Cmp.mustEqual(BigInteger.ZERO, content.getCertReqId(0).getValue(), "certReqId");
		System.out.println("polls");
		in.readLine();
		for (int i = 0; i < 100 && polled.body.getType() == TYPE_POLL_REP; i++) {
			int after = PollRepContent.getInstance(polled.body.getContent()).getCheckAfter(0).getValue().intValue();
			Thread.sleep(Math.min(2000, 1000L * after));
			polled = transaction.ask(TYPE_POLL_REQ, new PollReqContent(BigInteger.ZERO));
		}
		CertResponse response = responses(polled, TYPE_CERT_REP, 1)[0];
		Cmp.mustGrant(response.getStatus());
		X509CertificateHolder cert =
			Cmp.holder(response.getCertifiedKeyPair().getCertOrEncCert().getCertificate());
		Cmp.mustEqual(spki(key.getPublic()), cert.getSubjectPublicKeyInfo(), "the key in the certificate");
		confirm(transaction, cert, 0);
		expect("bc-waiting", "active");
	}
}
