import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import { Api } from "../../aptible/api/api.ts";
import { listOperations, type Operation } from "../../aptible/api/operation.ts";
import { type Carried, isCarriedBy, tellOperation } from "../../aptible/carried.ts";

const sha = "4f2b9c1d0a7e6f5b4c3d2e1f0a9b8c7d6e5f4a3b";

function operation(type: string, fields: Partial<Operation> = {}): Operation {
	return { id: 141, type, status: "succeeded", env: undefined, ...fields } as Operation;
}

test("an operation is ours by its type and by all that it shows of what was sent", () => {
	const deploy: Carried = { type: "deploy", image: "acme/portal:2", keys: ["A", "B"] };
	const cases: [string, boolean, Carried, Operation][] = [
		["nothing shown", true, deploy, operation("deploy")],
		["nulls", true, deploy, operation("deploy", { settings: null, env: null, git_ref: null })],
		["the same image", true, deploy, operation("deploy", { settings: { APTIBLE_DOCKER_IMAGE: "acme/portal:2" } })],
		["another image", false, deploy, operation("deploy", { settings: { APTIBLE_DOCKER_IMAGE: "acme/portal:3" } })],
		["another type", false, deploy, operation("configure")],
		["the same keys", true, deploy, operation("deploy", { env: ["B", "A"] })],
		["another key", false, deploy, operation("deploy", { env: ["A", "C"] })],
		["one key less", false, deploy, operation("deploy", { env: ["A"] })],
		["no key sent", false, { type: "deploy", keys: [] }, operation("deploy", { env: ["A"] })],
		["keys hidden", true, deploy, operation("deploy", { env: [] })],
		[
			"a commit at full length",
			true,
			{ type: "deploy", commit: sha.slice(0, 8) },
			operation("deploy", { git_ref: sha }),
		],
		["another commit", false, { type: "deploy", commit: "1234567" }, operation("deploy", { git_ref: sha })],
		["the commit of a branch", true, { type: "deploy", commit: "release" }, operation("deploy", { git_ref: sha })],
		["another branch", false, { type: "deploy", commit: "release" }, operation("deploy", { git_ref: "main" })],
		["another number", false, { type: "scale", containerCount: 2 }, operation("scale", { container_count: 3 })],
		["number 0", true, { type: "scale", containerCount: 0 }, operation("scale", { container_count: 0 })],
		[
			"a profile's class",
			true,
			{ type: "scale", containerProfile: "r" },
			operation("scale", { instance_profile: "r5" }),
		],
		["another disk", false, { type: "restart", diskGb: 40 }, operation("restart", { disk_size: 20 })],
		["either type", true, { type: ["provision", "restore"] }, operation("restore")],
	];
	for (const [name, expected, carried, shown] of cases) assert.equal(isCarriedBy(shown, carried), expected, name);
	assert.equal(tellOperation(operation("deploy")), "operation 141 (deploy)");
	const hers = operation("backup", { user_name: "Ana Ops", user_email: "ana@acme.example" });
	assert.equal(tellOperation(hers), "operation 141 (backup by Ana Ops, ana@acme.example)");
});

/** An API with operations in this order, so many a page; tells which pages were asked for. */
class Paged extends Api {
	pages = 0;
	readonly #ids: readonly number[];
	readonly #perPage: number;

	constructor(ids: readonly number[], perPage: number) {
		super();
		this.#ids = ids;
		this.#perPage = perPage;
	}

	override async read<T extends z.ZodType>(url: string, form: T): Promise<z.infer<T>> {
		this.pages += 1;
		const page = Number(new URL(url).searchParams.get("page") ?? 1);
		const end = page * this.#perPage;
		const operations = this.#ids.slice(end - this.#perPage, end).map((id) => {
			return { id, type: "deploy", status: "succeeded", env: { KEY: "value" }, sensitive_settings: { S: "secret" } };
		});
		const links = end < this.#ids.length ? { next: { href: "x" } } : {};
		return form.parse({ per_page: this.#perPage + 1, _embedded: { operations }, _links: links });
	}
}

test("paging ends early only where ids fall strictly and have come down to the mark", async () => {
	const rising = Array.from({ length: 60 }, (_, index) => index + 1);
	const falling = rising.toReversed();
	const mixed = [59, 60, ...falling.slice(2)];
	for (const [ids, perPage, after, pages] of [
		[falling, 20, 45, 1],
		[falling, 20, 41, 1],
		[falling, 20, 40, 2],
		[falling, 20, undefined, 1],
		[rising, 20, 45, 3],
		[rising, 1, undefined, 60],
		[mixed, 20, 45, 3],
		[falling, 4, 57, 3],
	] as const) {
		const api = new Paged(ids, perPage);
		const found = await listOperations(api, "apps", 1, after);
		assert.equal(api.pages, pages, `${ids[0]}... by ${perPage} down to ${after}`);
		assert.equal(found[0]?.id, 60);
		assert.deepEqual(found[0].env, ["KEY"]);
		assert.doesNotMatch(JSON.stringify(found), /value|secret/);
	}
});
