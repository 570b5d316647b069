import assert from "node:assert/strict";
import { test } from "node:test";
import { Context } from "../../aptible/context.ts";
import { driftOf } from "../../drift/compare.ts";
import type { RecordedCommand } from "../../drift/recorded.ts";
import { explainDrift, readTouched } from "../../drift/touched.ts";
import { unseenIn } from "../../drift/unseen.ts";
import { eitherSide } from "../../wire/difference.ts";
import { portalSpec } from "../support/app-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../support/reconcile.ts";
import { objects, place, portal, secrets, snapshot } from "./objects.ts";

test("drift of every kind", async (t) => {
	const aptible = await openReconciler(t);
	const facts = new Map<string, Record<string, string>>();
	for (const { kind, spec } of objects) {
		const given = { ...secrets, "storage.files.sasToken": "sentinel-sas" };
		facts.set(kind, await aptible.applied(kind, spec, { secrets: given }));
	}
	Object.assign(process.env, aptible.env);
	aptible.newJournal();

	await t.test("what is as it was left has none", async () => {
		assert.deepEqual(
			await driftOfAll(facts),
			objects.map(() => []),
		);
		assert.deepEqual(aptible.newWrites(), []);
	});

	await t.test("another value of a secret is a difference, and is not told", async () => {
		const differences = await driftOfAll(facts, () => "sentinel-other");
		const texts = differences.map((each) => each.map(({ field }) => field).join(" "));
		assert.deepEqual(texts, ["", "", "config.SESSION config.SAS", "", "url", "apiKey"]);
		assert.doesNotMatch(JSON.stringify(differences), /sentinel/);
	});

	await t.test("what the token may not see is no difference, and is named as unknown", async () => {
		const recorded = objects.map(({ kind, spec }) => {
			const id = Number(facts.get(kind)?.id);
			return { kind, name: kind, parent: "", spec, facts: { id } };
		});
		assert.deepEqual(unseenIn(await snapshot(), recorded), []);
		aptible.fault({ name: "secrets-hidden", command: "GET ", times: 999 });
		const hidden = await snapshot();
		aptible.clearFaults();
		const named = unseenIn(hidden, recorded).map((text) => /^.*? may not see its .*?,? so/.exec(text)?.[0]);
		const ofCi = recorded.map((one) => ({
			...one,
			spec: one.kind === "app" ? { ...one.spec, releasedBy: "ci" } : one.spec,
		}));
		assert.match(
			unseenIn(hidden, ofCi)[0] ?? "",
			/^app "portal": this token may not see its config, so/,
			"credentials are CI's",
		);
		assert.deepEqual(named, [
			'app "portal": this token may not see its config, registry, so',
			'log drain "siem": this token may not see its url, so',
			'metric drain "dog": this token may not see its apiKey, site, so',
		]);
	});

	await t.test("a figure that Aptible does not show is no difference, and is named as unknown", async () => {
		const recorded = objects.map(({ kind, spec }) => {
			const id = Number(facts.get(kind)?.id);
			return { kind, name: kind, parent: "", spec, facts: { id } };
		});
		const fields = ["enable_backups", "_embedded.disk", "container_count"];
		aptible.fault({ name: "answer-changed", command: "GET /accounts", times: 999, without: fields });
		const [live, differences] = [await snapshot(), await driftOfAll(facts)];
		aptible.clearFaults();
		assert.deepEqual(differences.flat(), []);
		const named = unseenIn(live, recorded).map((text) => /^.*? does not show its .*?,? so/.exec(text)?.[0]);
		assert.deepEqual(named, [
			'database "main": Aptible does not show its diskGb, iops, automaticBackups, so',
			'app "portal": Aptible does not show its services.web.containers, services.worker.containers, so',
		]);
	});

	for (const { kind, byHand, fields } of objects) {
		await t.test(`${kind}: what a person changed shows by its fields`, async () => {
			await change(aptible, byHand, facts.get(kind) ?? {});
			const differences = (await driftOfAll(facts))[objects.findIndex((object) => object.kind === kind)] ?? [];
			assert.deepEqual(differences.map(({ field }) => field).sort(), [...fields].sort());
			assert.doesNotMatch(JSON.stringify(differences), /sentinel/);
		});
	}

	await t.test("who and when, as far as operations tell: one request for each object that differs", async () => {
		await aptible.cli("restart", ...portal);
		aptible.newJournal();
		const { causes, requests } = await explained(aptible, facts);
		const since = (type: string) => new RegExp(`^changed by operation \\d+ \\(${type} by .+@.+\\) at \\d{4}-`);
		assert.deepEqual(
			Object.keys(causes).filter((field) => causes[field] === undefined),
			["backups.yearly", "backups.keepFinal", "handle", "services.web.stopTimeoutSeconds", "object"],
		);
		assert.match(causes.diskGb ?? "", since("restart"));
		assert.match(causes.image ?? "", since("deploy"));
		assert.match(causes["config.A"] ?? "", since("configure|deploy"));
		assert.match(causes["services.worker.containerMb"] ?? "", since("scale"));
		assert.match(causes.ipFilter ?? "", since("provision"));
		assert.deepEqual(requests.map((path) => path.replace(/^GET (.+)\/\d+\//, "$1/ID/")).sort(), [
			"/apps/ID/operations",
			"/databases/ID/operations",
			"/services/ID/operations",
			"/vhosts/ID/operations",
		]);
	});

	await t.test("an app with another handle still has its endpoint", async () => {
		const before = await driftOfAll(facts);
		await aptible.cli("apps:rename", "portal", "clinic", ...place);
		const after = await driftOfAll(facts);
		const [app, endpoint] = ["app", "endpoint"].map((kind) => objects.findIndex((object) => object.kind === kind));
		assert.deepEqual(after[app ?? 0]?.[0], { field: "handle", declared: "portal", live: "clinic" });
		assert.deepEqual(after[endpoint ?? 0], before[endpoint ?? 0]);
	});
});

test("another secret is drift only where an operation has set it since", async (t) => {
	const aptible = await openReconciler(t);
	Object.assign(process.env, aptible.env);
	const facts = new Map<string, Record<string, string>>();
	for (const { kind, spec } of objects.filter(({ kind }) => kind !== "environment"))
		facts.set(kind, await aptible.applied(kind, spec, { secrets: { ...secrets, "storage.files.sasToken": "sas" } }));
	const rotated = () => "sentinel-other";
	await aptible.cli("restart", ...portal);
	const other = await explained(aptible, facts, rotated);
	assert.deepEqual(other.causes, { "config.SAS": undefined, url: eitherSide, apiKey: eitherSide });
	await aptible.cli("config:set", ...portal, "A=2");
	const beside = await explained(aptible, facts, rotated);
	assert.deepEqual(Object.keys(beside.causes), ["config.A", "config.SAS", "url", "apiKey"]);
	await aptible.cli("config:set", ...portal, "SESSION=sentinel-third");
	assert.match(
		(await explained(aptible, facts, rotated)).causes["config.SESSION"] ?? "",
		/^changed by operation \d+ \(configure/,
	);
	// Of an older version, that recorded no operation.
	const { operation: _, ...older } = facts.get("app") ?? {};
	facts.set("app", older);
	assert.equal((await explained(aptible, facts, rotated)).causes["config.SESSION"], eitherSide);
});

test("a change of the declaration is no drift, nor is one by hand that it has caught up with", async (t) => {
	const aptible = await openReconciler(t);
	Object.assign(process.env, aptible.env);
	const spec = portalSpec();
	const recorded = { spec, facts: await aptible.applied("app", spec) };
	const scaled = (containers: number) => portalSpec({ services: { web: { containers } } });
	const drift = async (declared: object) => {
		const fields = driftOf(await snapshot(), "app", declared, recorded, () => undefined);
		return fields.map(({ field, declared: wanted, live }) => `${field}: ${wanted}, ${live}`);
	};
	assert.deepEqual(await drift(scaled(3)), []);
	await aptible.cli("apps:scale", "web", ...portal, "--container-count", "5");
	assert.deepEqual(await drift(spec), ["services.web.containers: 1, 5"]);
	assert.deepEqual(await drift(scaled(3)), ["services.web.containers: 3, 5"]);
	assert.deepEqual(await drift(scaled(5)), []);
});

async function driftOfAll(
	facts: ReadonlyMap<string, unknown>,
	values: (reference: string) => string | undefined = (reference) => secrets[reference],
) {
	const live = await snapshot();
	return objects.map(({ kind, spec }) => driftOf(live, kind, spec, { spec, facts: facts.get(kind) }, values));
}

/** What made each difference, by its field, and what was asked for it. */
async function explained(
	aptible: ReconcilerUnderTest,
	facts: ReadonlyMap<string, unknown>,
	values: (reference: string) => string | undefined = (reference) => secrets[reference],
) {
	const live = await snapshot();
	const recorded = objects
		.filter(({ kind }) => facts.has(kind))
		.map(({ kind, spec }) => ({ kind, name: kind, parent: "", spec, facts: facts.get(kind) }) as RecordedCommand);
	aptible.newJournal();
	const touched = await readTouched(new Context(), recorded, live, values);
	const requests = aptible.newJournal().map(({ command }) => command);
	const differences = recorded.flatMap((one) => {
		const drift = driftOf(live, one.kind, one.spec, one, values);
		return explainDrift({ snapshot: live, touched }, one, drift, one.spec);
	});
	return { causes: Object.fromEntries(differences.map(({ field, cause }) => [field, cause])), requests };
}

async function change(
	aptible: ReconcilerUnderTest,
	commands: readonly string[][],
	{ hostname = "", handle = "" }: Record<string, string>,
): Promise<void> {
	const words: Record<string, string> = { HOSTNAME: hostname, HANDLE: handle };
	for (const command of commands) await aptible.cli(...command.map((word) => words[word] ?? word));
}
