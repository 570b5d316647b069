/**
 * Which objects of a target are the mover's own copies: only those may be deleted. A name can hold health data, so that what is kept of
 * it, in database `move`, is a hash that nobody can look up without this table's own salt.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Asks, Holder } from "../journal/journal.ts";

/** A copy as it was left. */
export interface Copy {
	name: string;
	etag: string;
}

/** What is kept of the copies in one container. */
export interface Known {
	/** Notes copies, and objects that were found equal. */
	note(copies: readonly Copy[]): Promise<void>;
	/** Of these objects, those that are copies and as they were left. */
	ours(copies: readonly Copy[]): Promise<ReadonlySet<string>>;
	forget(names: readonly string[]): Promise<void>;
	count(): Promise<number>;
}

const TABLES = `CREATE TABLE IF NOT EXISTS public.object_salt (single boolean PRIMARY KEY DEFAULT true CHECK (single), salt text NOT NULL);
CREATE TABLE IF NOT EXISTS public.objects (
	place text NOT NULL, name bytea NOT NULL, etag text NOT NULL, PRIMARY KEY (place, name))`;

const LEASED = "EXISTS (SELECT FROM public.lease WHERE holder = $1 AND epoch = $2 FOR SHARE)";

/** @param place account and container: copies in another one are not these */
export async function openKnown(client: Asks, { holder, epoch }: Holder, place: string): Promise<Known> {
	await client.query(TABLES);
	await client.query("INSERT INTO public.object_salt (salt) VALUES ($1) ON CONFLICT DO NOTHING", [
		randomBytes(16).toString("hex"),
	]);
	const { rows } = await client.query("SELECT salt FROM public.object_salt");
	const hashOf = (name: string) => createHash("sha256").update(`${rows[0].salt} ${name}`).digest();
	return {
		async note(copies) {
			if (copies.length === 0) return;
			await client.query(
				`INSERT INTO public.objects (place, name, etag)
				SELECT $3, given.name, given.etag FROM unnest($4::bytea[], $5::text[]) AS given (name, etag) WHERE ${LEASED}
				ON CONFLICT (place, name) DO UPDATE SET etag = excluded.etag WHERE objects.etag <> excluded.etag`,
				[holder, epoch, place, copies.map(({ name }) => hashOf(name)), copies.map(({ etag }) => etag)],
			);
		},
		async ours(copies) {
			const found = await client.query(
				"SELECT name, etag FROM public.objects WHERE place = $1 AND name = ANY ($2::bytea[])",
				[place, copies.map(({ name }) => hashOf(name))],
			);
			const etags = new Map(found.rows.map(({ name, etag }) => [name.toString("hex"), etag]));
			const isOurs = ({ name, etag }: Copy) => etags.get(hashOf(name).toString("hex")) === etag;
			return new Set(copies.filter(isOurs).map(({ name }) => name));
		},
		async forget(names) {
			await client.query(`DELETE FROM public.objects WHERE place = $3 AND name = ANY ($4::bytea[]) AND ${LEASED}`, [
				holder,
				epoch,
				place,
				names.map(hashOf),
			]);
		},
		async count() {
			const counted = await client.query("SELECT count(*)::int AS count FROM public.objects WHERE place = $1", [place]);
			return counted.rows[0].count;
		},
	};
}
