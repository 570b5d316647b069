/** What is said of a pass and its proof: counts and kinds, no names. */
import type { Finding } from "../findings.ts";
import { FOREIGN, type Passed } from "./pass.ts";
import { END_BYTES, type ObjectProof, UNREAD } from "./proof.ts";
import type { UrlColumn } from "./urls.ts";

/** What is said of a pass beside what it has found. */
export interface PassSaid {
	passed: Passed;
	proof: ObjectProof;
	live: boolean;
	/** Whether the bytes of all were compared, whole. */
	deep: boolean;
	/** Whether a person has said that the source has no objects. */
	mayBeEmpty: boolean;
}

/** What to do about a code of the service's (Azure docs: Blob service error codes). */
const FIXES: Readonly<Record<string, string>> = {
	BlobArchived: "they are in the archive tier; rehydrate them first: az storage blob set-tier --tier Hot",
	BlobBeingRehydrated: "they are on their way out of the archive tier; run it again when they are there",
	BlobImmutableDueToLegalHold: "the copy in the target is under a legal hold; clear that",
	BlobImmutableDueToPolicy: "the copy in the target is under an immutability policy; wait for its end, or remove it",
	BlobUsesCustomerSpecifiedEncryption:
		"they are encrypted with a key that their requests bring; copy them by the application",
	CannotVerifyCopySource: "the target cannot read the source; run it again",
	changing: "they change faster than they are copied; run it again when the source is frozen",
	LeaseIdMissing: "the copy in the target is leased; break the lease: az storage blob lease break",
	name: "no URL leads to a name with a segment of dots; rename them on the source",
	SnapshotsPresent: "the copy in the target has snapshots; delete those first",
};

function fixOf(code: string, count: number): string {
	if (code !== FOREIGN) return FIXES[code] ?? "see the service's documentation of this code";
	return `in the target they were changed by somebody else than the mover, or never copied by it, and are left as they are; see whose they are, their names are in the report. Where those of the source are right: npm run move -- objects --overwrite ${count} --stack STACK`;
}

export function describePass({ passed, proof, live, deep, mayBeEmpty }: PassSaid, name: string): Finding[] {
	const found: Finding[] = [];
	const add = (severity: Finding["severity"], trap: string, line: string) =>
		found.push({ trap, severity, object: name, line });
	const { objects, bytes } = proof;
	add(
		"note",
		"objects",
		`${objects} objects of ${bytes} bytes: ${passed.copied} copied, ${passed.kept} as they were; ${describeExtent(proof, deep)}`,
	);
	if (objects === 0 && !mayBeEmpty) {
		add(
			"blocker",
			"empty-source",
			"the source lists no objects, which a wrong container does too; see that its SAS is of the right one. Where it is empty: npm run move -- objects --empty --stack STACK",
		);
	}
	if (passed.overwritten > 0) {
		add("warning", "overwritten", `${passed.overwritten} objects that were no copies of the mover's were written over`);
	}
	for (const [code, { count }] of passed.failures) {
		add("blocker", "objects-failed", `${count} objects are not carried over (${code}): ${fixOf(code, count)}`);
	}
	if (passed.isDeletionRefused) {
		add(
			"blocker",
			"many-deletions",
			`${passed.deletable} copies have no object on the source any more, ${passed.deleted} were deleted, and so many are not deleted unasked; see that the source is the right container, then: npm run move -- objects --delete ${passed.deletable - passed.deleted} --stack STACK`,
		);
	} else if (passed.deletable > 0) {
		const what = live ? "the pass in the phase frozen deletes them" : `${passed.deleted} were deleted`;
		add("note", "deletions", `${passed.deletable} copies have no object on the source any more; ${what}`);
	}
	const others = proof.extra - (passed.deletable - passed.deleted);
	if (others > 0)
		add(
			"warning",
			"not-copied",
			`${others} objects of the target were not copied by the mover, or were changed since; they stay`,
		);
	if (live && proof.changed + passed.gone > 0) {
		add(
			"note",
			"changed",
			`${proof.changed + passed.gone} objects have changed while they were copied; the next pass has them`,
		);
	}
	return found;
}

/** How much of the objects was compared by their bytes, as a sample must not read as the whole. */
export function describeExtent({ objects, summed, withoutMd5 }: ObjectProof, deep: boolean): string {
	const ends = `of those above ${sayNumber((2 * END_BYTES) / 2 ** 20)} MiB the first and last ${END_BYTES / 2 ** 20} MiB`;
	const how = deep ? "whole" : ends;
	return `${sayNumber(summed)} of ${sayNumber(objects)} objects compared by bytes (${how}), the others by their listings; ${sayNumber(withoutMd5)} have no MD5`;
}

const sayNumber = (number: number) => number.toLocaleString("en-US");

/** One line for each kind of difference. */
export function describeDifferences({ differences }: ObjectProof): string[] {
	return [...differences].map(([kind, { count }]) => {
		if (kind === "missing") return `${count} objects are missing in the target`;
		return kind === UNREAD
			? `${count} objects could not be compared by their bytes`
			: `${count} objects differ in their ${kind}`;
	});
}

/** URLs of a database, by table and column. */
export function describeUrls(columns: readonly UrlColumn[], { rewritable }: { rewritable: boolean }): Finding[] {
	return columns.map(({ table, column, isView, rows, moved }) => {
		const to = `${moved} of them in containers that move`;
		const fix = isView
			? `refresh it once they are rewritten: REFRESH MATERIALIZED VIEW ${table}`
			: rewritable
				? "to have them rewritten in the copy that is in its place: npm run move -- objects --rewrite --stack STACK; or rewrite them in the application"
				: "rewrite them in the application";
		const line = `${table}.${column}: ${rows} rows have URLs of the old storage account, ${to}; ${fix}`;
		return { trap: "old-urls", severity: "warning", object: `${table}.${column}`, line };
	});
}
