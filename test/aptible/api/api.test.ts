import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Api } from "../../../aptible/api/api.ts";
import { serveLocally, useApiAt } from "../../support/local-api.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server whose n-th answer is the n-th of these, and the last one from then on. */
async function serve(t: TestContext, answers: readonly Answer[]): Promise<{ url: string; asked: IncomingMessage[] }> {
	const asked: IncomingMessage[] = [];
	const { url } = await serveLocally(t, (request, response) => {
		asked.push(request);
		answers[Math.min(asked.length, answers.length) - 1]?.(request, response);
	});
	return { url, asked };
}

/** An API over such a server, with a token in the variable unless a test takes it from a file. */
function apiAt(t: TestContext, url: string, { patienceMs = 3_000, token = "t0ken" } = {}): Api {
	useApiAt(t, url, token);
	return new Api({ patienceMs, firstPauseMs: 10 });
}

const ok: Answer = (_, response) => void response.end('{"id":1}');
const answer =
	(status: number, body = "{}", headers: Record<string, string> = {}): Answer =>
	(_, response) =>
		void response.writeHead(status, headers).end(body);
const reset: Answer = (request) => void request.socket.destroy();
const cut: Answer = (request, response) => {
	response.writeHead(200, { "content-length": "1000" }).write('{"id":');
	setTimeout(() => request.socket.destroy(), 20);
};
const html = answer(200, "<html>Sign in to the guest network</html>", { "content-type": "text/html" });

const passing: readonly (readonly [what: string, Answer])[] = [
	["a connection that breaks", reset],
	["an answer that breaks off", cut],
	["an answer that is no JSON", html],
	...[408, 425, 429, 500, 502, 503, 504].map((status) => [`HTTP ${status}`, answer(status)] as const),
];

for (const [what, fault] of passing) {
	test(`a read gets over ${what}, seven times in a row`, async (t) => {
		const { url, asked } = await serve(t, [...Array<Answer>(7).fill(fault), ok]);
		assert.deepEqual(await apiAt(t, url).read(`${url}/apps/1`, z.unknown()), { id: 1 });
		assert.equal(asked.length, 8);
	});
}

test("when its time is up, a read fails with the request and what came last", async (t) => {
	for (const [fault, says] of [
		[reset, /GET \/apps\/1 on the Deploy API failed: .*Is 127\.0\.0\.1:\d+ in reach\?/],
		[cut, /GET \/apps\/1 on the Deploy API failed: .*Is 127\.0\.0\.1:\d+ in reach\?/],
		[html, /GET \/apps\/1 on the Deploy API failed: HTTP 200: its answer is not JSON\. Does a proxy stand between/],
		[answer(429, '{"message":"slow down"}'), /GET \/apps\/1 on the Deploy API failed: HTTP 429: slow down/],
	] as const) {
		const { url } = await serve(t, [fault]);
		const started = Date.now();
		await assert.rejects(apiAt(t, url, { patienceMs: 400 }).read(`${url}/apps/1`, z.unknown()), says);
		assert.ok(Date.now() - started >= 400);
	}
});

test("the time in which a read waits for its turn is none of its patience", async (t) => {
	let isRefused = false;
	const slowly: Answer = (request, response) => {
		const fault = request.url === "/apps/39" && !isRefused ? answer(503) : ok;
		isRefused ||= request.url === "/apps/39";
		setTimeout(() => fault(request, response), 50);
	};
	const { url } = await serve(t, [slowly]);
	const api = apiAt(t, url, { patienceMs: 400 });
	const reads = Array.from({ length: 40 }, (_, id) => api.read(`${url}/apps/${id}`, z.unknown()));
	assert.deepEqual(await Promise.all(reads), Array(40).fill({ id: 1 }));
	assert.ok(isRefused);
});

test("reads that nobody waits for any more are given up, under way or not, and a change is not", async (t) => {
	const { url, asked } = await serve(t, [
		(request, response) => {
			if (request.method === "POST") setTimeout(() => response.end(), 100);
			else answer(503)(request, response);
		},
	]);
	const api = apiAt(t, url);
	const reads = Array.from({ length: 40 }, (_, id) => api.read(`${url}/apps/${id}`, z.unknown()));
	const change = api.send("POST", `${url}/apps`);
	await assert.rejects(Promise.race([...reads, sleep(50).then(() => assert.fail("given up"))]), /given up/);
	const started = Date.now();
	api.stopReading();
	const ends = await Promise.allSettled(reads);
	assert.ok(ends.every(({ status }) => status === "rejected"));
	assert.ok(Date.now() - started < 1_000, `${Date.now() - started} ms`);
	const before = asked.length;
	await change;
	assert.equal(asked.filter(({ method }) => method === "POST").length, 1);
	await sleep(50);
	assert.ok(asked.length <= before + 1);
});

test("what does not pass is not asked again, and neither is a change", async (t) => {
	for (const status of [400, 403, 404, 422]) {
		const { url, asked } = await serve(t, [answer(status)]);
		await assert.rejects(apiAt(t, url).read(`${url}/apps/1`, z.unknown()), new RegExp(`HTTP ${status}`));
		assert.equal(asked.length, 1);
	}
	for (const fault of [reset, cut, html, answer(429), answer(503)]) {
		const { url, asked } = await serve(t, [fault]);
		await assert.rejects(
			apiAt(t, url).send("POST", `${url}/apps`, {}),
			/^ApiError: POST \/apps on the Deploy API failed: /,
		);
		assert.equal(asked.length, 1);
	}
});

test("Retry-After is honoured, in seconds and as a date, and not past the deadline", async (t) => {
	for (const headerOf of [() => "1", () => new Date(Date.now() + 2_000).toUTCString()]) {
		const header = headerOf();
		const { url, asked } = await serve(t, [answer(429, "{}", { "retry-after": header }), ok]);
		const started = Date.now();
		await apiAt(t, url).read(`${url}/apps/1`, z.unknown());
		assert.ok(Date.now() - started > 700, header);
		assert.equal(asked.length, 2);
	}
	const { url, asked } = await serve(t, [answer(429, "{}", { "retry-after": "3600" }), ok]);
	await apiAt(t, url, { patienceMs: 300 }).read(`${url}/apps/1`, z.unknown());
	assert.equal(asked.length, 2, "once more at the deadline");
});

test("a request without an answer ends at the deadline", async (t) => {
	const { url } = await serve(t, [() => {}]);
	const started = Date.now();
	await assert.rejects(apiAt(t, url, { patienceMs: 500 }).read(`${url}/apps/1`, z.unknown()), /timeout/);
	assert.ok(Date.now() - started < 10_000);
});

test("the token goes to Aptible's own addresses and to nobody else", async (t) => {
	const other = await serve(t, [ok]);
	const { url } = await serve(t, [ok]);
	const api = apiAt(t, url);
	await assert.rejects(
		api.read(`${other.url}/certificates/1`, z.unknown()),
		/would go to http:\/\/127\.0\.0\.1:\d+, which is not where Aptible's API is/,
	);
	await assert.rejects(api.send("DELETE", `${other.url}/certificates/1`), /the token is not sent there/);
	assert.equal(other.asked.length, 0);
	const redirecting = await serve(t, [answer(302, "", { location: `${other.url}/x` })]);
	await apiAt(t, redirecting.url).read(`${redirecting.url}/apps/1`, z.unknown());
	assert.deepEqual(
		other.asked.map(({ headers }) => headers.authorization),
		[undefined],
	);
});

async function tokensFile(t: TestContext, text: string): Promise<{ write(text: string): Promise<void> }> {
	const folder = await mkdtemp(join(tmpdir(), "tokens-"));
	t.after(() => rm(folder, { recursive: true, force: true }));
	process.env.APTIBLE_CONFIG_PATH = folder;
	const write = (content: string) => writeFile(join(folder, "tokens.json"), content);
	await write(text);
	return { write };
}

test("a token that was renewed meanwhile is read again, once", async (t) => {
	const byToken: Answer = ({ headers }, response) =>
		headers.authorization === "Bearer new"
			? ok({} as IncomingMessage, response)
			: answer(401)({} as IncomingMessage, response);
	const { url, asked } = await serve(t, [byToken]);
	const api = apiAt(t, url, { token: "" });
	const file = await tokensFile(t, JSON.stringify({ [url]: "old" }));
	await assert.rejects(api.read(`${url}/apps/1`, z.unknown()), /the token is not accepted. Run `aptible login` again/);
	assert.equal(asked.length, 1);
	await file.write(JSON.stringify({ [url]: "new" }));
	assert.deepEqual(await api.read(`${url}/apps/1`, z.unknown()), { id: 1 });
	assert.equal(asked.length, 3);
	await api.send("DELETE", `${url}/apps/1`);
	assert.equal(asked.length, 4);
});

test("a token that no header can have is refused before anything quotes it", async (t) => {
	const { url, asked } = await serve(t, [ok]);
	const api = apiAt(t, url, { token: "s3cret\nline" });
	await assert.rejects(api.read(`${url}/apps/1`, z.unknown()), (error: Error) => {
		return /^APTIBLE_ACCESS_TOKEN is no token/.test(error.message) && !String(error.stack).includes("s3cret");
	});
	assert.equal(asked.length, 0);
});

test("a tokens.json that is half written or none is named, with none of its content", async (t) => {
	for (const text of ['{"https://auth.aptible.com":"eyJs3cret', "", "[]", '{"a":{"b":"s3cret"}}', "s3cret"]) {
		const { url } = await serve(t, [ok]);
		const api = apiAt(t, url, { token: "" });
		await tokensFile(t, text);
		assert.equal(await api.hasToken(), true, "the first request says why");
		const error = await api.read(`${url}/apps/1`, z.unknown()).then(
			() => assert.fail("it was read"),
			(cause: Error) => cause,
		);
		assert.match(
			error.message,
			/^"[^"]+tokens\.json" is not what the aptible CLI writes.*Run `aptible login` again\.$/,
		);
		assert.ok(!`${error.stack}${error.cause}`.includes("s3cret"));
	}
});
