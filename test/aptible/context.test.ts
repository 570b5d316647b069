/** The waits of a Context, against an API that answers as it is told to. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { createOperation } from "../../aptible/api/operation.ts";
import type { Waits } from "../../aptible/client/wait.ts";
import { Context } from "../../aptible/context.ts";
import { serveLocally, useApiAt } from "../support/local-api.ts";

const object = { target: "vhosts", id: 1, label: 'endpoint "web"' } as const;
const sending = { doing: "provisioning", carries: { type: "provision" } };

type Answer = (response: ServerResponse) => void;
const html: Answer = (response) =>
	void response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>");
const status =
	(code: number): Answer =>
	(response) =>
		void response.writeHead(code).end("{}");
const operations =
	(...shown: readonly (readonly [id: number, status: string, type?: string])[]): Answer =>
	(response) => {
		const items = shown.map(([id, state, type = "provision"]) => ({ id, type, status: state }));
		response.end(JSON.stringify({ per_page: 100, _embedded: { operations: items }, _links: {} }));
	};

/** A Context and what it tells; `answer` is asked for each request. */
async function openContext(
	t: TestContext,
	answer: (method: string, sinceMs: number) => Answer,
	waits: Partial<Waits> = {},
	patienceMs = 100,
): Promise<{ context: Context; told: () => string }> {
	let begun: number | undefined;
	const { url } = await serveLocally(t, (request, response) => {
		begun ??= Date.now();
		request.resume();
		answer(request.method ?? "GET", Date.now() - begun)(response);
	});
	useApiAt(t, url);
	let texts = "";
	const context = new Context({
		patienceMs,
		firstPauseMs: 10,
		waits: { firstPauseMs: 10, lagMs: 300, operationMs: 5_000, ...waits },
		write: (text) => {
			texts += text;
		},
	});
	return { context, told: () => texts };
}

const post = (context: Context) => () => createOperation(context.api, "vhosts", 1, { type: "provision" });

for (const [what, passing] of [
	["a page of a proxy", html],
	["HTTP 425", status(425)],
] as const) {
	test(`${what} for longer than a read's patience is waited out while an operation runs`, async (t) => {
		const { context, told } = await openContext(t, (_, ms) => {
			if (ms < 100) return operations([7, "running"]);
			return ms < 600 ? passing : operations([7, "succeeded"]);
		});
		await context.confirm(object, sending, 0, undefined);
		assert.match(told(), /waiting until Aptible answers again \(GET \/vhosts\/1\/operations on the Deploy API failed/);
	});

	test(`a request that ${what} answers may have arrived, and its operation is waited for`, async (t) => {
		let isSent = false;
		let reads = 0;
		const { context } = await openContext(t, (method) => {
			if (method === "POST") {
				isSent = true;
				return passing;
			}
			if (isSent) reads += 1;
			return reads > 3 ? operations([7, "succeeded"]) : operations();
		});
		await context.operate(object, sending, post(context));
	});
}

test("an object of which only the list still shows anything is gone: the list is waited for", async (t) => {
	for (const isKnownAtFirst of [true, false]) {
		const { context } = await openContext(t, (_, ms) => (isKnownAtFirst && ms === 0 ? operations() : status(404)));
		let listings = 0;
		let sent = 0;
		const send = async () => {
			sent += 1;
		};
		const isListed = async () => {
			listings += 1;
			return listings < 4;
		};
		await context.deprovision(object, send, isListed);
		assert.equal(sent, isKnownAtFirst ? 1 : 0);
		await assert.rejects(
			context.deprovision(object, send, async () => true),
			/endpoint "web" is still listed after it was deprovisioned/,
		);
	}
});

test("one wait, by one clock, for what is at work before, for sending and for the operation", async (t) => {
	let isSent = false;
	const { context } = await openContext(
		t,
		(_, ms) =>
			isSent ? operations([8, "running"], [7, "succeeded"]) : operations([7, ms < 700 ? "running" : "succeeded"]),
		{ operationMs: 1_500 },
	);
	const started = Date.now();
	const slow = () =>
		new Promise<void>((resolve) => {
			isSent = true;
			setTimeout(resolve, 500);
		});
	await assert.rejects(
		context.operate(object, sending, slow),
		/operation 8 \(provision\) is still running after \d+ minutes/,
	);
	assert.ok(Date.now() - started < 2_400, `${Date.now() - started} ms`);
});

test("a creation and the operation that it begins share one wait", async (t) => {
	let reads = 0;
	const { context } = await openContext(
		t,
		() => {
			reads += 1;
			return operations([7, "running"]);
		},
		{ operationMs: 50 },
	);
	const slow = () => new Promise<void>((resolve) => void setTimeout(resolve, 100));
	const sent = await context.create(object.label, "creating", slow);
	await assert.rejects(context.confirm(object, sending, 0, sent), /operation 7 \(provision\) is still running after/);
	assert.equal(reads, 1, "its time was over when it was sent");
});

test("a read that is tried again for long says so", async (t) => {
	t.mock.timers.enable({ apis: ["setInterval"] });
	let asked = 0;
	let isBack = false;
	const answer = () => {
		asked += 1;
		return isBack ? operations() : html;
	};
	const { context, told } = await openContext(t, answer, {}, 60_000);
	const read = context.waitUntilIdle(object);
	while (asked < 2) await new Promise((resolve) => setTimeout(resolve, 5));
	t.mock.timers.tick(16_000);
	isBack = true;
	await read;
	assert.match(told(), /^waiting until Aptible answers again \(GET .* its answer is not JSON/m);
});

test("an answer of another form names its request", async (t) => {
	const { context } = await openContext(t, () => (response) => void response.end('{"id":"x"}'));
	const { readApp } = await import("../../aptible/api/app.ts");
	const { readService } = await import("../../aptible/api/service.ts");
	const { readBackupOrigin } = await import("../../aptible/api/backup.ts");
	const { readDatabaseSettings } = await import("../../aptible/api/database.ts");
	for (const [read, path] of [
		[readApp, "apps"],
		[readService, "services"],
		[readBackupOrigin, "backups"],
		[readDatabaseSettings, "databases"],
	] as const) {
		await assert.rejects(
			async () => {
				await read(context.api, 1);
			},
			new RegExp(`^ApiError: GET /${path}/1 on the Deploy API failed: unexpected form of answer:`),
		);
	}
});

test("a secret at the place where an answer is cut is masked whole", async (t) => {
	const secret = "s3cr3t-4711-of-forty-characters-or-so";
	for (const body of [
		`${"x".repeat(180)}${secret}${"x".repeat(2_000)}`,
		JSON.stringify({ message: `${"x".repeat(480)}${secret}${"x".repeat(2_000)}` }),
	]) {
		const { context } = await openContext(t, () => (response) => void response.writeHead(422).end(body));
		context.redactor.add(secret);
		await assert.rejects(context.waitUntilIdle(object), (error: Error) => {
			assert.match(error.message, /HTTP 422: x+/);
			assert.ok(!error.message.includes("s3cr3t"), error.message);
			return true;
		});
	}
});
