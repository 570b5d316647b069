import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, oneOfEach, openStage, type StageUnderTest, succeed } from "../support/stage.ts";

type Endpoint = Record<string, unknown>;

const mqtt = { service: "worker", kind: "tcp", ports: [1883] };

/** Changes the endpoints of `portal`. */
function edit(stage: StageUnderTest, change: (endpoints: Record<string, Endpoint>) => void): Promise<void> {
	return stage.edit(({ apps }) => change(apps.portal.endpoints));
}

const verbs = (stage: StageUnderTest) => stage.newWrites().map((write) => write.split(" ").slice(0, 2).join(" "));

test("endpoints of every owner go up, change, move and go away without a gap", async (t) => {
	const stage = await openStage(t, "staging", (blocks) => {
		oneOfEach(blocks);
		blocks.apps.portal.endpoints.mqtt = { ...mqtt };
		blocks.databases.main.endpoints = { reports: { ipFilter: ["203.0.113.7"] } };
	});
	const output = await succeed(stage.up());
	stage.newJournal();

	await t.test("the outputs name each of them", () => {
		assert.match(output, /test\s*: "https:\/\/app-\d+\.on-aptible\.com"/);
		assert.match(output, /mqtt\s*: "tcp:\/\/elb-acme-\d+\.aptible\.in:1883"/);
		assert.match(output, /reports: \{\n.*\n\s*url\s*: "tcp:\/\/elb-acme-\d+\.aptible\.in:\d+"/);
	});

	await t.test("a twin that is added changes no other, and the preview says so", async () => {
		await edit(stage, (endpoints) => {
			endpoints.amqp = { ...mqtt, ports: [5672], protect: true };
		});
		const preview = await succeed(stage.preview());
		assert.match(preview, /\+ .*portal-amqp-tcp-worker-external create/);
		assert.doesNotMatch(preview, /portal-test-default update|main-reports/);
		await succeed(stage.up());
		assert.deepEqual(verbs(stage), ["create vhosts", "provision vhosts"]);
	});

	await t.test("what cannot change in place comes up beside the old one, which goes last", async () => {
		await edit(stage, ({ mqtt }) => {
			if (mqtt) mqtt.internal = true;
		});
		const preview = await succeed(stage.preview());
		assert.match(preview, /\+ .*portal-mqtt-tcp-worker-internal create/);
		assert.match(preview, /- .*portal-mqtt-tcp-worker-external delete/);
		assert.match(
			preview,
			/endpoint "mqtt" of app "portal" was tcp on service "worker", external, and becomes tcp on service "worker", internal: a second endpoint/,
		);
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("a move that is killed goes on with the next run, and leaves one endpoint", async () => {
		stage.aptible.fault({ name: "halt-after-mutation", n: 2 });
		assert.ok(await stage.killWhenHalted("up"));
		await succeed(stage.up());
		assert.deepEqual(verbs(stage), ["create vhosts", "provision vhosts", "deprovision vhosts"]);
		const all = await stage.cli("endpoints:list", "--app", "portal", "--environment", "acme-staging");
		const moved = (all as Endpoint[]).filter(({ ports }) => ports === "1883");
		assert.deepEqual(
			moved.map(({ internal, status }) => [internal, status]),
			[[true, "provisioned"]],
		);
	});

	await t.test("what cannot be there twice is refused in the preview", async () => {
		await edit(stage, ({ test }) => {
			if (test) test.service = "worker";
		});
		const refused = await fail(stage.preview());
		assert.match(
			refused,
			/endpoint "test" of app "portal" is https on service "web".*nor can a second come up beside it/,
		);
		await edit(stage, (endpoints) => {
			if (endpoints.test) endpoints.test.service = "web";
			endpoints.preview = endpoints.test ?? {};
			delete endpoints.test;
		});
		const moved = await fail(stage.preview());
		assert.match(moved, /endpoint "preview" of app "portal" takes the default domain of endpoint "test"/);
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("a protected one stays until it is said that it may go", async () => {
		await edit(stage, ({ preview }) => {
			if (preview) preview.renamedFrom = "test";
		});
		const { amqp } = await withoutAmqp(stage);
		assert.match(await fail(stage.preview()), /portal-amqp-tcp-worker-external.*protect/s);
		await edit(stage, (endpoints) => {
			endpoints.amqp = { ...amqp, protect: false };
		});
	});

	await t.test("the same endpoint under another name is no change on Aptible, nor is protection", async () => {
		const renamed = await succeed(stage.up());
		assert.doesNotMatch(renamed, /delete/);
		assert.deepEqual(stage.newWrites(), []);
		await withoutAmqp(stage);
		await succeed(stage.up());
		assert.deepEqual(verbs(stage), ["deprovision vhosts"]);
	});
});

/** Takes a line out of the file, and gives what it was. */
async function withoutAmqp(stage: StageUnderTest): Promise<{ amqp: Endpoint }> {
	let amqp: Endpoint = {};
	await edit(stage, (endpoints) => {
		amqp = endpoints.amqp ?? {};
		delete endpoints.amqp;
	});
	return { amqp };
}
