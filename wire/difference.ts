/** One way in which a live object is not what its spec says. Never holds a secret: what may be one is only said to differ. */
export interface Difference {
	/** Field of the spec: `containerMb`, `services.web.containers`, `config.SESSION_KEY`. */
	field: string;
	declared: string;
	live: string;
	/** Of drift, what made it so: `changed by operation 141 (scale by Ana Ops, ...) at ...`, or `eitherSide`; absent where it is unknown. */
	cause?: string;
}

/** What is known of an object that no state has, before an update takes it over. */
export interface Adoption {
	/** Whether the stage file says that it may be. */
	adopt: boolean;
	/** How what is there differs from what is declared; undefined where Aptible was not looked at, so that it may not be there. */
	differences: readonly Difference[] | undefined;
}

/** Cause of a secret that differs, where nothing tells whether the stage or somebody on Aptible has another one now. */
export const eitherSide = "(changed in the stage file or on Aptible)";

/** The differences between two flat sets of values, in the order of `declared`. */
export function compare(
	declared: Readonly<Record<string, unknown>>,
	live: Readonly<Record<string, unknown>>,
): Difference[] {
	return Object.keys(declared).flatMap((field) => {
		const [wanted, shown] = [declared[field], live[field]].map((value) => String(value ?? "none"));
		return wanted === shown ? [] : [{ field, declared: wanted ?? "none", live: shown ?? "none" }];
	});
}
