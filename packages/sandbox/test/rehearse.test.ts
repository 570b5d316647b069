import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { FAULTS, listFaults } from "../aptible/faults.ts";
import { servicesOf } from "../aptible/images.ts";
import { inSandbox } from "../aptible/sandbox.ts";
import { stageImage } from "../aptible/setup.ts";
import { Misuse, runFault, runImage, runLatency } from "../rehearse.ts";

let folder = "";
beforeEach(() => {
	folder = mkdtempSync(path.join(tmpdir(), "rehearse-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const services = (reference: string) => inSandbox(folder, (store) => servicesOf(store, reference));

describe("npm run sandbox -- image", () => {
	it("says what is in an image, and a person's word counts before a stage's", () => {
		assert.deepEqual(services("ghcr.io/mine/shop:1"), ["cmd"]);
		assert.equal(stageImage(folder, "ghcr.io/mine/shop:1", ["web"]), true);
		assert.equal(stageImage(folder, "ghcr.io/mine/shop:1", ["web"]), false);
		assert.equal(stageImage(folder, "ghcr.io/mine/shop:1", ["web", "jobs"]), true);
		assert.deepEqual(services("ghcr.io/mine/shop:1"), ["web", "jobs"]);
		assert.match(runImage(folder, ["ghcr.io/mine/shop:1", "web"]), /^ghcr.io\/mine\/shop:1 has the processes web$/);
		assert.equal(stageImage(folder, "ghcr.io/mine/shop:1", ["web", "jobs"]), false);
		assert.deepEqual(services("ghcr.io/mine/shop:1"), ["web"]);
		runImage(folder, ["ghcr.io/mine/jobs:*", "nightly"]);
		assert.equal(stageImage(folder, "ghcr.io/mine/jobs:7", ["web"]), false);
		assert.deepEqual(services("ghcr.io/mine/jobs:7"), ["nightly"]);
	});

	it("refuses what is no process, with an example", () => {
		for (const args of [[], ["ghcr.io/mine/shop:1"], ["--help"], ["ghcr.io/mine/shop:1", "web,worker"]]) {
			assert.throws(() => runImage(folder, args), /such as: image registry\.acme\.example\/portal:7 web worker/);
		}
	});
});

describe("npm run sandbox -- fault", () => {
	it("plants a fault with what it takes, lists it, and clears", () => {
		assert.match(
			runFault(folder, ["deploy-fails", "--handle", "portal", "--times", "2", "--reason", "no such image"]),
			/^planted: deploy-fails .*--handle "portal".*, 2 times$/,
		);
		runFault(folder, ["api-429", "--retry-after", "3", "--command", "GET /accounts"]);
		assert.deepEqual(listFaults(folder), [
			{ name: "deploy-fails", times: 2, handle: "portal", reason: "no such image" },
			{ name: "api-429", times: 1, retryAfter: "3", command: "GET /accounts" },
		]);
		const shown = runFault(folder, []);
		for (const name of Object.keys(FAULTS)) assert.equal(shown.includes(`  ${name}`), name !== "answer-changed", name);
		assert.match(shown, /Planted, and not struck yet:\n {2}deploy-fails .*\n {2}api-429 /);
		assert.equal(runFault(folder, ["clear"]), "no fault is planted");
		assert.match(runFault(folder, []), /\nNone is planted\.\n?$/);
	});

	it("refuses other names, options and values, with those there are", () => {
		const wrong: [string[], RegExp][] = [
			[["deploy-fail"], /"deploy-fail" is no fault; use one of deploy-fails, /],
			[["answer-changed"], /is no fault/],
			[["toString"], /is no fault/],
			[["deploy-fails", "--ms", "5"], /'--ms'; fault deploy-fails takes --times VALUE, .*--reason VALUE/],
			[["slow-queue", "--ms", "long"], /--ms is "long"; allowed: a whole number/],
			[["deploy-fails", "--times", "0"], /--times is "0"; allowed: a whole number from 1, such as 500/],
			[["halt-after-mutation", "--n", "0"], /--n is "0"; allowed: a whole number from 1/],
			[["sends-twice", "--answer", "third"], /--answer is "third"; use one of first, second/],
			[["clear", "all"], /clear takes nothing, and "all" was given/],
		];
		for (const [args, message] of wrong) {
			assert.throws(
				() => runFault(folder, args),
				(error) => error instanceof Misuse && message.test(error.message),
			);
		}
		assert.deepEqual(listFaults(folder), []);
	});
});

describe("npm run sandbox -- latency", () => {
	it("is 0, what was set and stays so, and off again", () => {
		assert.match(runLatency(folder, []), /^each call 0 ms/);
		runLatency(folder, ["--call", "50", "--operation", "3000"]);
		assert.match(runLatency(folder, ["--cpu", "7"]), /^each call 50 ms .* 7 ms .*; each operation 3000 ms/);
		assert.match(runLatency(folder, ["off"]), /^each call 0 ms .* 0 ms .*; each operation 0 ms/);
		assert.throws(() => runLatency(folder, ["--calls", "1"]), /'--calls'; latency takes --call VALUE/);
	});
});
