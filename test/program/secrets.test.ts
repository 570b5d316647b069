import assert from "node:assert/strict";
import { test } from "node:test";
import { telemetryLeaks } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { listProcesses } from "../support/processes.ts";
import { fail, oneOfEach, openStage, succeed } from "../support/stage.ts";

const sentinel = "s3ntinel-Value-7f1c";

/** Arguments of every process on this machine but the CLI's own: it takes config as `KEY=value` and nothing else. */
function argumentsOfOurs(): string[] {
	return listProcesses().flatMap(({ command }) => (/\/bin\/aptible( |$)/.test(command) ? [] : [command]));
}

test("a secret is in no state, preview, output, error, log or argument of ours", async (t) => {
	const stage = await openStage(t, "staging", oneOfEach);
	// The look at Aptible reads secrets, and compares them.
	stage.watchDrift();
	const values = {
		sessionKey: `${sentinel}-sessionKey`,
		registryPassword: `${sentinel}-registryPassword`,
		siemUrl: `https://acme:${sentinel}-siemUrl@logs.acme.example/x`,
	};
	const secrets = Object.entries(values).flatMap(([name, value]) => {
		return ["--secret", `medstack-to-aptible:secrets.${name}=${value}`];
	});
	await succeed(stage.pulumi("config", "set-all", "--path", ...secrets));
	const texts: string[] = [];
	const seen = new Set<string>();
	const watcher = setInterval(() => {
		for (const argv of argumentsOfOurs())
			if (argv.includes(sentinel) && !argv.includes("config set-all")) seen.add(argv);
	}, 150);
	t.after(() => clearInterval(watcher));

	texts.push(await succeed(stage.preview("--diff")));
	stage.aptible.fault({ name: "deploy-fails", reason: `ERROR: connecting with ${sentinel}-sessionKey failed` });
	const failure = await fail(stage.up("--debug", "--logtostderr", "-v=5"));
	assert.match(failure, /connecting with \[secret\] failed/);
	texts.push(failure);
	texts.push(await succeed(stage.up("--debug")));
	await stage.edit(({ apps }) => {
		apps.portal.config.EXTRA = "${secrets.sessionKey}";
	});
	texts.push(await succeed(stage.preview("--diff", "--show-full-output")));
	texts.push(await succeed(stage.preview("--json")));
	texts.push(await succeed(stage.up("--diff")));
	texts.push(await stage.outputs());
	texts.push(await stage.state());
	clearInterval(watcher);

	for (const text of texts) assert.ok(!text.includes(sentinel), `found in: ${around(text)}`);
	assert.deepEqual([...seen], []);
	const [url] = (await stage.cli("db:list", "--environment", "acme-staging")) as { connection_url: string }[];
	const password = /:([^:@]+)@/.exec(url?.connection_url ?? "")?.[1] ?? "none";
	for (const text of texts) assert.ok(!text.includes(password), "a database's password is in no text either");
	const config = (await stage.cli("config", "--app", "portal", "--environment", "acme-staging")) as {
		key: string;
		value: string;
	}[];
	assert.equal(telemetryLeaks(stage.aptible.dir, `${sentinel}-siemUrl`), false);
	const [drain] = (await stage.cli("log_drain:list", "--environment", "acme-staging")) as { url: string }[];
	assert.equal(drain?.url, values.siemUrl);
	assert.equal(config.find(({ key }) => key === "EXTRA")?.value, `${sentinel}-sessionKey`, "and it did arrive");
});

function around(text: string): string {
	const at = text.indexOf(sentinel);
	return text.slice(Math.max(0, at - 200), at + 60);
}
