import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { declareDns } from "../../components/azure/dns-load.ts";
import { ObjectStorage } from "../../components/azure/object-storage.ts";
import { noNames } from "../../components/azure/own-names.ts";
import { accountId, containerId } from "../../components/azure/storage-ids.ts";
import type { LiveStorage } from "../../components/azure/storage-live.ts";
import type { Storage } from "../../config/azure/storage.ts";
import { parseStage } from "../../config/parse.ts";
import type { Stage } from "../../config/stage.ts";
import { stageWith } from "../config/stage-file.ts";

// The SDK's mocks know no hooks, which are the real engine's to run.
Object.assign(MockMonitor.prototype, {
	registerResourceHook: (_: unknown, done: (error: null, answer: object) => void) => done(null, {}),
});

/** One resource as the program registers it, secrets unwrapped. */
export interface Registration {
	type: string;
	name: string;
	// biome-ignore lint/suspicious/noExplicitAny: tests look into the arguments of a dozen types
	inputs: any;
	importId: string | undefined;
	opts: pulumi.CustomResourceOptions;
}

/** One question to Azure. */
export interface Call {
	token: string;
	args: Record<string, unknown>;
}

/** What a program registers under mocks, which know nothing of Azure: rules are the stand-in's to test. */
export interface Registrations {
	resources: Registration[];
	calls: Call[];
	warnings: string[];
	/** The one resource of a type (`storage:StorageAccount`), and of a name where there are several. */
	one(type: string, name?: string): Registration;
	all(type: string): Registration[];
}

/** A right storage, with each change made to it; null is none. */
export function storageStage(changes: Readonly<Record<string, unknown>> = {}, phi = true): Stage {
	const changed = Object.fromEntries(
		Object.entries(changes).map(([path, value]) => [path.startsWith("/") ? path.slice(1) : `storage/${path}`, value]),
	);
	const raw = stageWith({
		storage: {
			resourceGroup: { name: "acme-test-files" },
			account: "acmetestfiles",
			location: "canadacentral",
			redundancy: "GZRS",
			logs: { workspace: "acme-test-logs" },
			containers: { documents: { name: "documents" } },
		},
		"environment/phi": phi,
		...changed,
	});
	return parseStage(raw, { file: "Pulumi.test.yaml" });
}

/** What the storage of a stage registers. */
export function registerStorage(
	stage: Stage,
	use: (storage: ObjectStorage) => void = () => {},
	names = noNames,
): Promise<Registrations> {
	return register(() => {
		if (stage.storage === undefined) return;
		const outboundIpAddresses = pulumi.output(["203.0.113.11/32", "203.0.113.10/32"]);
		const live = liveOf(stage.storage);
		use(
			new ObjectStorage("storage", {
				storage: stage.storage,
				outboundIpAddresses,
				now: new Date("2026-11-25T12:00:00Z"),
				names,
				...(live === undefined ? {} : { live }),
			}),
		);
	});
}

/** An account that was there before: not in the state yet where it is imported, and in it where it is managed. */
function liveOf({
	existing,
	subscription = "s",
	resourceGroup,
	account,
	containers,
}: Storage): LiveStorage | undefined {
	if (existing === undefined || existing === "reference") return undefined;
	const id = accountId({ subscription, resourceGroup: resourceGroup.name }, account);
	const parts = Object.entries(containers).map(([key, { name }]) => ({
		type: "azure-native:storage:BlobContainer",
		name: `storage-${key}`,
		id: containerId(id, name),
	}));
	const all = [{ type: "azure-native:storage:StorageAccount", name: "storage", id }, ...parts];
	return {
		id,
		account: {} as LiveStorage["account"],
		corsOrigins: [],
		lifecycle: [],
		formerRules: [],
		there: new Set(all.map((part) => part.id)),
		recorded: existing === "managed" ? all : [],
	};
}

/** What the zones of a stage register. */
export function registerDns(stage: Stage, names = noNames): Promise<Registrations> {
	return register(() => declareDns(stage.dns === undefined ? undefined : { dns: stage.dns, names }, {}));
}

export async function register(program: () => unknown): Promise<Registrations> {
	const resources: Registration[] = [];
	const calls: Call[] = [];
	const warnings: string[] = [];
	const options = new Map<string, pulumi.CustomResourceOptions>();
	await pulumi.runtime.setMocks({
		newResource: ({ type, name, inputs, id }) => {
			const bare = unwrap(inputs) as Record<string, unknown>;
			resources.push({
				type,
				name,
				inputs: bare,
				importId: id || undefined,
				opts: options.get(`${type} ${name}`) ?? {},
			});
			return { id: id || `/subscriptions/s/${type}/${name}`, state: { ...bare, ...answers(bare) } };
		},
		call: ({ token, inputs }) => {
			calls.push({ token, args: inputs });
			if (token.endsWith("SAS")) return { serviceSasToken: `sas-${inputs.permissions}` };
			if (token.endsWith("Keys"))
				return {
					keys: [
						{ keyName: "key1", value: "one" },
						{ keyName: "key2", value: "two" },
					],
				};
			return { ...answers(inputs), id: "/subscriptions/s/live" };
		},
	});
	const warn = pulumi.log.warn;
	Object.assign(pulumi.log, { warn: async (message: string) => void warnings.push(message) });
	try {
		await pulumi.runtime.runInPulumiStack(async () => {
			pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
				options.set(`${type} ${name}`, opts);
				return undefined;
			});
			await program();
			return undefined;
		});
		await pulumi.runtime.disconnect();
	} finally {
		Object.assign(pulumi.log, { warn });
	}
	const all = (type: string) => resources.filter((resource) => resource.type === `azure-native:${type}`);
	return {
		resources,
		calls,
		warnings,
		all,
		one: (type, name) => {
			const [found, ...more] = all(type).filter((resource) => name === undefined || resource.name === name);
			if (found === undefined || more.length > 0)
				throw new Error(`${more.length + (found ? 1 : 0)} resources of ${type} ${name ?? ""}`);
			return found;
		},
	};
}

function answers(inputs: Record<string, unknown>): Record<string, unknown> {
	const name = inputs.accountName ?? inputs.resourceGroupName;
	return {
		name,
		primaryEndpoints: { blob: `https://${name}.blob.core.windows.net/` },
		nameServers: ["ns1."],
		fqdn: "x.",
	};
}

const SECRET = "4dabf18193072939515e22adb298388d";

function unwrap(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(unwrap);
	if (typeof value !== "object" || value === null) return value;
	const map = value as Record<string, unknown>;
	if (SECRET in map) return unwrap(map.value);
	return Object.fromEntries(Object.entries(map).map(([key, inner]) => [key, unwrap(inner)]));
}
