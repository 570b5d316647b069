/** How many requests are under way at a time, and which of them took longest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readApp } from "../../../aptible/api/app.ts";
import { account, openApi } from "../../support/local-api.ts";

test("two requests are under way at a time in a Command, eight where told so, on as many connections", async (t) => {
	const apps = Object.fromEntries(
		Array.from({ length: 40 }, (_, id) => [
			`/apps/${id}`,
			{ id, handle: `app-${id}`, status: "pending", _links: { account } },
		]),
	);
	for (const [told, most] of [
		[undefined, 2],
		[8, 8],
	] as const) {
		const { open, most: seen, asked } = await openApi(t, apps, { delayMs: 5, holdUntil: most });
		const api = open(told);
		await Promise.all(Array.from({ length: 40 }, (_, id) => readApp(api, id)));
		assert.equal(asked.length, 40);
		assert.equal(seen().requests, most);
		assert.equal(seen().sockets, most);
	}
});

test("the slowest request is known by its name", async (t) => {
	const { api } = await openApi(
		t,
		{ "/apps/1": { id: 1, handle: "a", status: "pending", _links: { account } } },
		{ delayMs: 30 },
	);
	await readApp(api, 1);
	assert.match(api.slowest?.request ?? "", /^GET \/apps\/1 /);
	assert.ok((api.slowest?.ms ?? 0) >= 25);
});
