import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { definedVariables, run } from "@medstack-to-aptible/sandbox/run.ts";
import { readGitlab } from "./workflow.ts";

test("on GitLab the comment is made once, and changed by the next push", async (t) => {
	const dir = await mkdtemp(join(tmpdir(), "gitlab-"));
	const asked: string[] = [];
	const sent: (string | null)[] = [];
	let notes: { id: number; body: string; author: { id: number } }[] = [];
	const server = createServer(async (request, response) => {
		assert.equal(request.headers["private-token"], "token");
		asked.push(`${request.method} ${request.url}`);
		const body = await text(request);
		if (request.method !== "GET") sent.push(new URLSearchParams(body).get("body"));
		response.end(JSON.stringify(request.url === "/api/v4/user" ? { id: 5 } : notes));
	}).listen(0, "127.0.0.1");
	t.after(async () => {
		server.close();
		await rm(dir, { recursive: true });
	});
	const comment = "<!-- preview of staging -->\n### Preview of `staging` & more\n";
	await writeFile(join(dir, "comment.md"), comment);
	const [script = ""] = readGitlab().preview?.after_script ?? [];
	const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4`;
	const job = {
		CI_API_V4_URL: api,
		CI_PROJECT_ID: "3",
		CI_MERGE_REQUEST_IID: "7",
		NOTES_TOKEN: "token",
		STAGE: "staging",
	};
	const post = async () => {
		const env = { ...definedVariables(process.env), ...job };
		const { code, stderr } = await run("bash", ["-eo", "pipefail", "-c", script], { cwd: dir, env, inherit: false });
		assert.equal(code, 0, stderr);
	};
	notes = [
		{ id: 7, body: comment, author: { id: 4 } },
		{ id: 8, body: "<!-- preview of prod -->", author: { id: 5 } },
	];
	await post();
	notes.push({ id: 9, body: comment, author: { id: 5 } });
	await post();
	const folder = "/api/v4/projects/3/merge_requests/7/notes";
	const look = ["GET /api/v4/user", `GET ${folder}?sort=asc&per_page=100`];
	assert.deepEqual(asked, [...look, `POST ${folder}`, ...look, `PUT ${folder}/9`]);
	assert.deepEqual(sent, [comment, comment]);
});
