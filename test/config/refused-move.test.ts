import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import { problemsOf, testRefused } from "./refused.ts";
import { absent, stageWith } from "./stage-file.ts";

const move = {
	phase: "prepare",
	from: { addresses: ["203.0.113.9"] },
	databases: { main: {} },
};

/** A right stage whose move has other keys. */
function moveWith(changes: object, others: Record<string, unknown> = {}): { change: Record<string, unknown> } {
	return { change: { move: { ...move, ...changes }, ...others } };
}

function duringWith(during: object, main: object = {}): { change: Record<string, unknown> } {
	return moveWith(
		{ databases: { main: { during } } },
		{ "databases/main": { type: "postgresql", version: "16", containerMb: 4096, ...main } },
	);
}

const storage = {
	resourceGroup: { name: "acme-test" },
	account: "acmetest",
	location: "canadacentral",
	redundancy: "GZRS",
	logs: { workspace: "acme-test" },
	containers: { documents: { name: "documents" } },
};

test("a move with all that it may have is right", () => {
	const change = {
		move: {
			...move,
			downtimeBudgetMinutes: 30,
			idle: ["portal.worker"],
			from: { ...move.from, cluster: "acme-prod", services: { "portal.worker": "acme-worker" } },
			databases: {
				main: { during: { containerMb: 15360, containerProfile: "c", iops: 5000 } },
				cache: { drain: { queues: ["queue:default"] } },
			},
			objects: ["documents"],
			domains: {
				"portal.acme.example": { via: "manual", from: "203.0.113.9", smoke: { path: "/login", text: "Sign in" } },
			},
			smoke: { path: "/health?deep=1", text: "ok", placeholders: ["sessionKey"] },
		},
		storage,
		"apps/portal/endpoints/test": { service: "web", kind: "https", domain: "portal.acme.example", managedTls: true },
	};
	assert.deepEqual(problemsOf(stageWith(change)), []);
});

test("a test without health information may wait less, and everybody waits long enough by default", () => {
	const timing = { test: true, watchSeconds: 20, proofSeconds: 1, ttlFloorSeconds: 5 };
	const { change } = moveWith({ timing }, { "environment/phi": false });
	assert.deepEqual(problemsOf(stageWith(change)), []);
	const defaults = { watchSeconds: 900, proofSeconds: 30, ttlFloorSeconds: 300, test: false };
	assert.deepEqual(parseStage(stageWith(moveWith({}).change), { file: "Pulumi.test.yaml" }).move?.timing, defaults);
});

testRefused({
	"a phase that is none": {
		...moveWith({ phase: "freeze" }),
		says: [
			'move.phase: "freeze" is not a phase of the move; allowed: "prepare", "frozen", "trial", "live", "cancelled"',
		],
	},
	"a move without a source": {
		...moveWith({ from: undefined }),
		says: ["move.from: is missing; give where the data comes from: a block with addresses, cluster, services"],
	},
	"a service of MedStack's for one that the stage has not, and one for two": {
		...moveWith({
			from: {
				addresses: ["203.0.113.9"],
				cluster: "",
				services: { "portal.wbe": "web", "portal.web": "acme", "portal.worker": "acme" },
			},
		}),
		says: [
			'move.from.cluster: "" is empty; give the label or id of the cluster, as MedStack shows it',
			'move.from.services["portal.wbe"]: "portal.wbe" is not a service of this stage; declared: portal.web, portal.worker; did you mean "portal.web"?',
			'move.from.services["portal.worker"]: "acme" stands for portal.web already; name another one',
		],
	},
	"a move that moves nothing": {
		...moveWith({ databases: {} }),
		says: ["move: moves nothing; name what is moved under databases or objects"],
	},
	"a move that waits less than is safe": {
		...moveWith({ timing: { watchSeconds: 60, proofSeconds: 29, ttlFloorSeconds: 0 } }),
		says: [
			"move.timing.ttlFloorSeconds: 0 is not a whole number from 1 to 86400 (seconds)",
			"move.timing.watchSeconds: 60 is less than 900, and only a test waits less; allowed: 900 or more, or move.timing.test: true in a stage with environment.phi: false",
			"move.timing.proofSeconds: 29 is less than 30, and only a test waits less; allowed: 30 or more, or move.timing.test: true in a stage with environment.phi: false",
		],
	},
	"a test of health information": {
		...moveWith({ timing: { test: true } }),
		says: [
			"move.timing.test: true stands beside environment.phi: true, and a test has no health information; remove the line",
		],
	},
	"a move into a stage without health information": {
		...moveWith({}, { "environment/phi": false }),
		says: [
			"environment.phi: false stands beside a move, which brings health information; set phi: true (and name a dedicated stack), or remove the move block",
		],
	},
	"addresses that nobody comes from": {
		...moveWith({
			from: { addresses: ["10.0.0.4", "127.0.0.1", "100.64.1.1", "224.0.0.1", "0.0.0.0", "255.255.255.255"] },
		}),
		says: [
			["10.0.0.4", "10.0.0.0/8"],
			["127.0.0.1", "127.0.0.0/8"],
			["100.64.1.1", "100.64.0.0/10"],
			["224.0.0.1", "224.0.0.0/4"],
			["0.0.0.0", "0.0.0.0/8"],
			["255.255.255.255", "240.0.0.0/4"],
		].map(
			([address, network], index) =>
				`move.from.addresses[${index}]: "${address}" is in ${network}, which nobody comes from over the internet; give the public address of the node`,
		),
	},
	"a range, IPv6 and a name for an address": {
		...moveWith({ from: { addresses: ["203.0.113.0/24", "2001:db8::1", "acme.medstack.example"] } }),
		says: ["203.0.113.0/24", "2001:db8::1", "acme.medstack.example"].map(
			(address, index) =>
				`move.from.addresses[${index}]: "${address}" is not an IPv4 address; allowed: for example 203.0.113.9 (Aptible filters no IPv6)`,
		),
	},
	"an address twice": {
		...moveWith({ from: { addresses: ["203.0.113.9", "203.0.113.9"] } }),
		says: ['move.from.addresses[1]: "203.0.113.9" stands twice; remove one'],
	},
	"no address": {
		...moveWith({ from: { addresses: [] } }),
		says: ["move.from.addresses: this list is empty; give the addresses of the cluster's nodes, such as [203.0.113.9]"],
	},
	"more addresses than a filter takes": {
		...moveWith({ from: { addresses: Array.from({ length: 51 }, (_, index) => `203.0.113.${index + 1}`) } }),
		says: ["move.from.addresses: this list has more than 50 entries; allowed: at most 50"],
	},
	"idle services that are not there": {
		...moveWith({ idle: ["portal.wroker", "reports.nightly", "portal.worker", "portal.worker"] }),
		says: [
			'move.idle[0]: "portal.wroker" is not a service of this stage; declared: portal.web, portal.worker; did you mean "portal.worker"?',
			'move.idle[1]: "reports.nightly" is not a service of this stage; declared: portal.web, portal.worker',
			'move.idle[3]: "portal.worker" stands twice; remove one',
		],
	},
	"a moved database that is not there": {
		...moveWith({ databases: { mian: {} } }),
		says: ['move.databases.mian: "mian" is not a database of this stage; declared: main, cache; did you mean "main"?'],
	},
	"a moved database where none is declared": {
		...moveWith({}, { databases: absent, "apps/portal/config": {} }),
		says: ['move.databases.main: "main" is not a database of this stage; none is declared'],
	},
	"a move into a replica": {
		...moveWith(
			{ databases: { copy: {} } },
			{ "databases/copy": { type: "postgresql", version: "16", replicaOf: "main" } },
		),
		says: ['move.databases.copy: "copy" is a replica of "main", into which nothing can be copied; move into "main"'],
	},
	"queues of what is no Redis": {
		...moveWith({ databases: { main: { drain: { queues: ["queue:default"] } } } }),
		says: ["move.databases.main.drain: is for queues in Redis, and this database is postgresql; remove the block"],
	},
	"queues without a key": {
		...moveWith({ databases: { cache: { drain: { queues: [], minutes: 2000 } } } }),
		says: [
			"move.databases.cache.drain.queues: this list is empty; give the keys of the queues, such as [queue:default]",
			"move.databases.cache.drain.minutes: 2000 is not a whole number from 0 to 1440 (minutes)",
		],
	},
	"an endpoint under the mover's name": {
		...moveWith({}, { "databases/main/endpoints": { mover: { internal: true } } }),
		says: [
			'databases.main.endpoints.mover: "mover" is the name that a move gives the endpoint of its mover; give this one another name, with renamedFrom: mover',
		],
	},
	"a smaller container during the move": {
		...duringWith({ containerMb: 2048 }),
		says: [
			"move.databases.main.during.containerMb: 2048 is smaller than databases.main.containerMb, which is 4096; allowed: 4096 or more; or remove the line",
		],
	},
	"fewer IOPS during the move": {
		...duringWith({ iops: 3000 }, { iops: 4000 }),
		says: [
			"move.databases.main.during.iops: 3000 is smaller than databases.main.iops, which is 4000; allowed: 4000 or more; or remove the line",
		],
	},
	"more IOPS during the move than the disk gives": {
		...duringWith({ iops: 6000 }),
		says: [
			"move.databases.main.during.iops: 6000 needs a disk of 12 GB (1 GB for each 500 IOPS), and diskGb is 10; raise diskGb or allow at most 5000",
		],
	},
	"a size during the move that is none": {
		...duringWith({ containerMb: 5000 }),
		says: [
			"move.databases.main.during.containerMb: 5000 is not a container size; allowed for profile m: 512, 1024, 2048, 4096, 7168, 15360, 30720, 61440, 153600, 245760; did you mean 4096?",
		],
	},
	"a profile during the move that has no such size": {
		...duringWith({ containerProfile: "c" }, { containerMb: 1024 }),
		says: [
			'move.databases.main.during.containerProfile: "c" has no container of 1024 MB; allowed for profile c: 2048, 4096, 7168, 15360, 30720, 61440, 153600, 245760',
		],
	},
	"a profile during the move with less CPU": {
		...duringWith({ containerMb: 7168, containerProfile: "r" }),
		says: [
			'move.databases.main.during.containerProfile: "r" gives 0.875 CPUs with 7168 MB, and databases.main has 1, while the copy waits for the CPU; raise containerMb, or remove the line',
		],
	},
	"a disk during the move": {
		...duringWith({ diskGb: 200 }),
		says: ["move.databases.main.during.diskGb: is not known here; allowed: containerMb, containerProfile, iops"],
	},
	"objects without storage": {
		...moveWith({ objects: ["documents"] }),
		says: ['move.objects[0]: "documents" is not a container under storage.containers; none is declared'],
	},
	"objects that nobody could copy a second time": {
		...moveWith(
			{ objects: ["documents"] },
			{ storage: { ...storage, containers: { documents: { name: "documents", immutable: { days: 30 } } } } },
		),
		says: [
			"storage.containers.documents.immutable: keeps the move from copying a blob again that has changed, and move.objects names this container; add it when the move is closed",
		],
	},
	"objects that are not there": {
		...moveWith({ objects: ["document"] }, { storage }),
		says: [
			'move.objects[0]: "document" is not a container under storage.containers; declared: documents; did you mean "documents"?',
		],
	},
	"objects in an account that stays as it is": {
		...moveWith(
			{ objects: ["documents"] },
			{
				storage: {
					existing: "reference",
					resourceGroup: { name: "acme-test", existing: true },
					account: "acmetest",
					location: "canadacentral",
					redundancy: "GZRS",
					containers: storage.containers,
				},
			},
		),
		says: [
			"move.objects: cannot be copied into: with storage.existing: reference the firewall of the account stays as it is; set existing: managed, or remove the line and open the account yourself",
		],
	},
	"a domain that no endpoint has": {
		...moveWith({ domains: { "portal.acme.example": { via: "manual", from: "203.0.113.9" } } }),
		says: [
			'move.domains["portal.acme.example"]: "portal.acme.example" is not the domain of an endpoint of this stage; none is declared',
		],
	},
	"a domain whose record nobody would change, and which leads nowhere": {
		...moveWith(
			{ domains: { "portal.acme.example": { via: "azure", from: "nowhere", smoke: { path: "login" } } } },
			{
				"apps/portal/endpoints/test": {
					service: "web",
					kind: "https",
					domain: "portal.acme.example",
					managedTls: true,
				},
			},
		),
		says: [
			'move.domains["portal.acme.example"].from: "nowhere" is not an IPv4 address or a host name; allowed: for example 203.0.113.9 or acme.medstack.example',
			'move.domains["portal.acme.example"].smoke.path: "login" is not a path; allowed: for example /health',
			'move.domains["portal.acme.example"].smoke.text: is missing; give text: a few words of the answer',
			'move.domains["portal.acme.example"].via: "azure" needs the zone of portal.acme.example under dns.zones; none is declared; add it, or write via: manual',
		],
	},
	"a smoke test that says nothing": {
		...moveWith({ smoke: { path: "health", text: "", placeholders: ["smtpPassword"] } }),
		says: [
			'move.smoke.path: "health" is not a path; allowed: for example /health',
			'move.smoke.text: "" is empty; give a few words of the answer',
			'move.smoke.placeholders[0]: "smtpPassword" is not the name of a secret; declared: registryPassword, sessionKey',
		],
	},
	"no placeholder": {
		...moveWith({ smoke: { path: "/health", text: "ok", placeholders: [] } }),
		says: [
			"move.smoke.placeholders: this list is empty; name the secrets by which an app reaches people, such as [smtpPassword]",
		],
	},
	"a placeholder that no app gets": {
		...moveWith({ smoke: { path: "/health", text: "ok", placeholders: ["sessionKey", "registryPassword"] } }),
		says: [
			'move.smoke.placeholders[1]: "registryPassword" is in no app\'s config, so that its placeholder keeps nothing from going out; those are: sessionKey; name one of them, or remove it',
		],
	},
	"a smoke test without placeholders": {
		...moveWith({ smoke: { path: "/health", text: "ok" } }),
		says: ["move.smoke.placeholders: is missing; give a list: names of secrets, such as [smtpPassword]"],
	},
	"a budget that is none": {
		...moveWith({ downtimeBudgetMinutes: 0 }),
		says: ["move.downtimeBudgetMinutes: 0 is not a whole number from 1 to 1440 (minutes)"],
	},
});

test("what a mistake hides is not judged", () => {
	const stage = stageWith({ move, databases: "main" });
	assert.deepEqual(
		problemsOf(stage).filter((line) => line.includes("move")),
		[],
	);
});

test("the move is in the stage that is read", () => {
	assert.equal(parseStage(stageWith({ move }), { file: "Pulumi.test.yaml" }).move?.phase, "prepare");
});
