/** What the matrix is made from: things that a stage file can declare, and how each of their fields may change. */
import type { Facts, Kind, Spec } from "./reconcilers.ts";
import type { World } from "./world.ts";

/** A thing to be declared. */
export interface Subject {
	name: string;
	kind: Kind;
	/** Makes what has to be there first; gives fields of the spec that depend on it. */
	setup?(world: World): Promise<Spec>;
	spec: Spec;
	/** For each field a change of it. */
	changes: Readonly<Record<string, Change>>;
	/** The handle (or name) that a renamed one has. */
	renamed?: string;
	/** One that is deleted by hand does not come back by itself: what its refusal says, and what the spec may answer, by scenario. */
	loss?: { refused: RegExp; answers: Readonly<Record<string, (world: World, facts: Facts) => Promise<Spec>>> };
	/** What has happened to it before it is removed, by scenario. */
	beforeRemoval?: Readonly<Record<string, (world: World) => Promise<void>>>;
	/** Fields of its spec that do not change in place, or that say nothing of the live object. */
	fixed: readonly string[];
}

/** A change of one field, which may be spread over more than one. */
export interface Change {
	to: Spec;
	/** It cannot be taken back: a disk that has grown, a load balancer that is shared. */
	oneWay?: true;
}

/** One thing that happens to a subject: what there was before, and what is declared now. */
export interface Scenario {
	subject: Subject;
	/** `change diskGb`. */
	name: string;
	verb: "apply" | "remove";
	spec: Spec;
	/** What is applied before it, one after the other, each with the facts of the one before; none: it is not there. */
	history: readonly Spec[];
	/** Which of those the recorded facts are of; undefined: nothing was recorded. */
	recorded: number | undefined;
	/** By hand taken away after its history. */
	gone?: true;
	/** What else has happened by hand after its history. */
	before?: (world: World) => Promise<void>;
	/** Fields of the spec that depend on what has happened. */
	answer?: (world: World, facts: Facts) => Promise<Spec>;
	/** It fails with this, and nothing is sent. */
	refused?: RegExp;
	/** Nothing is to be sent, as it is already as declared. */
	isThere?: true;
}

/** Everything that may happen to a subject. */
export function scenariosOf(subject: Subject, base: Spec): Scenario[] {
	const { changes, renamed, loss, beforeRemoval = {} } = subject;
	const scenario = (name: string, spec: Spec, history: Spec[], recorded?: number): Scenario => {
		return { subject, name, verb: "apply", spec, history, recorded };
	};
	const nameField = "name" in base && !("on" in base) ? "name" : "handle";
	const newName = { ...base, [nameField]: renamed, renamedFrom: base[nameField] };
	// What was adopted is this stack's own from then on.
	const own = JSON.parse(JSON.stringify(base).replaceAll('"adopt":true', '"adopt":false')) as Spec;
	return [
		scenario("create", base, []),
		{ ...scenario("adopt as it is", base, [base]), isThere: true },
		{ ...scenario("drift gone", base, [base], 0), gone: true, ...(loss && { refused: loss.refused }) },
		...Object.entries(loss?.answers ?? {}).map(([name, answer]): Scenario => {
			return { ...scenario(`drift gone, ${name}`, base, [base], 0), gone: true, answer };
		}),
		{ ...scenario("remove", base, [base], 0), verb: "remove" },
		...Object.entries(beforeRemoval).map(([name, before]): Scenario => {
			return { ...scenario(`remove, ${name}`, base, [base], 0), verb: "remove", before };
		}),
		...(renamed === undefined
			? []
			: [scenario("rename", newName, [base], 0), scenario("rename, never recorded", newName, [base])]),
		...Object.entries(changes).flatMap(([field, { to, oneWay }]) => {
			const changed = { ...base, ...to };
			return [
				scenario(`change ${field}`, changed, [base], 0),
				...(subject.kind === "claims" ? [scenario(`revert ${field}`, own, [base, changed], 1)] : []),
				...(oneWay
					? [scenario(`adopt ${field}`, changed, [base])]
					: [scenario(`drift ${field}`, base, [base, changed], 0), scenario(`adopt ${field}`, base, [base, changed])]),
			];
		}),
	];
}
