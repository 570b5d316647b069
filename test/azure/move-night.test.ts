/**
 * A domain in Azure DNS through its move under the real engine: from an address to Aptible, until the block is gone. `npm test` goes from
 * `prepare` to the preview of `live`.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { stageFolderVariable } from "../../config/move-record.ts";
import { runVariable, withoutJournal } from "../../wire/move.ts";
import { fail, succeed } from "../support/stage.ts";
import { openStorageStage, withStorage } from "./storage-stage.ts";

const RECORD = "azure-native:dns:RecordSet";
const isWhole = process.env.MATRIX === "all";
const HOST = /\.aptible\.in$/;

test("an address becomes a CNAME in prepare, live changes one record, and nothing is gone while somebody asks for it", async (t) => {
	const { stage, azure } = await openStorageStage(t, "staging", (blocks) => {
		withStorage(blocks);
		delete blocks.storage;
		Object.assign(blocks.environment, { stack: "acme-prod-ca", phi: true, protect: false });
		delete blocks.environment.backups;
		blocks.databases = { main: { type: "postgresql", version: "16" } };
		blocks.apps.portal.config = { PORT: "3000" };
		blocks.apps.portal.services = { web: { containerMb: 512 } };
		blocks.apps.portal.endpoints = {
			public: { service: "web", kind: "https", domain: "portal.acme.example", managedTls: true },
		};
		blocks.dns = {
			resourceGroup: { name: "acme-dns" },
			zones: {
				acme: { domain: "acme.example", records: { portal: { name: "portal", type: "A", values: ["203.0.113.9"] } } },
			},
		};
	});
	const folder = stage.sandbox.dir;
	stage.sandbox.env[stageFolderVariable] = folder;
	// No journal is needed for records.
	stage.sandbox.env[runVariable] = withoutJournal;
	const records = () =>
		Object.fromEntries(
			azure.ofType(RECORD).map(({ inputs }) => {
				const { relativeRecordSetName, recordType, aRecords, cnameRecord } = inputs as Record<string, never>;
				const value = (cnameRecord as { cname?: string } | undefined)?.cname ?? JSON.stringify(aRecords);
				return [relativeRecordSetName, `${recordType} ${value}`];
			}),
		);
	const setPhase = (phase: string, from = "203.0.113.9") =>
		stage.edit((blocks) => {
			blocks.dns.zones.acme.records.portal = { name: "portal", type: "CNAME", endpoint: "portal.public" };
			blocks.move = {
				phase,
				from: { addresses: ["203.0.113.9"] },
				databases: { main: {} },
				domains: { "portal.acme.example": { via: "azure", from } },
			};
		});
	if (isWhole) await succeed(stage.up());
	await setPhase("prepare");
	await succeed(stage.up());
	const { portal, "portal-old": old, "portal-new": next } = records();
	assert.deepEqual([portal, old], ["CNAME portal-old.acme.example", 'A [{"ipv4Address":"203.0.113.9"}]']);
	assert.match(next ?? "", HOST);

	if (isWhole) {
		await setPhase("frozen", "acme.medstack.example");
		assert.match(await fail(stage.preview()), /records\.portal-old is of type A and would become CNAME/);
	}
	await setPhase("frozen");
	await succeed(stage.up());
	const [database] = (await stage.cli("db:list")) as [{ id: number }];
	const record = (more: object = {}) =>
		writeFile(
			path.join(folder, "Pulumi.staging.move.json"),
			JSON.stringify({
				version: 1,
				run: "r1",
				databases: { main: { aptibleId: database.id, hash: "9f2c" } },
				at: "2026-12-05T02:14:00Z",
				...more,
			}),
		);
	await record();
	await setPhase("live");
	const shown = await succeed(stage.preview("--diff"));
	assert.equal(shown.match(/[~+-]+\s*azure-native:dns:RecordSet: \(/g)?.length, 1, shown);
	assert.match(shown, /cname\s*: "portal-old\.acme\.example" => "portal-new\.acme\.example"/);
	if (!isWhole) return;
	await succeed(stage.up());
	assert.equal(records().portal, "CNAME portal-new.acme.example");

	await record({ closed: true });
	await stage.edit((blocks) => {
		delete blocks.move;
	});
	assert.match(await succeed(stage.up()), /portal-new\.acme\.example stays in this run/);
	assert.deepEqual(Object.keys(records()).sort(), ["portal", "portal-new"]);
	assert.match(records().portal ?? "", HOST);
	await succeed(stage.up());
	assert.deepEqual(Object.keys(records()), ["portal"]);
	await succeed(stage.up("--expect-no-changes"));
});
