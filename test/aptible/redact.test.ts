import assert from "node:assert/strict";
import { test } from "node:test";
import { Redactor } from "../../aptible/redact.ts";

test("a secret is masked as it is and as a URL has it, and so is the password of a connection URL", () => {
	const redactor = new Redactor();
	redactor.add("pa ss/word");
	redactor.addUrl("postgresql://aptible:sw0rdfish@db.example:5432/db");
	assert.equal(
		redactor.mask("x=pa ss/word y=pa%20ss%2Fword z=sw0rdfish u=postgresql://aptible:sw0rdfish@db.example:5432/db"),
		"x=[secret] y=[secret] z=[secret] u=[secret]",
	);
});

test("a value of fewer than four characters is not masked, or no text could be read", () => {
	const redactor = new Redactor();
	redactor.add("1");
	assert.equal(redactor.mask("operation 111 failed"), "operation 111 failed");
});
