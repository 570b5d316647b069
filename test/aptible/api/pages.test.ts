/** Lists come in pages, of the API's size and in no documented order. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { z } from "zod";
import { Api } from "../../../aptible/api/api.ts";
import { listOperations } from "../../../aptible/api/operation.ts";
import { serveLocally, useApiAt } from "../../support/local-api.ts";

const Thing = z.looseObject({ id: z.int() });
type Page = Readonly<Record<string, unknown>>;

/** An API whose page of a list is made from its number and the size that is asked for. */
async function openApi(t: TestContext, pageOf: (page: number, perPage: number) => Page) {
	const asked: string[] = [];
	const { url, server } = await serveLocally(t, (request, response) => {
		const url = new URL(request.url ?? "/", "http://localhost");
		asked.push(url.search);
		const number = (name: string) => Number(url.searchParams.get(name) ?? 0);
		response.end(JSON.stringify(pageOf(number("page") || 1, number("per_page") || 40)));
		if (asked.length > 50) server.close(() => {}).closeAllConnections();
	});
	useApiAt(t, url);
	return { api: new Api({ patienceMs: 200, firstPauseMs: 10 }), url, asked };
}

const things = (from: number, to: number) =>
	Array.from({ length: Math.max(to - from, 0) }, (_, index) => ({
		id: from + index,
		type: "deploy",
		status: "succeeded",
	}));
const slice = (page: number, perPage: number, count: number) =>
	things((page - 1) * perPage, Math.min(page * perPage, count));

const kinds: Readonly<Record<string, (page: number, perPage: number) => Page>> = {
	"a page that names the next": (page) => ({
		_embedded: { things: slice(page, 2, 5) },
		_links: page < 3 ? { next: { href: "/elsewhere" } } : {},
	}),
	"a page as long as it says pages are": (page) => ({ per_page: 2, _embedded: { things: slice(page, 2, 5) } }),
	"a page as long as was asked for": (page, perPage) => ({ _embedded: { things: slice(page, perPage, 5) } }),
	"an empty page after the last": (page, perPage) => ({
		_embedded: { things: slice(page, perPage, 6) },
		_links: { next: page < 4 ? { href: "/elsewhere" } : null },
	}),
};

for (const [kind, pageOf] of Object.entries(kinds)) {
	test(`a list is read to its end: ${kind}`, async (t) => {
		const { api, url } = await openApi(t, pageOf);
		const listed = await api.list(`${url}/things?per_page=2`, "things", Thing);
		assert.deepEqual(
			listed.map(({ id }) => id),
			kind.startsWith("an empty") ? [0, 1, 2, 3, 4, 5] : [0, 1, 2, 3, 4],
		);
	});
}

test("a list without a size of its own is read to its end, and one on a single page takes one request", async (t) => {
	const walk = await openApi(t, (page) => ({ _embedded: { things: slice(page, 3, 7) } }));
	assert.equal((await walk.api.list(`${walk.url}/things`, "things", Thing)).length, 7);
	const single = await openApi(t, () => ({ per_page: 40, _embedded: { things: things(0, 3) }, _links: {} }));
	assert.equal((await single.api.list(`${single.url}/things`, "things", Thing)).length, 3);
	assert.equal(single.asked.length, 1);
});

test("what moves to the next page meanwhile is listed once", async (t) => {
	const { api, url } = await openApi(t, (page) => ({
		_embedded: { things: page === 1 ? things(4, 6) : page === 2 ? things(5, 7) : [] },
		_links: { next: {} },
	}));
	const listed = await api.list(`${url}/things?per_page=2`, "things", Thing);
	assert.deepEqual(
		listed.map(({ id }) => id),
		[4, 5, 6],
	);
});

test("an answer that ignores the page and always names a next one ends every list", async (t) => {
	const { api, url, asked } = await openApi(t, () => ({
		_embedded: { things: things(1, 3), operations: things(1, 3) },
		_links: { next: { href: "/things?page=2" } },
	}));
	assert.equal((await api.list(`${url}/things`, "things", Thing)).length, 2);
	assert.equal(asked.length, 2);
	assert.equal((await listOperations(api, "apps", 1)).length, 2);
	assert.equal(asked.length, 4);
});
