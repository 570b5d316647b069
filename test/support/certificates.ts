/** Certificates made for a test: DER by hand, so that no test needs openssl and none of them ever runs out. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** What a certificate is to be. */
export interface CertificateWish {
	/** DNS names, the first one in its subject too. */
	names: readonly string[];
	/** @default a new P-256 key */
	key?: KeyObject;
	/** Who signs it. @default itself */
	issuer?: TestCertificate;
	/** @default a day ago */
	from?: Date;
	/** @default in a hundred days */
	until?: Date;
}

/** A certificate with its key. */
export interface TestCertificate {
	pem: string;
	key: KeyObject;
	/** The key as PEM text (PKCS#8). */
	keyPem: string;
	subject: Buffer;
}

const dayMs = 86_400_000;

/** A day that many days from now. */
export function inDays(days: number): Date {
	return new Date(Date.now() + days * dayMs);
}

export function ecKey(namedCurve = "P-256"): KeyObject {
	return generateKeyPairSync("ec", { namedCurve }).privateKey;
}

export function rsaKey(modulusLength: number): KeyObject {
	return generateKeyPairSync("rsa", { modulusLength }).privateKey;
}

/** Makes a certificate. */
export function certify({
	names,
	key = ecKey(),
	issuer,
	from = inDays(-1),
	until = inDays(100),
}: CertificateWish): TestCertificate {
	const subject = nameOf(names[0] ?? "");
	const signer = issuer?.key ?? key;
	const algorithm = sequence(
		objectId(signer.asymmetricKeyType === "rsa" ? "1.2.840.113549.1.1.11" : "1.2.840.10045.4.3.2"),
	);
	const subjectNames = sequence(...names.map((name) => tagged(0x82, Buffer.from(name))));
	const body = sequence(
		tagged(0xa0, integer(Buffer.from([2]))),
		integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
		algorithm,
		issuer?.subject ?? subject,
		sequence(timeOf(from), timeOf(until)),
		subject,
		publicKeyOf(key),
		tagged(0xa3, sequence(sequence(objectId("2.5.29.17"), tagged(0x04, subjectNames)))),
	);
	const certificate = sequence(body, algorithm, bitString(sign("sha256", body, signer)));
	const keyPem = key.export({ type: "pkcs8", format: "pem" }).toString();
	return { pem: pemOf(certificate), key, keyPem, subject };
}

/** A leaf with the intermediate that issued it. */
export function chainFor(...names: string[]): TestCertificate & { chain: string; intermediate: TestCertificate } {
	const intermediate = certify({ names: ["Acme Test CA"] });
	const leaf = certify({ names, issuer: intermediate });
	return { ...leaf, chain: leaf.pem + intermediate.pem, intermediate };
}

function pemOf(der: Buffer): string {
	const lines = der.toString("base64").replace(/(.{64})(?=.)/g, "$1\n");
	return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function tagged(tag: number, ...parts: Buffer[]): Buffer {
	const body = Buffer.concat(parts);
	const { length } = body;
	const lengthBytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
	return Buffer.concat([Buffer.from([tag, ...lengthBytes]), body]);
}

function sequence(...parts: Buffer[]): Buffer {
	return tagged(0x30, ...parts);
}

function integer(bytes: Buffer): Buffer {
	return tagged(0x02, bytes);
}

function bitString(bytes: Buffer): Buffer {
	return tagged(0x03, Buffer.from([0]), bytes);
}

function objectId(text: string): Buffer {
	const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
	const encode = (value: number): number[] => {
		const bytes = [value & 0x7f];
		for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift((left & 0x7f) | 0x80);
		return bytes;
	};
	return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(encode)]));
}

function nameOf(commonName: string): Buffer {
	const attribute = sequence(objectId("2.5.4.3"), tagged(0x0c, Buffer.from(commonName)));
	return sequence(tagged(0x31, attribute));
}

function timeOf(date: Date): Buffer {
	return tagged(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-T:]/g, "")}Z`));
}

/** The SubjectPublicKeyInfo of a key. */
function publicKeyOf(key: KeyObject): Buffer {
	return createPublicKey(key).export({ type: "spki", format: "der" });
}
