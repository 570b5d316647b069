/** Several Compose files as one (compose-spec 13-merge.md), and a service with the one that it extends (05-services.md, extends). */
import { lookUp } from "../../wire/own.ts";
import { readMount } from "./mounts.ts";
import { portKey } from "./ports.ts";
import { type Field, type List, type Mapping, placeOf, say, sayDeep, scalarAt, textOf, type Value } from "./source.ts";

/** Sequences that a later file replaces (13-merge.md, shell commands). */
const replaced = new Set(["command", "entrypoint", "test"]);
/** Lists that stand for blocks: `KEY=VALUE` each, or names alone. */
const blocks = new Set([
	"environment",
	"labels",
	"annotations",
	"depends_on",
	"networks",
	"extra_hosts",
	"sysctls",
	"args",
	"ulimits",
]);

/** What tells an entry of a list from the others (13-merge.md, unique resources). */
const uniqueBy: Readonly<Record<string, (item: Field) => string>> = {
	ports: portKey,
	volumes: (item) => readMount(item).target,
	secrets: (item) => textOf(item) ?? textOf(fieldIn(item, "target")) ?? textOf(fieldIn(item, "source")) ?? "",
	configs: (item) => textOf(item) ?? textOf(fieldIn(item, "target")) ?? textOf(fieldIn(item, "source")) ?? "",
};

function fieldIn(field: Field, key: string): Field | undefined {
	return field.value.kind === "map" ? field.value.fields.get(key) : undefined;
}

/** A later file's value over an earlier one's. What is lost of the earlier one is said of it. */
export function mergeFields(base: Field, over: Field, key = ""): Field {
	if (over.tag === "override") {
		say(base, "dropped", `replaced by ${placeOf(over)}`);
		return over;
	}
	const [lower, upper] = blocks.has(key) ? [asBlock(base), asBlock(over)] : [base, over];
	if (lower.value.kind === "map" && upper.value.kind === "map")
		return join(lower, upper, mergeMaps(lower.value, upper.value, key));
	if (lower.value.kind === "list" && upper.value.kind === "list" && !replaced.has(key)) {
		return join(lower, upper, mergeLists(lower.value, upper.value, lookUp(uniqueBy, key)));
	}
	// A key with nothing after it says nothing.
	if (upper.value.kind === "scalar" && upper.value.value === null && lower.value.kind !== "scalar")
		return { ...lower, sources: [...lower.sources, ...upper.sources] };
	say(base, "dropped", `overridden by ${placeOf(over)}`);
	return over;
}

function join(lower: Field, upper: Field, value: Value): Field {
	return { sources: [...lower.sources, ...upper.sources], value };
}

/** @param under the key that the block stands under: names of services are no keys of Compose's */
function mergeMaps(lower: Mapping, upper: Mapping, under: string): Mapping {
	const fields = new Map(lower.fields);
	for (const [name, field] of upper.fields) {
		const former = fields.get(name);
		const key = under === "services" || under === "environment" ? "" : name;
		if (field.tag === "reset") {
			if (former !== undefined) say(former, "dropped", `taken away by ${placeOf(field)}`);
			say(field, "mapped", "takes away what a file before it has");
			fields.delete(name);
		} else fields.set(name, former === undefined ? field : mergeFields(former, field, key));
	}
	return { kind: "map", fields };
}

function mergeLists(lower: List, upper: List, keyOf: ((item: Field) => string) | undefined): List {
	if (keyOf === undefined) return { kind: "list", items: [...lower.items, ...upper.items] };
	const items = new Map<string, Field>();
	for (const item of [...lower.items, ...upper.items]) {
		const former = items.get(keyOf(item));
		if (former !== undefined && former !== item) say(former, "dropped", `overridden by ${placeOf(item)}`);
		items.set(keyOf(item), item);
	}
	return { kind: "list", items: [...items.values()] };
}

/** `[A=b, C]` as the block that it stands for. */
export function asBlock(field: Field): Field {
	if (field.value.kind !== "list") return field;
	const fields = new Map<string, Field>();
	for (const item of field.value.items) {
		const text = textOf(item);
		if (text === undefined) {
			sayDeep(item, "decide", "is no text such as NAME=value, so that nothing of it was read");
			continue;
		}
		const at = text.indexOf("=");
		const name = at < 0 ? text : text.slice(0, at);
		// What stands behind a space or a colon may be the value of somebody who has missed the sign.
		const [word] = name.split(/[\s:]/);
		for (const source of item.sources) source.stands = word;
		const former = fields.get(name);
		if (former !== undefined) say(former, "dropped", `overridden by ${placeOf(item)}`);
		fields.set(name, scalarAt(item, at < 0 ? null : text.slice(at + 1), afterEquals));
	}
	return { sources: field.sources, value: { kind: "map", fields } };
}

const afterEquals = (written: string) => written.slice(written.indexOf("=") + 1);
