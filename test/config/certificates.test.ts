import assert from "node:assert/strict";
import { test } from "node:test";
import { warnOfCertificates } from "../../config/certificate-rules.ts";
import type { Draft } from "../../config/draft.ts";
import { parseStage, StageError } from "../../config/parse.ts";
import { certify, chainFor, inDays, type TestCertificate } from "../support/certificates.ts";
import { stageWith } from "./stage-file.ts";

/** The stage with an endpoint that has this certificate. */
function stageOf(
	{ chain, keyPem }: Pick<TestCertificate, "keyPem"> & { chain: string },
	domain = "portal.acme.example",
) {
	const certificate = { chain: "${secrets.portalChain}", key: "${secrets.portalKey}" };
	return stageWith({
		"apps/portal/endpoints/own": { service: "web", kind: "https", domain, certificate },
		"secrets/portalChain": chain,
		"secrets/portalKey": keyPem,
	});
}

function problemsOf(raw: unknown): readonly string[] {
	try {
		parseStage(raw, { file: "Pulumi.test.yaml", now: new Date() });
		return [];
	} catch (error) {
		return error instanceof StageError ? error.problems : assert.fail(String(error));
	}
}

const portal = chainFor("portal.acme.example");
const place = "Pulumi.test.yaml: apps.portal.endpoints.own";

test("a certificate that fits is no mistake", () => {
	assert.deepEqual(problemsOf(stageOf(portal)), []);
});

test("one that does not is a mistake at the part that is wrong, and none of it is shown", () => {
	const problems = problemsOf(stageOf({ ...portal, keyPem: certify({ names: ["x"] }).keyPem }));
	assert.deepEqual(problems, [
		`${place}.certificate.key: "\${secrets.portalKey}" is not the key of the certificate in chain; give the two that were made together`,
	]);
	assert.deepEqual(problemsOf(stageOf(portal, "other.example")), [
		`${place}.domain: "other.example" is not a name of the certificate; it is for portal.acme.example`,
	]);
	const old = certify({ names: ["portal.acme.example"], from: inDays(-9), until: inDays(-1) });
	const day = inDays(-1).toISOString().slice(0, 10);
	assert.deepEqual(problemsOf(stageOf({ chain: old.pem, keyPem: old.keyPem })), [
		`${place}.certificate.chain: "\${secrets.portalChain}" has expired: CN=portal.acme.example was valid until ${day}; renew it`,
	]);
});

test("without a time, certificates are not looked into", () => {
	parseStage(stageOf({ chain: "none", keyPem: "none" }), { file: "Pulumi.test.yaml" });
});

test("from 30 days before its end a certificate is warned about", () => {
	const warningsOf = (until: Date) => {
		const { pem, keyPem } = certify({ names: ["portal.acme.example"], until });
		return warnOfCertificates(stageOf({ chain: pem, keyPem }) as Draft, new Date()).map(({ says }) => says);
	};
	assert.deepEqual(warningsOf(inDays(31)), []);
	const until = inDays(12.5);
	assert.deepEqual(warningsOf(until), [
		`apps.portal.endpoints.own.certificate ends in 12 days, on ${until.toISOString().slice(0, 10)}; put the renewed one into its secrets and run pulumi up`,
	]);
});
