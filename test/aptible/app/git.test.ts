import assert from "node:assert/strict";
import { test } from "node:test";
import { defineImage } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";
import { wordsOf } from "../../support/words.ts";

const commit = "4f9a1c2f0d3b8e7a6c5d4e3f2a1b0c9d8e7f6a5b";

/** `portal` from git. */
function fromGit(commitish: string, change: Record<string, unknown> = {}): object {
	return { ...portalSpec(change), image: undefined, git: { commitish } };
}

/** The options of the deploys since the journal was read last. */
function deploys(aptible: ReconcilerUnderTest): string[] {
	return aptible
		.newJournal()
		.filter(({ command }) => command === "deploy")
		.map(({ argv }) => wordsOf(argv).join(" "));
}

test("a commit and config go out in one deploy, and what is deployed is read back", async (t) => {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "git/portal", ["web", "worker"]);
	const first = await aptible.applied("app", fromGit("4f9a1c2"));
	assert.deepEqual(deploys(aptible), ["--git-commitish 4f9a1c2 A=***"]);
	assert.equal(first.release.commitish, "4f9a1c2");
	await aptible.applied("app", fromGit("4f9a1c2"), { previous: first });
	await aptible.applied("app", fromGit("4f9a1c2"));
	assert.deepEqual(aptible.newWrites(), [], "with facts and without");
	await aptible.applied("app", fromGit("release/7", { config: { A: "2" } }), { previous: first });
	assert.deepEqual(deploys(aptible), ["--git-commitish release/7 A=***"]);
});

test("a short commit is the long one that Aptible shows, and a push of somebody else's is healed", async (t) => {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "git/portal", ["web", "worker"]);
	await aptible.applied("app", fromGit(commit));
	aptible.newWrites();
	const previous = await aptible.applied("app", fromGit(commit.slice(0, 9)));
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.cli("deploy", "--app", "portal", "--environment", "acme-test", "--git-commitish", "master");
	aptible.newWrites();
	await aptible.applied("app", fromGit(commit.slice(0, 9)), { previous });
	assert.deepEqual(aptible.newWrites(), ["deploy apps portal"]);
});

test("an app goes from an image to git and back, and never is one the companion of the other", async (t) => {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "git/portal", ["web", "worker"]);
	const image = await aptible.applied("app", portalSpec());
	deploys(aptible);
	const git = await aptible.applied("app", fromGit("4f9a1c2"), { previous: image });
	// The empty image takes the former one off the app.
	assert.deepEqual(deploys(aptible), ["--docker-image  --git-commitish 4f9a1c2"]);
	assert.deepEqual(git.release.image, undefined);
	await aptible.applied("app", fromGit("4f9a1c2"), { previous: git });
	assert.deepEqual(aptible.newWrites(), []);
	const back = await aptible.applied("app", portalSpec(), { previous: git });
	assert.deepEqual(deploys(aptible), ["--docker-image acme/portal:1 --git-detach"]);
	const newer = await aptible.applied("app", portalSpec({ image: "acme/portal:2" }), { previous: back });
	assert.deepEqual(deploys(aptible), ["--docker-image acme/portal:2"], "let go of once");
	await aptible.applied("app", portalSpec({ image: "acme/portal:2" }), { previous: newer });
	assert.deepEqual(aptible.newWrites(), []);
});

test("a commit that was not pushed fails with the command that pushes it, and the next apply takes up the app", async (t) => {
	const aptible = await openReconciler(t);
	const first = await aptible.apply("app", fromGit("4f9a1c2"));
	assert.equal(first.code, 1);
	assert.match(first.stderr, /unknown revision/);
	assert.match(
		first.stderr,
		/git push git@beta\.aptible\.com:acme-test\/portal\.git 4f9a1c2:refs\/heads\/BRANCH, with any branch but master and main/,
	);
	defineImage(aptible.dir, "git/portal:4f9a1c2", ["web", "worker"]);
	aptible.newWrites();
	const previous = await aptible.applied("app", fromGit("4f9a1c2"));
	assert.deepEqual(aptible.newWrites(), ["deploy apps portal"]);
	assert.equal((await aptible.apply("app", fromGit("deadbee"), { previous })).code, 1);
	aptible.newWrites();
	await aptible.applied("app", fromGit("4f9a1c2"), { previous });
	assert.deepEqual(aptible.newWrites(), [], "back to what runs");
});

test("a release without the declared services says where a repository's Procfile belongs", async (t) => {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "git/portal", ["cmd"]);
	const { stderr } = await aptible.apply("app", fromGit("4f9a1c2"));
	assert.match(
		stderr,
		/app "portal": commit 4f9a1c2 has no service "web", "worker"; it has "cmd"\. Aptible makes the single service "cmd" where it finds no Procfile: it looks for the Procfile at the root of the repository and nowhere else\./,
	);
});

test("a killed first deploy from git is taken up", async (t) => {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "git/portal", ["web", "worker"]);
	assert.ok(await aptible.interrupted(2, "app", fromGit("4f9a1c2")));
	await aptible.applied("app", fromGit("4f9a1c2"));
	assert.deepEqual(aptible.newWrites(), ["create apps portal", "deploy apps portal"]);
});
