/** Containers whose blobs nobody can change or delete: time-based retention and legal holds (facts/azure.md §11). */
import { z } from "zod";
import { block, choice, flag, message, pattern, whole } from "../fields.ts";
import { keyDocs } from "../key-docs.ts";
import { type Mistake, type Place, wrongValue } from "../mistakes.ts";

/** Days of a retention at most: 400 years. */
const mostDays = 146_000;
/** Tags of a legal hold at most. */
const mostHolds = 10;

/** A retention: from its creation on, a blob is neither changed nor deleted for so many days. */
export const Immutable = block("a retention", {
	days: whole("days from a blob's creation", 1, mostDays).register(keyDocs, {
		description: "days from its creation for which a blob is neither changed nor deleted, by nobody",
		inPlace: "yes, until it is locked; then a person extends it",
	}),
	append: choice("what may still be added to", ["nothing", "appendBlobs", "allBlobs"])
		.default("nothing")
		.register(keyDocs, {
			description: "blobs at whose end something may still be added",
			inPlace: "yes, until it is locked",
		}),
	locked: flag("true says that a person has locked it in Azure").default(false).register(keyDocs, {
		description:
			"says that a person has locked it in Azure, which nobody can undo; from then on nothing is sent for it",
		inPlace: "yes",
	}),
});

/** Keys of a container. */
export const wormFields = {
	immutable: Immutable.optional().register(keyDocs, {
		description: "retention by time (WORM); the program makes it unlocked and never takes it off",
		otherwise: "none is made; one that is there stays",
	}),
	legalHold: z
		.array(
			pattern("a tag of a legal hold", "3 to 23 lower-case letters and digits, such as case4711", /^[a-z0-9]{3,23}$/),
			{
				error: message("a list", "tags, such as [case4711]"),
			},
		)
		.min(1, { error: "is empty; name a tag, or remove the line" })
		.max(mostHolds, { error: `has more than ${mostHolds} tags, which is what Azure takes` })
		.optional()
		.register(keyDocs, {
			description: "legal hold, by tags of your choice: no blob is changed or deleted until a person clears them all",
			inPlace: "adds tags; a person clears them",
			allowed: "list of 1 to 10 tags of 3 to 23 lower-case letters and digits",
			otherwise: "none is set; one that is there stays",
		}),
};

interface ContainerDraft {
	immutable?: object | undefined;
	legalHold?: readonly (string | undefined)[] | undefined;
}

/** Whether a container has one of the two. */
export function isWorm({ immutable, legalHold }: ContainerDraft): boolean {
	return immutable !== undefined || legalHold !== undefined;
}

/** Judges the holds of a container. */
export function checkHolds(at: Place, { legalHold }: ContainerDraft): Mistake[] {
	return (legalHold ?? []).flatMap((tag, index) =>
		tag !== undefined && legalHold?.indexOf(tag) !== index
			? [wrongValue([...at, "legalHold", index], "stands twice; remove one")]
			: [],
	);
}

/** Judges a container that a move copies into: a blob that changes at the source between two passes could not be copied again. */
export function checkCopied(at: Place, container: ContainerDraft): Mistake[] {
	return (["immutable", "legalHold"] as const)
		.filter((key) => key in container)
		.map((key) => ({
			place: [...at, key],
			says: "keeps the move from copying a blob again that has changed, and move.objects names this container; add it when the move is closed",
			about: "nothing",
		}));
}
