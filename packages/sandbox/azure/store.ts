import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { PropertyMap } from "../plugins/property-value.ts";

const SCHEMA = `
create table if not exists resources (
	id_key text primary key, id text not null, token text not null, inputs text not null, state text not null
);
create table if not exists accounts (name text primary key, key1 text not null, key2 text not null, created text not null);
create table if not exists settings (name text primary key, value text not null);
`;

/** Something that is in Azure. */
export interface ArmResource {
	/** Whole id. ARM takes it in any casing. */
	id: string;
	/** Type as Pulumi names it: `azure-native:storage:StorageAccount`. */
	token: string;
	/** What was asked for. */
	inputs: PropertyMap;
	/** What Azure answers. */
	state: PropertyMap;
}

/** The two keys of a storage account, as Base64. */
export interface AccountKeys {
	key1: string;
	key2: string;
	/** When both were made. */
	created: string;
}

/** Everything that is in the emulated Azure of one sandbox. Any number of processes may have it open. */
export class ArmStore {
	readonly #db: DatabaseSync;

	constructor(dir: string) {
		mkdirSync(dir, { recursive: true });
		this.#db = new DatabaseSync(join(dir, "azure.sqlite"), { timeout: 20_000 });
		this.#db.exec(SCHEMA);
	}

	/** Runs `work` with the write lock held; whatever it throws undoes it. */
	transaction<T>(work: () => T): T {
		this.#db.exec("begin immediate");
		try {
			const result = work();
			this.#db.exec("commit");
			return result;
		} catch (error) {
			this.#db.exec("rollback");
			throw error;
		}
	}

	find(id: string): ArmResource | undefined {
		const row = this.#db.prepare("select * from resources where id_key = ?").get(id.toLowerCase());
		return row === undefined ? undefined : resourceOf(row);
	}

	/** Whatever lies below an id, and what is attached to it. */
	below(id: string): ArmResource[] {
		const rows = this.#db.prepare("select * from resources where id_key > ? and id_key < ? order by id_key");
		const key = id.toLowerCase();
		// "0" is the character after "/".
		return rows.all(`${key}/`, `${key}0`).map(resourceOf);
	}

	ofType(token: string): ArmResource[] {
		return this.#db.prepare("select * from resources where token = ? order by id_key").all(token).map(resourceOf);
	}

	all(): ArmResource[] {
		return this.#db.prepare("select * from resources order by id_key").all().map(resourceOf);
	}

	save({ id, token, inputs, state }: ArmResource): void {
		this.#db
			.prepare("insert or replace into resources values (?, ?, ?, ?, ?)")
			.run(id.toLowerCase(), id, token, JSON.stringify(inputs), JSON.stringify(state));
	}

	/** Takes away a resource and all that lies below it. */
	remove(id: string): void {
		for (const { id: one } of [...this.below(id), { id }]) this.forget(one);
	}

	/** Takes away a resource and nothing below it. */
	forget(id: string): void {
		this.#db.prepare("delete from resources where id_key = ?").run(id.toLowerCase());
	}

	/** The keys of an account by its name, which is unique in all of Azure. */
	keys(account: string): AccountKeys | undefined {
		const row = this.#db.prepare("select * from accounts where name = ?").get(account);
		if (row === undefined) return undefined;
		return { key1: String(row.key1), key2: String(row.key2), created: String(row.created) };
	}

	makeKeys(account: string): AccountKeys {
		const key = () => randomBytes(64).toString("base64");
		const keys = { key1: key(), key2: key(), created: new Date().toISOString() };
		this.#db.prepare("insert into accounts values (?, ?, ?, ?)").run(account, keys.key1, keys.key2, keys.created);
		return keys;
	}

	/** Renews one key, as `az storage account keys renew` does: whatever it signed is worth nothing from here on. */
	renewKey(account: string, key: "key1" | "key2"): void {
		this.#db.prepare(`update accounts set ${key} = ? where name = ?`).run(randomBytes(64).toString("base64"), account);
	}

	removeKeys(account: string): void {
		this.#db.prepare("delete from accounts where name = ?").run(account);
	}

	setting(name: string): string | undefined {
		const value = this.#db.prepare("select value from settings where name = ?").get(name)?.value;
		return typeof value === "string" ? value : undefined;
	}

	set(name: string, value: string): void {
		this.#db.prepare("insert or replace into settings values (?, ?)").run(name, value);
	}

	close(): void {
		this.#db.close();
	}
}

function resourceOf(row: Record<string, unknown>): ArmResource {
	return {
		id: String(row.id),
		token: String(row.token),
		inputs: JSON.parse(String(row.inputs)),
		state: JSON.parse(String(row.state)),
	};
}
