import { block, pattern, secretOnly } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";

/** A certificate of one's own, both parts as PEM in secrets. What is in them is judged in `config/certificate-rules.ts`. */
export const Certificate = block("a certificate", {
	chain: secretOnly("portalChain").register(keyDocs, {
		description: "certificate as PEM, then its intermediates",
		inPlace: "yes",
	}),
	key: secretOnly("portalKey").register(keyDocs, {
		description: "private key as PEM, without a passphrase",
		inPlace: "yes",
	}),
});

/** What Aptible calls a certificate by; the start is enough as long as no other begins with it. */
export const fingerprint = () =>
	pattern("a fingerprint", "8 to 64 of the digits 0-9 a-f, SHA-256 as the dashboard shows it", /^[0-9a-f]{8,64}$/);
