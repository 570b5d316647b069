import assert from "node:assert/strict";
import { test } from "node:test";
import { countOperations, readJournal } from "../../aptible/journal.ts";
import { defineImage, runServicesApart, setLatency } from "../../aptible/setup.ts";
import { Bench } from "./support.ts";

const EIGHT = Array.from({ length: 8 }, (_, index) => `app-${index}`);

interface Listed {
	id: number;
	handle: string;
}

test("eight processes at once each make their app", async () => {
	using bench = new Bench("acme-staging");
	const outcomes = await Promise.all(EIGHT.map((handle) => bench.spawn(["apps:create", handle]).ended));
	assert.deepEqual(
		outcomes.map(({ exit, stderr }) => [exit, stderr]),
		EIGHT.map((handle) => [0, `App ${handle} created!\n`]),
	);
	const apps = await bench.json<Listed[]>("apps");
	assert.deepEqual(apps.map(({ handle }) => handle).sort(), EIGHT);
	assert.equal(new Set(apps.map(({ id }) => id)).size, EIGHT.length);
});

test("eight processes at once open an unused sandbox", async () => {
	using bench = new Bench();
	const outcomes = await Promise.all(EIGHT.map(() => bench.spawn(["db:versions"]).ended));
	assert.deepEqual(new Set(outcomes.map(({ exit }) => exit)), new Set([0]));
	assert.equal(new Set(outcomes.map(({ stdout }) => stdout)).size, 1);
});

test("of processes that want the same handle one gets it", async () => {
	using bench = new Bench("acme-staging");
	const outcomes = await Promise.all(EIGHT.map(() => bench.spawn(["apps:create", "portal"]).ended));
	assert.equal(outcomes.filter(({ exit }) => exit === 0).length, 1);
	assert.equal(outcomes.filter(({ stderr }) => stderr === "Handle has already been taken\n").length, 7);
});

test("config set by several processes at once is merged, one operation after the other", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("apps:create", "portal");
	await bench.ok("deploy", "--app", "portal", "--docker-image", "acme/portal:1");
	setLatency(bench.dir, { operationMs: 100 });
	const startedMs = Date.now();
	const keys = ["A", "B", "C", "D"];
	await Promise.all(keys.map((key) => bench.ok("config:set", "--app", "portal", `${key}=1`)));
	assert.ok(Date.now() - startedMs >= 400, "operations on one app ran at the same time");
	const config = await bench.json<{ key: string }[]>("config", "--app", "portal");
	assert.deepEqual(config.map(({ key }) => key).sort(), keys);
	assert.equal(countOperations(bench.dir), 5);
});

test("an operation goes on when the process that asked for it is killed", async () => {
	using bench = new Bench("acme-staging");
	setLatency(bench.dir, { operationMs: 600 });
	await bench.ok("apps:create", "portal");
	const deploy = bench.spawn(["deploy", "--app", "portal", "--docker-image", "acme/portal:1"]);
	for (const deadline = Date.now() + 10_000; countOperations(bench.dir) === 0; ) {
		assert.ok(Date.now() < deadline, "no operation was asked for");
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	deploy.kill();
	await deploy.ended;
	const statusOf = async () => (await bench.json<{ status: string }[]>("apps"))[0]?.status;
	assert.equal(await statusOf(), "pending");
	await new Promise((resolve) => setTimeout(resolve, 700));
	assert.equal(await statusOf(), "provisioned");
	assert.equal(readJournal(bench.dir).find(({ command }) => command === "deploy")?.exit, null);
});

test("of two first operations at once one fails over the ssh key, though both are under way", async () => {
	using bench = new Bench("acme-staging");
	setLatency(bench.dir, { keygenMs: 1000 });
	for (const handle of ["a", "b"]) await bench.ok("apps:create", handle);
	const deploy = (app: string) => bench.spawn(["deploy", "--app", app, "--docker-image", "acme/portal:1"]).ended;
	const outcomes = await Promise.all([deploy("a"), deploy("b")]);
	assert.deepEqual(outcomes.map(({ exit }) => exit).sort(), [0, 1]);
	assert.match(outcomes.map(({ stderr }) => stderr).join(""), /Failed to generate ssh key: /);
	assert.equal(countOperations(bench.dir), 2);
	const again = await Promise.all([deploy("a"), deploy("b")]);
	assert.deepEqual(
		again.map(({ exit }) => exit),
		[0, 0],
	);
});

test("scales of several services of an app run one after the other, or side by side where the sandbox is told so; a deploy waits for all", async () => {
	using bench = new Bench("acme-staging");
	defineImage(bench.dir, "acme/clinic:1", ["web", "worker", "cron"]);
	await bench.ok("apps:create", "clinic");
	await bench.ok("deploy", "--app", "clinic", "--docker-image", "acme/clinic:1");
	const operationMs = 300;
	setLatency(bench.dir, { operationMs });
	const app = ["--app", "clinic"];
	const took = async (count: string, ...commands: string[][]) => {
		const startedMs = Date.now();
		const scales = ["web", "worker", "cron"].map((service) =>
			bench.ok("apps:scale", service, ...app, "--container-count", count),
		);
		await Promise.all([...scales, ...commands.map((command) => bench.ok(...command))]);
		return Date.now() - startedMs;
	};
	assert.ok((await took("2")) >= 3 * operationMs, "scales of one app ran at the same time");
	runServicesApart(bench.dir);
	const side = await took("3");
	assert.ok(side >= operationMs && side < 3 * operationMs, `three scales side by side took ${side} ms`);
	assert.ok((await took("4", ["config:set", ...app, "A=1"])) >= 2 * operationMs, "a configure ran beside the scales");
});
