/** Step `large-objects`: their bytes, owners, rights and comments, under their own ids. */
import type pg from "pg";
import { runJobs } from "../jobs.ts";
import { grantStatement, readAcl } from "./acl.ts";
import { type Copying, jobsAllowed } from "./context.ts";
import { counted, streamRows } from "./stream.ts";
import { quoteName, quoteText } from "./target.ts";

const OBJECTS_AT_A_TIME = 500;
/** The target holds a part's bytes twice while it is written: in a temporary table, and as objects. */
export const PART_BYTES = 16 * 2 ** 20;
const CHUNK = 2 ** 20;
const READ_MODE = 0x40000;

/** Size of the object `m.oid`; the descriptor is closed again, as one transaction asks for all of them. */
const SIZE = `(SELECT pg_catalog.lo_lseek64(fd, 0, 2) + 0 * pg_catalog.lo_close(fd)
	FROM (SELECT pg_catalog.lo_open(m.oid, ${READ_MODE}) AS fd OFFSET 0) AS opened)`;

/** Copies all large objects, in parts of some hundreds or some megabytes. @returns their number */
export async function copyLargeObjects(copying: Copying): Promise<number> {
	const { snapshot, steps, database } = copying;
	const { rows } = await snapshot.client.query<{ oid: string; bytes: string }>(
		`SELECT m.oid::int8::text AS oid, ${SIZE}::text AS bytes FROM pg_catalog.pg_largeobject_metadata m ORDER BY m.oid`,
	);
	const objects = rows.map(({ oid, bytes }) => ({ oid: Number(oid), bytes: Number(bytes) }));
	await runJobs({
		items: cutObjects(objects),
		allowed: () => jobsAllowed(copying),
		checkpoint: () => steps.checkpoint(),
		work: async ({ from, to }) => {
			const part = `${from}.${to}`;
			await steps.step("large-objects", part, {
				look: () => database.done("large-objects", part),
				act: () => copyRange(copying, part, from, to),
			});
		},
	});
	return objects.length;
}

/** Ranges of ids, so that parts stay the same while objects do; an object that is larger than a part is one of its own. */
function cutObjects(objects: readonly { oid: number; bytes: number }[]): { from: number; to: number }[] {
	const parts: { from: number; to: number; count: number; bytes: number }[] = [];
	for (const { oid, bytes } of objects) {
		const last = parts.at(-1);
		if (last === undefined || last.count === OBJECTS_AT_A_TIME || last.bytes + bytes > PART_BYTES) {
			parts.push({ from: oid, to: oid, count: 1, bytes });
		} else {
			last.to = oid;
			last.count += 1;
			last.bytes += bytes;
		}
	}
	return parts;
}

/** The reading side cuts them into chunks, so that no side holds a whole one; an empty object is one empty chunk. */
async function copyRange(copying: Copying, part: string, from: number, to: number): Promise<void> {
	const { snapshot } = copying;
	const sizes = `SELECT m.oid, ${SIZE} AS size
		FROM pg_catalog.pg_largeobject_metadata m WHERE m.oid BETWEEN ${from} AND ${to}`;
	const chunks = `SELECT s.oid, n * ${CHUNK}::int8 AS start, pg_catalog.lo_get(s.oid, n * ${CHUNK}::int8, ${CHUNK}) AS bytes
		FROM (${sizes}) AS s, pg_catalog.generate_series(0, GREATEST(s.size - 1, 0) / ${CHUNK}) AS n`;
	const line = chunks.replaceAll(/\s+/g, " ");
	await streamRows(copying, {
		step: "large-objects",
		part,
		what: `large objects ${from} to ${to}`,
		encoding: copying.encoding,
		searchPath: "",
		read: `\\o /dev/null\n\\copy (${line}) to pstdout (FORMAT binary)\n\\o\n${counted(":ROW_COUNT")}`,
		before: "CREATE TEMP TABLE chunk (oid oid, start int8, bytes bytea) ON COMMIT DROP;",
		copy: "COPY pg_temp.chunk FROM STDIN (FORMAT binary)",
		after: `SELECT pg_catalog.count(pg_catalog.lo_create(oid)) AS made FROM (SELECT DISTINCT oid FROM pg_temp.chunk) AS ids \\gset
SELECT pg_catalog.count(pg_catalog.lo_put(oid, start, bytes)) AS put FROM pg_temp.chunk \\gset
${await snapshot.turns.take(() => metadata(snapshot.client, from, to))}`,
	});
}

/** Statements for owners, rights and comments. */
async function metadata(client: pg.Client, from: number, to: number): Promise<string> {
	const { rows } = await client.query(
		`SELECT oid::int8::text AS oid, pg_catalog.pg_get_userbyid(lomowner) AS owner,
			pg_catalog.obj_description(oid, 'pg_largeobject') AS comment
		FROM pg_catalog.pg_largeobject_metadata WHERE oid BETWEEN $1 AND $2 ORDER BY oid`,
		[from, to],
	);
	const acl = await readAcl(
		client,
		`SELECT oid::int8::text AS object, lomacl AS acl, lomowner AS owner, '' AS columns FROM pg_catalog.pg_largeobject_metadata
		WHERE oid BETWEEN ${from} AND ${to} AND lomacl IS NOT NULL`,
	);
	return [
		...rows.map(({ oid, owner }) => `ALTER LARGE OBJECT ${oid} OWNER TO ${quoteName(owner)};`),
		...acl
			.filter(({ isOwner }) => !isOwner)
			.map((right) => `${grantStatement(right, `LARGE OBJECT ${right.object}`)};`),
		...rows
			.filter(({ comment }) => comment !== null)
			.map(({ oid, comment }) => `COMMENT ON LARGE OBJECT ${oid} IS ${quoteText(comment)};`),
	].join("\n");
}
