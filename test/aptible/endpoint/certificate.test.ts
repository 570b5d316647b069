import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { telemetryLeaks } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { certificateDue } from "../../../aptible/endpoint/certificate.ts";
import { withCertificateFiles } from "../../../aptible/endpoint/certificate-files.ts";
import { certify, chainFor, inDays } from "../../support/certificates.ts";
import { type EndpointsUnderTest, openEndpoints, ownSpec } from "./endpoints-under-test.ts";

/** Folder of temporary files of this test alone: others that run beside it lend certificates too. */
const temporary = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
process.env.TMPDIR = temporary;
after(() => rm(temporary, { recursive: true, force: true }));

const first = chainFor("portal.acme.example");
const second = chainFor("portal.acme.example");

/** What the Command hands over of a certificate. */
function handed({ chain, keyPem }: { chain: string; keyPem: string }): Record<string, string> {
	return { "secrets.chain": chain, "secrets.key": keyPem };
}

/** Certificate that the load balancer has. */
function servedChain(endpoints: EndpointsUnderTest, id: number): string {
	const served = endpoints.served(id)?.certificate_id;
	return endpoints.certificateBody(served ?? assert.fail("no certificate is served"));
}

test("a chain glued together is sent as it was read", async (t) => {
	const endpoints = await openEndpoints(t);
	const spec = ownSpec({ domain: "portal.acme.example" });
	const chain = first.chain.trim().replace("-----\n-----", "----------");
	const secrets = handed({ chain, keyPem: first.keyPem.replaceAll("\n", "\r\n") });
	const made = await endpoints.aptible.applied("endpoint", spec, { secrets });
	assert.equal(servedChain(endpoints, made.id), first.chain.trim());
	await endpoints.aptible.applied("endpoint", spec, { secrets: handed(first), previous: made });
	assert.equal(endpoints.aptible.newWrites().filter((write) => write.startsWith("create certificates")).length, 1);
});

test("a certificate of one's own is sent once, its successor with one modify, and neither is seen anywhere", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const spec = ownSpec({ domain: "portal.acme.example" });
	const made = await aptible.apply("endpoint", spec, { secrets: handed(first) });
	assert.equal(made.code, 0, made.stderr);
	assert.deepEqual(aptible.newWrites(), ["create certificates acme-test", "create vhosts web", "provision vhosts"]);
	assert.equal(made.facts.url, "https://portal.acme.example");
	assert.deepEqual(made.facts.dnsRecords.length, 1, "there is no challenge");
	await aptible.applied("endpoint", spec, { secrets: handed(first), previous: made.facts });
	assert.deepEqual(aptible.newWrites(), [], "a second apply sends nothing");

	const renewed = await aptible.apply("endpoint", spec, { secrets: handed(second), previous: made.facts });
	assert.deepEqual(aptible.newWrites(), ["create certificates acme-test", "update vhosts", "provision vhosts"]);
	assert.match(renewed.stderr, /changing certificate\.\.\./);
	assert.equal(servedChain(endpoints, renewed.facts.id), second.chain.trim());

	const longer = handed({ chain: second.chain + first.intermediate.pem, keyPem: second.keyPem });
	const refused = await aptible.apply("endpoint", spec, { secrets: longer, previous: renewed.facts });
	assert.match(
		refused.stderr,
		/^endpoint "own" of app "portal" cannot have this certificate:\n {2}its chain is out of order: certificate 2 was not issued by certificate 3/m,
	);
	const bare = handed({ chain: second.pem, keyPem: second.keyPem });
	const shorter = await aptible.applied("endpoint", spec, { secrets: bare, previous: renewed.facts });
	assert.deepEqual(
		aptible.newWrites(),
		["create certificates acme-test", "update vhosts", "provision vhosts"],
		"an intermediate that is new or gone is sent, though the certificate is the same",
	);
	assert.equal(servedChain(endpoints, shorter.id), second.pem.trim());

	const secretLines = first.keyPem.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----"));
	const journal = readFileSync(join(aptible.dir, "aptible.sqlite"), "latin1");
	for (const line of secretLines) {
		for (const { stdout, stderr } of [made, renewed, refused]) assert.ok(!(stdout + stderr).includes(line));
		assert.ok(!journal.includes(line), "not even the emulator's journal has it");
		assert.ok(!telemetryLeaks(aptible.dir, line));
	}
	assert.deepEqual(leftFolders(tmpdir()), []);
});

test("a run that is killed after any write leaves no second certificate and no second endpoint", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const spec = ownSpec();
	const claim = { "hints.claim": JSON.stringify({ after: 0 }) };
	for (const n of [1, 2, 3]) {
		const { chain, keyPem } = chainFor("portal.acme.example");
		const secrets = { ...handed({ chain, keyPem }), ...claim };
		const before = endpoints.certificates();
		assert.ok(await aptible.interrupted(n, "endpoint", spec, { secrets }));
		const previous = await aptible.applied("endpoint", spec, { secrets });
		assert.equal(servedChain(endpoints, (await endpoints.only()).id), chain.trim());
		assert.equal(endpoints.certificates(), before + 1);
		await aptible.removed("endpoint", spec, { previous });
	}
	const previous = await aptible.applied("endpoint", spec, { secrets: { ...handed(first), ...claim } });
	for (const n of [1, 2, 3]) {
		const { chain, keyPem } = chainFor("portal.acme.example");
		const secrets = handed({ chain, keyPem });
		const before = endpoints.certificates();
		assert.ok(await aptible.interrupted(n, "endpoint", spec, { secrets, previous }));
		Object.assign(previous, await aptible.applied("endpoint", spec, { secrets, previous }));
		assert.equal(servedChain(endpoints, previous.id), chain.trim());
		assert.equal(endpoints.certificates(), before + 1);
	}
	assert.deepEqual(leftFolders(tmpdir()), [], "what the killed ones left is swept up");
});

test("a certificate that the environment has is taken by its fingerprint, or its start", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const own = await aptible.applied("endpoint", ownSpec(), { secrets: handed(first) });
	await aptible.removed("endpoint", ownSpec(), { previous: own });
	aptible.newJournal();
	const fingerprint = endpoints.fingerprints()[0]?.slice(0, 12);
	const spec = ownSpec({ certificate: undefined, certificateFingerprint: fingerprint });
	const { facts, writes } = await endpoints.settles(spec);
	assert.deepEqual(writes, ["create vhosts web", "provision vhosts"]);
	assert.equal(servedChain(endpoints, facts.id), first.chain.trim());
	const { stderr } = await aptible.apply(
		"endpoint",
		{ ...spec, certificateFingerprint: "00000000" },
		{ previous: facts },
	);
	assert.match(stderr, /No certificate matches fingerprint 00000000/);
});

test("an expired certificate is refused before anything is asked of Aptible", async (t) => {
	const endpoints = await openEndpoints(t);
	const { pem, keyPem } = certify({ names: ["portal.acme.example"], from: inDays(-9), until: inDays(-1) });
	const { code, stderr } = await endpoints.aptible.apply("endpoint", ownSpec(), {
		secrets: handed({ chain: pem, keyPem }),
	});
	assert.equal(code, 1);
	assert.match(stderr, /its chain has expired: CN=portal\.acme\.example was valid until .*; renew it/);
	assert.deepEqual(endpoints.aptible.newJournal(), []);
});

test("what the token may not see of a certificate is compared with what was sent last", () => {
	const hidden = { port: undefined, certificate: "hidden" };
	const [marks, other] = [
		{ certificate: "aa", chain: "1" },
		{ certificate: "bb", chain: "2" },
	];
	assert.equal(certificateDue([], hidden, marks, marks), undefined);
	assert.equal(certificateDue([], hidden, marks, other), "certificate");
	assert.equal(certificateDue([], hidden, marks, undefined), "certificate");
	assert.equal(certificateDue([], hidden, marks, { ...marks, chain: "2" }), "chain");
	assert.equal(certificateDue([], undefined, { certificate: "", chain: "" }, undefined), undefined, "there is none");
});

const files = { chain: "certificate", key: "key" };

test("certificate and key are files that only their user can read, for one call", async () => {
	const seen = await withCertificateFiles(files, async ({ certificateFile, privateKeyFile }) => {
		const folder = dirname(certificateFile);
		const modes = [folder, certificateFile, privateKeyFile].map((path) => (statSync(path).mode & 0o777).toString(8));
		assert.deepEqual(modes, ["700", "600", "600"]);
		assert.equal(readFileSync(privateKeyFile, "utf8"), "key");
		return folder;
	});
	assert.ok(!existsSync(seen));
	let folder = "";
	const failing = withCertificateFiles(files, async ({ certificateFile }) => {
		folder = dirname(certificateFile);
		throw new Error("the call failed");
	});
	await assert.rejects(failing, /the call failed/);
	assert.ok(!existsSync(folder));
});

test("the files go when the process is told to end, and the ones of a killed process with the next call", async (t) => {
	const dir = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
	t.after(() => rm(dir, { recursive: true, force: true }));
	const module = new URL("../../../aptible/endpoint/certificate-files.ts", import.meta.url).pathname;
	const run = async (signal: "SIGTERM" | "SIGKILL") => {
		const program = `const { sweepCertificateFiles, withCertificateFiles } = await import(${JSON.stringify(module)});
			await sweepCertificateFiles();
			await withCertificateFiles({ chain: "c", key: "k" }, () => { console.log("open"); return new Promise(() => setInterval(() => {}, 1000)); });`;
		const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
			env: { ...process.env, TMPDIR: dir },
			stdio: ["ignore", "pipe", "inherit"],
		});
		t.after(() => child.kill("SIGKILL"));
		await once(child.stdout, "data");
		assert.ok(leftFolders(dir).some((name) => name.includes(`-${child.pid}-`)));
		child.kill(signal);
		const [, ended] = await once(child, "close");
		assert.equal(ended, signal);
	};
	await run("SIGTERM");
	assert.deepEqual(leftFolders(dir), []);
	await run("SIGKILL");
	assert.equal(leftFolders(dir).length, 1);
	mkdirSync(join(dir, `medstack-to-aptible-certificate-${process.pid}-other`));
	await run("SIGTERM");
	assert.deepEqual(
		leftFolders(dir),
		[`medstack-to-aptible-certificate-${process.pid}-other`],
		"a living one keeps its own",
	);
});

function leftFolders(dir: string): string[] {
	return readdirSync(dir).filter((name) => name.startsWith("medstack-to-aptible-certificate-"));
}
