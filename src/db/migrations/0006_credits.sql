CREATE TABLE `accounts` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`balance_micros` integer DEFAULT 0 NOT NULL,
	`held_micros` integer DEFAULT 0 NOT NULL,
	`low_balance_micros` integer DEFAULT 10000000 NOT NULL,
	`version` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "accounts_held" CHECK("accounts"."held_micros" >= 0),
	CONSTRAINT "accounts_balance" CHECK("accounts"."balance_micros" >= "accounts"."held_micros")
);
--> statement-breakpoint
CREATE TABLE `credit_grants` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`remaining_micros` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `credit_grants_open` ON `credit_grants` (`organization_id`,`expires_at_ms`,`id`) WHERE remaining_micros > 0;--> statement-breakpoint
CREATE INDEX `credit_grants_expiry` ON `credit_grants` (`expires_at_ms`) WHERE remaining_micros > 0;--> statement-breakpoint
CREATE TABLE `holds` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`key_id` text NOT NULL,
	`amount_micros` integer NOT NULL,
	`state` text NOT NULL,
	`subject` text,
	`request_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`admitted_at_ms` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`ended_at_ms` integer,
	`settled_micros` integer,
	FOREIGN KEY (`key_id`) REFERENCES `keys`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `holds_key_open` ON `holds` (`key_id`,`admitted_at_ms`) WHERE state = 'open';--> statement-breakpoint
CREATE INDEX `holds_open_expiry` ON `holds` (`expires_at_ms`) WHERE state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX `holds_request` ON `holds` (`key_id`,`request_id`,`attempt`);--> statement-breakpoint
CREATE TABLE `ledger` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`organization_id` text NOT NULL,
	`at_ms` integer NOT NULL,
	`kind` text NOT NULL,
	`amount_micros` integer NOT NULL,
	`balance_micros` integer NOT NULL,
	`key_id` text,
	`workspace_id` text,
	`user_id` text,
	`subject` text,
	`request_id` text,
	`attempt` integer,
	`hold_id` text,
	`grant_id` text,
	`reason` text,
	`created_by` text NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_id_unique` ON `ledger` (`id`);--> statement-breakpoint
CREATE INDEX `ledger_organization` ON `ledger` (`organization_id`,`sequence`);--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_request` ON `ledger` (`key_id`,`request_id`,`attempt`) WHERE request_id IS NOT NULL;--> statement-breakpoint
CREATE TABLE `spends` (
	`spender_id` text PRIMARY KEY NOT NULL,
	`total_micros` integer NOT NULL,
	`held_micros` integer NOT NULL,
	`day_start_ms` integer NOT NULL,
	`day_micros` integer NOT NULL,
	`week_start_ms` integer NOT NULL,
	`week_micros` integer NOT NULL,
	`month_start_ms` integer NOT NULL,
	`month_micros` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `write_guard` (
	`id` integer PRIMARY KEY NOT NULL,
	`ok` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `keys` ADD `spend_reset` text DEFAULT 'never' NOT NULL;--> statement-breakpoint
ALTER TABLE `members` ADD `spend_limit_micros` integer;--> statement-breakpoint
ALTER TABLE `members` ADD `spend_reset` text DEFAULT 'never' NOT NULL;--> statement-breakpoint
ALTER TABLE `workspaces` ADD `spend_limit_micros` integer;--> statement-breakpoint
ALTER TABLE `workspaces` ADD `spend_reset` text DEFAULT 'never' NOT NULL;