import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { givePermission } from "@medstack-to-aptible/sandbox/aptible/roles.ts";
import { runNode } from "../support/run-node.ts";
import { type Blocks, oneOfEach, openStage, type StageUnderTest, succeed } from "../support/stage.ts";

const place = ["--environment", "acme-staging"];
const portal = ["--app", "portal", ...place];

test("drift shows in the preview, and the next update heals it", async (t) => {
	const stage = await openStage(t, "staging", (blocks) => {
		oneOfEach(blocks);
		blocks.environment.permissions = { Developers: ["read"], Robots: ["deploy"] };
		// Somebody makes another one by hand that looks the same.
		blocks.apps.portal.endpoints.mqtt = { service: "worker", kind: "tcp", ports: [1883] };
	});
	stage.watchDrift();

	await t.test(
		"a first preview and a first update show none; the CLI that is asked for the state is given no secret",
		async () => {
			const [given, seen] = await watchExport(stage);
			assert.doesNotMatch(await succeed(stage.previewWith(given, "--diff")), /DRIFT/);
			const text = await readFile(seen, "utf8");
			const names = [...text.matchAll(/^(\w+)=/gm)].map(([, name = ""]) => name);
			assert.deepEqual(
				names.filter((name) => /^(SECRETS|STORAGE|APTIBLE|ARM|PULUMI_CONFIG)_?/.test(name)),
				[],
			);
			assert.doesNotMatch(text, /medstack-to-aptible:secrets/);
			for (const name of ["PULUMI_BACKEND_URL", "AZURE_STORAGE_KEY", "HOME"]) assert.ok(names.includes(name), name);
			assert.doesNotMatch(await succeed(stage.up()), /DRIFT/);
			assert.deepEqual(await drift(stage), { code: 0, drifted: [], undeclared: 0 });
		},
	);

	await t.test(
		"config that the token may not see is no clean bill: a warning, and exit code 1 of the command",
		async () => {
			const says = /app "portal": this token may not see its config, so whether that has drifted is unknown/;
			stage.aptible.fault({ name: "secrets-hidden", command: "GET /configurations", times: 99 });
			const output = await succeed(stage.preview());
			const required = await stage.previewWith({ MEDSTACK_TO_APTIBLE_DRIFT: "required" });
			const { code, stdout } = await runDrift(stage);
			stage.aptible.clearFaults();
			assert.match(output, says);
			assert.notEqual(required.code, 0);
			assert.match(required.stdout + required.stderr, says);
			assert.equal(code, 1);
			assert.match(stdout, /^no drift in what this token may see\n/);
			assert.match(stdout, says);
		},
	);

	await t.test("what was changed by hand shows, and nothing else", async () => {
		await changeByHand(stage);
		stage.newWrites();
		const output = await succeed(stage.preview("--diff", "--show-full-output"));
		assert.match(output, /declared: "1"\s+\+ field *: "services\.web\.containers"\s+\+ live *: "5"/);
		assert.match(
			output,
			/cause *: "changed by operation \d+ \(configure by .+\) at [^"]+"\s+\+ declared: .+\s+\+ field *: "config\.SESSION_KEY"/,
		);
		assert.match(output, /config key BY_HAND is set on Aptible and not in the stage file/);
		assert.match(output, /database "left" is in environment "acme-staging" and not in the stage file/);
		assert.match(output, /endpoint \S+ of app "portal" is in environment "acme-staging" and not in the stage file/);
		assert.doesNotMatch(output, /sentinel-by-hand/);
		assert.deepEqual(updated(output), [
			"app portal",
			"database main",
			"environment environment",
			"permissions environment-permissions",
		]);
	});

	await t.test("the command says the same, with exit code 2, and no secret", async () => {
		assert.deepEqual(await drift(stage), {
			code: 2,
			drifted: [
				"environment environment: backups.daily",
				"permissions environment-permissions: permissions.Robots",
				"database main: containerMb",
				"app portal: config.SESSION_KEY services.web.containers",
			],
			undeclared: 2,
		});
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("the update heals it", async () => {
		await succeed(stage.up());
		assert.deepEqual(stage.newWrites().sort(), [
			"configure apps portal",
			"create backup_retention_policies acme-staging",
			"delete permissions",
			"restart databases main",
			"scale services web",
		]);
	});

	await t.test("an endpoint that nobody declared is exit code 2 by itself", async () => {
		const recovery = { pitr_status: "supported", oldest_pitr_time: "2026-11-30T03:00:00Z" };
		stage.aptible.fault({ name: "answer-changed", command: "GET /accounts/ID/databases", with: recovery });
		const { code, stdout } = await runDrift(stage);
		assert.match(stdout, /^database "main" can be recovered to any moment since 2026-11-30T03:00:00Z$/m);
		assert.equal(code, 2);
		const [verdict = "", first = ""] = stdout.split("\n");
		assert.equal(
			verdict,
			"what is declared is as it was left; what follows is not declared, and `pulumi up` leaves it as it is:",
		);
		assert.match(first, /^endpoint \S+ of app "portal" is in environment "acme-staging" and not in the stage file/);
		assert.doesNotMatch(stdout, /no drift/);
	});

	await t.test(
		"the same drift once more shows once more, as does what has gone; a change of the file is none",
		async () => {
			await stage.cli("apps:scale", "web", ...portal, "--container-count", "5");
			const endpoints = (await stage.cli("endpoints:list", ...portal)) as {
				hostname: string;
				default_domain: string;
			}[];
			const hostname = endpoints.find(({ default_domain: domain }) => domain)?.hostname;
			await stage.cli("endpoints:deprovision", hostname ?? "", ...portal);
			await stage.edit(({ databases }) => {
				databases.main.iops = 4000;
			});
			stage.newWrites();
			// A line that the preview refuses.
			const idle = ({ apps: { portal } }: Blocks) => {
				portal.services.worker.containers = 0;
				portal.endpoints.idle = { service: "worker", kind: "tcp", ports: [5672], internal: true };
			};
			await stage.withChange(idle, async () => {
				assert.deepEqual((await drift(stage)).drifted.sort(), [
					"app portal: services.web.containers",
					"endpoint portal-test-default: object",
				]);
			});
			await succeed(stage.up());
			assert.deepEqual(stage.newWrites().sort(), [
				"create vhosts web",
				"modify databases main",
				"provision vhosts",
				"scale services web",
			]);
		},
	);

	await t.test("a rename that is declared is none", () => {
		const rename = ({ apps, databases, environment }: Blocks) => {
			Object.assign(environment, { handle: "acme-test", renamedFrom: "acme-staging" });
			apps.clinic = { ...apps.portal, renamedFrom: "portal" };
			databases.primary = { ...databases.main, renamedFrom: "main" };
			apps.clinic.config.DATABASE_URL = "${databases.primary.url}";
			delete apps.portal;
			delete databases.main;
		};
		return stage.withChange(rename, async () => {
			const output = await succeed(stage.preview("--diff"));
			assert.doesNotMatch(output, /DRIFT|app "portal" is in/);
		});
	});

	await t.test("Aptible that does not answer is a warning in the preview, and exit code 1 of the command", async () => {
		const unreachable = { APTIBLE_API_ROOT_URL: "http://127.0.0.1:1" };
		// Each waits for it for ten seconds.
		const [output, { code, stderr }] = await Promise.all([
			succeed(stage.previewWith(unreachable)),
			runDrift(stage, unreachable),
		]);
		assert.match(output, /whether Aptible is still as this stack left it is unknown: /);
		assert.equal(code, 1);
		assert.match(stderr, /whether there is drift is unknown/);
	});

	await t.test("switched off, or without credentials, nothing is asked and nothing is said", async () => {
		await stage.cli("apps:scale", "web", ...portal, "--container-count", "5");
		stage.newJournal();
		for (const env of [{ MEDSTACK_TO_APTIBLE_DRIFT: "off" }, { APTIBLE_ACCESS_TOKEN: "" }]) {
			const output = await succeed(stage.previewWith(env, "--expect-no-changes"));
			assert.doesNotMatch(output, /as this stack left it|not in the stage file: it/);
			assert.deepEqual(stage.newJournal(), []);
		}
	});
});

/** Variables for a run with another `pulumi` on PATH, which notes what the program gives it when it asks for the state. */
async function watchExport({
	sandbox: { dir, env },
}: StageUnderTest): Promise<[given: Record<string, string>, seen: string]> {
	const [seen, bin] = [join(dir, "seen"), join(dir, "bin")];
	await mkdir(bin);
	await writeFile(join(bin, "pulumi"), `#!/bin/sh\nenv > '${seen}'\nPATH=\${PATH#*:}\nexec pulumi "$@"\n`, {
		mode: 0o755,
	});
	return [{ ARM_CLIENT_SECRET: "none", AZURE_STORAGE_KEY: "key", SECRETS_x: "none", PATH: `${bin}:${env.PATH}` }, seen];
}

async function changeByHand(stage: StageUnderTest): Promise<void> {
	await stage.cli("apps:scale", "web", ...portal, "--container-count", "5");
	await stage.cli("config:set", ...portal, "SESSION_KEY=sentinel-by-hand", "BY_HAND=1");
	await stage.cli("db:restart", "main", ...place, "--container-size", "2048");
	await stage.cli("backup_retention_policy:set", "acme-staging", "--daily", "3", "--force");
	givePermission(stage.aptible.dir, "acme-staging", "Robots", "tunnel");
	await stage.cli("db:create", "left", ...place, "--type", "redis");
	await stage.cli("endpoints:tcp:create", "worker", ...portal);
}

function runDrift({ sandbox: { dir, env } }: StageUnderTest, more: Record<string, string> = {}, ...options: string[]) {
	const args = ["--stack", "staging", "--config-file", join(dir, "Pulumi.staging.yaml"), ...options];
	return runNode("drift/main.ts", args, { ...env, ...more });
}

/** What `npm run drift` says, in short. */
async function drift(stage: StageUnderTest) {
	const { code, stdout, stderr } = await runDrift(stage, {}, "--json");
	assert.doesNotMatch(stdout + stderr, /sentinel-by-hand/);
	const { drifted, undeclared } = JSON.parse(stdout) as {
		drifted: { kind: string; name: string; differences: { field: string }[] }[];
		undeclared: string[];
	};
	const lines = drifted.map(({ kind, name, differences }) => {
		return `${kind} ${name}: ${differences.map(({ field }) => field).join(" ")}`;
	});
	return { code, drifted: lines, undeclared: undeclared.length };
}

/** The Commands that a preview would update. */
function updated(output: string): string[] {
	const blocks = output.split(/^ *~ command:local:Command: \(update\)$/m).slice(1);
	return blocks
		.map((block) => {
			const name = /urn=.*::(.+)\]/.exec(block)?.[1] ?? "";
			return `${/index:(\w+)\$command/.exec(block)?.[1]?.toLowerCase()} ${name}`;
		})
		.sort();
}
