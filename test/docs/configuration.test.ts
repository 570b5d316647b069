import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { z } from "zod";
import { databaseTypes, retiredConfig } from "../../config/catalogue.ts";
import { LogDrain } from "../../config/log-drain.ts";
import { MetricDrain } from "../../config/metric-drain.ts";
import { containerSizesMb } from "../../config/sizes.ts";
import { StageFile } from "../../config/stage.ts";

const text = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

/** Every key of the schema as `section key`, where a section is a place in the file: `apps.NAME.registry`. */
function schemaKeys(schema: unknown, section: string): string[] {
	if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return schemaKeys(schema.unwrap(), section);
	if (schema instanceof z.ZodRecord) return schemaKeys(schema.valueType, `${section}.NAME`);
	// One table for all the kinds of a block.
	if (schema instanceof z.ZodUnion)
		return [...new Set(schema.options.flatMap((option) => schemaKeys(option, section)))];
	if (schema instanceof z.ZodDiscriminatedUnion) {
		return [...new Set(schema.options.flatMap((option) => schemaKeys(option, section)))];
	}
	if (!(schema instanceof z.ZodObject)) return [];
	return Object.entries(schema.shape).flatMap(([key, value]) => [
		`${section} ${key}`,
		...schemaKeys(value, section === "stage" ? key : `${section}.${key}`),
	]);
}

/** Every key that a table of the document describes, in the same form. */
function documentedKeys(): string[] {
	return text
		.split(/^### /m)
		.slice(1)
		.flatMap((part) => {
			const section = /^`([^`]+)`/.exec(part)?.[1];
			const table = /^\| Key .*\n.*\n((?:\|.*\n)*)/m.exec(part)?.[1] ?? "";
			return [...table.matchAll(/^\| `([^`]+)`/gm)].map((row) => `${section} ${row[1]}`);
		});
}

test("the document describes every key of the schema, and no other", () => {
	assert.deepEqual(documentedKeys().sort(), schemaKeys(StageFile, "stage").sort());
});

test("the document lists every container size", () => {
	for (const [profile, sizes] of Object.entries(containerSizesMb)) {
		assert.ok(text.includes(`| \`${profile}\` | ${sizes.join(", ")} |`), profile);
	}
});

test("the document lists every database type with its versions", () => {
	for (const [type, { offered, deprecated }] of Object.entries(databaseTypes)) {
		const row = text
			.split("\n")
			.find((line) => line.startsWith("| ") && line.split("|")[1]?.split(/[ ,]+/).includes(type));
		const gone = Object.entries(deprecated).map(([version, since]) => `${version} (${since})`);
		assert.equal(row?.split("|")[2]?.trim(), offered.length === 0 ? "not checked" : offered.join(", "), type);
		assert.equal(row?.split("|")[3]?.trim(), gone.join(", "), type);
	}
});

test("the document lists every retired variable", () => {
	for (const name of Object.keys(retiredConfig)) assert.ok(text.includes(`| \`${name}\` |`), name);
});

test("the document lists every kind of drain with the keys of its own", () => {
	const common = ["kind", "apps", "databases", "ephemeralSessions", "proxies", "adopt"];
	for (const [noun, { options }] of [["log drain", LogDrain] as const, ["metric drain", MetricDrain] as const]) {
		const table = text.split(`| Kind of ${noun} |`)[1]?.split("\n\n")[0] ?? "";
		const rows = [...table.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, kind, keys = ""]) => {
			return [kind, [...keys.replace(/:.*/, "").matchAll(/`(\w+)`/g)].map(([, key]) => key)];
		});
		const kinds = options.map(({ shape }) => {
			return [shape.kind.value, Object.keys(shape).filter((key) => !common.includes(key))];
		});
		assert.deepEqual(rows, kinds, noun);
	}
});
