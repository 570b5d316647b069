import assert from "node:assert/strict";
import { test } from "node:test";
import { isSecretVariable, Redactor } from "../../../aptible/client/redact.ts";
import { chainFor } from "../../support/certificates.ts";

function redactorOf(...values: string[]): Redactor {
	const redactor = new Redactor();
	for (const value of values) redactor.addUrl(value);
	return redactor;
}

test("a secret is masked as it is and as a URL has it, and so is the password of a connection URL", () => {
	const redactor = redactorOf("pa ss/word", "postgresql://aptible:sw0rdfish@db.example:5432/db");
	assert.equal(
		redactor.mask("x=pa ss/word y=pa%20ss%2Fword z=sw0rdfish u=postgresql://aptible:sw0rdfish@db.example:5432/db"),
		"x=[secret] y=[secret] z=[secret] u=[secret]",
	);
});

test("a secret is masked in every form in which a log may quote it", () => {
	const { keyPem } = chainFor("portal.acme.example");
	const [, line = ""] = keyPem.split("\n");
	const quoted = 'pa"ss\\wo\nrd=12';
	const redactor = redactorOf(
		keyPem,
		quoted,
		"postgresql://u:p%40ss%2Fw0rd@db.example/db",
		"redis://:p@ss/w1rd@cache.example:6379",
	);
	for (const leak of [
		line,
		JSON.stringify(keyPem),
		JSON.stringify({ KEY: quoted }),
		encodeURIComponent(quoted),
		"p%40ss%2Fw0rd",
		"p@ss/w0rd",
		"p@ss/w1rd",
		encodeURIComponent("p@ss/w1rd"),
		Buffer.from(quoted).toString("base64"),
		Buffer.from(quoted).toString("base64url"),
		// As in `Authorization: Basic`, whatever stands around it.
		...["u:", "us:", "use:"].map((user) => Buffer.from(`${user}p@ss/w0rd`).toString("base64")),
	]) {
		const masked = redactor.mask(`before ${leak} after`);
		assert.match(masked, /^before .*\[secret\].* after$/s, leak);
		for (const part of [line, "ss\\wo", "p@ss", "p%40ss", "cEBzcy93MHJ"]) assert.ok(!masked.includes(part), masked);
	}
});

test("words that are no secret stay, though somebody keeps them as one", () => {
	const words = ["true", "production", "deploy", "debug", "5432", "1", "us"];
	const text = "deploying app to production: debug=true port 5432, deploy 1 of us";
	assert.equal(redactorOf(...words).mask(text), text);
});

test("letters alone are masked as a word, and not inside of one", () => {
	assert.equal(redactorOf("hunter").mask("user hunter, headhunters"), "user [secret], headhunters");
});

test("of what was found on Aptible, what is or may be a secret is masked, and plain settings are not", () => {
	const redactor = new Redactor();
	for (const [key, value] of [
		["LOG_LEVEL", "information"],
		["APP_NAME", "acme-portal"],
		["PUBLIC_URL", "https://portal.acme.example/login"],
		["NODE_OPTIONS", "production"],
		["TZ", "America/Toronto"],
		["WORKERS", "12345678"],
		["SMTP_PASSWORD", "correct-horse"],
		["HOOK", "https://hooks.example/services/T000/B000/0a1b2c3d4e5f6a7b"],
		["OTHER", "x8Kq-11ab"],
	] as const) {
		redactor.addFound(key, value);
	}
	const text = "information acme-portal https://portal.acme.example/login production America/Toronto 12345678";
	assert.equal(redactor.mask(text), text);
	assert.equal(
		redactor.mask("correct-horse https://hooks.example/services/T000/B000/0a1b2c3d4e5f6a7b x8Kq-11ab"),
		"[secret] [secret] [secret]",
	);
});

test("of the values of storage only those that open it are secrets", () => {
	const names = ["SECRETS_key", "STORAGE_files_sasToken", "STORAGE_files_connectionString", "STORAGE_files_accountKey"];
	assert.deepEqual(
		names.filter((name) => !isSecretVariable(name)),
		[],
	);
	const plain = ["STORAGE_files_container", "STORAGE_files_account", "STORAGE_files_endpoint", "HINTS_taken", "PATH"];
	assert.deepEqual(plain.filter(isSecretVariable), []);
});

test("the signature of a SAS token is masked by itself too", () => {
	const redactor = redactorOf("sv=2024-11-04&sr=c&sp=rl&sig=aB3%2FdEf45678%2Bgh%3D");
	assert.equal(redactor.mask("sig: aB3/dEf45678+gh= or aB3%2FdEf45678%2Bgh%3D"), "sig: [secret] or [secret]");
});

test("a value of fewer than four characters is not masked, or no text could be read", () => {
	assert.equal(redactorOf("1").mask("operation 111 failed"), "operation 111 failed");
});
