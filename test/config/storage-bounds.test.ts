/** What Azure Storage refuses in the middle of an update, or takes and does otherwise than it is meant, refused before (facts/azure.md §9, §10). */
import { testRefused } from "./refused.ts";

const changed = (changes: Record<string, unknown>) => ({
	storage: {
		resourceGroup: { name: "acme-test-files" },
		account: "acmetestfiles",
		location: "canadacentral",
		redundancy: "GRS",
		logs: { workspace: "acme-test-logs" },
		containers: { documents: { name: "documents" } },
		...changes,
	},
});
const rule = (more: object) => ({ origins: ["https://portal.acme.example"], methods: ["GET"], ...more });
const many = (count: number, form: (index: number) => string) =>
	Array.from({ length: count }, (_, index) => form(index));

testRefused({
	"CORS rules that let nobody do anything": {
		change: changed({ cors: { portal: rule({ origins: [], methods: [] }) } }),
		says: [
			"storage.cors.portal.origins: this list is empty; name one, or remove the rule",
			"storage.cors.portal.methods: this list is empty; name one, or remove the rule",
		],
	},
	"CORS rules with more than Azure takes in one": {
		change: changed({
			cors: {
				portal: rule({
					origins: ["https://portal.acme.example:99999", `https://${"a".repeat(60)}.${"b".repeat(240)}.example`],
					headers: ["x-ms-meta-*", "x-ms-blob-*", "x-acme-*", "x acme", `x-${"a".repeat(255)}`],
					exposedHeaders: many(65, (index) => `x-acme-${index}`),
				}),
			},
		}),
		says: [
			'storage.cors.portal.origins[0]: "https://portal.acme.example:99999" is not an origin; allowed: "*", or an origin such as https://portal.acme.example, without a path',
			`storage.cors.portal.origins[1]: "https://${"a".repeat(51)}..." is not an origin; allowed: "*", or an origin such as https://portal.acme.example, without a path`,
			'storage.cors.portal.headers[3]: "x acme" is not the name of a header; allowed: such as x-ms-blob-type, x-ms-meta-* or *',
			`storage.cors.portal.headers[4]: "x-${"a".repeat(57)}..." is not the name of a header; allowed: such as x-ms-blob-type, x-ms-meta-* or *`,
			"storage.cors.portal.headers: has 3 beginnings of names; allowed: at most 2 in Azure; name the headers, or * for all",
			"storage.cors.portal.exposedHeaders: has 65 whole names; allowed: at most 64 in Azure; name fewer, or * for all",
		],
	},
	"CORS rules that are too long together": {
		change: changed({
			cors: { portal: rule({ origins: many(60, (index) => `https://portal-${10 + index}.clinic.acme.example`) }) },
		}),
		says: [
			"storage.cors: has 2287 characters in all its rules; allowed: at most 2048 in Azure; name fewer origins and headers",
		],
	},
	"a prefix that is a container's name without its end": {
		change: changed({ lifecycle: { rules: { old: { prefixes: ["documents"], deleteAfterDays: 30 } } } }),
		says: [
			'storage.lifecycle.rules.old.prefixes[0]: "documents" fits every container whose name begins so, such as documents-2; end the container\'s name with a slash; did you mean "documents/"?',
		],
	},
	"prefixes that say one thing twice": {
		change: changed({
			lifecycle: { rules: { old: { prefixes: ["documents/a/", "documents/a/"], deleteAfterDays: 30 } } },
		}),
		says: ['storage.lifecycle.rules.old.prefixes[1]: "documents/a/" stands twice; remove one'],
	},
	"a vault that cannot be": {
		change: changed({
			encryptionKey: {
				url: "https://acme--keys.vault.azure.net/keys/files",
				identity:
					"/subscriptions/0f3c6a52-8b1e-4c07-9d2a-5e6f7a8b9c0d/resourceGroups/keys/providers/Microsoft.ManagedIdentity/userAssignedIdentities/files",
			},
		}),
		says: [
			'storage.encryptionKey.url: "https://acme--keys.vault.azure.net/keys/files" is not the URL of a key; allowed: https://VAULT.vault.azure.net/keys/NAME, with /VERSION for one that never rotates',
		],
	},
	"tags without a name, or with one that nobody sees": {
		change: changed({ tags: { " ": "x", "cost\tcentre": "4711" } }),
		says: [
			'storage.tags[" "]: " " is not the name of a tag; allowed: up to 128 characters, none of < > % & \\ ? / and no control character',
			'storage.tags["cost\\tcentre"]: "cost\\tcentre" is not the name of a tag; allowed: up to 128 characters, none of < > % & \\ ? / and no control character',
		],
	},
});
