import { testRefused } from "./refused.ts";
import { absent } from "./stage-file.ts";

testRefused({
	"a container size that is none": {
		change: { "apps/portal/services/web/containerMb": 1000 },
		says: [
			"apps.portal.services.web.containerMb: 1000 is not a container size; allowed for profile m: 512, 1024, 2048, 4096, 7168, 15360, 30720, 61440, 153600, 245760; did you mean 1024?",
		],
	},
	"a container size below the profile's": {
		change: { "apps/portal/services/web/containerMb": 1024, "apps/portal/services/web/containerProfile": "r" },
		says: [
			"apps.portal.services.web.containerMb: 1024 is not a container size; allowed for profile r: 4096, 7168, 15360, 30720, 61440, 153600, 245760; did you mean 4096?",
		],
	},
	"a profile whose sizes leave out the default one": {
		change: { "apps/portal/services/web/containerProfile": "c" },
		says: [
			"apps.portal.services.web.containerMb: is missing, and its default of 1024 is not a container size of this profile; allowed for profile c: 2048, 4096, 7168, 15360, 30720, 61440, 153600, 245760; did you mean 2048?",
		],
	},
	"a profile that is none": {
		change: { "apps/portal/services/web/containerProfile": "m5" },
		says: [
			'apps.portal.services.web.containerProfile: "m5" is not a container profile; allowed: "m", "c", "r"; did you mean "m"?',
		],
	},
	"a dedicated profile on a shared stack": {
		change: {
			"environment/stack": "shared-ca-central-1",
			"environment/phi": false,
			"apps/portal/services/web/containerMb": 4096,
			"apps/portal/services/web/containerProfile": "r",
		},
		says: [
			'apps.portal.services.web.containerProfile: "r" is not available on the shared stack "shared-ca-central-1"; allowed: "m" (compute and memory profiles need a dedicated stack)',
		],
	},
	"more containers than Aptible starts": {
		change: { "apps/portal/services/web/containers": 129 },
		says: ["apps.portal.services.web.containers: 129 is not a whole number from 0 to 128 (containers)"],
	},
	"half a container": {
		change: { "apps/portal/services/web/containers": 1.5 },
		says: ["apps.portal.services.web.containers: 1.5 is not a whole number from 0 to 128 (containers)"],
	},
	"a misspelt key of a service": {
		change: { "apps/portal/services/web/contaners": 2 },
		says: [
			'apps.portal.services.web.contaners: is not known here; allowed: containers, containerMb, containerProfile, autoscale, forceZeroDowntime, simpleHealthCheck, restartFreeScaling, stopTimeoutSeconds; did you mean "containers"?',
		],
	},
	"an app without services": {
		change: { "apps/portal/services": {}, "apps/portal/endpoints": absent },
		says: [
			"apps.portal.services: has no service; name at least one process type of its Procfile (cmd where it has none)",
		],
	},
	"a process type with a space": {
		change: { "apps/portal/services/web 2": {} },
		says: [
			'apps.portal.services["web 2"]: "web 2" is not a process type; allowed: letters, digits, _ and -, no hyphen first',
		],
	},
	"a service with nothing after it": {
		change: { "apps/portal/services/web": null },
		says: [
			"apps.portal.services.web: has no value; give a service: a block with containers, containerMb, containerProfile, autoscale, forceZeroDowntime, simpleHealthCheck, restartFreeScaling, stopTimeoutSeconds; or remove the line",
		],
	},
	"a stop timeout that is too long": {
		change: { "apps/portal/services/web/stopTimeoutSeconds": 901 },
		says: ["apps.portal.services.web.stopTimeoutSeconds: 901 is not a whole number from 1 to 900 (seconds)"],
	},
	"a stop timeout of nothing": {
		change: { "apps/portal/services/web/stopTimeoutSeconds": 0 },
		says: ["apps.portal.services.web.stopTimeoutSeconds: 0 is not a whole number from 1 to 900 (seconds)"],
	},
	"a YAML 1.1 word for true": {
		change: { "apps/portal/services/web/forceZeroDowntime": "yes" },
		says: [
			'apps.portal.services.web.forceZeroDowntime: "yes" is not true or false (true starts new containers before the old ones go); did you mean true?',
		],
	},
	"a size in an app whose handle has a dot": {
		change: { "apps/a.b": { image: "x:1", services: { cmd: { containerMb: 3 } } } },
		says: [
			'apps["a.b"].services.cmd.containerMb: 3 is not a container size; allowed for profile m: 512, 1024, 2048, 4096, 7168, 15360, 30720, 61440, 153600, 245760; did you mean 512?',
		],
	},
	"a quoted number of containers": {
		change: { "apps/portal/services/web/containers": "2" },
		says: [
			'apps.portal.services.web.containers: "2" is not a whole number from 0 to 128 (containers); remove the quotes',
		],
	},
});
