import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { oneOfEach, openStage, type StageUnderTest, succeed } from "../support/stage.ts";

const isWhole = process.env.MATRIX === "all";

/** Each kill is one more pair of runs; the matrix, which starts no engine, kills after each write of each kind. */
const writesToKill = isWhole ? 1 : 4;

/**
 * Kills a command after each fourth of its writes in turn (each, with MATRIX=all), each time going on from what the last kill left. A step
 * of several writes begins again after a kill, so where one strikes at the same write as the last, the next goes one write further.
 */
async function killAfterWrites(stage: StageUnderTest, command: "up" | "destroy"): Promise<string[]> {
	const writes: string[] = [];
	for (let n = writesToKill, kills = 0; ; kills += 1) {
		assert.ok(kills < 40, `it does not get further: ${writes.join(", ")}`);
		stage.newJournal();
		stage.aptible.fault({ name: "halt-after-mutation", n });
		const killed = await stage.killWhenHalted(command);
		const made = stage.newWrites();
		if (!killed) return [...writes, ...made];
		const last = made.at(-1) ?? "";
		n = last === writes.at(-1) ? n + 1 : writesToKill;
		writes.push(...made);
	}
}

/** What lives on Aptible, in short. */
async function inventory(stage: StageUnderTest): Promise<Record<string, string[]>> {
	const list = async (...argv: string[]) => {
		const items = (await stage.cli(...argv, "--environment", "acme-staging")) as Record<string, unknown>[];
		return items.map(({ handle, hostname, status }) => `${handle ?? String(hostname).split("-")[0]} ${status}`).sort();
	};
	return {
		apps: await list("apps"),
		databases: await list("db:list"),
		endpoints: await list("endpoints:list", "--app", "portal"),
		logDrains: (await list("log_drain:list")).map((drain) => drain.replace(/\d+/, "ID")),
	};
}

test("an up and a destroy that are killed after their writes converge, with no second object and no orphan", async (t) => {
	const stage = await openStage(t, "staging", oneOfEach);
	const whole = {
		apps: ["portal provisioned"],
		databases: ["main provisioned"],
		endpoints: ["app provisioned"],
		// The list of drains does not say how they are.
		logDrains: ["siem-ID undefined"],
	};

	await t.test("the first up", async () => {
		const writes = await killAfterWrites(stage, "up");
		assert.ok(writes.length >= 11, `only ${writes.length} writes`);
		assert.equal(new Set(writes).size, writes.length, `nothing was done twice: ${writes.join(", ")}`);
		assert.deepEqual(await inventory(stage), whole);
		const state = await readdir(join(stage.sandbox.dir, "state/.pulumi"), { recursive: true });
		const sidecars = state.filter((file) => file.endsWith(".attrs"));
		assert.deepEqual(sidecars, [], "one that is killed while it is written makes the state unreadable");
		stage.newJournal();
		await succeed(stage.up());
		assert.deepEqual(stage.newMutations(), []);
	});

	await t.test("an up that changes an image, config, counts and disks", async () => {
		await stage.edit(({ apps, databases, environment }) => {
			environment.backups.daily = 20;
			apps.portal.image = "registry.acme.example/portal:2026-12-01";
			apps.portal.config.PORT = "8080";
			apps.portal.services.web.containers = 2;
			apps.portal.endpoints.test.idleTimeoutSeconds = 90;
			databases.main.diskGb = 40;
		});
		const writes = (await killAfterWrites(stage, "up")).filter((write) => !write.startsWith("update"));
		assert.ok(writes.length >= 4, `only ${writes.length} writes`);
		assert.equal(new Set(writes).size, writes.length, `nothing was done twice: ${writes.join(", ")}`);
		assert.deepEqual(await inventory(stage), whole);
		stage.newJournal();
		await succeed(stage.up());
		assert.deepEqual(stage.newMutations(), []);
	});

	await t.test("destroy", async () => {
		await killAfterWrites(stage, "destroy");
		assert.deepEqual(await stage.cli("environment:list"), []);
		assert.equal(JSON.parse(await stage.state()).checkpoint.latest.resources, undefined);
	});
});

test("an up and a destroy whose engine is killed while a CLI is at work converge, and do nothing twice", async (t) => {
	const stage = await openStage(t, "staging", oneOfEach);
	const twice = (writes: readonly string[]) => writes.filter((write, index) => writes.indexOf(write) < index);

	await t.test("up", async () => {
		const ends: (() => Promise<void>)[] = [];
		for (const command of isWhole ? ["db:create", "deploy", "endpoints:https:create"] : ["deploy"])
			ends.push(await stage.orphan("up", command));
		await succeed(stage.up());
		for (const end of ends) await end();
		assert.deepEqual(twice(stage.newWrites()), []);
		await succeed(stage.up());
		assert.deepEqual(stage.newMutations(), []);
	});

	await t.test("destroy", async () => {
		const ends: (() => Promise<void>)[] = [];
		for (const command of isWhole ? ["apps:deprovision", "db:deprovision"] : ["db:deprovision"])
			ends.push(await stage.orphan("destroy", command));
		await succeed(stage.destroy());
		for (const end of ends) await end();
		assert.deepEqual(twice(stage.newWrites()), []);
		assert.deepEqual(await stage.cli("environment:list"), []);
	});
});
