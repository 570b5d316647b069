import assert from "node:assert/strict";
import { test } from "node:test";
import { planConfigChanges } from "../../../aptible/app/config.ts";

const live = new Map([
	["KEPT", "same"],
	["CHANGED", "old"],
	["DROPPED", "was ours"],
	["FOREIGN", "by hand"],
]);

test("only what differs is sent, what is no longer declared is set to the empty string, and foreign keys are left", () => {
	const { changes, foreign } = planConfigChanges({ KEPT: "same", CHANGED: "new", ADDED: "1" }, live, [
		"KEPT",
		"CHANGED",
		"DROPPED",
	]);
	assert.deepEqual(changes, { CHANGED: "new", ADDED: "1", DROPPED: "" });
	assert.deepEqual(foreign, ["FOREIGN"]);
});

test("a key that was ours and that somebody removed already is not removed again", () => {
	assert.deepEqual(planConfigChanges({}, new Map(), ["GONE"]), { changes: {}, foreign: [] });
});

test("a foreign key that becomes declared is taken over with its value", () => {
	assert.deepEqual(planConfigChanges({ FOREIGN: "by hand" }, new Map([["FOREIGN", "by hand"]]), []), {
		changes: {},
		foreign: [],
	});
});

test("keys with the names of what every object has are keys like any other", () => {
	const declared = JSON.parse('{"constructor": "1", "__proto__": "2"}');
	const live = new Map([
		["toString", "theirs"],
		["valueOf", "ours"],
	]);
	const { changes, foreign } = planConfigChanges(declared, live, ["valueOf"]);
	assert.deepEqual(Object.entries(changes), [
		["constructor", "1"],
		["__proto__", "2"],
		["valueOf", ""],
	]);
	assert.deepEqual(foreign, ["toString"]);
});
