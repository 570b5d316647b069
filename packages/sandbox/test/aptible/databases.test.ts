import assert from "node:assert/strict";
import { test } from "node:test";
import { addAutomaticBackups } from "../../aptible/setup.ts";
import { Bench } from "./support.ts";

interface Backup {
	id: number;
	manual: boolean;
	copied_from?: { id: number };
}

test("disks only grow: a restart that asks for less fails and changes nothing", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("db:create", "main", "--disk-size", "20");
	const { exit, stdout } = await bench.run(["db:restart", "main", "--disk-size", "10", "--container-size", "2048"]);
	assert.equal(exit, 1);
	assert.match(stdout, /Disk size cannot be decreased/);
	const [database] = await bench.json<{ disk_size: number; container_size: number }[]>("db:list");
	assert.deepEqual([database?.disk_size, database?.container_size], [20, 1024]);
});

test("a replica, a clone and a restored backup are databases of their own; a primary outlives its replicas", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("db:create", "main", "--type", "postgresql", "--version", "15");
	await bench.ok("db:replicate", "main", "reader", "--container-size", "2048");
	await bench.ok("db:replicate", "main", "next", "--logical", "--version", "17");
	await bench.ok("db:clone", "main", "copy");
	await bench.ok("db:backup", "main");
	const [backup] = await bench.json<Backup[]>("backup:list", "main");
	await bench.ok("backup:restore", String(backup?.id), "--handle", "restored");
	const databases = await bench.json<{ handle: string; version: string; status: string }[]>("db:list");
	assert.deepEqual(
		databases.map(({ handle, version, status }) => [handle, version, status]),
		[
			["main", "15", "provisioned"],
			["reader", "15", "provisioned"],
			["next", "17", "provisioned"],
			["copy", "15", "provisioned"],
			["restored", "15", "provisioned"],
		],
	);
	assert.equal((await bench.run(["db:deprovision", "main"])).exit, 1);
	for (const handle of ["reader", "next", "main"]) await bench.ok("db:deprovision", handle);
});

test("a deprovisioned database leaves its manual backups and a final one, if the policy keeps it", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("db:create", "main");
	addAutomaticBackups(bench.dir, "main", 5);
	await bench.ok("db:backup", "main");
	assert.equal((await bench.json<Backup[]>("backup:list", "main")).length, 6);
	await bench.ok("db:deprovision", "main");
	const orphans = await bench.json<Backup[]>("backup:orphaned");
	assert.deepEqual(orphans.map(({ manual }) => manual).sort(), [false, true]);
	for (const { id } of orphans) await bench.ok("backup:purge", String(id));
	assert.deepEqual(await bench.json("backup:orphaned"), []);

	await bench.ok("backup_retention_policy:set", "acme-staging", "--no-keep-final", "--force");
	await bench.ok("db:create", "main");
	await bench.ok("db:deprovision", "main");
	assert.deepEqual(await bench.json("backup:orphaned"), []);
});

test("a smaller retention policy deletes automatic backups beyond it, and only once it is forced", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("db:create", "main");
	addAutomaticBackups(bench.dir, "main", 10);
	const shrink = ["backup_retention_policy:set", "acme-staging", "--daily", "3", "--monthly", "0", "--yearly", "0"];
	const asked = await bench.run(shrink);
	assert.deepEqual([asked.exit, asked.stderr, asked.writes.length], [1, "Aborting\n", 0]);
	assert.equal((await bench.run(shrink, {}, "n\n")).exit, 1);
	assert.equal((await bench.json<Backup[]>("backup:list", "main")).length, 10);
	assert.equal((await bench.run(shrink, {}, "y\n")).exit, 0);
	assert.equal((await bench.json<Backup[]>("backup:list", "main")).length, 3);
	await bench.ok("backup_retention_policy:set", "acme-staging", "--daily", "2", "--force");
	assert.equal((await bench.json<Backup[]>("backup:list", "main")).length, 2);
});

test("without copies and final backups in the policy, the ones there are go; manual backups stay", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("backup_retention_policy:set", "acme-staging", "--make-copy");
	await bench.ok("db:create", "main");
	await bench.ok("db:backup", "main");
	const [copy, original] = await bench.json<Backup[]>("backup:list", "main");
	assert.equal(copy?.copied_from?.id, original?.id);
	await bench.ok("db:deprovision", "main");
	assert.equal((await bench.json<Backup[]>("backup:orphaned")).length, 4);
	await bench.ok("backup_retention_policy:set", "acme-staging", "--no-make-copy", "--no-keep-final", "--force");
	const left = await bench.json<Backup[]>("backup:orphaned");
	assert.deepEqual(
		left.map(({ id }) => id),
		[original?.id],
	);
});
