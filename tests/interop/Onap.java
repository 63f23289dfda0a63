// SPDX-License-Identifier: Apache-2.0
// The shapes of the requests of ONAP's CertService, whose client is made of Bouncy Castle as this one is; the code is
// ours. It says implicitConfirm without a value, takes a certReqId by chance, fills signingAlg, version and serialNumber 0
// into the template, has a regToken in regInfo, and builds the path out of extraCerts, root and all.

import static org.bouncycastle.asn1.cmp.PKIBody.*;

import java.math.BigInteger;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;

import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.cmp.*;
import org.bouncycastle.asn1.crmf.*;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.operator.ContentSigner;

final class Onap extends BouncyCastle {
	private static final int ID = 0x5ca1ab1e;
	private static final AlgorithmIdentifier SIGNING_ALG =
		new AlgorithmIdentifier(PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE);

	private final Cmp.Server withRoot;
	private static int entities;

	Onap(Map<String, String> given) throws Exception {
		super(given);
		withRoot = new Cmp.Server(server.url(), server.name(), server.root(), true);
	}

	void add(Map<String, Check> checks) {
		checks.put("onap_signature", () -> enrolAs(signer("onap", "SHA256withECDSA")));
		checks.put("onap_secret", () -> enrolAs(secret()));
		checks.put("onap_update", this::update);
		checks.put("onap_refused_otherwise", this::refused);
	}

	private Cmp.Credential secret() {
		return new Cmp.Secret(given.getOrDefault("onap.reference", "bc-onap"), given.get("secret").toCharArray(), false);
	}

	private CertTemplateBuilder template(String entity, KeyPair key) throws Exception {
		ExtensionsGenerator extensions = new ExtensionsGenerator();
		extensions.addExtension(Extension.keyUsage, false, new KeyUsage(KeyUsage.digitalSignature));
		extensions.addExtension(Extension.subjectAlternativeName, false,
			new GeneralNames(new GeneralName(GeneralName.dNSName, entity + ".example.net")));
		long now = System.currentTimeMillis();
		return new CertTemplateBuilder().setIssuer(((X509CertificateHolder) Cmp.pem(given.get("issuing"))).getSubject())
			.setSubject(name(entity)).setPublicKey(spki(key.getPublic())).setVersion(2)
			.setValidity(new OptionalValidity(new Time(new Date(now)), new Time(new Date(now + 86400000L))))
			.setExtensions(extensions.generate());
	}

	private static CertReqMsg message(int id, CertTemplate template, Controls controls, KeyPair key) throws Exception {
		CertRequest request = new CertRequest(id, template, controls);
		ContentSigner signer = pop(key);
		signer.getOutputStream().write(request.getEncoded(ASN1Encoding.DER));
		POPOSigningKey signed =
			new POPOSigningKey(null, signer.getAlgorithmIdentifier(), new DERBitString(signer.getSignature()));
		return new CertReqMsg(request, new ProofOfPossession(signed), new AttributeTypeAndValue[] {
			new AttributeTypeAndValue(CRMFObjectIdentifiers.id_regCtrl_regToken, new DERUTF8String("a password")) });
	}

	private CertTemplate full(String entity, KeyPair key) throws Exception {
		return template(entity, key).setSigningAlg(SIGNING_ALG).setSerialNumber(new ASN1Integer(0)).build();
	}

	private static void implicitConfirm(Cmp.Transaction transaction) {
		transaction.generalInfo.add(new InfoTypeAndValue(CMPObjectIdentifiers.it_implicitConfirm));
	}

	private X509CertificateHolder ask(int type, Cmp.Credential credential, String entity, Controls controls)
			throws Exception {
		KeyPair key = ec();
		Cmp.Transaction transaction = new Cmp.Transaction(withRoot, credential).path(VNFCI);
		implicitConfirm(transaction);
		Cmp.Answer answer =
			transaction.ask(type, new CertReqMessages(message(ID, full(entity, key), controls, key)));
		X509CertificateHolder cert = granted(answer, responses(answer, type + 1, 1)[0], ID, key.getPublic());
		Cmp.must(answer.info(CMPObjectIdentifiers.it_implicitConfirm.getId()) != null, "implicitConfirm is granted");
		// All of the path is there to be taken: the issuer, and the root.
		List<X509CertificateHolder> there = new ArrayList<>(answer.extraCerts);
		Cmp.must(there.contains(server.root()), "the root is in extraCerts");
		Cmp.must(there.stream().anyMatch(c -> c.getSubject().equals(cert.getIssuer())), "the issuer is in extraCerts");
		return cert;
	}

	/** Of this client's own, which its ir registers. */
	private static String entity() {
		return "bc-onap-" + ++entities;
	}

	private void enrolAs(Cmp.Credential credential) throws Exception {
		String entity = entity();
		ask(TYPE_INIT_REQ, credential, entity, null);
		expect(entity, "active");
	}

	private void update() throws Exception {
		String entity = entity();
		Cmp.Credential signer = signer("onap", "SHA256withECDSA");
		X509CertificateHolder cert = ask(TYPE_INIT_REQ, signer, entity, null);
		CertId old = new CertId(new GeneralName(cert.getIssuer()), cert.getSerialNumber());
		ask(TYPE_KEY_UPDATE_REQ, signer, entity,
			new Controls(new AttributeTypeAndValue(CMPObjectIdentifiers.regCtrl_oldCertID, old)));
		expect(entity, "active");
		expect(entity, "active");
	}

	/** Each of it alone, of a client without the switches. */
	private void refused() throws Exception {
		String entity = vnfci();
		KeyPair key = ec();
		Cmp.Transaction transaction = start(vnfm, VNFCI);
		implicitConfirm(transaction);
		transaction.ask(TYPE_INIT_REQ, new CertReqMessages(signed(0, entity, key))).error(PKIFailureInfo.badDataFormat);
		Cmp.mustRefuse(only(start(vnfm, VNFCI), signed(ID, entity, key)), PKIFailureInfo.badRequest);
		CertTemplateBuilder[] extras = {template(entity, key).setSigningAlg(SIGNING_ALG),
			template(entity, key).setSerialNumber(new ASN1Integer(0))};
		for (CertTemplateBuilder extra : extras)
			Cmp.mustRefuse(only(start(vnfm, VNFCI), message(0, extra.build(), null, key)), PKIFailureInfo.badCertTemplate);
		// The rest of it is nothing that has to be switched on.
		Cmp.mustGrant(only(start(vnfm, VNFCI), message(0, template(entity, key).build(), null, key)));
		expect(entity, "pending");
	}

	private static PKIStatusInfo only(Cmp.Transaction transaction, CertReqMsg asked) throws Exception {
		Cmp.Answer answer = transaction.ask(TYPE_INIT_REQ, new CertReqMessages(asked));
		return responses(answer, TYPE_INIT_REP, 1)[0].getStatus();
	}
}
