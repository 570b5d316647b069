import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/** What is wrong with a certificate of one's own; `says` is a predicate about that part. */
export interface CertificateProblem {
	part: "chain" | "key" | "domain";
	says: string;
}

/** A certificate chain as far as it is looked at here; nothing of it is secret. */
export interface OwnCertificate {
	/** SHA-256 of the leaf in lower-case hex, which is what Aptible calls a certificate by. */
	fingerprint: string;
	/** SHA-256 over the whole chain: it changes when only an intermediate does. */
	chainFingerprint: string;
	/** End of its validity. */
	expires: Date;
}

/** Certificate and key as they are to be sent. The key is a secret. */
export interface CertificatePem {
	chain: string;
	key: string;
}

/** Key sizes and curves that Aptible takes (Aptible docs: custom certificates; facts/aptible.md §4.3). */
const rsaBits = [1024, 2048, 4096];
const curves: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };
const algorithms = `RSA of ${rsaBits.join(", ")} bits, ECDSA on ${Object.values(curves).join(", ")}`;

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads a certificate chain and its key (PEM) as Aptible would, before anything is sent: the key unencrypted, of a kind that
 * it takes and the leaf's own; the leaf first and each one issued by the next; valid at `now`; for the declared domain. What it
 * has read is written out again, so that nothing else can be sent.
 */
export function readCertificate(
	chain: string,
	key: string,
	{ domain, now }: { domain?: string | undefined; now: Date },
): { certificate?: OwnCertificate; pem?: CertificatePem; problems: CertificateProblem[] } {
	const problems: CertificateProblem[] = [];
	const privateKey = readKey(key, problems);
	const certificates = readChain(chain, problems);
	const [leaf] = certificates;
	if (leaf === undefined) return { problems };
	const misplaced = privateKey === undefined ? 0 : ownerOf(certificates, privateKey);
	if (misplaced > 0) {
		const says = `has the certificate of its key in place ${misplaced + 1}; it has to come first`;
		return { problems: [...problems, { part: "chain", says }] };
	}
	if (misplaced < 0) {
		problems.push({
			part: "key",
			says: "is not the key of the certificate in chain; give the two that were made together",
		});
	}
	problems.push(...checkOrder(certificates), ...certificates.flatMap((one) => checkValidity(one, now)));
	if (domain !== undefined && !covers(leaf, domain)) {
		problems.push({ part: "domain", says: `is not a name of the certificate; it is for ${namesOf(leaf).join(", ")}` });
	}
	if (privateKey === undefined || problems.length > 0) return { problems };
	return {
		problems,
		certificate: { ...fingerprintsOf(certificates), expires: leaf.validToDate },
		pem: { chain: certificates.map(String).join(""), key: writeKey(privateKey, key) },
	};
}

/** SHA-256 of the first certificate in a PEM text, in lower-case hex; undefined where there is none to be read. */
export function leafFingerprint(chain: string): string | undefined {
	const [leaf] = readChain(chain, []);
	return leaf === undefined ? undefined : normalFingerprint(leaf.fingerprint256);
}

/** End of validity of the first certificate in a PEM text; undefined where there is none to be read. */
export function leafEnd(chain: string): Date | undefined {
	const [leaf] = readChain(chain, []);
	return leaf === undefined ? undefined : new Date(leaf.validTo);
}

/** A fingerprint without colons and in lower case. */
export function normalFingerprint(fingerprint: string): string {
	return fingerprint.replaceAll(":", "").toLowerCase();
}

function fingerprintsOf(certificates: readonly X509Certificate[]): { fingerprint: string; chainFingerprint: string } {
	const hash = createHash("sha256");
	for (const { raw } of certificates) hash.update(raw);
	return {
		fingerprint: normalFingerprint(certificates[0]?.fingerprint256 ?? ""),
		chainFingerprint: hash.digest("hex"),
	};
}

function readKey(text: string, problems: CertificateProblem[]): KeyObject | undefined {
	const refuse = (says: string) => {
		problems.push({ part: "key", says });
		return undefined;
	};
	if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(text)) {
		return refuse("is encrypted, and Aptible takes it as it is only; remove the passphrase: openssl pkey -in FILE");
	}
	let key: KeyObject;
	try {
		key = createPrivateKey(text);
	} catch {
		return refuse('is not a private key; allowed: PEM text that begins with "-----BEGIN PRIVATE KEY-----" or the like');
	}
	const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
	if (key.asymmetricKeyType === "rsa" && rsaBits.includes(modulusLength)) return key;
	if (key.asymmetricKeyType === "ec" && Object.hasOwn(curves, namedCurve)) return key;
	const kind = modulusLength > 0 ? `RSA of ${modulusLength} bits` : namedCurve || key.asymmetricKeyType;
	return refuse(`is a key that Aptible does not take (${kind}); allowed: ${algorithms}`);
}

/** The key in the form that it came in. */
function writeKey(key: KeyObject, text: string): string {
	const type = text.includes("BEGIN RSA PRIVATE") ? "pkcs1" : text.includes("BEGIN EC PRIVATE") ? "sec1" : "pkcs8";
	return key.export({ type, format: "pem" }).toString();
}

function readChain(text: string, problems: CertificateProblem[]): X509Certificate[] {
	if (text.includes("PRIVATE KEY")) {
		problems.push({ part: "chain", says: "holds a private key; put that into the secret for key alone" });
		return [];
	}
	const blocks = text.match(certificateBlock) ?? [];
	if (blocks.length === 0) {
		const says =
			'is not a certificate; allowed: PEM text that begins with "-----BEGIN CERTIFICATE-----", the leaf first';
		problems.push({ part: "chain", says });
		return [];
	}
	const parts = text.match(/-----BEGIN /g) ?? [];
	if (parts.length !== blocks.length) {
		const are = blocks.length === 1 ? "is a certificate" : "are certificates";
		const says = `holds ${parts.length} parts, of which ${blocks.length} ${are}; allowed: parts from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----`;
		problems.push({ part: "chain", says });
		return [];
	}
	return blocks.flatMap((block, index) => {
		try {
			return [new X509Certificate(block)];
		} catch {
			problems.push({ part: "chain", says: `cannot be read at certificate ${index + 1} of ${blocks.length}` });
			return [];
		}
	});
}

/** Place of the certificate that a key belongs to; -1 for none of them. */
function ownerOf(certificates: readonly X509Certificate[], key: KeyObject): number {
	return certificates.findIndex((certificate) => certificate.checkPrivateKey(key));
}

function checkOrder(certificates: readonly X509Certificate[]): CertificateProblem[] {
	const loose = certificates.findIndex((certificate, index) => {
		const issuer = certificates[index + 1];
		// Two authorities may have the same name.
		return issuer !== undefined && !(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
	});
	if (loose < 0) return [];
	const says = `is out of order: certificate ${loose + 1} was not issued by certificate ${loose + 2}; put the leaf first, then each issuer`;
	return [{ part: "chain", says }];
}

function checkValidity(certificate: X509Certificate, now: Date): CertificateProblem[] {
	const name = certificate.subject.split("\n").at(-1) ?? "";
	const day = (date: Date) => date.toISOString().slice(0, 10);
	if (certificate.validToDate <= now) {
		return [{ part: "chain", says: `has expired: ${name} was valid until ${day(certificate.validToDate)}; renew it` }];
	}
	if (certificate.validFromDate <= now) return [];
	return [{ part: "chain", says: `is not valid yet: ${name} is so from ${day(certificate.validFromDate)}` }];
}

function covers(leaf: X509Certificate, domain: string): boolean {
	if (domain.startsWith("*.")) return namesOf(leaf).includes(domain);
	return leaf.checkHost(domain) !== undefined;
}

function namesOf({ subjectAltName, subject }: X509Certificate): string[] {
	const names = [...(subjectAltName ?? "").matchAll(/DNS:([^,\s]+)/g)].map((match) => match[1] ?? "");
	return names.length > 0 ? names : [/^CN=(.+)$/m.exec(subject)?.[1] ?? "no name"];
}
