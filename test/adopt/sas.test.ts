/** A SAS of Azure storage in an app's config ends by itself, which the head of the stage file says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { adoptApp } from "../../adopt/app.ts";
import { DatabaseValues } from "../../adopt/database-values.ts";
import { Notes } from "../../adopt/notes.ts";
import type { SnapshotApp } from "../../drift/snapshot.ts";

function notesOf(config: Record<string, string>): readonly string[] {
	const notes = new Notes();
	const live = {
		app: { handle: "portal", status: "provisioned" },
		settings: { image: "acme/portal:1" },
		config: new Map(Object.entries(config)),
		services: [],
		endpoints: [],
	} as unknown as SnapshotApp;
	adoptApp(live, new DatabaseValues([]), notes);
	return notes.lines();
}

test("each variable with a SAS is named with the day that it ends, and never its value", () => {
	const token = "sv=2024-11-04&sr=c&sp=rwl&se=2027-01-15T08%3A00%3A00Z&sig=c2VudGluZWw%3D";
	const lines = notesOf({
		AZURE_STORAGE_CONNECTION_STRING: `BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=${token}`,
		BACKUP_URL: "https://acme.blob.core.windows.net/backups?sig=c2VudGluZWw%3D&se=2026-12-31&sv=2024-11-04",
		FILES_SAS: `?${token}`,
		FIRST: "SharedAccessSignature=se=2027-02-01T00:00Z&sig=c2VudGluZWw%3D&sv=2024-11-04",
		POLICY_SAS: "sv=2024-11-04&si=policy&sr=c&sig=c2VudGluZWw%3D",
	});
	const says = (key: string, end: string) =>
		`app "portal": config ${key} has a SAS of Azure storage that ends ${end}, and nothing renews it; with \`storage\` in the stage file each update does (docs/azure.md)`;
	assert.deepEqual(lines, [
		says("AZURE_STORAGE_CONNECTION_STRING", "on 2027-01-15"),
		says("BACKUP_URL", "on 2026-12-31"),
		says("FILES_SAS", "on 2027-01-15"),
		says("FIRST", "on 2027-02-01"),
		says("POLICY_SAS", "when its stored access policy does"),
	]);
});

test("what only looks like one is a secret as any other", () => {
	const lines = notesOf({
		KEY: "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=c2VudGluZWw=",
		LINK: "https://acme.example/?se=2027-01-15",
		HOOK: "https://acme.example/?sig=c2VudGluZWw%3D",
		BUS: "SharedAccessSignature sr=acme&sig=c2VudGluZWw%3D&se=1800000000&skn=root",
	});
	assert.deepEqual(lines, []);
});
