CREATE TABLE `idempotent_answers` (
	`caller_id` text NOT NULL,
	`key_hash` text NOT NULL,
	`payload_hash` text NOT NULL,
	`sealed_answer` text NOT NULL,
	`expires_at_ms` integer NOT NULL,
	PRIMARY KEY(`caller_id`, `key_hash`)
);
--> statement-breakpoint
CREATE INDEX `idempotent_answers_expiry` ON `idempotent_answers` (`expires_at_ms`);--> statement-breakpoint
CREATE TABLE `instance` (
	`id` integer PRIMARY KEY NOT NULL,
	`root_key_id` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `invalidations` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`key_id` text
);
--> statement-breakpoint
CREATE TABLE `keys` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`type` text NOT NULL,
	`environment` text NOT NULL,
	`label` text NOT NULL,
	`description` text,
	`scopes` text NOT NULL,
	`plan_slug` text,
	`requests_per_minute` integer,
	`requests_per_day` integer,
	`concurrent_requests` integer,
	`allowed_models` text,
	`allowed_providers` text,
	`ip_allowlist` text,
	`metadata` text NOT NULL,
	`enabled` integer DEFAULT true NOT NULL,
	`key_prefix` text NOT NULL,
	`instance_wide` integer DEFAULT false NOT NULL,
	`spend_limit_micros` integer,
	`expires_at_ms` integer,
	`created_at_ms` integer NOT NULL,
	`created_by` text NOT NULL,
	`updated_at_ms` integer NOT NULL,
	`rotated_at_ms` integer,
	`revoked_at_ms` integer,
	`revoked_by` text,
	`revoke_reason` text,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`plan_slug`) REFERENCES `plans`(`slug`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `keys_created` ON `keys` (`organization_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `keys_label` ON `keys` (`organization_id`,`label`,`id`);--> statement-breakpoint
CREATE TABLE `secrets` (
	`hash` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`pepper_id` text NOT NULL,
	`key_prefix` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer,
	`last_used_at_ms` integer,
	FOREIGN KEY (`key_id`) REFERENCES `keys`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `secrets_key` ON `secrets` (`key_id`);--> statement-breakpoint
CREATE TABLE `organizations` (
	`id` text PRIMARY KEY NOT NULL,
	`slug` text NOT NULL,
	`name` text NOT NULL,
	`plan_slug` text NOT NULL,
	`state` text DEFAULT 'active' NOT NULL,
	`created_at_ms` integer NOT NULL,
	FOREIGN KEY (`plan_slug`) REFERENCES `plans`(`slug`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `organizations_slug_unique` ON `organizations` (`slug`);--> statement-breakpoint
CREATE TABLE `workspaces` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`slug` text NOT NULL,
	`name` text NOT NULL,
	`state` text DEFAULT 'active' NOT NULL,
	`created_at_ms` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `workspaces_slug` ON `workspaces` (`organization_id`,`slug`);--> statement-breakpoint
CREATE INDEX `workspaces_organization` ON `workspaces` (`organization_id`);--> statement-breakpoint
CREATE TABLE `plans` (
	`slug` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`requests_per_minute` integer,
	`requests_per_day` integer,
	`concurrent_requests` integer,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `key_usage` (
	`key_id` text PRIMARY KEY NOT NULL,
	`minute_window` integer NOT NULL,
	`minute_count` integer NOT NULL,
	`day_window` integer NOT NULL,
	`day_count` integer NOT NULL,
	`requests_total` integer NOT NULL,
	`last_used_at_ms` integer NOT NULL,
	`spent_micros` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`key_id`) REFERENCES `keys`(`id`) ON UPDATE no action ON DELETE no action
);
