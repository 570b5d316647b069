/** Values of the secrets that the matrix's specs refer to. A changed secret is another secret: they are the same for all cells. */
import { chainFor } from "../support/certificates.ts";

const [first, second] = [chainFor("portal.acme.example"), chainFor("portal.acme.example")];

export const secrets: Readonly<Record<string, string>> = {
	"secrets.one": "sentinel-one-4711",
	"secrets.two": "sentinel-two-4711",
	"secrets.username": "deploy",
	"secrets.password": "sentinel-password-4711",
	"secrets.url1": "https://one.acme.example/sentinel-4711",
	"secrets.url2": "https://two.acme.example/sentinel-4711",
	"secrets.chain": first.chain,
	"secrets.key": first.keyPem,
	"secrets.chain2": second.chain,
	"secrets.key2": second.keyPem,
	"hints.taken": "[]",
};
