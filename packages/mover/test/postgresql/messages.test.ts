import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { lineOf, withoutLiterals, withoutValues } from "../../postgresql/messages.ts";

test("a server's error names objects, and shows no value of a row or of code", () => {
	const raised = "PL/pgSQL function public.f(text) line 1 at RAISE";
	const cases: [code: string, message: string, where: string | undefined, shown: string][] = [
		[
			"22P02",
			'invalid input syntax for type integer: "Jane Roe"',
			undefined,
			"invalid input syntax for type integer (SQLSTATE 22P02)",
		],
		["22003", 'value "4711000000000" is out of range for type integer', undefined, "value (SQLSTATE 22003)"],
		[
			"23514",
			'check constraint "c" of relation "t" is violated by some row',
			undefined,
			'check constraint "c" of relation "t" is violated by some row',
		],
		[
			"42P01",
			'relation "public.t" does not exist',
			'SQL function "f" during inlining',
			'relation "public.t" does not exist',
		],
		["P0001", "Jane Roe is not fine", undefined, "an error in a function (SQLSTATE P0001)"],
		["23514", "Jane Roe is not fine", raised, "an error in a function (SQLSTATE 23514)"],
		[
			"42601",
			'syntax error at or near "Roe"',
			"PL/pgSQL function f() line 2 at EXECUTE",
			"an error in a function (SQLSTATE 42601)",
		],
	];
	for (const [code, message, where, shown] of cases) assert.equal(withoutValues({ code, message, where }), shown);
});

test("so does whatever ends a run, where it is a server's own error", () => {
	const error = Object.assign(new pg.DatabaseError("Jane Roe is not fine", 1, "error"), { code: "P0001" });
	assert.equal(lineOf(error), "an error in a function (SQLSTATE P0001)");
	assert.equal(lineOf(new Error("the target is older")), "the target is older");
});

test("a statement is shown up to its first literal", () => {
	assert.equal(
		withoutLiterals("CREATE INDEX i ON t (id) WHERE code = 's3cret'"),
		"CREATE INDEX i ON t (id) WHERE code = ...",
	);
	assert.equal(
		withoutLiterals("CREATE FUNCTION f() RETURNS text AS $$SELECT 1$$"),
		"CREATE FUNCTION f() RETURNS text AS ...",
	);
});
