import { block, pattern, template } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";

const secret = /^\$\{\s*secrets\.[^${}]+\}$/;

const reference = (name: string) => {
	const allowed = `\${secrets.${name}} or another secret, and nothing beside it`;
	return template("a reference to a secret", allowed).regex(secret, {
		error: `is not one reference to a secret; allowed: ${allowed}`,
	});
};

/** A certificate of one's own, both parts as PEM in secrets. What is in them is judged in `config/certificate-rules.ts`. */
export const Certificate = block("a certificate", {
	chain: reference("portalChain").register(keyDocs, {
		description: "certificate as PEM, then its intermediates",
		inPlace: "yes",
	}),
	key: reference("portalKey").register(keyDocs, {
		description: "private key as PEM, without a passphrase",
		inPlace: "yes",
	}),
});

/** What Aptible calls a certificate by; the start is enough as long as no other begins with it. */
export const fingerprint = () =>
	pattern("a fingerprint", "8 to 64 of the digits 0-9 a-f, SHA-256 as the dashboard shows it", /^[0-9a-f]{8,64}$/);
