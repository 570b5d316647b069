/** A week of changes on the real engine, something going wrong in each: the next `up` or `destroy` converges. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "@medstack-to-aptible/sandbox/aptible/faults.ts";
import { type Blocks, fail, openStage, type StageUnderTest, succeed } from "../support/stage.ts";

interface Day {
	name: string;
	change?: (blocks: Blocks) => void;
	secret?: [name: string, value: string];
	/** What goes wrong; without it the run is killed after its first write. */
	fault?: Fault;
	/** What is so once the next `up` has gone through. */
	see: (stage: StageUnderTest) => Promise<void>;
}

interface LiveApp {
	id: number;
	handle: string;
	services: { service: string; container_count: number }[];
}

async function appsOf(stage: StageUnderTest): Promise<LiveApp[]> {
	return (await stage.cli("apps", "--environment", "acme-staging")) as LiveApp[];
}

async function configOf(stage: StageUnderTest, app: string): Promise<Map<string, string>> {
	const pairs = await stage.cli("config", "--app", app, "--environment", "acme-staging");
	return new Map((pairs as { key: string; value: string }[]).map(({ key, value }) => [key, value]));
}

async function databasesOf(stage: StageUnderTest): Promise<string[]> {
	const list = (await stage.cli("db:list", "--environment", "acme-staging")) as { id: number; handle: string }[];
	return list.map(({ id, handle }) => `${handle} ${id}`);
}

let databaseId = "";
const days: Day[] = [
	{
		name: "Monday: the first up",
		fault: { name: "provision-fails", handle: "main" },
		see: async (stage) => {
			const [main = ""] = await databasesOf(stage);
			databaseId = main.split(" ")[1] ?? "";
			assert.equal((await appsOf(stage)).length, 2);
		},
	},
	{
		name: "Tuesday: a deploy",
		change: ({ apps }) => {
			apps.portal.image = "registry.acme.example/portal:2026-12-01";
			apps.portal.config.GREETING = "first line\n--app=reports\nlast line";
		},
		fault: { name: "deploy-fails", handle: "portal" },
		see: async (stage) => {
			assert.equal((await configOf(stage, "portal")).get("GREETING"), "first line\n--app=reports\nlast line");
			assert.equal((await configOf(stage, "reports")).get("GREETING"), undefined);
		},
	},
	{
		name: "Wednesday: a scale of two services",
		change: ({ apps }) => {
			apps.portal.services.web.containers = 3;
			apps.portal.services.worker.containers = 2;
		},
		fault: { name: "scale-fails" },
		see: async (stage) => {
			const portal = (await appsOf(stage)).find(({ handle }) => handle === "portal");
			const counts = portal?.services.map(({ service, container_count }) => `${service} ${container_count}`);
			assert.deepEqual(counts?.sort(), ["web 3", "worker 2"]);
		},
	},
	{
		name: "Thursday: a secret is rotated",
		secret: ["sessionKey", "a-new-session-key-of-thursday"],
		fault: { name: "connection-drops" },
		see: async (stage) => {
			assert.equal((await configOf(stage, "portal")).get("SESSION_KEY"), "a-new-session-key-of-thursday");
		},
	},
	{
		name: "Friday: a rename",
		change: ({ apps, databases }) => {
			databases.primary = { ...databases.main, renamedFrom: "main" };
			delete databases.main;
			for (const app of [apps.portal, apps.reports]) app.config.DATABASE_URL = "${databases.primary.url}";
		},
		see: async (stage) => assert.deepEqual(await databasesOf(stage), [`primary ${databaseId}`]),
	},
	{
		name: "Saturday: an app is dropped",
		change: ({ apps }) => {
			delete apps.reports;
		},
		fault: { name: "deprovision-fails", handle: "reports" },
		see: async (stage) =>
			assert.deepEqual(
				(await appsOf(stage)).map(({ handle }) => handle),
				["portal"],
			),
	},
];

test("a week of changes with a failure in each, a revert and a destroy", async (t) => {
	const stage = await openStage(t, "staging", ({ databases, apps }) => {
		delete databases.cache;
		delete apps.portal.config.REDIS_URL;
	});
	for (const { name, change, secret, fault, see } of days) {
		await t.test(name, async () => {
			if (change !== undefined) await stage.edit(change);
			if (secret !== undefined) await stage.setSecret(...secret);
			if (fault === undefined) {
				stage.aptible.fault({ name: "halt-after-mutation" });
				assert.ok(await stage.killWhenHalted("up"), "the run was killed");
			} else {
				stage.aptible.fault(fault);
				await stage.up();
				assert.deepEqual(stage.aptible.pendingFaults(), [], "the fault struck");
			}
			await succeed(stage.up());
			await see(stage);
		});
	}

	await t.test("Sunday: a change that fails and drops a line is reverted", async () => {
		const former = { image: "" };
		await stage.edit(({ apps, databases }) => {
			former.image = apps.portal.image;
			apps.portal.image = "registry.acme.example/portal:broken";
			databases.second = { type: "redis", version: "7.2" };
		});
		stage.aptible.fault({ name: "deploy-fails", handle: "portal" });
		await fail(stage.up());
		await stage.edit(({ apps, databases }) => {
			delete databases.second;
			apps.portal.config.LATE = "yes";
		});
		stage.aptible.fault({ name: "deploy-fails", handle: "portal" });
		await fail(stage.up());
		await stage.edit(({ apps, databases }) => {
			apps.portal.image = former.image;
			delete apps.portal.config.LATE;
			databases.second = { type: "redis", version: "7.2" };
		});
		await succeed(stage.up());
		stage.newMutations();
		await succeed(stage.up());
		assert.deepEqual(stage.newMutations(), []);
	});

	await t.test("the end: a first deploy that fails, and a destroy that is killed", async () => {
		await stage.edit(({ apps }) => {
			apps.fresh = { image: "registry.acme.example/fresh:1", services: { cmd: {} } };
		});
		stage.aptible.fault({ name: "deploy-fails", handle: "fresh" });
		await fail(stage.up());
		stage.aptible.fault({ name: "halt-after-mutation", n: 2 });
		assert.ok(await stage.killWhenHalted("destroy"), "the destroy was killed");
		await succeed(stage.destroy());
		assert.deepEqual(await stage.cli("environment:list"), []);
		assert.equal(JSON.parse(await stage.state()).checkpoint.latest.resources, undefined);
	});
});
