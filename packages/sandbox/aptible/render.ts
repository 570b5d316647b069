/** A value of a rendered document; what JSON can hold. */
export type Value = string | number | boolean | null | undefined | readonly unknown[] | Record<string, unknown>;

/** A document to print. `key` names the one field of an object that the text form shows. */
export type Node =
	| { kind: "value"; value: Value }
	| { kind: "object"; fields: [string, Node][]; key?: string }
	| { kind: "list"; items: Node[]; key?: string; groupBy?: string[] };

/** An object of plain values and nodes, in order; fields that are undefined are left out. */
export function object(fields: Record<string, Value | Node | undefined>): Node {
	const entries = Object.entries(fields).flatMap(([name, field]): [string, Node][] => {
		if (field === undefined) return [];
		return [[name, isNode(field) ? field : { kind: "value", value: field }]];
	});
	return { kind: "object", fields: entries };
}

/** The same object, of which the text form shows one field only. */
export function keyed(node: Node, key: string): Node {
	return node.kind === "object" ? { ...node, key } : node;
}

/** A list; `key` names the one field of each object that the text form shows, under a heading where it is grouped. */
export function list(items: Node[], key?: string, groupBy?: string[]): Node {
	return { kind: "list", items, ...(key === undefined ? {} : { key }), ...(groupBy === undefined ? {} : { groupBy }) };
}

function isNode(field: unknown): field is Node {
	if (typeof field !== "object" || field === null || !("kind" in field)) return false;
	return field.kind === "value" || field.kind === "object" || field.kind === "list";
}

/** Ruby's way to print a document as JSON. */
export function renderJson(node: Node): string {
	return pretty(plain(node), "");
}

function plain(node: Node): unknown {
	if (node.kind === "value") return node.value ?? null;
	if (node.kind === "list") return node.items.map(plain);
	return Object.fromEntries(node.fields.map(([name, field]) => [name, plain(field)]));
}

/** Two spaces deep; an empty list or object is written over two lines, as json 2.5 for Ruby does. */
function pretty(value: unknown, indent: string): string {
	const inner = `${indent}  `;
	if (Array.isArray(value)) return `[\n${value.map((item) => inner + pretty(item, inner)).join(",\n")}\n${indent}]`;
	if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
	const entries = Object.entries(value).map(
		([key, item]) => `\n${inner}${JSON.stringify(key)}: ${pretty(item, inner)}`,
	);
	return `{${entries.join(",")}\n${indent}}`;
}

/** The form for people. */
export function renderText(node: Node): string {
	switch (node.kind) {
		case "value":
			return puts(node.value);
		case "object":
			if (node.key !== undefined) return renderText(child(node, node.key));
			return node.fields
				.map(
					([name, field]) =>
						`${title(name)}:${field.kind === "list" ? `\n${indented(field, "  ")}` : ` ${renderText(field)}`}`,
				)
				.join("");
		case "list":
			return node.groupBy ? grouped(node, node.groupBy) : lines(keysOf(node));
	}
}

function child(node: Node, name: string): Node {
	const found = node.kind === "object" ? node.fields.find(([field]) => field === name)?.[1] : undefined;
	if (!found) throw new Error(`sandbox: nothing called ${name} to print`);
	return found;
}

function keysOf(node: Extract<Node, { kind: "list" }>, items = node.items): Node[] {
	const { key } = node;
	return key === undefined ? items : items.map((item) => child(item, key));
}

function grouped(node: Extract<Node, { kind: "list" }>, path: string[]): string {
	const groups = new Map<string, Node[]>();
	for (const item of node.items) {
		const name = renderText(path.reduce(child, item));
		groups.set(name, [...(groups.get(name) ?? []), item]);
	}
	return [...groups]
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([name, items]) => `=== ${name}${lines(keysOf(node, items))}`)
		.join("\n");
}

function lines(nodes: Node[]): string {
	return nodes.map(renderText).join(nodes.every((node) => node.kind === "value") ? "" : "\n");
}

function indented(node: Node, indent: string): string {
	if (node.kind !== "list") return "";
	return node.items
		.map((item, index) => {
			if (item.kind !== "object") return `${indent}${renderText(item)}`;
			const fields = item.fields.map(([name, field]) => {
				const value = field.kind === "list" ? `\n${indented(field, `${indent}  `)}` : ` ${renderText(field)}`;
				return `${indent}${title(name)}:${value}`;
			});
			return fields.join("") + (index < node.items.length - 1 ? "\n" : "");
		})
		.join("");
}

/** What Ruby's `puts` prints: a list line by line, always ending a line. */
function puts(value: Value): string {
	if (Array.isArray(value)) return value.length === 0 ? "\n" : value.map((item) => puts(item)).join("");
	const text =
		value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
	return text.endsWith("\n") ? text : `${text}\n`;
}

const CAPITALS = ["TLS", "DNS", "IP", "SSL", "ELB"];

function title(name: string): string {
	const words = name.replace(/_id$/, "").split("_");
	return words
		.map((word) =>
			CAPITALS.includes(word.toUpperCase()) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1),
		)
		.join(" ");
}
