/** Which way to MedStack's services is taken, and which of them are meant. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { Redactor } from "../../../aptible/client/redact.ts";
import type { Way } from "../../../move/session.ts";
import { chooseCluster, isByApi } from "../../../move/source-cluster/choose.ts";
import { matchServices } from "../../../move/source-cluster/match.ts";
import { stopOrder } from "../../../move/source-cluster/order.ts";
import { startMedstackFor, withDrain, writeMedstackStage } from "../../support/medstack-stage.ts";

const TOKEN = { MEDSTACK_TOKEN_KEY: "key", MEDSTACK_TOKEN_VALUE: "s3cret-value" };

function stageWith(t: TestContext, from: Readonly<Record<string, unknown>> = {}) {
	const moved = writeMedstackStage(from);
	t.after(() => rmSync(moved.folder, { recursive: true }));
	return moved;
}

test("by hand, and why, unless the stage names the cluster and the environment has the whole token", async (t) => {
	const moved = stageWith(t);
	const unnamed = stageWith(t, { cluster: undefined });
	const reason = async (stage: typeof moved, env: Record<string, string>) => {
		assert.equal(isByApi(stage, env), false);
		const setup = {
			way: {} as Way,
			tell: () => {},
			signal: new AbortController().signal,
			redactor: new Redactor(),
			env,
		};
		const { lines, left } = await chooseCluster(stage, setup).stop();
		assert.deepEqual(left, []);
		return lines[0];
	};
	assert.match((await reason(unnamed, {})) ?? "", /^in MedStack, Services, set/);
	assert.match(
		(await reason(unnamed, TOKEN)) ?? "",
		/is not used: name the cluster in the stage file, as move\.from\.cluster/,
	);
	assert.match((await reason(moved, {})) ?? "", /MEDSTACK_TOKEN_KEY and MEDSTACK_TOKEN_VALUE are not set/);
	assert.match((await reason(moved, { MEDSTACK_TOKEN_KEY: "key" })) ?? "", /: MEDSTACK_TOKEN_VALUE is not set/);
	for (const url of ["http://api.medstack.example/v1", "file:///v1", "api"]) {
		assert.match((await reason(moved, { ...TOKEN, MEDSTACK_API_URL: url })) ?? "", /the token goes over https alone/);
	}
	assert.equal(isByApi(moved, TOKEN), true);
	const redactor = new Redactor();
	chooseCluster(moved, { way: {} as Way, tell: () => {}, signal: new AbortController().signal, redactor, env: TOKEN });
	assert.equal(redactor.mask("s3cret-value"), "[secret]");
});

test("nobody's services are stopped by a command that nobody can be asked about", async (t) => {
	const moved = stageWith(t);
	const medstack = await startMedstackFor();
	t.after(() => medstack.close());
	const setup = { way: {} as Way, tell: () => {}, signal: new AbortController().signal, redactor: new Redactor() };
	await assert.rejects(
		chooseCluster(moved, { ...setup, env: medstack.env }).stop(),
		/freeze asks before it begins, and there is no terminal .*: npm run move -- freeze --yes --stack STACK/,
	);
	assert.equal(medstack.service("worker").replicas, 3);
});

const service = (name: string, isKept = false) => ({ id: name, name, replicas: 1, isKept });

test("a service is meant by the name that the file gives it, else by its own where that can be no other", (t) => {
	const moved = stageWith(t, { services: {} });
	const found = (names: readonly string[], stage = moved) =>
		matchServices(
			stage,
			names.map((name) => service(name, name === "mover")),
		).map((match) => (typeof match.service === "string" ? match.service : match.service.name));
	assert.deepEqual(found(["portal_web", "portal-worker", "cron"]), ["portal_web", "portal-worker", "cron"]);
	const [web, worker, cron] = found(["web", "portal.web", "other"]);
	assert.match(web ?? "", /^MedStack has "web" and "portal\.web"; name the one/);
	assert.match(
		`${worker}\n${cron}`,
		/^MedStack has no service of that name; .*\nMedStack has no service of that name; /,
	);
	const given = stageWith(t, { services: { "portal.web": "mover", "portal.worker": "cron", "mail.cron": "gone" } });
	const [kept, taken, gone] = found(["mover", "cron"], given);
	assert.match(kept ?? "", /"mover" is the load balancer or the mover, which stay/);
	assert.equal(taken, "cron");
	assert.match(gone ?? "", /no service "gone"/);
	const twice = stageWith(t, { services: { "portal.worker": "cron" } });
	assert.match(found(["web", "cron"], twice)[1] ?? "", /"cron" stands for mail\.cron too/);
});

test("where a queue is to run empty, what works on it stops last", (t) => {
	const moved = stageWith(t);
	const kinds = (stage: typeof moved) => stopOrder(stage).map(({ kind }) => kind);
	assert.deepEqual(kinds(moved), ["reached", "worker", "scheduler"]);
	assert.deepEqual(kinds(withDrain(moved)), ["reached", "scheduler", "worker"]);
});
