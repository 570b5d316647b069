import type { Store } from "./store.ts";

/** Where the id sequence starts: the ids of a fresh sandbox look like those of the transcripts. */
const FIRST_ID = 101;

const ORGANIZATION = { uuid: "6f1c2d7e-3b84-4c55-9c0e-2d6a5f9b8e10", name: "Acme Health" };

const STACKS = [
	{ name: "shared-ca-central-1", region: "ca-central-1", dedicated: false, net: 10 },
	{ name: "shared-us-east-1", region: "us-east-1", dedicated: false, net: 20 },
	{ name: "acme-prod-ca", region: "ca-central-1", dedicated: true, net: 30 },
	{ name: "shared-ca-central", region: "ca-central-1", dedicated: false, net: 40 },
];

const DATABASE_IMAGES: Record<string, string[]> = {
	postgresql: ["14", "15", "16", "17"],
	redis: ["7.2", "8.0", "8.2"],
	mysql: ["8.4"],
	mongodb: ["4.0"],
	elasticsearch: ["7.10"],
	influxdb: ["1.12", "2.7"],
	rabbitmq: ["4.1"],
};

const IMAGES: Record<string, string[]> = {
	"registry.acme.example/portal:*": ["web", "worker"],
	"registry.acme.example/reports:*": ["nightly"],
	"acme/portal:1": ["web", "worker"],
	"acme/portal:2": ["web", "worker", "cron"],
};

/** What a sandbox holds before anybody has used it. */
export function seed(store: Store): void {
	store.run("insert into sqlite_sequence (name, seq) values ('records', ?)", FIRST_ID - 1);
	for (const { name, region, dedicated, net } of STACKS) {
		store.insert("stack", {
			owner: 0,
			name,
			region,
			organization_id: dedicated ? ORGANIZATION.uuid : null,
			outbound_ip_addresses: [`203.0.113.${net}/32`, `203.0.113.${net + 1}/32`],
			internal_domain: "aptible.in",
		});
	}
	store.insert("organization", { owner: 0, ...ORGANIZATION });
	for (const [type, versions] of Object.entries(DATABASE_IMAGES)) {
		for (const version of versions) {
			store.insert("database_image", { owner: 0, type, version, default: version === versions.at(-1) });
		}
	}
	for (const [reference, services] of Object.entries(IMAGES)) {
		store.run("insert into images values (?, ?)", reference, JSON.stringify(services));
	}
}
