import assert from "node:assert/strict";
import { test } from "node:test";
import { Mask } from "../mask.ts";

const PASSWORD = 'p@ss/w"rd ü';

test("a secret is masked as it is, encoded for a URL, in base64 and in JSON, and each of its lines", () => {
	const mask = new Mask();
	mask.addUrl(`postgresql://aptible:${encodeURIComponent(PASSWORD)}@db.aptible.in:5432/db`);
	mask.add("-----BEGIN KEY-----\nline-of-the-key-1\nline-of-the-key-2\n-----END KEY-----\n");
	const forms = [
		PASSWORD,
		encodeURIComponent(PASSWORD),
		encodeURIComponent(PASSWORD).replaceAll("%20", "+"),
		encodeURIComponent(PASSWORD).toLowerCase(),
		JSON.stringify(PASSWORD),
		JSON.stringify(JSON.stringify({ p: PASSWORD })),
		`postgresql://aptible:${encodeURIComponent(PASSWORD)}@db.aptible.in:5432/db`,
		"line-of-the-key-2",
	];
	for (const form of forms) {
		const masked = mask.apply(`before ${form} after`);
		assert.match(masked, /^before .*\[secret\].* after$/, form);
		for (const part of ["w", "rd", "key-2", "aptible"]) {
			assert.ok(!masked.replace("after", "").includes(part), `${form}: ${masked}`);
		}
	}
	for (const before of ["", "a", "ab"]) {
		const masked = mask.apply(Buffer.from(`${before}${PASSWORD}, and more`).toString("base64"));
		assert.match(masked, /\[secret\]/);
	}
});

test("short words and the borders of certificates are no secrets, and what is none stays as it is", () => {
	const mask = new Mask();
	mask.add("abc");
	mask.add("-----BEGIN CERTIFICATE-----");
	const text = "abc -----BEGIN CERTIFICATE----- $1 (x)";
	assert.equal(mask.apply(text), text);
	mask.add("a.c*[d](e)$");
	assert.equal(mask.apply("axc a.c*[d](e)$"), "axc [secret]");
});
