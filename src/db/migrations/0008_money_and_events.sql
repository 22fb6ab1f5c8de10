CREATE TABLE `prices` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`per_request_micros` integer NOT NULL,
	`input_per_million_micros` integer NOT NULL,
	`output_per_million_micros` integer NOT NULL,
	`is_end` integer DEFAULT false NOT NULL,
	`effective_from_ms` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`created_by` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `prices_subject` ON `prices` (`kind`,`subject`,`effective_from_ms`);--> statement-breakpoint
CREATE TABLE `recharge_rules` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`below_micros` integer NOT NULL,
	`add_micros` integer NOT NULL,
	`monthly_max_micros` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `recharges` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`amount_micros` integer NOT NULL,
	`state` text NOT NULL,
	`requested_at_ms` integer NOT NULL,
	`ended_at_ms` integer,
	`entry_id` text,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `recharges_open` ON `recharges` (`organization_id`) WHERE state = 'requested';--> statement-breakpoint
CREATE INDEX `recharges_organization` ON `recharges` (`organization_id`,`requested_at_ms`,`id`);--> statement-breakpoint
CREATE TABLE `usage_cursor` (
	`id` integer PRIMARY KEY NOT NULL,
	`ledger_sequence` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `usage_rollups` (
	`organization_id` text NOT NULL,
	`interval` text NOT NULL,
	`start_ms` integer NOT NULL,
	`key_id` text NOT NULL,
	`subject` text NOT NULL,
	`status` text NOT NULL,
	`workspace_id` text NOT NULL,
	`user_id` text,
	`requests` integer NOT NULL,
	`charges` integer NOT NULL,
	`cost_micros` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `interval`, `start_ms`, `key_id`, `subject`, `status`)
);
--> statement-breakpoint
CREATE INDEX `usage_rollups_age` ON `usage_rollups` (`interval`,`start_ms`);--> statement-breakpoint
CREATE TABLE `webhook_deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`event_id` text NOT NULL,
	`webhook_id` text NOT NULL,
	`state` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`next_attempt_at_ms` integer,
	`last_attempt_at_ms` integer,
	`last_status` integer,
	`last_error` text,
	`created_at_ms` integer NOT NULL,
	FOREIGN KEY (`event_id`) REFERENCES `webhook_events`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`webhook_id`) REFERENCES `webhooks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `webhook_deliveries_due` ON `webhook_deliveries` (`next_attempt_at_ms`) WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX `webhook_deliveries_webhook` ON `webhook_deliveries` (`webhook_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_deliveries_event` ON `webhook_deliveries` (`event_id`,`webhook_id`);--> statement-breakpoint
CREATE TABLE `webhook_events` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`type` text NOT NULL,
	`payload` text NOT NULL,
	`once_name` text,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_events_once_name_unique` ON `webhook_events` (`once_name`);--> statement-breakpoint
CREATE INDEX `webhook_events_organization` ON `webhook_events` (`organization_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `webhook_events_age` ON `webhook_events` (`created_at_ms`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text,
	`url` text NOT NULL,
	`description` text,
	`event_types` text,
	`sealed_secret` text NOT NULL,
	`old_sealed_secret` text,
	`old_secret_expires_at_ms` integer,
	`enabled` integer DEFAULT true NOT NULL,
	`failing_since_ms` integer,
	`created_at_ms` integer NOT NULL,
	`created_by` text NOT NULL,
	`updated_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `webhooks_organization` ON `webhooks` (`organization_id`,`created_at_ms`,`id`);--> statement-breakpoint
ALTER TABLE `accounts` ADD `top_ups` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `ledger` ADD `price_id` text;--> statement-breakpoint
ALTER TABLE `ledger` ADD `units` text;--> statement-breakpoint
ALTER TABLE `secrets` ADD `hash_of` text DEFAULT 'secret' NOT NULL;--> statement-breakpoint
CREATE INDEX `keys_expiry` ON `keys` (`expires_at_ms`) WHERE expires_at_ms IS NOT NULL AND revoked_at_ms IS NULL;--> statement-breakpoint
ALTER TABLE `key_usage` DROP COLUMN `spent_micros`;