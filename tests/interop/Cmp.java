// SPDX-License-Identifier: Apache-2.0
// A CMP requester that is Bouncy Castle's code: it makes, protects and sends messages, and verifies and
// parses every answer in full. Only what the Bouncy Castle of Debian 12 (1.72) and of Debian 13 (1.80) both
// have is used. What is asked for, and what must come, stands in BouncyCastle.java.

import java.io.FileReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Set;

import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.cmp.CMPCertificate;
import org.bouncycastle.asn1.cmp.ErrorMsgContent;
import org.bouncycastle.asn1.cmp.InfoTypeAndValue;
import org.bouncycastle.asn1.cmp.PKIBody;
import org.bouncycastle.asn1.cmp.PKIFailureInfo;
import org.bouncycastle.asn1.cmp.PKIHeader;
import org.bouncycastle.asn1.cmp.PKIMessage;
import org.bouncycastle.asn1.cmp.PKIStatusInfo;
import org.bouncycastle.asn1.pkcs.PBMAC1Params;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.cmp.GeneralPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessageBuilder;
import org.bouncycastle.cert.crmf.PKMACBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcePKMACValuesCalculator;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.GenericKey;
import org.bouncycastle.operator.MacCalculator;
import org.bouncycastle.operator.PBEMacCalculatorProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.jcajce.JcePBMac1CalculatorBuilder;
import org.bouncycastle.pkcs.jcajce.JcePBMac1CalculatorProviderBuilder;

final class Cmp {
	static final String PATH = "/.well-known/cmp";
	static final String BC = "BC";
	private static final SecureRandom RANDOM = new SecureRandom();
	private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	private static Path kept;
	private static int keptCount;

	private Cmp() {
	}

	/** From now on answers, and what was encrypted in them, go into files of this directory as well. */
	static void keepIn(String directory) throws IOException {
		kept = Files.createDirectories(Path.of(directory));
	}

	static byte[] keep(String kind, byte[] der) throws IOException {
		Files.write(kept.resolve(kind + "-" + ++keptCount + ".der"), der);
		return der;
	}

	static byte[] random(int size) {
		byte[] out = new byte[size];
		RANDOM.nextBytes(out);
		return out;
	}

	/** What a check says when it fails. */
	static void must(boolean holds, String what) {
		if (!holds)
			throw new AssertionError(what);
	}

	static void mustEqual(Object expected, Object actual, String what) {
		must(expected.equals(actual), what + " is " + actual + ", not " + expected);
	}

	static Object pem(String file) throws IOException {
		try (Reader reader = new FileReader(file); PEMParser parser = new PEMParser(reader)) {
			return parser.readObject();
		}
	}

	static X509Certificate x509(X509CertificateHolder cert) throws Exception {
		return new JcaX509CertificateConverter().setProvider(BC).getCertificate(cert);
	}

	static X509CertificateHolder holder(CMPCertificate cert) {
		must(cert.isX509v3PKCert(), "the choice of a CMPCertificate is x509v3PKCert");
		return new X509CertificateHolder(cert.getX509v3PKCert());
	}

	static byte[] keyIdentifier(X509CertificateHolder cert) {
		return SubjectKeyIdentifier.fromExtensions(cert.getExtensions()).getKeyIdentifier();
	}

	/** Below the root by the PKIX path validation of Bouncy Castle, with the certificates at hand. */
	static void mustChain(X509CertificateHolder cert, X509CertificateHolder root,
			List<X509CertificateHolder> others) throws Exception {
		List<X509Certificate> all = new ArrayList<>();
		for (X509CertificateHolder other : others)
			all.add(x509(other));
		all.add(x509(cert));
		X509CertSelector target = new X509CertSelector();
		target.setCertificate(x509(cert));
		PKIXBuilderParameters parameters =
			new PKIXBuilderParameters(Set.of(new TrustAnchor(x509(root), null)), target);
		parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(all), BC));
		parameters.setRevocationEnabled(false);
		CertPathBuilder.getInstance("PKIX", BC).build(parameters);
	}

	/** How a requester protects its messages, and verifies what is protected in the same way. */
	interface Credential {
		GeneralName sender();

		byte[] senderKid();

		ProtectedPKIMessage protect(ProtectedPKIMessageBuilder message) throws Exception;

		/** Whether the protection is right; a MAC under no secret of ours is not. */
		boolean verifyMac(ProtectedPKIMessage message) throws Exception;
	}

	/** A signature. */
	record Signer(X509CertificateHolder cert, PrivateKey key, String algorithm) implements Credential {
		static Signer of(String certFile, String keyFile, String algorithm) throws Exception {
			Object key = pem(keyFile);
			JcaPEMKeyConverter converter = new JcaPEMKeyConverter().setProvider(BC);
			return new Signer((X509CertificateHolder) pem(certFile), key instanceof PEMKeyPair pair
				? converter.getKeyPair(pair).getPrivate()
				: converter.getPrivateKey((org.bouncycastle.asn1.pkcs.PrivateKeyInfo) key), algorithm);
		}

		public GeneralName sender() {
			return new GeneralName(cert.getSubject());
		}

		public byte[] senderKid() {
			return keyIdentifier(cert);
		}

		public ProtectedPKIMessage protect(ProtectedPKIMessageBuilder message) throws Exception {
			ContentSigner signer = new JcaContentSignerBuilder(algorithm).setProvider(BC).build(key);
			return message.addCMPCertificate(cert).build(signer);
		}

		public boolean verifyMac(ProtectedPKIMessage message) {
			return false;
		}
	}

	/** A shared secret, with PasswordBasedMac or PBMAC1. */
	record Secret(String reference, char[] secret, boolean pbmac1) implements Credential {
		public GeneralName sender() {
			return new GeneralName(new X500Name("CN=" + reference));
		}

		public byte[] senderKid() {
			return reference.getBytes();
		}

		public ProtectedPKIMessage protect(ProtectedPKIMessageBuilder message) throws Exception {
			MacCalculator mac = pbmac1
				? new Pbkdf2Named(new JcePBMac1CalculatorBuilder("HmacSHA256", 256).setProvider(BC)
					.setIterationCount(1000).setSaltLength(16).setPrf(JcePBMac1CalculatorBuilder.PRF_SHA256)
					.build(secret))
				: pbm().setIterationCount(1000).setSaltLength(16).build(secret);
			return message.build(mac);
		}

		/** What Bouncy Castle does unless told otherwise: SHA-1, which RFC 4210 made mandatory. */
		static PKMACBuilder pbm() {
			return new PKMACBuilder(new JcePKMACValuesCalculator().setProvider(BC));
		}

		public boolean verifyMac(ProtectedPKIMessage message) throws Exception {
			PBEMacCalculatorProvider provider = message.hasPasswordBasedMacProtection() ? pbm()
				: new JcePBMac1CalculatorProviderBuilder().setProvider(BC).build();
			return message.verify(provider, secret);
		}
	}

	/** PBMAC1 as Bouncy Castle computes it; but there keyDerivationFunc has the OID of PBES2, see RFC 8018 B.3. */
	private record Pbkdf2Named(MacCalculator mac) implements MacCalculator {
		public AlgorithmIdentifier getAlgorithmIdentifier() {
			PBMAC1Params is = PBMAC1Params.getInstance(mac.getAlgorithmIdentifier().getParameters());
			return new AlgorithmIdentifier(PKCSObjectIdentifiers.id_PBMAC1, new PBMAC1Params(
				new AlgorithmIdentifier(PKCSObjectIdentifiers.id_PBKDF2, is.getKeyDerivationFunc().getParameters()),
				is.getMessageAuthScheme()));
		}

		public OutputStream getOutputStream() {
			return mac.getOutputStream();
		}

		public byte[] getMac() {
			return mac.getMac();
		}

		public GenericKey getKey() {
			return mac.getKey();
		}
	}

	/** The exchanges under one transactionID. */
	static final class Transaction {
		final Server server;
		final Credential credential;
		final byte[] id = random(16);
		final List<InfoTypeAndValue> generalInfo = new ArrayList<>();
		String path = PATH;
		int pvno = PKIHeader.CMP_2000;
		byte[] senderNonce;
		byte[] recipNonce;

		Transaction(Server server, Credential credential) {
			this.server = server;
			this.credential = credential;
		}

		Transaction path(String of) {
			this.path = of;
			return this;
		}

		Transaction pvno(int is) {
			this.pvno = is;
			return this;
		}

		ProtectedPKIMessage message(PKIBody body) throws Exception {
			senderNonce = random(16);
			ProtectedPKIMessageBuilder builder =
				new ProtectedPKIMessageBuilder(pvno, credential.sender(), server.name)
					.setMessageTime(new Date()).setTransactionID(id).setSenderNonce(senderNonce)
					.setSenderKID(credential.senderKid()).setBody(body);
			if (recipNonce != null)
				builder.setRecipNonce(recipNonce);
			for (InfoTypeAndValue info : generalInfo)
				builder.addGeneralInfo(info);
			return credential.protect(builder);
		}

		Answer ask(PKIBody body) throws Exception {
			return send(message(body));
		}

		Answer ask(int type, ASN1Encodable content) throws Exception {
			return ask(new PKIBody(type, content));
		}

		Answer send(ProtectedPKIMessage message) throws Exception {
			byte[] der = message.toASN1Structure().getEncoded(ASN1Encoding.DER);
			HttpResponse<byte[]> answer = server.post(path, der);
			mustEqual(200, answer.statusCode(), "the HTTP status");
			Answer out = new Answer(server, credential, answer.body());
			out.mustAnswer(message.getHeader());
			recipNonce = out.header.getSenderNonce().getOctets();
			return out;
		}
	}

	/** Where it listens, who it is, below which root, and whether it sends that, too, which RFC 9483 3.3 leaves out. */
	record Server(String url, GeneralName name, X509CertificateHolder root, boolean sendsRoot) {
		HttpResponse<byte[]> post(String path, byte[] der) throws Exception {
			HttpRequest request = HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(60))
				.header("Content-Type", "application/pkixcmp")
				.POST(HttpRequest.BodyPublishers.ofByteArray(der)).build();
			return HTTP.send(request, HttpResponse.BodyHandlers.ofByteArray());
		}
	}

	/** A verified answer. */
	static final class Answer {
		final ProtectedPKIMessage message;
		final PKIHeader header;
		final PKIBody body;
		final List<X509CertificateHolder> extraCerts;
		final boolean signed;
		private final Server server;

		Answer(Server server, Credential credential, byte[] der) throws Exception {
			this.server = server;
			keep("answer", der);
			PKIMessage parsed = new GeneralPKIMessage(der).toASN1Structure();
			must(Arrays.equals(der, parsed.getEncoded(ASN1Encoding.DER)), "the answer is DER");
			message = new ProtectedPKIMessage(new GeneralPKIMessage(parsed));
			header = message.getHeader();
			body = message.getBody();
			extraCerts = Arrays.asList(message.getCertificates());
			signed = !isMac(header);
			if (signed)
				verifySignature();
			else
				must(credential.verifyMac(message), "the MAC of the answer verifies");
		}

		private static boolean isMac(PKIHeader header) {
			String algorithm = header.getProtectionAlg().getAlgorithm().getId();
			return algorithm.equals("1.2.840.113533.7.66.13") || algorithm.equals("1.2.840.113549.1.5.14");
		}

		/** RFC 9483 3.2, 3.3: by the first of extraCerts, whose names the header has. */
		private void verifySignature() throws Exception {
			must(!extraCerts.isEmpty(), "extraCerts are there");
			X509CertificateHolder signer = extraCerts.get(0);
			must(message.verify(new JcaContentVerifierProviderBuilder().setProvider(BC).build(signer)),
				"the signature of the answer verifies");
			mustEqual(new GeneralName(signer.getSubject()), header.getSender(), "sender");
			must(Arrays.equals(keyIdentifier(signer), header.getSenderKID().getOctets()), "senderKID fits");
			mustChain(signer, server.root(), extraCerts);
			must(extraCerts.contains(server.root()) == server.sendsRoot(), "the root in extraCerts");
		}

		/** RFC 9483 3.1, 3.5: the header answers that of the request. */
		void mustAnswer(PKIHeader request) throws Exception {
			mustEqual(request.getPvno(), header.getPvno(), "pvno");
			mustEqual(request.getSender(), header.getRecipient(), "recipient");
			mustEqual(request.getTransactionID(), header.getTransactionID(), "transactionID");
			mustEqual(request.getSenderNonce(), header.getRecipNonce(), "recipNonce");
			must(header.getSenderNonce().getOctets().length >= 16, "senderNonce has 128 bits");
			long late = System.currentTimeMillis() - header.getMessageTime().getDate().getTime();
			must(Math.abs(late) < 60000, "messageTime is now");
			must(header.getRecipKID() == null, "recipKID is absent");
			if (!signed) {
				ASN1OctetString kid = header.getSenderKID();
				must(kid != null && kid.equals(request.getSenderKID()), "senderKID is the reference");
			}
		}

		Answer is(int type) {
			mustEqual(type, body.getType(), "the body" + (body.getType() == PKIBody.TYPE_ERROR
				? " (" + text(ErrorMsgContent.getInstance(body.getContent()).getPKIStatusInfo()) + ")" : ""));
			return this;
		}

		ASN1Encodable content(int type) {
			return is(type).body.getContent();
		}

		InfoTypeAndValue info(String oid) {
			InfoTypeAndValue[] all = header.getGeneralInfo();
			for (InfoTypeAndValue one : all == null ? new InfoTypeAndValue[0] : all)
				if (one.getInfoType().getId().equals(oid))
					return one;
			return null;
		}

		/** An error message with exactly this failInfo, and words for people. */
		PKIStatusInfo error(int failInfo) {
			ErrorMsgContent error = ErrorMsgContent.getInstance(content(PKIBody.TYPE_ERROR));
			mustRefuse(error.getPKIStatusInfo(), failInfo);
			return error.getPKIStatusInfo();
		}
	}

	static String text(PKIStatusInfo status) {
		return status.getStatusString() == null ? "" : status.getStatusString().getStringAtUTF8(0).getString();
	}

	static void mustRefuse(PKIStatusInfo status, int failInfo) {
		mustEqual(BigInteger.TWO, status.getStatus(), "the status");
		must(status.getFailInfo() != null, "failInfo is there");
		mustEqual(failInfo, new PKIFailureInfo(status.getFailInfo()).intValue(), "failInfo (" + text(status) + ")");
		must(!text(status).isEmpty(), "statusString is there");
	}

	static void mustGrant(PKIStatusInfo status) {
		must(status.getStatus().intValue() <= 1, "granted: status " + status.getStatus() + ", " + text(status));
		must(status.getFailInfo() == null, "no failInfo with what is granted");
	}
}
