import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A certificate and its key, both as PEM. */
export interface Certificate {
	certificate: string;
	key: string;
}

const YEARS = 10;

const OIDS = {
	ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
	commonName: [0x55, 0x04, 0x03],
	subjectAltName: [0x55, 0x1d, 0x11],
	basicConstraints: [0x55, 0x1d, 0x13],
};

/**
 * Makes a certificate for 127.0.0.1, another address and host names, signed by itself. A SAS that is good for https only, as all of ours are, is refused over
 * http, so that the emulated blob service has to speak TLS; Node can check certificates and has nothing to make one.
 */
export function makeCertificate(address = "127.0.0.1", now = new Date(), names: readonly string[] = []): Certificate {
	const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const algorithm = der(0x30, oid(OIDS.ecdsaWithSha256));
	const serial = randomBytes(8);
	// Trusted certificates are looked up by their names, so that two sandboxes must not share one.
	const title = Buffer.from(`sandbox blob service ${serial.toString("hex")}`);
	const name = der(0x30, der(0x31, der(0x30, oid(OIDS.commonName), der(0x0c, title))));
	const until = new Date(Date.UTC(now.getUTCFullYear() + YEARS, 0, 1));
	const addresses = [...new Set(["127.0.0.1", address])].map((one) =>
		der(0x87, Buffer.from(one.split(".").map(Number))),
	);
	const hosts = ["localhost", ...names].map((host) => der(0x82, Buffer.from(host)));
	const alternatives = der(0x30, ...addresses, ...hosts);
	const body = der(
		0x30,
		der(0xa0, der(0x02, Buffer.from([2]))),
		// A leading zero bit keeps the number positive, a leading one bit keeps it in its shortest form.
		der(0x02, Buffer.concat([Buffer.from([0x40]), serial])),
		algorithm,
		name,
		der(0x30, time(new Date(now.getTime() - 24 * 60 * 60 * 1000)), time(until)),
		name,
		publicKey.export({ type: "spki", format: "der" }),
		der(
			0xa3,
			der(
				0x30,
				extension(OIDS.basicConstraints, der(0x30, der(0x01, Buffer.from([0xff])))),
				extension(OIDS.subjectAltName, alternatives),
			),
		),
	);
	const signature = sign("sha256", body, privateKey);
	const whole = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature));
	const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
	return {
		certificate: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
		key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
	};
}

/** One element of DER: tag, length, content. */
function der(tag: number, ...contents: Buffer[]): Buffer {
	const content = Buffer.concat(contents);
	const { length } = content;
	const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
	return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function oid(bytes: number[]): Buffer {
	return der(0x06, Buffer.from(bytes));
}

function extension(id: number[], value: Buffer): Buffer {
	return der(0x30, oid(id), der(0x04, value));
}

function time(date: Date): Buffer {
	const digits = date.toISOString().replace(/\.\d+/, "").replaceAll(/[-:T]/g, "");
	return der(0x17, Buffer.from(digits.slice(2)));
}
