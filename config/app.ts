import { z } from "zod";
import { Endpoint } from "./endpoint.ts";
import { block, type FieldMarks, flag, named, pattern, secretOnly, template, textMessage } from "./fields.ts";
import { Service } from "./service.ts";
import { adopt, protect, renamedFrom } from "./shared-fields.ts";

/** Credentials of a private registry. */
export const Registry = block("registry credentials", {
	username: template("a user name", "the one at the registry"),
	password: secretOnly("registryPassword"),
	/** Deploy where nothing but the credentials differs. @default false: they go with the next deploy */
	deployOnChange: flag("true deploys where nothing but the credentials differs")
		.optional()
		.transform((value) => value || undefined),
});
export type Registry = z.infer<typeof Registry>;

const image =
	/^(?:[a-zA-Z0-9.-]+(?::[0-9]+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?:(?::[\w][\w.-]{0,127})(?:@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/;

/** Git's own rules for names, less what nobody writes; a commit is one of them. */
const commitish = /^(?!.*(?:\.\.|\/\/|\.lock$|[/.]$))[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;

/** What has been pushed to the app's git remote and is to be built and released. */
export const Git = block("a deploy from git", {
	/** A commit or a branch; a branch that moves on is not seen. */
	commitish: pattern(
		"a commit or a branch",
		"a commit such as 4f9a1c2 in quotes, or a branch that was pushed to the app's git remote",
		commitish,
	),
});
export type Git = z.infer<typeof Git>;

const emptyConfig = 'is empty, and Aptible deletes a variable set to ""; give it a value or take the line out';
const configValue = z
	.string({
		error: (issue) => (issue.input === null ? emptyConfig : textMessage("the value of a variable", "text")(issue)),
	})
	.min(1, { error: emptyConfig })
	.meta({ isTemplate: true } satisfies FieldMarks);

/** What `image` is, in words. */
export const imageText = {
	what: "an image with a tag or a digest",
	allowed: "the like of registry.example.com/portal:2026-11-20",
};

/** An app: an image or a commit, its config and its services; its key in the stage file is its handle. */
export const App = block("an app", {
	/** Image with a tag or a digest. Exactly one of `image` and `git` is there. */
	image: pattern(imageText.what, imageText.allowed, image).optional(),
	/** Builds and releases a commit that was pushed to the app's git remote, instead of an image. */
	git: Git.optional(),
	/** Credentials of a private registry. @default none: the image is public */
	registry: Registry.optional(),
	/** Environment variables; references may stand in the values. @default none */
	config: named("config variables", configValue).default({}),
	/** By process type. */
	services: named("services", Service),
	/** By a name of your choice, which no one outside the stage file sees. @default none */
	endpoints: named("endpoints", Endpoint).default({}),
	/** Take over an app that exists already. @default false */
	adopt: adopt(),
	/** Handle it had before: renames it. */
	renamedFrom: renamedFrom(),
	/** Refuse to delete it. @default the value of `environment.phi` */
	protect: protect(),
});
export type App = z.infer<typeof App> & { protect: boolean; endpoints: Record<string, Endpoint> };
