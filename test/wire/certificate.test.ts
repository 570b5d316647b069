import assert from "node:assert/strict";
import { test } from "node:test";
import { leafFingerprint, readCertificate } from "../../wire/certificate.ts";
import {
	type CertificateWish,
	certify,
	chainFor,
	ecKey,
	inDays,
	rsaKey,
	type TestCertificate,
} from "../support/certificates.ts";

const now = new Date();
const portal = chainFor("portal.acme.example", "*.clinic.example");

function problemsOf(chain: string, key: string, domain?: string): string[] {
	return readCertificate(chain, key, { domain, now }).problems.map(({ part, says }) => `${part} ${says}`);
}

function refused(wish: Partial<CertificateWish>): string[] {
	const { pem, keyPem } = certify({ names: ["portal.acme.example"], ...wish });
	return problemsOf(pem, keyPem);
}

test("a chain with its key is read: leaf first, valid today, for the domain", () => {
	const { certificate, problems } = readCertificate(portal.chain, portal.keyPem, {
		domain: "portal.acme.example",
		now,
	});
	assert.deepEqual(problems, []);
	assert.match(certificate?.fingerprint ?? "", /^[0-9a-f]{64}$/);
	assert.equal(certificate?.fingerprint, leafFingerprint(portal.pem));
});

test("the hash of a chain changes with an intermediate, the fingerprint of its leaf does not", () => {
	const [whole, leaf] = [portal.chain, portal.pem].map((chain) => readCertificate(chain, portal.keyPem, { now }));
	assert.equal(whole?.certificate?.fingerprint, leaf?.certificate?.fingerprint);
	assert.notEqual(whole?.certificate?.chainFingerprint, leaf?.certificate?.chainFingerprint);
});

/** A text as people paste it. */
const glued = (pem: string) => pem.trim().replace(/-----\n-----/g, "----------");
const untidy = (pem: string) =>
	`Bag Attributes\r\n${pem.replace(/\n/g, "\r\n").replace(/([A-Za-z0-9+/]{32})([A-Za-z0-9+/]{32})\r/g, "$1\r\n$2\r")}`;

test("what is read is what is to be sent, however it was written, and its hash stays", () => {
	const tidy = readCertificate(portal.chain, portal.keyPem, { now });
	assert.deepEqual(tidy.pem, { chain: portal.chain, key: portal.keyPem });
	for (const chain of [glued(portal.chain), untidy(portal.chain), `\n\n${portal.chain}\n`, portal.chain.trim()]) {
		const read = readCertificate(chain, untidy(portal.keyPem), { now });
		assert.deepEqual(read.problems, []);
		assert.deepEqual(read.pem, tidy.pem);
		assert.deepEqual(read.certificate, tidy.certificate);
	}
});

test("a key keeps its form", () => {
	for (const [key, type] of [
		[portal.key, "sec1"],
		[rsaKey(2048), "pkcs1"],
		[rsaKey(2048), "pkcs8"],
	] as const) {
		const keyPem = key.export({ type, format: "pem" }).toString();
		const { pem } = certify({ names: ["portal.acme.example"], key });
		assert.equal(readCertificate(pem, keyPem, { now }).pem?.key, keyPem);
	}
});

test("a part of a chain that would not be sent is refused", () => {
	const other =
		"chain holds 2 parts, of which 1 is a certificate; allowed: parts from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----";
	const trusted = portal.intermediate.pem.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE");
	assert.deepEqual(problemsOf(portal.pem + trusted, portal.keyPem), [other]);
	const cut = portal.intermediate.pem.replace(/-----END.*\n/, "");
	assert.deepEqual(problemsOf(portal.pem + cut, portal.keyPem), [other]);
});

test("every kind of key that Aptible takes is taken", () => {
	const keys = [ecKey("P-256"), ecKey("P-384"), ecKey("P-521"), rsaKey(1024), rsaKey(2048)];
	for (const key of keys) assert.deepEqual(refused({ key }), []);
});

test("a key of another kind is refused", () => {
	const allowed = "allowed: RSA of 1024, 2048, 4096 bits, ECDSA on P-256, P-384, P-521";
	assert.deepEqual(refused({ key: rsaKey(1536) }), [
		`key is a key that Aptible does not take (RSA of 1536 bits); ${allowed}`,
	]);
	assert.deepEqual(refused({ key: ecKey("secp256k1") }), [
		`key is a key that Aptible does not take (secp256k1); ${allowed}`,
	]);
});

test("a key with a passphrase is refused, in either form", () => {
	const pkcs8 = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" } as const;
	const old = { type: "sec1", format: "pem", cipher: "aes-256-cbc", passphrase: "x" } as const;
	for (const form of [pkcs8, old]) {
		assert.deepEqual(problemsOf(portal.chain, portal.key.export(form).toString()), [
			"key is encrypted, and Aptible takes it as it is only; remove the passphrase: openssl pkey -in FILE",
		]);
	}
});

test("a key of another certificate is refused", () => {
	assert.deepEqual(problemsOf(portal.chain, certify({ names: ["other.example"] }).keyPem), [
		"key is not the key of the certificate in chain; give the two that were made together",
	]);
});

test("a chain in another order is refused", () => {
	assert.deepEqual(problemsOf(portal.intermediate.pem + portal.pem, portal.keyPem), [
		"chain has the certificate of its key in place 2; it has to come first",
	]);
	const stranger = certify({ names: ["Acme Test CA"] });
	assert.deepEqual(problemsOf(portal.pem + stranger.pem + portal.intermediate.pem, portal.keyPem), [
		"chain is out of order: certificate 1 was not issued by certificate 2; put the leaf first, then each issuer",
	]);
});

test("a certificate that is not valid today is refused, with the day", () => {
	const day = (days: number) => inDays(days).toISOString().slice(0, 10);
	assert.deepEqual(refused({ from: inDays(-90), until: inDays(-2) }), [
		`chain has expired: CN=portal.acme.example was valid until ${day(-2)}; renew it`,
	]);
	assert.deepEqual(refused({ from: inDays(2) }), [
		`chain is not valid yet: CN=portal.acme.example is so from ${day(2)}`,
	]);
});

test("an intermediate that has expired is refused too", () => {
	const issuer = certify({ names: ["Acme Old CA"], from: inDays(-9), until: inDays(-2) });
	const leaf = certify({ names: ["portal.acme.example"], issuer });
	assert.match(problemsOf(leaf.pem + issuer.pem, leaf.keyPem).join(), /^chain has expired: CN=Acme Old CA/);
});

test("a domain has to be one of its names; a wildcard covers one label", () => {
	const of = (certificate: TestCertificate & { chain: string }, domain: string) =>
		problemsOf(certificate.chain, certificate.keyPem, domain);
	assert.deepEqual(of(portal, "north.clinic.example"), []);
	assert.deepEqual(of(portal, "*.clinic.example"), []);
	const names = "it is for portal.acme.example, *.clinic.example";
	for (const domain of ["clinic.example", "a.north.clinic.example", "*.acme.example"]) {
		assert.deepEqual(of(portal, domain), [`domain is not a name of the certificate; ${names}`]);
	}
});

test("text that is neither is refused, and so is a key among the certificates", () => {
	assert.deepEqual(problemsOf("", "nothing"), [
		'key is not a private key; allowed: PEM text that begins with "-----BEGIN PRIVATE KEY-----" or the like',
		'chain is not a certificate; allowed: PEM text that begins with "-----BEGIN CERTIFICATE-----", the leaf first',
	]);
	assert.deepEqual(problemsOf(portal.chain + portal.keyPem, portal.keyPem), [
		"chain holds a private key; put that into the secret for key alone",
	]);
	const broken = portal.pem.replace(/\n[A-Za-z0-9+/]{64}\n/, "\nAAAA\n");
	assert.deepEqual(problemsOf(broken, portal.keyPem), ["chain cannot be read at certificate 1 of 1"]);
});
