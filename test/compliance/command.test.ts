import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { givePermission } from "@medstack-to-aptible/sandbox/aptible/roles.ts";
import type { ComplianceReport } from "../../compliance/report.ts";
import { certify, inDays } from "../support/certificates.ts";
import { liveSecrets, makeLiveEnvironment } from "../support/live-environment.ts";
import { openReconciler } from "../support/reconcile.ts";
import { runNode } from "../support/run-node.ts";

const secrets = ["registryPassword", "pin", "sessionKey", "siemUrl", "dogApiKey"];

test("a live environment is judged beside the file that describes it", async (t) => {
	const aptible = await openReconciler(t);
	const { environment, env } = aptible;
	await makeLiveEnvironment(aptible, environment);
	const folder = await mkdtemp(path.join(tmpdir(), "compliance-"));
	t.after(() => rm(folder, { recursive: true }));
	const file = path.join(folder, "Pulumi.live.yaml");
	const text = await readFile(path.join(import.meta.dirname, "../adopt/adopted-stage.yaml"), "utf8");
	const encrypted = secrets.map((name) => `    ${name}: { secure: "v1:a:b" }`).join("\n");
	const whole = `${text}  medstack-to-aptible:secrets:\n${encrypted}\n`;
	await writeFile(file, whole);
	aptible.newJournal();
	const report = (args: readonly string[] = [], as = env) =>
		runNode("compliance/main.ts", ["--stack", "live", "--config-file", file, ...args], as);
	const parse = (stdout: string) => JSON.parse(stdout) as ComplianceReport;
	const rowsOf = ({ controls }: ComplianceReport, id: string) => controls.find((one) => one.id === id)?.rows ?? [];

	await t.test("what is live as the file has it holds, nothing is changed, and no secret is printed", async () => {
		const { code, stdout, stderr } = await report(["--json"]);
		const found = parse(stdout);
		assert.equal(found.live, "looked at", stderr);
		assert.deepEqual(
			found.controls.flatMap(({ id, rows }) =>
				rows
					.filter(({ differs, outcome }) => differs || outcome === "fails" || outcome === "unknown")
					.map((row) => [id, row]),
			),
			[],
		);
		assert.equal(code, 0);
		assert.equal(found.outcome, "holds");
		const [own] = rowsOf(found, "tls-floor");
		assert.deepEqual(own, {
			object: "endpoint portal.default",
			declared: "default",
			live: "default",
			differs: false,
			outcome: "not required",
		});
		assert.equal(rowsOf(found, "region")[0]?.live, "ca-central-1");
		assert.equal(
			rowsOf(found, "backup-retention")[0]?.live,
			"5 daily, 2 monthly, 6 yearly, no copy in another region, the last one kept",
		);
		const page = await report();
		assert.equal(page.code, 0);
		for (const secret of Object.values(liveSecrets)) {
			assert.ok(!(stdout + stderr + page.stdout + page.stderr).includes(secret), secret);
		}
		assert.deepEqual(aptible.newWrites(), []);
	});

	await t.test("what somebody changed by hand differs, and ends with 1", async () => {
		const at = ["--environment", environment];
		await aptible.cli("backup_retention_policy:set", environment, "--daily", "2", "--force");
		const [, hostname = ""] =
			/"hostname": ?"(elb-[^"]+)"/.exec(
				JSON.stringify(await aptible.cli("endpoints:list", "--database", "main", ...at)),
			) ?? [];
		await aptible.cli("endpoints:database:modify", hostname, "--database", "main", ...at, "--no-ip-whitelist");
		givePermission(aptible.dir, environment, "Robots", "destroy");
		const { pem, keyPem } = certify({ names: ["own.acme.example"], until: inDays(10) });
		await writeFile(path.join(folder, "own.pem"), pem);
		await writeFile(path.join(folder, "own.key"), keyPem);
		const files = [
			"--certificate-file",
			path.join(folder, "own.pem"),
			"--private-key-file",
			path.join(folder, "own.key"),
		];
		await aptible.cli("endpoints:https:create", "web", "--app", "portal", ...at, ...files);
		await aptible.cli("config:set", "--app", "portal", ...at, "CACHE_URL=redis://a:b@cache.aptible.in:1234");
		const { code, stdout } = await report(["--json"]);
		assert.equal(code, 1);
		const found = parse(stdout);
		assert.match(rowsOf(found, "backup-retention")[0]?.live ?? "", /^2 daily/);
		assert.equal(rowsOf(found, "backup-retention")[0]?.differs, true);
		assert.deepEqual(rowsOf(found, "database-endpoints")[0], {
			object: "endpoint main.outside",
			declared: "203.0.113.7",
			live: "everyone",
			differs: true,
			outcome: "fails",
		});
		const own = rowsOf(found, "certificates").find(({ declared }) => declared === "not declared");
		assert.equal(own?.outcome, "not required");
		assert.equal(own?.live, `own, ends on ${inDays(10).toISOString().slice(0, 10)}`);
		assert.match(rowsOf(found, "who-may-delete")[0]?.live ?? "", /Robots \(destroy\)/);
		assert.equal(rowsOf(found, "database-connections")[0]?.live, "unencrypted: CACHE_URL");
		assert.ok(!stdout.includes("redis://a:b"));
		assert.match((await report()).stdout, /\| \*\*does not hold\*\*: differs \|/);
	});

	await t.test("without a login it is unknown, and the file alone is judged where that is asked for", async () => {
		const nobody = { ...env, APTIBLE_ACCESS_TOKEN: "", APTIBLE_CONFIG_PATH: folder, HOME: folder };
		const { code, stdout } = await report([], nobody);
		assert.equal(code, 2);
		assert.match(stdout, /\| Aptible \| not looked at: nobody is logged in/);
		const declared = await report(["--declared", "--json"], nobody);
		assert.equal(declared.code, 0);
		assert.ok(parse(declared.stdout).controls.every(({ rows }) => rows.every(({ live }) => live === null)));
	});

	await t.test("a file against a rule of phi ends with 1 and says which, one that is not there with 2", async () => {
		await writeFile(file, whole.replace("phi: false", "phi: true"));
		const { code, stderr } = await report();
		assert.equal(code, 1);
		assert.match(stderr, /environment\.phi: true is not allowed on "shared-ca-central-1"/);
		await rm(file);
		assert.equal((await report()).code, 2);
		assert.equal((await runNode("compliance/main.ts", [], env)).code, 2);
	});
});
