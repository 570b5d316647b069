/** What a preview says of an app that CI releases, or did until now. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineImage } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { Context } from "../../aptible/context.ts";
import { tellReleases } from "../../drift/ci-releases.ts";
import { readSnapshot, type Snapshot } from "../../drift/snapshot.ts";
import { AppFacts, AppSpec } from "../../wire/app.ts";
import { portalSpec } from "../support/app-spec.ts";
import { openReconciler } from "../support/reconcile.ts";

const own = AppSpec.parse(portalSpec());
const ofCi = AppSpec.parse(portalSpec({ releasedBy: "ci" }));
const deploy = ["deploy", "--app", "portal", "--environment", "acme-test"];

function snapshot(): Promise<Snapshot | undefined> {
	return readSnapshot(new Context(), (environments) => environments.find(({ handle }) => handle === "acme-test"));
}

test("what is said of the releases of an app", async (t) => {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "acme/portal:*", ["web", "worker"]);
	defineImage(aptible.dir, "git/portal", ["web", "beat"]);
	Object.assign(process.env, aptible.env);
	const previous = AppFacts.parse(await aptible.applied("app", ofCi));
	let live = await snapshot();
	const tell = (before: AppSpec | undefined, after: AppSpec, isReleased = false) => {
		assert.ok(live);
		return tellReleases(live, { before, after, previous: before && previous }, { isReleased, stack: "prod" });
	};
	const newer = { ...ofCi, image: "acme/portal:3" };

	await t.test("of one that the stage file releases nothing, nor of one that is not there yet", () => {
		assert.deepEqual(tell(own, { ...own, image: "acme/portal:3" }), []);
		assert.deepEqual(tell(undefined, { ...newer, handle: "clinic" }), []);
	});

	await t.test("a change of the one who releases it alone", () => {
		assert.deepEqual(tell(own, ofCi), ["CI releases it: image acme/portal:1 runs and stays"]);
		assert.deepEqual(tell(ofCi, own), []);
	});

	await aptible.cli(...deploy, "--docker-image", "acme/portal:4");
	live = await snapshot();

	await t.test("what CI has deployed is worth no word, until something would be done about it", () => {
		assert.deepEqual(tell(ofCi, ofCi), []);
		assert.deepEqual(tell(ofCi, { ...ofCi, image: "acme/portal:4" }), [], "the stage file has caught up with it");
		assert.deepEqual(tell(ofCi, own), [
			"from now on the stage file releases it: image acme/portal:1 is deployed in place of image acme/portal:4 of CI's",
		]);
	});

	await t.test("a changed image or commit, with what runs, and how it is deployed from here", () => {
		const says = (what: string) =>
			`${what} of the stage file is not deployed: image acme/portal:4 runs, and CI releases this app. To deploy ${what} from here, ` +
			"once: npm run up -- --release portal --stack prod";
		assert.deepEqual(tell(ofCi, newer), [says("image acme/portal:3")]);
		const { image: _, ...git } = { ...ofCi, git: { commitish: "4f9a1c2" } };
		assert.deepEqual(tell(ofCi, git), [says("commit 4f9a1c2")]);
		const taken = "CI releases it: image acme/portal:4 runs and stays";
		assert.deepEqual(tell(undefined, newer), [taken, says("image acme/portal:3")]);
	});

	await t.test("what --release does", () => {
		assert.deepEqual(tell(ofCi, newer, true), [
			"--release: image acme/portal:3 is deployed in place of image acme/portal:4",
		]);
		const runs = { ...ofCi, image: "acme/portal:4" };
		const registry = { username: "deploy", password: "${secrets.password}" };
		const already = "--release: image acme/portal:4 runs already: ";
		assert.deepEqual(tell(ofCi, runs, true), [`${already}nothing is deployed`]);
		assert.deepEqual(tell(ofCi, { ...runs, registry }, true), [
			`${already}only other registry credentials deploy it again`,
		]);
	});

	await t.test("a deploy of CI's that failed is CI's: the image before it runs", async () => {
		aptible.fault({ name: "deploy-fails" });
		await aptible.cli(...deploy, "--docker-image", "acme/portal:5");
		live = await snapshot();
		assert.deepEqual(tell(ofCi, ofCi), []);
		assert.deepEqual(tell(ofCi, { ...ofCi, image: "acme/portal:4" }), []);
		assert.match(tell(ofCi, newer)[0] ?? "", /: image acme\/portal:4 runs, and CI releases this app/);
	});

	await t.test("services that only CI's release has, or has not, in each preview", async () => {
		await aptible.cli(...deploy, "--docker-image", "", "--git-commitish", "8e7f6a5");
		live = await snapshot();
		const [missing = "", undeclared = "", ...others] = tell(ofCi, ofCi);
		assert.match(
			missing,
			/^service "worker" is in the stage file and not in what runs: .* remove apps\.portal\.services\.worker$/,
		);
		assert.match(undeclared, /^service "beat" is in the release and not in the stage file: it runs 1 x 1024 MB/);
		assert.deepEqual(others, []);
		assert.match(tell(ofCi, newer)[0] ?? "", /: commit 8e7f6a5 runs, and CI releases this app/);
	});
});
