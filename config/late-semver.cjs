/** Stands for `semver` until something of it is asked for (`spare-sdk.js`): Pulumi's SDK compares versions where a package is there twice. */
let semver;
module.exports = new Proxy(
	{},
	{
		get(_, name) {
			if (name === "__esModule") return true;
			semver ??= require("node:module").createRequire(require.resolve("@pulumi/pulumi"))("semver");
			return semver[name];
		},
	},
);
