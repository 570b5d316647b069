/** What takes more than one value to see in the drains of a stage. */
import { type DrainKinds, logDrainKinds, metricDrainKinds } from "../wire/drain-kinds.ts";
import { lookUp } from "../wire/own.ts";
import { references } from "../wire/template.ts";
import type { Draft } from "./draft.ts";
import { type Mistake, type Place, wrongName, wrongValue } from "./mistakes.ts";
import { findNearestWord, suggest } from "./near-miss.ts";
import { checkTemplate, fillSecrets } from "./references.ts";
import { listTemplates } from "./templates.ts";

type LogDrainDraft = NonNullable<NonNullable<Draft["logDrains"]>[string]>;
type MetricDrainDraft = NonNullable<NonNullable<Draft["metricDrains"]>[string]>;
type DrainDraft = LogDrainDraft | MetricDrainDraft;

// 64 characters for a handle, less the id of the environment and a turn (`wire/drain.ts`).
const name = /^[0-9a-z][0-9a-z._-]{0,47}$/;
const nameText =
	"1 to 48 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first, as it begins a handle";

/** References to secrets only: nothing else of a stage is meant for a log service. */
function checkReferences(draft: Pick<Draft, "logDrains" | "metricDrains">, stage: Draft): Mistake[] {
	return listTemplates(draft).flatMap(({ place, template }): Mistake[] => {
		const wrong = checkTemplate(place, template, stage);
		if (wrong.length > 0) return wrong;
		return references(template)
			.filter((reference) => !reference.startsWith("secrets."))
			.map((reference) => ({
				place,
				says: `"\${${reference}}" is no secret; allowed in a drain: \${secrets.NAME}`,
				about: "nothing",
			}));
	});
}

/** Aptible sends logs over HTTPS only. What a metric drain may have depends on phi (`config/phi.ts`). */
function checkTransport(at: Place, drain: DrainDraft, draft: Draft): Mistake[] {
	if (!("url" in drain) || drain.url === undefined) return [];
	if (!/^\s*http:/i.test(fillSecrets(drain.url, draft) ?? "")) return [];
	const says = "is an http:// address, and Aptible sends logs over HTTPS only; give the https:// one";
	return [{ place: [...at, "url"], says, about: "nothing" }];
}

function checkDatabase(at: Place, drain: DrainDraft, kinds: DrainKinds, draft: Draft): Mistake[] {
	const field = lookUp(kinds, drain.kind ?? "")?.fields.database;
	if (field?.form !== "database") return [];
	const { type } = field;
	if (!("database" in drain) || drain.database === undefined) return [];
	if (draft.databases === undefined && "databases" in draft) return [];
	const databases = draft.databases ?? {};
	const place = [...at, "database"];
	const fitting = Object.keys(databases).filter((handle) => databases[handle]?.type === type);
	const allowed = fitting.length === 0 ? `none of type ${type} is declared` : `allowed: ${fitting.join(", ")}`;
	if (!Object.hasOwn(databases, drain.database)) {
		const near = suggest(findNearestWord(drain.database, Object.keys(databases)));
		return [wrongValue(place, `is not a database of this stage; ${allowed}${near}`)];
	}
	const found = databases[drain.database]?.type;
	if (found === undefined || found === type) return [];
	return [wrongValue(place, `is a database of type ${found}, and this drain writes to ${type}; ${allowed}`)];
}

function checkNames(kind: string, drains: object | undefined): Mistake[] {
	return Object.keys(drains ?? {})
		.filter((one) => !name.test(one))
		.map((one) => wrongName([kind, one], `is not the name of a drain; allowed: ${nameText}`));
}

/** Judges the drains of a stage. */
export function checkDrains(draft: Draft): Mistake[] {
	return [
		...checkNames("logDrains", draft.logDrains),
		...Object.entries(draft.logDrains ?? {}).flatMap(([key, drain]) => {
			if (drain === undefined) return [];
			const at = ["logDrains", key];
			return [
				...checkReferences({ logDrains: { [key]: drain } }, draft),
				...checkTransport(at, drain, draft),
				...checkDatabase(at, drain, logDrainKinds, draft),
			];
		}),
		...checkNames("metricDrains", draft.metricDrains),
		...Object.entries(draft.metricDrains ?? {}).flatMap(([key, drain]) => {
			if (drain === undefined) return [];
			const at = ["metricDrains", key];
			return [
				...checkReferences({ metricDrains: { [key]: drain } }, draft),
				...checkDatabase(at, drain, metricDrainKinds, draft),
			];
		}),
	];
}
