/** What takes more than one value to see in groups of variables. */
import { lookUp } from "../wire/own.ts";
import type { Draft } from "./draft.ts";
import { type Mistake, wrongName, wrongValue } from "./mistakes.ts";
import { unknownName } from "./near-miss.ts";

/** Judges what apps take: each group is there, stands once, and says nothing else than another one. */
export function checkGroups(draft: Draft): Mistake[] {
	const { shared = {}, apps = {} } = draft;
	const groupName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
	const wrongNames = Object.keys(shared)
		.filter((name) => !groupName.test(name))
		.map((name) =>
			wrongName(
				["shared", name],
				"is not the name of a group; allowed: letters, digits, _ and -, a letter or digit first",
			),
		);
	return [...wrongNames, ...Object.keys(apps).flatMap((handle) => checkTaken(handle, draft))];
}

function checkTaken(handle: string, draft: Draft): Mistake[] {
	const { config = {}, configFrom = [] } = draft.apps?.[handle] ?? {};
	const { shared = {} } = draft;
	// Written, but not readable: whether a group is there cannot be said.
	if ("shared" in draft && draft.shared === undefined) return [];
	const place = ["apps", handle, "configFrom"];
	const known = Object.keys(shared);
	const wrong = configFrom.flatMap((name, index): Mistake[] => {
		if (name === undefined) return [];
		if (configFrom.indexOf(name) !== index) return [wrongValue([...place, index], "stands twice; remove one")];
		return known.includes(name)
			? []
			: [wrongValue([...place, index], unknownName("a group under shared", name, known))];
	});
	const first = new Map<string, { group: string; text: string }>();
	for (const group of new Set(configFrom.filter((name) => name !== undefined))) {
		for (const [key, text] of Object.entries(lookUp(shared, group) ?? {})) {
			if (text === undefined || Object.hasOwn(config, key)) continue;
			const other = first.get(key);
			if (other === undefined) first.set(key, { group, text });
			else if (other.text !== text) {
				const says = `takes ${key} from two groups with two values, shared.${other.group} and shared.${group}; write the one that is meant in apps.${handle}.config, or remove one of them`;
				wrong.push({ place, says, about: "nothing" });
			}
		}
	}
	return wrong;
}
