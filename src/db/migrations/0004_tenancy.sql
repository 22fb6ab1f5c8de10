CREATE TABLE `hat_wearers` (
	`hat_id` text NOT NULL,
	`wearer_id` text NOT NULL,
	PRIMARY KEY(`hat_id`, `wearer_id`),
	FOREIGN KEY (`hat_id`) REFERENCES `hats`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `hat_wearers_wearer` ON `hat_wearers` (`wearer_id`);--> statement-breakpoint
CREATE TABLE `hats` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`slug` text NOT NULL,
	`name` text NOT NULL,
	`skills` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hats_slug` ON `hats` (`workspace_id`,`slug`);--> statement-breakpoint
CREATE INDEX `hats_organization` ON `hats` (`organization_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE TABLE `members` (
	`organization_id` text NOT NULL,
	`user_id` text NOT NULL,
	`role` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `user_id`),
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `members_user` ON `members` (`user_id`);--> statement-breakpoint
CREATE TABLE `team_members` (
	`team_id` text NOT NULL,
	`user_id` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`team_id`, `user_id`),
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `team_members_user` ON `team_members` (`user_id`);--> statement-breakpoint
CREATE TABLE `teams` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`slug` text NOT NULL,
	`name` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `teams_slug` ON `teams` (`organization_id`,`slug`);--> statement-breakpoint
CREATE INDEX `teams_organization` ON `teams` (`organization_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE TABLE `runtimes` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`key_id` text NOT NULL,
	`name` text NOT NULL,
	`address` text,
	`created_at_ms` integer NOT NULL,
	`heartbeat_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`ended_at_ms` integer,
	`ended_by` text,
	FOREIGN KEY (`key_id`) REFERENCES `keys`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `runtimes_organization` ON `runtimes` (`organization_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `runtimes_key` ON `runtimes` (`key_id`,`created_at_ms`);--> statement-breakpoint
CREATE INDEX `runtimes_expiry` ON `runtimes` (`expires_at_ms`);--> statement-breakpoint
CREATE TABLE `links` (
	`id` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`purpose` text NOT NULL,
	`email` text,
	`role` text,
	`user_id` text,
	`organization_id` text,
	`created_by` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `links_hash_unique` ON `links` (`hash`);--> statement-breakpoint
CREATE INDEX `links_organization` ON `links` (`organization_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `links_user` ON `links` (`user_id`);--> statement-breakpoint
CREATE INDEX `links_created_by` ON `links` (`created_by`);--> statement-breakpoint
CREATE INDEX `links_expiry` ON `links` (`expires_at_ms`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`user_id` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`last_used_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`address` text,
	`user_agent` text,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_hash_unique` ON `sessions` (`hash`);--> statement-breakpoint
CREATE INDEX `sessions_user` ON `sessions` (`user_id`);--> statement-breakpoint
CREATE INDEX `sessions_expiry` ON `sessions` (`expires_at_ms`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`name` text NOT NULL,
	`password_hash` text NOT NULL,
	`is_operator` integer DEFAULT false NOT NULL,
	`state` text DEFAULT 'active' NOT NULL,
	`created_at_ms` integer NOT NULL,
	`password_changed_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`);--> statement-breakpoint
CREATE INDEX `users_created` ON `users` (`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `users_operators` ON `users` (`state`) WHERE is_operator;--> statement-breakpoint
DROP INDEX `organizations_slug_unique`;--> statement-breakpoint
CREATE UNIQUE INDEX `organizations_slug` ON `organizations` (`slug`) WHERE state <> 'deleted';--> statement-breakpoint
CREATE INDEX `organizations_created` ON `organizations` (`created_at_ms`,`id`);--> statement-breakpoint
DROP INDEX `workspaces_slug`;--> statement-breakpoint
DROP INDEX `workspaces_organization`;--> statement-breakpoint
CREATE UNIQUE INDEX `workspaces_slug` ON `workspaces` (`organization_id`,`slug`) WHERE state <> 'deleted';--> statement-breakpoint
CREATE INDEX `workspaces_organization` ON `workspaces` (`organization_id`,`created_at_ms`,`id`);--> statement-breakpoint
ALTER TABLE `audit_log` ADD `user_id` text;--> statement-breakpoint
CREATE INDEX `audit_log_user` ON `audit_log` (`user_id`,`sequence`) WHERE user_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `invalidations` ADD `organization_id` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `user_id` text REFERENCES users(id);--> statement-breakpoint
CREATE INDEX `keys_user` ON `keys` (`user_id`) WHERE user_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `keys_workspace` ON `keys` (`workspace_id`,`created_at_ms`,`id`);--> statement-breakpoint
ALTER TABLE `secrets` ADD `runtime_id` text;--> statement-breakpoint
CREATE INDEX `secrets_expiry` ON `secrets` (`expires_at_ms`) WHERE expires_at_ms IS NOT NULL;--> statement-breakpoint
CREATE INDEX `secrets_runtime` ON `secrets` (`runtime_id`) WHERE runtime_id IS NOT NULL;