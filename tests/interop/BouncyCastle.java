// SPDX-License-Identifier: Apache-2.0
// Every operation of cmfd that Bouncy Castle can ask for, one after the other in one JVM. A line of standard
// output for each: "ok NAME", "FAIL NAME: why", or "state ENTITY STATE": what the certificates of an entity
// must be in the end. test_bouncycastle.py runs it. The checks are in Enrolments.java, OtherOperations.java and
// Onap.java; here is what they have in common: how requests are made, what answers must be, and what is encrypted
// in them.

import static org.bouncycastle.asn1.cmp.PKIBody.*;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Security;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.cmp.*;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.EnvelopedData;
import org.bouncycastle.asn1.crmf.*;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.cmp.*;
import org.bouncycastle.cert.crmf.CertificateRequestMessageBuilder;
import org.bouncycastle.cert.crmf.Control;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.util.Store;

abstract class BouncyCastle {
	static final String VNFCI = Cmp.PATH + "/p/VnfciCert";
	static final String MANO = Cmp.PATH + "/p/ManoCert";

	interface Check {
		void run() throws Exception;
	}

	private static final String KGA_PURPOSE = "1.3.6.1.5.5.7.3.32";
	private static final ASN1ObjectIdentifier ASYMMETRIC_KEY_PACKAGE =
		new ASN1ObjectIdentifier("2.16.840.1.101.2.1.2.78.5");

	final Map<String, String> given;
	final Cmp.Server server;
	final Cmp.Credential vnfm;
	final Cmp.Credential mano;
	private static int entities;

	BouncyCastle(Map<String, String> given) throws Exception {
		this.given = given;
		server = new Cmp.Server(given.get("url"), new GeneralName(new X500Name("CN=cmf")),
			(X509CertificateHolder) Cmp.pem(given.get("root")), false);
		vnfm = signer("vnfm", "SHA256withECDSA");
		mano = new Cmp.Secret(given.getOrDefault("reference", "bc-ref"), given.get("secret").toCharArray(), false);
	}

	/** Arguments: NAME=VALUE; only=NAME,... for some of the checks. */
	public static void main(String[] args) throws Exception {
		Security.addProvider(new BouncyCastleProvider());
		Map<String, String> given = new HashMap<>();
		for (String arg : args)
			given.put(arg.split("=", 2)[0], arg.split("=", 2)[1]);
		Cmp.keepIn(given.get("answers"));
		Map<String, Check> checks = new LinkedHashMap<>();
		new Enrolments(given).add(checks);
		new OtherOperations(given).add(checks);
		new Onap(given).add(checks);
		if (given.containsKey("only"))
			checks.keySet().retainAll(List.of(given.get("only").split(",")));
		boolean good = true;
		for (Map.Entry<String, Check> check : checks.entrySet())
			good &= run(check.getKey(), check.getValue());
		System.exit(good ? 0 : 1);
	}

	private static boolean run(String name, Check check) {
		try {
			check.run();
			System.out.println("ok " + name);
			return true;
		} catch (Throwable t) {
			StringBuilder why = new StringBuilder();
			for (Throwable cause = t; cause != null; cause = cause.getCause()) {
				why.append(cause == t ? "" : "; because ").append(cause);
				StackTraceElement[] trace = cause.getStackTrace();
				for (int i = 0; i < Math.min(6, trace.length); i++)
					why.append(" @").append(trace[i]);
			}
			System.out.println("FAIL " + name + ": " + why.toString().replace('\n', ' '));
			return false;
		}
	}

	// What requests are made of

	Cmp.Signer signer(String name, String algorithm) throws Exception {
		return Cmp.Signer.of(given.get(name + ".cert"), given.get(name + ".key"), algorithm);
	}

	String vnfci() {
		return "bc-" + ++entities;
	}

	static void expect(String entity, String state) {
		System.out.println("state " + entity + " " + state);
	}

	static X500Name name(String entity) {
		return new X500Name("CN=" + entity);
	}

	static KeyPair ec() throws Exception {
		KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", Cmp.BC);
		generator.initialize(new ECGenParameterSpec("P-256"));
		return generator.generateKeyPair();
	}

	static KeyPair rsa() throws Exception {
		KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA", Cmp.BC);
		generator.initialize(2048);
		return generator.generateKeyPair();
	}

	static SubjectPublicKeyInfo spki(PublicKey key) {
		return SubjectPublicKeyInfo.getInstance(key.getEncoded());
	}

	Cmp.Transaction start(Cmp.Credential credential, String path) {
		return new Cmp.Transaction(server, credential).path(path);
	}

	static CertificateRequestMessageBuilder request(int id, String entity, PublicKey key) {
		return new CertificateRequestMessageBuilder(BigInteger.valueOf(id)).setSubject(name(entity))
			.setPublicKey(spki(key));
	}

	static ContentSigner pop(KeyPair key) throws Exception {
		return new JcaContentSignerBuilder(key.getPrivate().getAlgorithm().equals("RSA") ? "SHA256withRSA"
			: "SHA256withECDSA").setProvider(Cmp.BC).build(key.getPrivate());
	}

	static CertReqMsg signed(int id, String entity, KeyPair key) throws Exception {
		return request(id, entity, key.getPublic()).setProofOfPossessionSigningKeySigner(pop(key)).build()
			.toASN1Structure();
	}

	static Control oldCertId(X509CertificateHolder cert) {
		CertId id = new CertId(new GeneralName(cert.getIssuer()), cert.getSerialNumber());
		return new Control() {
			public ASN1ObjectIdentifier getType() {
				return CMPObjectIdentifiers.regCtrl_oldCertID;
			}

			public ASN1Encodable getValue() {
				return id;
			}
		};
	}

	// What answers must be

	static CertResponse[] responses(Cmp.Answer answer, int type, int count) {
		CertResponse[] out = CertRepMessage.getInstance(answer.content(type)).getResponse();
		Cmp.mustEqual(count, out.length, "the number of CertResponses");
		return out;
	}

	/** The certificate of a CertResponse, which is for that key and leads to the root. */
	X509CertificateHolder granted(Cmp.Answer answer, CertResponse response, int id, PublicKey key)
			throws Exception {
		Cmp.mustEqual(BigInteger.valueOf(id), response.getCertReqId().getValue(), "certReqId");
		Cmp.mustGrant(response.getStatus());
		Cmp.must(response.getCertifiedKeyPair().getPrivateKey() == null, "no privateKey");
		X509CertificateHolder cert =
			Cmp.holder(response.getCertifiedKeyPair().getCertOrEncCert().getCertificate());
		certified(answer, cert, key);
		return cert;
	}

	void certified(Cmp.Answer answer, X509CertificateHolder cert, PublicKey key) throws Exception {
		Cmp.mustEqual(spki(key), cert.getSubjectPublicKeyInfo(), "the key in the certificate");
		Cmp.mustChain(cert, server.root(), answer.extraCerts);
	}

	/** certConf as Bouncy Castle builds it, with the hash of the certificate's signature; then pkiConf. */
	static void confirm(Cmp.Transaction transaction, X509CertificateHolder cert, int id) throws Exception {
		CertificateConfirmationContent content = new CertificateConfirmationContentBuilder()
			.addAcceptedCertificate(cert, BigInteger.valueOf(id))
			.build(new JcaDigestCalculatorProviderBuilder().setProvider(Cmp.BC).build());
		pkiConf(transaction.ask(TYPE_CERT_CONFIRM, content.toASN1Structure()));
	}

	static void pkiConf(Cmp.Answer answer) {
		Cmp.mustEqual(DERNull.INSTANCE, answer.content(TYPE_CONFIRM).toASN1Primitive(), "pkiConf");
	}

	X509CertificateHolder enrol(int type, Cmp.Credential credential, String entity, String state)
			throws Exception {
		return enrol(type, start(credential, VNFCI), entity, ec(), state);
	}

	X509CertificateHolder enrol(int type, Cmp.Transaction transaction, String entity, KeyPair key,
			String state) throws Exception {
		Cmp.Answer answer = transaction.ask(type, new CertReqMessages(signed(0, entity, key)));
		X509CertificateHolder cert = granted(answer, responses(answer, type + 1, 1)[0], 0, key.getPublic());
		Cmp.mustEqual(name(entity), cert.getSubject(), "the subject");
		if (answer.signed)
			Cmp.must(CertRepMessage.getInstance(answer.body.getContent()).getCaPubs() == null, "no caPubs");
		confirmWaitTime(answer);
		confirm(transaction, cert, 0);
		expect(entity, state);
		return cert;
	}

	/** RFC 9483 4.1.1: a GeneralizedTime in the future, where implicitConfirm is not granted. */
	static void confirmWaitTime(Cmp.Answer answer) throws Exception {
		InfoTypeAndValue wait = answer.info(CMPObjectIdentifiers.it_confirmWaitTime.getId());
		Cmp.must(wait != null, "confirmWaitTime is there");
		Cmp.must(ASN1GeneralizedTime.getInstance(wait.getInfoValue()).getDate().after(new Date()),
			"confirmWaitTime is to come");
		Cmp.must(answer.info(CMPObjectIdentifiers.it_implicitConfirm.getId()) == null, "no implicitConfirm");
	}

	static CertConfirmContent certConf(CertStatus... all) {
		return CertConfirmContent.getInstance(new DERSequence(all));
	}

	// What is encrypted in answers

	static CMSEnvelopedData enveloped(ASN1Encodable envelopedData) throws Exception {
		return new CMSEnvelopedData(new ContentInfo(CMSObjectIdentifiers.envelopedData,
			EnvelopedData.getInstance(envelopedData)));
	}

	static CMSEnvelopedData enveloped(EncryptedKey key) throws Exception {
		Cmp.must(!key.isEncryptedValue(), "it is EnvelopedData");
		return enveloped(key.getValue());
	}

	static byte[] open(CMSEnvelopedData data, Recipient recipient) throws Exception {
		Collection<RecipientInformation> recipients = data.getRecipientInfos().getRecipients();
		Cmp.mustEqual(1, recipients.size(), "the number of recipients");
		return recipients.iterator().next().getContent(recipient);
	}

	static Recipient recipient(java.security.PrivateKey key) {
		return key.getAlgorithm().equals("RSA") ? new JceKeyTransEnvelopedRecipient(key).setProvider(Cmp.BC)
			: new JceKeyAgreeEnvelopedRecipient(key).setProvider(Cmp.BC);
	}

	@SuppressWarnings("unchecked") // SignerId is a Selector, without its type
	PrivateKeyInfo keyOf(byte[] signedData) throws Exception {
		CMSSignedData data = new CMSSignedData(new ContentInfo(CMSObjectIdentifiers.signedData,
			ASN1Primitive.fromByteArray(signedData)));
		Cmp.mustEqual(ASYMMETRIC_KEY_PACKAGE.getId(), data.getSignedContentTypeOID(), "the content type");
		Store<X509CertificateHolder> store = data.getCertificates();
		List<X509CertificateHolder> certs = new ArrayList<>(store.getMatches(null));
		for (SignerInformation signer : data.getSignerInfos().getSigners()) {
			X509CertificateHolder kga =
				((Collection<X509CertificateHolder>) store.getMatches(signer.getSID())).iterator().next();
			Cmp.must(signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider(Cmp.BC).build(kga)),
				"the signature of the KGA verifies");
			Cmp.must(ExtendedKeyUsage.fromExtensions(kga.getExtensions()).hasKeyPurposeId(
				KeyPurposeId.getInstance(new ASN1ObjectIdentifier(KGA_PURPOSE))), "the KGA may");
			Cmp.mustChain(kga, server.root(), certs);
		}
		ASN1Sequence keys = ASN1Sequence.getInstance((byte[]) data.getSignedContent().getContent());
		Cmp.mustEqual(1, keys.size(), "the number of keys");
		PrivateKeyInfo key = PrivateKeyInfo.getInstance(keys.getObjectAt(0));
		Cmp.mustEqual(BigInteger.ONE, key.getVersion().getValue(), "the version");
		return key;
	}

	static void mustFit(PrivateKeyInfo key, X509CertificateHolder cert) throws Exception {
		java.security.PrivateKey made = BouncyCastleProvider.getPrivateKey(key);
		ContentSigner signer = pop(new KeyPair(null, made));
		signer.getOutputStream().write(42);
		byte[] signature = signer.getSignature();
		org.bouncycastle.operator.ContentVerifier verifier =
			new JcaContentVerifierProviderBuilder().setProvider(Cmp.BC).build(cert)
				.get(signer.getAlgorithmIdentifier());
		verifier.getOutputStream().write(42);
		Cmp.must(verifier.verify(signature), "private key and certificate fit");
	}
}
