import assert from "node:assert/strict";
import { test } from "node:test";
import { hasSku, isRegion } from "@medstack-to-aptible/sandbox/azure/limits.ts";
import { redundanciesOf, regions } from "../../config/azure/regions.ts";
import { redundancies } from "../../config/azure/storage-catalogue.ts";
import { lookUp } from "../../wire/own.ts";
import { problemsOf } from "../config/refused.ts";
import { stageWith } from "../config/stage-file.ts";

test("each region has the redundancies that the emulated Azure, with a list of its own, has there", () => {
	for (const [name, region] of Object.entries(regions)) {
		assert.ok(isRegion(name), name);
		const there = redundancies.filter((redundancy) => hasSku(name, `Standard_${redundancy}`));
		assert.deepEqual(redundanciesOf(region), there, name);
	}
});

test("a pair is another region of the list, but for one that Azure does not offer by itself", () => {
	const unknown = Object.values(regions).flatMap(({ pair }) =>
		pair === undefined || lookUp(regions, pair) !== undefined ? [] : [pair],
	);
	assert.deepEqual(unknown, ["swedensouth"]);
});

test("a region without a pair may hold health information in its three zones", () => {
	const storage = {
		resourceGroup: { name: "acme-test-files" },
		account: "acmetestfiles",
		location: "polandcentral",
		redundancy: "ZRS",
		logs: { workspace: "acme-test-logs" },
		containers: { documents: { name: "documents" } },
	};
	assert.deepEqual(problemsOf(stageWith({ storage })), []);
});
