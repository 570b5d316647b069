import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import type { SeenRequest } from "@medstack-to-aptible/sandbox/azure/blob-request.ts";
import type { Fault } from "@medstack-to-aptible/sandbox/azure/blob-stand-in.ts";
import type { Known } from "../../objects/known.ts";
import type { PassTask } from "../../objects/pass.ts";
import { Store } from "../../objects/store.ts";
import { addressOf, namesOf, ObjectWorld } from "./world.ts";

let world: ObjectWorld;
before(async () => {
	world = await ObjectWorld.start();
});
beforeEach(() => world.reset());
after(() => world?.stop());

/** One object of each kind of request. */
function fill(): void {
	world.put("small", "one", { tags: { a: "b" } });
	world.put("large", randomBytes(1_500), { md5: undefined });
	world.put("log", randomBytes(700), { type: "AppendBlob", isSealed: true });
	world.put("disk", Buffer.alloc(1_024, 7), { type: "PageBlob" });
}

/** Nothing is missing, and nothing is left to do. */
async function assertWhole(objects: number): Promise<void> {
	const { passed, proof } = await world.pass({ live: false, deep: true });
	assert.deepEqual([passed.copied, passed.deleted, namesOf(passed.failures)], [0, 0, []]);
	assert.deepEqual([proof.objects, proof.extra, namesOf(proof.differences)], [objects, 0, []]);
}

const PASSING: readonly Fault[] = [
	{ status: 503, code: "ServerBusy", headers: { "retry-after": "0" } },
	{ status: 429, code: "TooManyRequests" },
	{ status: 500, code: "OperationTimedOut" },
	{ cut: "before" },
	{ cut: "after" },
];

test("what passes is asked again: each request fails once in each way, and all is whole", async () => {
	for (const fault of PASSING) {
		world.reset();
		fill();
		const failed = new Set<string>();
		world.service.fault = (seen) => {
			const key = JSON.stringify(seen);
			if (failed.has(key)) return undefined;
			failed.add(key);
			return fault;
		};
		const { passed, proof } = await world.pass({ deep: true });
		assert.deepEqual(
			[passed.copied, namesOf(passed.failures), namesOf(proof.differences)],
			[4, [], []],
			JSON.stringify(fault),
		);
		world.service.fault = () => undefined;
		await assertWhole(4);
	}
});

test("it waits for as long as the service says", async () => {
	world.put("a", "text");
	let at = 0;
	world.service.fault = ({ operation }) => {
		if (operation !== "copy" || at > 0) return undefined;
		at = Date.now();
		return { status: 503, code: "ServerBusy", headers: { "retry-after": "1" } };
	};
	await world.pass();
	assert.ok(Date.now() - at >= 750, `${Date.now() - at} ms`);
});

test("a service that does not come back ends the run as a connection does, without the address", async () => {
	world.put("a", "text");
	world.service.fault = ({ operation }) => (operation === "copy" ? { status: 503, code: "ServerBusy" } : undefined);
	await assert.rejects(world.pass(), (error: Error) => {
		assert.equal(error.name, "ConnectionLost");
		assert.match(error.message, /^the storage account acmefiles \(target\) does not answer: 503 ServerBusy$/);
		return true;
	});
});

const SAS = "sv=2025-11-05&sr=c&sp=rlt&se=2020-01-01T00%3A00%3A00Z";

test("what an account refuses ends the run with what to do", async () => {
	world.put("a", "text");
	const refusals: [() => void, RegExp][] = [
		[
			() => Object.assign(world.target, { isOpen: false }),
			/acmefiles \(target\) answers 403 AuthorizationFailure: .*firewall.*pulumi up --stack STACK/,
		],
		[
			() => Object.assign(world.source, { isOpen: false }),
			/medstack \(source\) answers 403 AuthorizationFailure: .*firewall.*MedStack's support/,
		],
		[
			() => Object.assign(world.target, { copyFrom: "sameTenant" }),
			/acmefiles \(target\) answers 403 .*takes no copies from another tenant.*pulumi up/,
		],
		[
			() => void world.target.containers.delete("documents"),
			/acmefiles \(target\) answers 404 ContainerNotFound: the container is not there/,
		],
	];
	for (const [spoil, says] of refusals) {
		world.reset();
		world.put("a", "text");
		spoil();
		await assert.rejects(world.pass(), (error: Error) => {
			assert.equal(error.name, "StorageRefused", error.message);
			assert.match(error.message, says);
			assert.doesNotMatch(error.message, /sig=/);
			return true;
		});
	}
	world.reset();
	const address = addressOf(
		world.service.address("medstack", "files", "rlt", Object.fromEntries(new URLSearchParams(SAS))),
	);
	const store = new Store({ side: "source", address, hasTags: true, signal: world.ended.signal });
	await assert.rejects(
		store.readTime(),
		/403 AuthenticationFailed: the SAS is not taken: it has expired.*it goes on from what is done/,
	);
	await assert.rejects(
		world
			.pass({ rights: "rlt" })
			.then(() => world.put("a", "text"))
			.then(() => world.pass({ rights: "rlt" })),
		/AuthorizationPermissionMismatch: the SAS lacks a right/,
	);
});

test("a SAS of the source that ends in the middle is the source's word, not the target's", async () => {
	world.put("a", "text");
	world.service.fault = ({ operation }) =>
		operation === "copy"
			? {
					status: 403,
					code: "CannotVerifyCopySource",
					headers: { "x-ms-copy-source-error-code": "AuthenticationFailed" },
				}
			: undefined;
	await assert.rejects(
		world.pass(),
		/of the source \(source\) answers 403 CannotVerifyCopySource: the SAS is not taken/,
	);
});

test("objects that cannot be copied or deleted are counted by why, and the others go on", async () => {
	for (const name of ["archived", "leased", "immutable", "fine", "goes"]) world.put(name, "text");
	world.put("archived", "text", { tier: "Archive" });
	await world.pass();
	for (const name of ["leased", "immutable"]) world.put(name, "other text", { modified: Date.now() });
	world.copies.set("leased", { ...world.copies.get("leased"), isLeased: true });
	world.copies.set("immutable", { ...world.copies.get("immutable"), isImmutable: true });
	world.source.containers.get("files")?.delete("goes");
	world.copies.set("goes", { ...world.copies.get("goes"), hasSnapshots: true });
	const { passed, proof } = await world.pass({ live: false, mayDelete: 1 });
	assert.deepEqual(namesOf(passed.failures).sort(), [
		["BlobArchived", ["archived"]],
		["BlobImmutableDueToPolicy", ["immutable"]],
		["LeaseIdMissing", ["leased"]],
		["SnapshotsPresent", ["goes"]],
	]);
	assert.deepEqual(proof.differences.get("missing")?.names, ["archived"]);
	assert.equal(world.copies.size, 4);
});

test("an object that is deleted on the source, or changes, while it is copied", async () => {
	world.put("goes", "text");
	world.put("changes", "text", { md5: undefined });
	const once = new Set<string>();
	world.service.fault = ({ operation, name }: SeenRequest) => {
		if (operation !== "copy" || once.has(name)) return undefined;
		once.add(name);
		if (name === "goes") world.source.containers.get("files")?.delete(name);
		else world.put("changes", "TEXT", { md5: undefined, modified: Date.now() });
		return undefined;
	};
	const { passed, proof } = await world.pass();
	assert.deepEqual([passed.copied, passed.gone, namesOf(passed.failures), namesOf(proof.differences)], [1, 1, [], []]);
	assert.equal(world.copies.get("changes")?.data.toString(), "TEXT");
});

test("what an app writes into the target meanwhile is not overwritten", async () => {
	world.put("a", "text");
	await world.pass();
	world.put("a", "longer text", { modified: Date.now() });
	let writes = 0;
	world.service.fault = ({ operation }) => {
		if (operation !== "copy") return undefined;
		writes += 1;
		world.target.put("documents", "a", `by an app ${writes}`);
		return undefined;
	};
	const { passed } = await world.pass();
	assert.deepEqual([passed.copied, writes, namesOf(passed.failures)], [0, 1, [["foreign", ["a"]]]]);
	assert.equal(world.copies.get("a")?.data.toString(), "by an app 1");
});

test("a copy whose source cannot be read is one object's fault, whether the service says why or not", async () => {
	for (const name of ["unread", "fine"]) world.put(name, "text");
	for (const tells of [false, true]) {
		world.service.fault = ({ operation, name }) => {
			if (operation !== "copy" || name !== "unread") return undefined;
			const headers = tells ? { "x-ms-copy-source-error-code": "BlobBeingRehydrated" } : {};
			return { status: 409, code: "CannotVerifyCopySource", headers };
		};
		const { passed } = await world.pass();
		const code = tells ? "BlobBeingRehydrated" : "CannotVerifyCopySource";
		assert.deepEqual([passed.kept + passed.copied, namesOf(passed.failures)], [1, [[code, ["unread"]]]]);
	}
	world.service.fault = ({ operation, name }) =>
		operation === "copy" && name === "unread" ? { status: 403, code: "CannotVerifyCopySource" } : undefined;
	await assert.rejects(world.pass(), /of the source \(source\) answers 403 CannotVerifyCopySource: its firewall/);
});

test("a mover that comes late marks nothing whole that another one has begun", async () => {
	for (const type of ["PageBlob", "AppendBlob"] as const) {
		world.reset();
		world.put("a", Buffer.alloc(1_024, 7), { type });
		const token = () => world.copies.get("a")?.metadata.moveunfinished;
		let first: string | undefined;
		let [isLate, isMarked] = [false, false];
		world.service.fault = ({ operation }) => {
			first ??= token();
			if (operation === "setHeaders" && !isLate) {
				isLate = true;
				// Another mover has created it anew, with no byte in it yet.
				const data = type === "PageBlob" ? Buffer.alloc(1_024) : "";
				world.target.put("documents", "a", data, { type, md5: undefined, metadata: { moveunfinished: "of another" } });
			}
			if (operation === "setMetadata") isMarked ||= token() === "of another";
			return undefined;
		};
		const { passed } = await world.pass({ deep: true });
		assert.deepEqual([isLate, isMarked, passed.copied, namesOf(passed.failures)], [true, false, 1, []]);
		assert.equal(world.service.seen.filter(({ operation }) => operation === "create").length, 2);
		assert.notEqual(first, token());
		world.service.fault = () => undefined;
		await assertWhole(1);
	}
});

test("killed at any request, a pass is taken up by another process, and a large object from its blocks", async () => {
	const fillAll = () => {
		fill();
		for (const name of ["goes 1", "goes 2"]) world.put(name, name);
	};
	fillAll();
	await world.pass();
	world.service.seen.length = 0;
	const change = () => {
		for (const name of ["goes 1", "goes 2"]) world.source.containers.get("files")?.delete(name);
		world.put("large", randomBytes(2_000), { md5: undefined, modified: Date.now() });
		world.put("log", randomBytes(900), { type: "AppendBlob", isSealed: true });
		world.put("disk", Buffer.alloc(1_024, 8), { type: "PageBlob", md5: undefined });
		world.put("new", "text", { modified: Date.now() });
	};
	change();
	await world.pass({ live: false, mayDelete: 2 });
	const requests = world.service.seen.length;
	assert.ok(requests > 15, `${requests} requests`);
	const isAll = process.env.MATRIX === "all";
	for (let at = 1; at <= requests; at += isAll ? 1 : 7) {
		for (const cut of isAll
			? (["before", "after"] as const)
			: [at % 2 === 0 ? ("before" as const) : ("after" as const)]) {
			world.reset();
			fillAll();
			await world.pass();
			change();
			let asked = 0;
			world.service.fault = () => {
				asked += 1;
				if (asked < at) return undefined;
				world.ended.abort(new Error("killed"));
				return { cut: asked === at ? cut : "before" };
			};
			await assert.rejects(
				world.pass({ live: false, mayDelete: 2, known: dying(world) } satisfies Partial<PassTask>),
				/killed/,
			);
			world.service.fault = () => undefined;
			world.ended = new AbortController();
			const staged = [...(world.target.staged.get("documents/large")?.values() ?? [])].length;
			world.service.seen.length = 0;
			const { passed, proof } = await world.pass({ live: false, mayDelete: 2 });
			const sent = world.service.seen.filter(({ operation }) => operation === "stageBlock").length;
			assert.ok(sent === 0 || sent + staged === 4, `${staged} blocks were there, ${sent} were sent`);
			assert.deepEqual(
				[namesOf(passed.failures), namesOf(proof.differences), proof.extra],
				[[], [], 0],
				`${at} ${cut}`,
			);
			await assertWhole(5);
		}
	}
});

/** What is known of copies, of a process that notes nothing once it is killed. */
function dying({ known, ended: { signal } }: ObjectWorld): Known {
	const unlessKilled = async (act: () => Promise<void>) => signal.throwIfAborted() ?? act();
	return {
		...known,
		note: (copies) => unlessKilled(() => known.note(copies)),
		forget: (names) => unlessKilled(() => known.forget(names)),
	};
}
