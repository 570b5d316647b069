import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import { compareCosts } from "../../cost/compare.ts";
import { describeBand, estimate, sum } from "../../cost/estimate.ts";
import { priceMove } from "../../cost/moving.ts";
import { describeRise } from "../../cost/page.ts";
import { freeIops, planFees, prices } from "../../cost/prices.ts";
import { notPriced } from "../../cost/unpriced.ts";
import { absent, readStageFile, stageWith } from "../config/stage-file.ts";

const parse = (changes: Readonly<Record<string, unknown>> = {}) =>
	parseStage(stageWith(changes), { file: "Pulumi.prod.yaml" });
const linesOf = (changes: Readonly<Record<string, unknown>>) =>
	Object.fromEntries(estimate(parse(changes)).map(({ object, cents }) => [object, describeBand(cents)]));

test("the check values of facts/aptible.md §6 come out to the cent", () => {
	const stage = parse({
		"databases/cache": absent,
		"databases/main/containerMb": 1024,
		"apps/portal/endpoints/shared": {
			service: "web",
			kind: "https",
			domain: "a.acme.example",
			managedTls: true,
			shared: true,
		},
	});
	const lines = estimate(stage);
	assert.deepEqual(
		lines.map(({ object, cents }) => [object, describeBand(cents)]),
		[
			["service portal.web", "116.80 USD"],
			["service portal.worker", "58.40 USD"],
			["endpoint portal.test", "43.80 USD"],
			["endpoint portal.shared", "29.20 USD"],
			["database main", "60.40 USD"],
		],
	);
	const total = sum(lines.filter(({ object }) => object !== "endpoint portal.shared")).from;
	assert.equal(total, 279_40);
	assert.equal(total + planFees.production, 778_40);
	const large = {
		"databases/cache": { type: "redis", version: "8.2", containerMb: 4096, containerProfile: "r", diskGb: 10 },
	};
	assert.equal(linesOf(large)["database cache"], "148.00 USD", "4 GB of r are 146.00, 10 GB of disk 2.00");
	assert.equal(prices.backupGb * 50, 100, "50 GB of backups are a dollar");
});

test("both example stages cost what their files add up to", () => {
	const costOf = (file: string) => describeBand(sum(estimate(parseStage(readStageFile(file), { file }))));
	// 58.40 + 29.20 + 43.80 + 29.20; 58.40 + 4.00; 29.20 + 2.00
	assert.equal(costOf("Pulumi.staging.yaml"), "254.20 USD");
	// 350.40 + 2 to 6 x 58.40 + 2 x 43.80 + 58.40; 233.60 + 20.00; 58.40 + 2.00
	assert.equal(costOf("Pulumi.prod.yaml"), "927.20 to 1160.80 USD");
});

test("IOPS above the free ones, half a GB, no containers, a replica and a database's endpoint are each priced", () => {
	const lines = linesOf({
		"databases/main/diskGb": 100,
		"databases/main/iops": freeIops + 1000,
		"databases/main/endpoints": { out: { ipFilter: ["203.0.113.9"] } },
		"databases/copy": { type: "postgresql", version: "16", replicaOf: "main" },
		"apps/portal/services/web": { containers: 3, containerMb: 512 },
		"apps/portal/services/worker": { containers: 0 },
	});
	assert.equal(lines["database main"], "88.40 USD");
	assert.equal(lines["endpoint main.out"], "43.80 USD");
	assert.equal(lines["database copy"], "60.40 USD");
	assert.equal(lines["service portal.web"], "87.60 USD");
	assert.equal(lines["service portal.worker"], "0.00 USD");
});

test("autoscaling is a band: by number, by size and profile, and open where nothing bounds it", () => {
	const worker = (autoscale: object, more: object = {}) =>
		linesOf({ "apps/portal/services/worker": { autoscale, ...more } })["service portal.worker"];
	const horizontal = { kind: "horizontal", min: 2, max: 6, minCpu: 0.1, maxCpu: 0.8 };
	assert.equal(worker(horizontal, { containerMb: 2048, containerProfile: "c" }), "292.00 to 876.00 USD");
	// At 2048 MB there are m and c, and no r; the dearest at 8192 MB is c.
	assert.equal(worker({ kind: "vertical", maxMb: 8192 }, { containers: 2 }), "233.60 to 1168.00 USD");
	// From 4096 MB on a container may become the cheaper r.
	assert.equal(worker({ kind: "vertical", minMb: 4096, maxMb: 4096 }), "146.00 to 292.00 USD");
	assert.equal(worker({ kind: "vertical" }), "from 116.80 USD, no upper bound");
	const open = parse({ "apps/portal/services/worker": { autoscale: { kind: "vertical" } } });
	assert.equal(sum(estimate(open)).to, undefined);
});

test("a move costs by its phases: the mover's endpoint and the larger size, and what is stopped costs nothing", () => {
	const move = {
		phase: "prepare",
		from: { addresses: ["203.0.113.9"] },
		databases: { main: { during: { containerMb: 4096 } } },
	};
	const phases = priceMove(parse({ move }), parse());
	assert.deepEqual(
		phases.map(({ phase, cents }) => [phase, describeBand(cents)]),
		[
			// web 116.80, endpoint 43.80, main 235.60 with the mover's 43.80, cache 60.40
			["prepare", "500.40 USD"],
			["frozen", "383.60 USD"],
			["trial", "500.40 USD"],
			["live", "515.00 USD"],
			["cancelled", "281.40 USD"],
		],
	);
	assert.deepEqual(priceMove(parse(), parse()), []);
});

test("stages are compared by object, and a change of an open band is one", () => {
	const before = estimate(parse());
	const after = estimate(
		parse({
			"apps/portal/services/web/containers": 3,
			"databases/cache": absent,
			"apps/portal/services/worker": { autoscale: { kind: "vertical" } },
		}),
	);
	assert.deepEqual(compareCosts(before, after), [
		{ object: "service portal.web", before: { from: 11680, to: 11680 }, after: { from: 17520, to: 17520 } },
		{ object: "service portal.worker", before: { from: 5840, to: 5840 }, after: { from: 11680, to: undefined } },
		{ object: "database cache", before: { from: 6040, to: 6040 }, after: undefined },
	]);
	assert.deepEqual(compareCosts(before, before), []);
	assert.equal(describeRise({ from: 6040, to: 6040 }, undefined), "-60.40 USD");
	assert.equal(describeRise(undefined, { from: 1, to: undefined }), "from +0.01 USD, no upper bound");
});

test("a difference says no less and no more than is known where one side has no upper bound", () => {
	const [open, fixed] = [
		{ from: 5840, to: undefined },
		{ from: 11680, to: 11680 },
	];
	assert.equal(describeRise(fixed, open), "from -58.40 USD, no upper bound");
	assert.equal(describeRise(open, fixed), "up to +58.40 USD, no lower bound");
	assert.equal(describeRise(open, undefined), "up to -58.40 USD, no lower bound");
	assert.equal(describeRise(open, { from: 17520, to: undefined }), "+116.80 USD with autoscaling at its least");
});

test("what is not priced is named: the plan, backups by the policy, egress, drains, Azure and support", () => {
	const prod = parseStage(readStageFile("Pulumi.prod.yaml"), { file: "Pulumi.prod.yaml" });
	const said = notPriced(prod).join("\n");
	for (const part of [
		/base fee.*Production 499\.00 USD/,
		/0\.02 USD for each GB that is kept, up to 48 of each database, each with a copy/,
		/network egress/,
		/storage in Azure/,
		/drains/,
		/support plans/,
		/dedicated stacks beyond.*499\.00 USD each/,
	]) {
		assert.match(said, part);
	}
	assert.doesNotMatch(notPriced(prod, "production").join("\n"), /base fee/);
	const small = parse({
		"environment/stack": "shared-us-east-1",
		"environment/phi": false,
		databases: absent,
		apps: absent,
	});
	assert.doesNotMatch(notPriced(small).join("\n"), /dedicated stacks|backups|Azure|drains/);
	assert.match(notPriced(parse()).join("\n"), /how many Aptible keeps is not in the file/);
});
