/**
 * Which objects of a target are the mover's own copies, and of which state of the source: only those are written over or deleted. A name
 * can hold health data, so that what is kept of it, in database `move`, is a hash that nobody can look up without this table's own salt.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Asks, Holder } from "../journal/journal.ts";
import type { ContainerAddress } from "./container-address.ts";

/** A copy as it was left. */
export interface Copy extends Noted {
	name: string;
}

/** What is kept of a copy. */
export interface Noted {
	/** ETag that the copy was left with. */
	etag: string;
	/** ETag of what it was copied from. */
	source: string;
}

/** What is kept of the copies in one container. */
export interface Known {
	/** Notes copies, and objects that were found equal. */
	note(copies: readonly Copy[]): Promise<void>;
	/** What is noted of these names. */
	find(names: readonly string[]): Promise<ReadonlyMap<string, Noted>>;
	forget(names: readonly string[]): Promise<void>;
	count(): Promise<number>;
}

/** Both sides of a container. */
interface Sides {
	source: Pick<ContainerAddress, "base">;
	target: Pick<ContainerAddress, "base">;
}

const TABLES = `CREATE TABLE IF NOT EXISTS public.object_salt (single boolean PRIMARY KEY DEFAULT true CHECK (single), salt text NOT NULL);
CREATE TABLE IF NOT EXISTS public.objects (
	place text NOT NULL, name bytea NOT NULL, etag text NOT NULL, source text NOT NULL, PRIMARY KEY (place, name))`;

const LEASED = "EXISTS (SELECT FROM public.lease WHERE holder = $1 AND epoch = $2 FOR SHARE)";

/** Copies in another container are not these. */
const placeOf = ({ source, target }: Sides) => `${source.base} ${target.base}`;

export async function openKnown(client: Asks, { holder, epoch }: Holder, sides: Sides): Promise<Known> {
	const place = placeOf(sides);
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
				`INSERT INTO public.objects (place, name, etag, source)
				SELECT $3, given.name, given.etag, given.source
				FROM unnest($4::bytea[], $5::text[], $6::text[]) AS given (name, etag, source) WHERE ${LEASED}
				ON CONFLICT (place, name) DO UPDATE SET etag = excluded.etag, source = excluded.source`,
				[
					holder,
					epoch,
					place,
					copies.map(({ name }) => hashOf(name)),
					copies.map(({ etag }) => etag),
					copies.map(({ source }) => source),
				],
			);
		},
		async find(names) {
			const found = await client.query(
				"SELECT name, etag, source FROM public.objects WHERE place = $1 AND name = ANY ($2::bytea[])",
				[place, names.map(hashOf)],
			);
			const noted = new Map(found.rows.map(({ name, etag, source }) => [name.toString("hex"), { etag, source }]));
			return new Map(
				names.flatMap((name): [string, Noted][] => {
					const one = noted.get(hashOf(name).toString("hex"));
					return one === undefined ? [] : [[name, one]];
				}),
			);
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

/** `HOST/CONTAINER` of other sources that the target has copies of. */
export async function otherSources(client: Asks, sides: Sides): Promise<string[]> {
	await client.query(TABLES);
	const { rows } = await client.query(
		`SELECT DISTINCT split_part(place, ' ', 1) AS source FROM public.objects
		WHERE split_part(place, ' ', 2) = $2 AND place <> $1 ORDER BY source`,
		[placeOf(sides), sides.target.base],
	);
	return rows.map(({ source }) => source as string);
}

/** Forgets what was copied from other sources: those copies are the mover's no more, and are neither written over nor deleted. */
export async function forgetOtherSources(client: Asks, { holder, epoch }: Holder, sides: Sides): Promise<void> {
	await client.query(`DELETE FROM public.objects WHERE split_part(place, ' ', 2) = $4 AND place <> $3 AND ${LEASED}`, [
		holder,
		epoch,
		placeOf(sides),
		sides.target.base,
	]);
}
